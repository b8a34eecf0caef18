"""The root of every refusal.

A refusal is a statement of fact that a caller can act on: it is typed, it carries the facts it is about, and it has a
stable public `code`. It knows no HTTP: `api/problems.py` maps each class to a status and to sentences in Chinese and
English, and a test demands that this map be total. Anything raised that is not a `DomainError` is our own bug.

>>> @dataclass(eq=False)
... class RightLost(DomainError):
...     code = "right_lost"
...     right_id: str
>>> RightLost("right_1").facts()
{'right_id': 'right_1'}
"""

from dataclasses import dataclass, fields
from typing import ClassVar


@dataclass(eq=False)
class DomainError(Exception):
    """Refuse, with the facts of the refusal as fields; `code` is public and never changes."""

    code: ClassVar[str] = "refused"

    def __str__(self) -> str:
        """Return the code and the facts, for logs and tracebacks."""
        return f"{self.code}: {self.facts()}"

    def facts(self) -> dict[str, object]:
        """Return the facts by field name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(eq=False)
class InvalidValue(DomainError):
    """Refuse a value that is not what it claims to be; `what` names the thing, the reasons say why."""

    code = "invalid_value"

    what: str
    value: str
    reason_zh: str
    reason_en: str

    def __post_init__(self) -> None:
        """Shorten the offending value, so that an error never echoes a megabyte."""
        self.value = self.value[:64]


@dataclass(eq=False)
class InvalidDecimal(InvalidValue):
    """Refuse a text that is not a plain decimal."""

    code = "invalid_decimal"


@dataclass(eq=False)
class InvalidMoney(InvalidValue):
    """Refuse an amount that is not exact to the fen."""

    code = "invalid_money"


@dataclass(eq=False)
class InvalidQuantity(InvalidValue):
    """Refuse a quantity that its unit cannot hold."""

    code = "invalid_quantity"


@dataclass(eq=False)
class InvalidUnit(InvalidValue):
    """Refuse an unknown unit, or two units that do not go together."""

    code = "invalid_unit"


@dataclass(eq=False)
class InvalidDate(InvalidValue):
    """Refuse a text that is not a calendar day."""

    code = "invalid_date"


@dataclass(eq=False)
class InvalidIdentifier(InvalidValue):
    """Refuse a code that is not written in the one accepted spelling."""

    code = "invalid_identifier"
