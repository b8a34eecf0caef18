"""Wire types: the pieces that request and reply bodies are made of.

The subtle thing is that each type is strict in three places at once: pydantic takes nothing but the exact JSON type,
the domain's own parser decides what the text may be, and the JSON schema says the same. So a decimal is a `string`
with its pattern in the document, a text on the wire and a `Decimal` in the handler, and never a number anywhere
between.

pydantic's strict mode would also refuse a word for an enumeration and a JSON array for a tuple; `Choice` and `Items`
open exactly those two.

Source: contract sections 1 and 3.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, Strict, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from domain.errors import DomainError, InvalidIdentifier
from domain.values.decimals import parse_decimal, wire
from domain.values.identifiers import (
    ID_PATTERN,
    Division,
    PermitNo,
    RegistryNo,
    Uscc,
    parse_division,
    parse_permit_no,
    parse_registry_no,
    parse_uscc,
)
from domain.values.money import Money
from domain.values.price import Period, Price, Tax
from domain.values.quantity import Quantity, Unit
from domain.values.spelling import clean_text
from domain.values.time import parse_date, rfc3339

REFUSAL: Final = "refusal"
"""The pydantic error type, and the key of its context, under which a domain refusal travels to its pointer."""

DECIMAL_WIRE_PATTERN: Final = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?$"
NAME_LENGTH_MAX: Final = 200
NOTE_LENGTH_MAX: Final = 2000
RATIO_PLACES: Final = 6
MONEY_PLACES: Final = 2

T = TypeVar("T")

Choice = Annotated[T, Strict(strict=False)]
"""An enumeration by its word: `Choice[Unit]`."""

Items = Annotated[tuple[T, ...], Strict(strict=False)]
"""A JSON array, kept as a tuple: `Items[QuantityBody]`."""


class WireModel(BaseModel):
    """A body, or a part of one: strict, closed, and not to be changed once read."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, revalidate_instances="never")


class ReplyModel(WireModel):
    """A reply, or a part of one: in the document every member that is always printed is required, defaults included."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


@dataclass(frozen=True, slots=True, eq=False)
class Spelled:
    """A text on the wire that one parser of the domain reads; `write` prints the value again, `schema` documents it."""

    read: Callable[[str], Any]
    schema: Mapping[str, Any]
    write: Callable[[Any], str] = str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read with our parser alone; pydantic's own idea of the type is not asked."""
        return core_schema.no_info_plain_validator_function(
            self._validated, serialization=core_schema.plain_serializer_function_ser_schema(self.write)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Document the text, not the value it becomes."""
        return {"type": "string", **self.schema}

    def _validated(self, value: object) -> object:
        if not isinstance(value, str):
            message = "a string is expected"
            raise PydanticCustomError("string_type", message)
        return accepted(self.read, value)


class SpelledDecimal(Spelled):
    """A decimal; whatever is not a text is refused as a decimal, too, so that a JSON integer is told what to do."""

    __slots__ = ()

    def _validated(self, value: object) -> object:
        return accepted(self.read, value)


def accepted(read: Callable[..., T], *arguments: object) -> T:
    """Return what a domain function makes of its arguments; its refusal becomes an error of pydantic, with its place.

    Raises:
        PydanticCustomError: the domain refused; the refusal itself is in the context.
    """
    try:
        return read(*arguments)
    except DomainError as refusal:
        raise PydanticCustomError(REFUSAL, "{code}", {"code": refusal.code, REFUSAL: refusal}) from None


def _schema(pattern: str | None, description: str, example: str, **more: object) -> Mapping[str, Any]:
    known = {} if pattern is None else {"pattern": pattern}
    return MappingProxyType({**known, "description": description, "examples": [example], **more})


def _read_id(prefix: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if ID_PATTERN.match(text) is None or not text.startswith(prefix + "_"):
            raise InvalidIdentifier(
                what="id",
                value=text,
                reason_zh=f"应为 {prefix}_ 开头、后接32位小写十六进制的编号。",
                reason_en=f"an id here is {prefix}_ and 32 lower-case hexadecimal digits",
            )
        return text

    return read


def id_string(prefix: str) -> Spelled:
    """Make the metadata of an opaque id with this prefix, to stand in `Annotated[str, ...]`."""
    return Spelled(
        _read_id(prefix), _schema(rf"^{prefix}_[0-9a-f]{{32}}$", "Opaque and random.", f"{prefix}_{'0' * 32}")
    )


def text_string(length_max: int) -> Spelled:
    """Return the metadata of a name or note of at most `length_max` characters, in NFC, without invisible ones."""
    return Spelled(
        lambda text: clean_text(text, length_max),
        MappingProxyType({"minLength": 1, "maxLength": length_max, "description": "No control characters."}),
    )


def _fixed(places: int) -> Callable[[Decimal], str]:
    return lambda value: wire(value, places)


def _plain(value: Decimal) -> str:
    return f"{value:f}"


_DECIMAL: Final = "A decimal in plain ASCII digits; never a JSON number."

DecimalString = Annotated[
    Decimal, SpelledDecimal(parse_decimal, _schema(DECIMAL_WIRE_PATTERN, _DECIMAL, "10.230000"), _plain)
]
RatioString = Annotated[
    Decimal,
    SpelledDecimal(
        parse_decimal,
        _schema(DECIMAL_WIRE_PATTERN, "A ratio, or a rate per year, as a fraction: 0.034500 is 3.45 %.", "0.034500"),
        _fixed(RATIO_PLACES),
    ),
]
MoneyAmountString = Annotated[
    Decimal,
    SpelledDecimal(
        parse_decimal, _schema(DECIMAL_WIRE_PATTERN, "Yuan, exact to the fen.", "1234.56"), _fixed(MONEY_PLACES)
    ),
]
QuantityAmountString = Annotated[
    Decimal, SpelledDecimal(parse_decimal, _schema(DECIMAL_WIRE_PATTERN, _DECIMAL, "10.230000"), _fixed(RATIO_PLACES))
]
DateString = Annotated[
    date,
    Spelled(
        parse_date,
        _schema(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "A calendar day in Shanghai.", "2026-11-21", format="date"),
        date.isoformat,
    ),
]
UsccString = Annotated[
    Uscc,
    Spelled(parse_uscc, _schema("^[0-9A-Za-z]{18}$", "Unified social credit code, GB 32100.", "91130200699229617X")),
]
PermitNoString = Annotated[
    PermitNo,
    Spelled(parse_permit_no, _schema("^[0-9A-Za-z]{18}[0-9]{3}[A-Za-z]$", "HJ 608-2017.", "91130200699229617X001P")),
]
RegistryNoString = Annotated[
    RegistryNo,
    Spelled(
        parse_registry_no,
        _schema("^[0-9A-Za-z]+([-._/][0-9A-Za-z]+)*$", "The registry's own number.", "ZJ-2022-0001", maxLength=64),
    ),
]
DivisionString = Annotated[
    Division, Spelled(parse_division, _schema("^[0-9]{6}$", "Administrative division, GB/T 2260.", "330600"))
]
NameString = Annotated[str, text_string(NAME_LENGTH_MAX)]
NoteString = Annotated[str, text_string(NOTE_LENGTH_MAX)]


def _read_instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


InstantReply = Annotated[
    datetime,
    Spelled(
        _read_instant,
        _schema(None, "RFC 3339, +08:00, milliseconds.", "2026-11-21T09:30:00.000+08:00", format="date-time"),
        rfc3339,
    ),
]
"""An instant in a reply. For replies only: a request that takes instants needs a stricter reader."""


class MoneyBody(WireModel):
    """An amount of money; yuan only."""

    amount: MoneyAmountString
    currency: Literal["CNY"]

    @model_validator(mode="after")
    def _exact_to_the_fen(self) -> Self:
        accepted(self.to_domain)
        return self

    def to_domain(self) -> Money:
        """Return the money; raises InvalidMoney where it is not exact to the fen."""
        return Money(self.amount)

    @classmethod
    def of(cls, money: Money) -> Self:
        """Return the body that says this money."""
        return cls.model_construct(amount=money.amount, currency="CNY")


class QuantityBody(WireModel):
    """A quantity in a unit."""

    amount: QuantityAmountString
    unit: Choice[Unit]

    @model_validator(mode="after")
    def _held_by_its_unit(self) -> Self:
        accepted(self.to_domain)
        return self

    def to_domain(self) -> Quantity:
        """Return the quantity; raises InvalidQuantity."""
        return Quantity(self.amount, self.unit)

    @classmethod
    def of(cls, quantity: Quantity) -> Self:
        """Return the body that says this quantity."""
        return cls.model_construct(amount=quantity.amount, unit=quantity.unit)


class PriceBody(WireModel):
    """A price with all of its basis; a trade's price, which may lack parts, has a body of its own."""

    amount: DecimalString
    currency: Literal["CNY"]
    per_unit: Choice[Unit]
    per_period: Choice[Period]
    tax: Choice[Tax] = Tax.UNKNOWN

    @model_validator(mode="after")
    def _a_price(self) -> Self:
        accepted(self.to_domain)
        return self

    def to_domain(self) -> Price:
        """Return the price; raises InvalidPrice where it is not positive."""
        return Price(self.amount, self.per_unit, self.per_period, self.tax)

    @classmethod
    def of(cls, price: Price) -> Self:
        """Return the body that says this price."""
        return cls.model_construct(
            amount=price.amount,
            currency="CNY",
            per_unit=price.per_unit,
            per_period=price.per_period,
            tax=price.tax,
        )
