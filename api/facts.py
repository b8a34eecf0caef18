"""Facts: how the facts of a refusal are printed, in a sentence and in a document.

The subtle thing is the last case: a value of a kind that is not listed is an error of ours, never its `repr`, which
could show what nobody meant to tell.

>>> say(Money.parse("1234.5"), chinese=True), on_the_wire(Money.parse("1234.5"))
('1234.50 元', {'amount': '1234.50', 'currency': 'CNY'})
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from domain.values.money import Money
from domain.values.quantity import Quantity
from domain.values.time import rfc3339

SAID_LENGTH_MAX: Final = 200


def say(value: object, *, chinese: bool) -> str:
    """Return a fact as a reader expects it in a sentence."""
    if isinstance(value, Money):
        return f"{value.wire()} 元" if chinese else f"CNY {value.wire()}"
    if isinstance(value, Quantity):
        return f"{value.wire()} {value.unit}"
    if value is None:
        return "无" if chinese else "none"
    if isinstance(value, tuple | list | frozenset | set):
        return ("、" if chinese else ", ").join(say(item, chinese=chinese) for item in value)[:SAID_LENGTH_MAX]
    return str(on_the_wire(value))[:SAID_LENGTH_MAX]


def on_the_wire(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return a fact as a member of a document, decimals as strings.

    Raises:
        TypeError: a value of a kind that has no form on the wire.
    """
    if value is None:
        return None
    for kind, write in _FORMS:
        if isinstance(value, kind):
            return write(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: on_the_wire(getattr(value, field.name)) for field in fields(value)}
    message = f"{type(value).__name__} has no form on the wire"
    raise TypeError(message)


def _as_it_is(value: object) -> object:
    return value


_FORMS: Final[tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...]] = (
    (Enum, lambda word: word.value),
    ((bool, int, str), _as_it_is),
    (Money, lambda money: {"amount": money.wire(), "currency": "CNY"}),
    (Quantity, lambda quantity: {"amount": quantity.wire(), "unit": quantity.unit.value}),
    (Decimal, lambda number: f"{number:f}"),
    (datetime, rfc3339),
    (date, date.isoformat),
    ((tuple, list), lambda items: [on_the_wire(item) for item in items]),
    ((frozenset, set), lambda items: sorted(on_the_wire(item) for item in items)),
)
"""The first that fits, in this order: an enumeration of strings is a string, and a datetime is a date."""
