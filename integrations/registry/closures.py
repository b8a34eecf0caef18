"""When a registry says that it will be open again: in its own signed words, or as a gateway's hint.

The subtle thing is the difference. `kfsj` stands in a signed 9001 and is the registry's word. A `Retry-After` on an
HTTP 503 is unsigned and says nothing of the order, whose fate stays unknown; it only tells when to ask again. Neither
is believed for longer than a week.

Source: the registry's manual, in `wire`; RFC 9110 section 10.2.3.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from integrations.outbound.http import Answer
from integrations.outbound.strict_json import Fields, Unreadable
from integrations.registry import wire

BELIEVED_MAX: Final = timedelta(days=7)
SECONDS_DIGITS_MAX: Final = 6


class ClosedForNow(Unreadable):
    """Say that a gateway answers 503 and names when to come back: no answer of the registry."""

    def __init__(self, until: datetime) -> None:
        """Keep the moment."""
        super().__init__("HTTP 503 is no answer of the registry; it asks to come back later")
        self.until = until


def hinted(error: Exception) -> datetime | None:
    """Return when a failed call asked to come back, none where it did not."""
    return error.until if isinstance(error, ClosedForNow) else None


def read_end(body: Fields, now: datetime) -> datetime | None:
    """Return the end of a declared closure; none where none is named, or one that is past, unreadable or far away."""
    try:
        told = body.optional_text("kfsj", 19)
        return None if told is None else _believed(wire.read_time(told), now)
    except Unreadable:
        return None


def write_end(until: datetime | None) -> Mapping[str, object]:
    """Return the body of a signed 9001."""
    return {} if until is None else {"kfsj": wire.write_time(until)}


def hint_of(answer: Answer, now: datetime) -> datetime | None:
    """Return when a 503 asks to come back; none for every other answer, and for a hint that cannot be read."""
    told = answer.headers.get("retry-after", "").strip()
    if answer.status != httpx.codes.SERVICE_UNAVAILABLE or not told:
        return None
    if told.isascii() and told.isdigit():
        return _believed(now + timedelta(seconds=int(told)), now) if len(told) <= SECONDS_DIGITS_MAX else None
    try:
        moment = parsedate_to_datetime(told)
    except ValueError:
        return None
    return None if moment.tzinfo is None else _believed(moment, now)


def _believed(moment: datetime, now: datetime) -> datetime | None:
    return moment if now < moment <= now + BELIEVED_MAX else None
