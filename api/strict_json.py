"""Strict JSON: what a body must be before anything else looks at it.

The subtle thing is the order. Depth and size are checked on the raw bytes and without recursion, because a parser
that recurses is brought down by ten thousand opening brackets before it can refuse them. A number with a fraction or
an exponent is never made into a number: it can be read, so it is not unreadable, but it is refused with its place,
since decimals are strings here; so is an integer that a JavaScript or Java client could not hold exactly.

Source: contract section 1; RFC 8259, and RFC 7493 (I-JSON) for duplicate keys, surrogates and the range of integers.

>>> read_json(b'{"amount": "1.50", "months": 36}')
{'amount': '1.50', 'months': 36}
>>> [error.pointer for error in read_payload(b'{"loan": {"rate": 3e-2}}').refused]
['#/loan/rate']
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from api.refusals import FieldError, InvalidPayload, Unreadable, UnreadableBody

BODY_BYTES_MAX: Final = 1 << 20
DEPTH_MAX: Final = 32
VALUES_MAX: Final = 10_000
INTEGER_MAX: Final = 2**53 - 1
ERRORS_MAX: Final = 50

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_SUSPICIOUS_ESCAPE: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)|[\[\]{}:]|[^\s"\[\]{}:,]++', re.DOTALL)
"""A string (an unclosed one reaches to the end, so that scanning stays linear), a bracket, a colon, or other text."""


@dataclass(frozen=True, slots=True)
class RefusedNumber:
    """A number in the body that we do not take; `whole` tells an integer out of range from a fraction."""

    whole: bool


@dataclass(frozen=True, slots=True)
class Payload:
    """A body as read, and what is wrong with its numbers; those are an invalid payload, not an unreadable one."""

    value: object
    refused: tuple[FieldError, ...] = ()


def read_json(body: bytes) -> object:
    """Return the JSON value of a body.

    Raises:
        UnreadableBody: it cannot be read.
        InvalidPayload: it holds a number with a fraction or exponent, or an integer beyond 2^53 - 1.
    """
    payload = read_payload(body)
    if payload.refused:
        raise InvalidPayload(payload.refused)
    return payload.value


def read_payload(body: bytes) -> Payload:
    """Return the JSON value of a body with its refused numbers in a list, so that a 403 can come before a 422.

    Raises:
        UnreadableBody: it cannot be read.
    """
    if not body.strip():
        raise UnreadableBody.because(Unreadable.EMPTY)
    if body.startswith(_BYTE_ORDER_MARK):
        raise UnreadableBody.because(Unreadable.BYTE_ORDER_MARK)
    _refuse_depth_and_size(body)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableBody.because(Unreadable.NOT_UTF8) from None
    numbers = _Numbers()
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_float=numbers.refuse_fraction,
            parse_int=numbers.read_integer,
            parse_constant=_refuse_constant,
        )
    except ValueError:
        raise UnreadableBody.because(Unreadable.MALFORMED) from None
    if _SUSPICIOUS_ESCAPE.search(body):
        _refuse_broken_text(value)
    return Payload(value, _refused_numbers(value) if numbers.refused else ())


class _Numbers:
    """Reads the numbers of one body and remembers whether any was refused."""

    __slots__ = ("refused",)

    def __init__(self) -> None:
        self.refused = False

    def refuse_fraction(self, _: str) -> RefusedNumber:
        self.refused = True
        return RefusedNumber(whole=False)

    def read_integer(self, text: str) -> int | RefusedNumber:
        if len(text) <= len(str(-INTEGER_MAX)) and abs(number := int(text)) <= INTEGER_MAX:
            return number
        self.refused = True
        return RefusedNumber(whole=True)


def _refuse_depth_and_size(body: bytes) -> None:
    """Refuse too deep or too many values; three counts settle every ordinary body, only odd ones are scanned."""
    openings = body.count(b"[") + body.count(b"{")
    if openings <= DEPTH_MAX and openings + body.count(b",") < VALUES_MAX:
        return
    depth = values = 0
    for tokens, match in enumerate(_TOKEN.finditer(body)):
        first = body[match.start()]
        if first in b"]}":
            depth -= 1
        elif first == ord(":"):
            values -= 1
        else:
            values += 1
            depth += first in b"[{"
        if depth > DEPTH_MAX:
            raise UnreadableBody.because(Unreadable.TOO_DEEP)
        if values > VALUES_MAX + 1 or tokens > 4 * VALUES_MAX:
            raise UnreadableBody.because(Unreadable.TOO_MANY_VALUES)
    if values > VALUES_MAX:
        raise UnreadableBody.because(Unreadable.TOO_MANY_VALUES)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise UnreadableBody.because(Unreadable.DUPLICATE_KEY)
    return members


def _refuse_constant(_: str) -> NoReturn:
    raise UnreadableBody.because(Unreadable.NOT_A_NUMBER)


def _refuse_broken_text(value: object) -> None:
    """Refuse what only an escape can bring in: a NUL, which PostgreSQL cannot store, and half a surrogate pair."""
    for _, item in _walk(value):
        for text in (item, *item) if isinstance(item, dict) else (item,):
            if not isinstance(text, str):
                continue
            if "\x00" in text:
                raise UnreadableBody.because(Unreadable.NUL_CHARACTER)
            if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
                raise UnreadableBody.because(Unreadable.LONE_SURROGATE)


def _refused_numbers(value: object) -> tuple[FieldError, ...]:
    errors: list[FieldError] = []
    for steps, item in _walk(value):
        if isinstance(item, RefusedNumber) and len(errors) < ERRORS_MAX:
            errors.append(_number_error(pointer(steps), whole=item.whole))
    return tuple(errors)


def _number_error(place: str, *, whole: bool) -> FieldError:
    if whole:
        return FieldError(
            place, "invalid_integer", "整数超出 ±(2^53-1)", "an integer beyond 2^53 - 1 is not exact for every reader"
        )
    return FieldError(
        place,
        "invalid_decimal",
        '小数须写成字符串,例如 "1234.56",不得写成 JSON 数字',
        'a decimal is written as a string, such as "1234.56", never as a JSON number',
    )


def pointer(steps: tuple[str | int, ...]) -> str:
    """Return the JSON pointer to a place, as a URI fragment; one function, so that the form can change in one place.

    >>> pointer(("items", 0, "a/b"))
    '#/items/0/a~1b'
    """
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _walk(value: object) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Yield every value with the steps that lead to it, in the order of the body, without recursion."""
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while waiting:
        steps, item = waiting.pop()
        yield steps, item
        if isinstance(item, dict):
            waiting.extend(((*steps, key), child) for key, child in reversed(item.items()))
        elif isinstance(item, list):
            waiting.extend(((*steps, index), child) for index, child in reversed(list(enumerate(item))))
