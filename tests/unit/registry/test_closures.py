"""When a registry says that it will be open again: what is read, and what is not believed."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.outbound.http import Answer
from integrations.outbound.strict_json import Fields
from integrations.registry.closures import BELIEVED_MAX, hint_of, read_end, write_end
from integrations.registry.wire import write_time

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_503(retry_after: str | None, status: int = 503) -> Answer:
    return Answer(status, {} if retry_after is None else {"retry-after": retry_after}, b"")


def test_a_declared_end_is_read_as_it_was_written() -> None:
    assert read_end(Fields(write_end(NOW + 12 * HOUR)), NOW) == NOW + 12 * HOUR
    assert read_end(Fields(write_end(None)), NOW) is None


@pytest.mark.parametrize(
    "told", ["soon", "2026-11-21 10:00", write_time(NOW), write_time(NOW - HOUR), write_time(NOW + BELIEVED_MAX + HOUR)]
)
def test_an_end_that_is_past_far_away_or_unreadable_is_none(told: str) -> None:
    assert read_end(Fields({"kfsj": told}), NOW) is None


def test_a_hint_comes_in_seconds_or_as_a_date() -> None:
    assert hint_of(a_503("3600"), NOW) == NOW + HOUR
    assert hint_of(a_503("Sat, 21 Nov 2026 03:00:00 GMT"), NOW) == NOW + HOUR


@pytest.mark.parametrize(
    "told", [None, "", "0", "-5", "9999999", "1e3", "１２", "tomorrow", "Sat, 21 Nov 2026 01:00:00 GMT"]
)
def test_a_hint_that_cannot_be_used_is_none(told: str | None) -> None:
    assert hint_of(a_503(told), NOW) is None


def test_only_a_503_may_hint() -> None:
    assert hint_of(a_503("3600", 200), NOW) is None
    assert hint_of(a_503("3600", 502), NOW) is None
