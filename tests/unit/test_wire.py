"""Wire types: what a body may hold, where its errors point, and that the document says the same."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from litestar import Litestar, post
from litestar.openapi import OpenAPIConfig
from litestar.params import FromQuery, JSONBody
from openapi_spec_validator import validate
from pydantic import Field, ValidationError

from api.refusals import FieldError, InvalidPayload, InvalidQuery
from api.schemas.documented import WireDocument, WireReading, read_body
from api.schemas.queries import LIMIT_DEFAULT, PageLimit, asked, read_limit
from api.schemas.wire import (
    Choice,
    DateString,
    DecimalString,
    DivisionString,
    InstantReply,
    Items,
    MoneyBody,
    NameString,
    PermitNoString,
    PriceBody,
    QuantityBody,
    RatioString,
    RegistryNoString,
    ReplyModel,
    UsccString,
    WireModel,
    id_string,
)
from api.strict_json import Payload
from domain.values.decimals import wire
from domain.values.identifiers import new_id, parse_division
from domain.values.money import Money
from domain.values.price import Period, Price, Tax
from domain.values.quantity import Quantity, Unit

AMOUNTS = st.decimals(Decimal("-1e17"), Decimal("1e17"), places=6)


class FixedRateBody(WireModel):
    """A fixed rate."""

    kind: Literal["fixed"]
    value: RatioString


class LprRateBody(WireModel):
    """A floating rate."""

    kind: Literal["lpr"]
    spread_bp: int


class OrderBody(WireModel):
    """One of each."""

    principal: MoneyBody
    items: Annotated[Items[QuantityBody], Field(min_length=1, max_length=3)]
    rate: Annotated[FixedRateBody | LprRateBody, Field(discriminator="kind")]
    repayment: Literal["bullet"] | Items[MoneyBody] = "bullet"
    unit: Choice[Unit] = Unit.T
    months: Annotated[int, Field(ge=1, le=360)] = 12
    right_id: Annotated[str, id_string("right")] | None = None
    name: NameString | None = None
    uscc: UsccString | None = None
    permit_no: PermitNoString | None = None
    registry_no: RegistryNoString | None = None
    division: DivisionString | None = None
    start: DateString | None = None
    factor: DecimalString | None = None
    price: PriceBody | None = None


class OrderReply(ReplyModel):
    """What came of it."""

    id: str
    at: InstantReply
    rate: RatioString
    on: DateString
    warnings: tuple[str, ...] = ()


VALID: dict[str, Any] = {
    "principal": {"amount": "1234.5", "currency": "CNY"},
    "items": [{"amount": "10.23", "unit": "t/a"}],
    "rate": {"kind": "fixed", "value": "0.0345"},
}


def refused(**changes: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidPayload) as found:
        read_body(OrderBody, Payload({**VALID, **changes}))
    return [(error.pointer, error.code) for error in found.value.errors]


def read(**changes: object) -> OrderBody:
    body = read_body(OrderBody, Payload({**VALID, **changes}))
    assert isinstance(body, OrderBody)
    return body


def test_a_body_becomes_values_of_the_domain() -> None:
    body = read(
        right_id=new_id("right"),
        uscc="91130200699229617x",
        permit_no="91130200699229617x001p",
        start="2028-02-29",
        repayment=[{"amount": "1", "currency": "CNY"}],
        price={"amount": "6000", "currency": "CNY", "per_unit": "t/a", "per_period": "year"},
    )

    assert body.principal.to_domain() == Money.parse("1234.50")
    assert body.items[0].to_domain() == Quantity.parse("10.23", Unit.T_PER_YEAR)
    assert body.uscc == "91130200699229617X"
    assert body.permit_no == "91130200699229617X001P"
    assert body.start == date(2028, 2, 29)
    assert body.price is not None
    assert body.price.to_domain() == Price(Decimal(6000), Unit.T_PER_YEAR, Period.YEAR, Tax.UNKNOWN)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"zzz": 1}, ("#/zzz", "unknown_field")),
        ({"principal": {"amount": "1.555", "currency": "CNY"}}, ("#/principal", "invalid_money")),
        ({"principal": {"amount": "1.5"}}, ("#/principal/currency", "missing")),
        ({"principal": {"amount": "1.5", "currency": "USD"}}, ("#/principal/currency", "unknown_word")),
        ({"principal": {"amount": 1, "currency": "CNY"}}, ("#/principal/amount", "invalid_decimal")),
        ({"principal": {"amount": True, "currency": "CNY"}}, ("#/principal/amount", "invalid_decimal")),
        ({"principal": {"amount": "1E+999999999", "currency": "CNY"}}, ("#/principal/amount", "invalid_decimal")),
        ({"principal": "1.5"}, ("#/principal", "wrong_type")),
        ({"items": []}, ("#/items", "too_few")),
        ({"items": [VALID["items"][0]] * 4}, ("#/items", "too_many")),
        ({"items": "abc"}, ("#/items", "wrong_type")),
        ({"items": [{"amount": "1", "unit": "kg/y"}]}, ("#/items/0/unit", "unknown_word")),
        ({"items": [VALID["items"][0], {"unit": "t"}]}, ("#/items/1/amount", "missing")),
        ({"rate": {"kind": "fixed", "value": "x"}}, ("#/rate/value", "invalid_decimal")),
        ({"rate": {"kind": "fixed"}}, ("#/rate/value", "missing")),
        ({"rate": {"kind": "libor"}}, ("#/rate", "unknown_word")),
        ({"rate": {}}, ("#/rate", "missing")),
        ({"months": 0}, ("#/months", "out_of_range")),
        ({"months": "12"}, ("#/months", "wrong_type")),
        ({"months": True}, ("#/months", "wrong_type")),
        ({"unit": 3}, ("#/unit", "unknown_word")),
        ({"right_id": "right_1"}, ("#/right_id", "invalid_identifier")),
        ({"right_id": new_id("loan")}, ("#/right_id", "invalid_identifier")),
        ({"name": " a"}, ("#/name", "invalid_value")),
        ({"name": "a\u200bb"}, ("#/name", "invalid_value")),
        ({"uscc": "９1130200699229617X"}, ("#/uscc", "invalid_identifier")),
        ({"permit_no": "91130200699229617X001"}, ("#/permit_no", "invalid_identifier")),
        ({"division": "33"}, ("#/division", "invalid_identifier")),
        ({"start": "2026-02-29"}, ("#/start", "invalid_date")),
        ({"start": "20260221"}, ("#/start", "invalid_date")),
        (
            {"price": {"amount": "-1", "currency": "CNY", "per_unit": "t", "per_period": "year"}},
            ("#/price", "invalid_price"),
        ),
    ],
)
def test_an_error_points_to_its_place(changes: dict[str, object], expected: tuple[str, str]) -> None:
    assert refused(**changes) == [expected]


def test_every_error_is_told_at_once() -> None:
    assert refused(zzz=1, months=0, items=[]) == [
        ("#/items", "too_few"),
        ("#/months", "out_of_range"),
        ("#/zzz", "unknown_field"),
    ]


@pytest.mark.parametrize("value", [None, [], "a", 1, True])
def test_a_body_that_is_no_object_is_refused_as_a_whole(value: object) -> None:
    with pytest.raises(InvalidPayload) as found:
        read_body(OrderBody, Payload(value))

    assert [(error.pointer, error.code) for error in found.value.errors] == [("#", "wrong_type")]


def test_refused_numbers_of_the_door_are_an_invalid_payload() -> None:
    error = FieldError("#/principal/amount", "invalid_decimal", "应为字符串", "a string")

    with pytest.raises(InvalidPayload) as found:
        read_body(OrderBody, Payload(VALID, (error,)))

    assert found.value.errors == (error,)


def test_a_body_that_the_door_did_not_read_is_our_bug() -> None:
    with pytest.raises(TypeError):
        read_body(OrderBody, dict(VALID))


def test_a_body_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        read().months = 13


@given(AMOUNTS)
def test_a_quantity_survives_the_wire(amount: Decimal) -> None:
    quantity = Quantity(amount, Unit.KG_PER_YEAR)

    printed = json.loads(QuantityBody.of(quantity).model_dump_json())

    assert printed == {"amount": quantity.wire(), "unit": "kg/a"}
    assert QuantityBody.model_validate(printed).to_domain() == quantity


@given(st.integers(-(10**17), 10**17))
def test_money_survives_the_wire(fen: int) -> None:
    money = Money.from_fen(fen)

    printed = json.loads(MoneyBody.of(money).model_dump_json())

    assert printed == {"amount": wire(money.amount, 2), "currency": "CNY"}
    assert MoneyBody.model_validate(printed).to_domain() == money


def test_a_reply_prints_six_decimals_dates_and_instants_in_beijing_time() -> None:
    reply = OrderReply(id="x", at="2026-11-21T00:00:00+00:00", rate="0.0345", on="2026-11-21")  # type: ignore[arg-type]  # read from texts

    assert json.loads(reply.model_dump_json()) == {
        "id": "x",
        "at": "2026-11-21T08:00:00.000+08:00",
        "rate": "0.034500",
        "on": "2026-11-21",
        "warnings": [],
    }
    assert reply.at == datetime(2026, 11, 21, tzinfo=UTC)


def document() -> dict[str, Any]:
    @post("/orders")
    async def order(data: JSONBody[OrderBody], limit: FromQuery[PageLimit] = LIMIT_DEFAULT) -> OrderReply:
        raise NotImplementedError

    config = OpenAPIConfig(title="t", version="1")
    return Litestar([order], plugins=[WireReading(), WireDocument()], openapi_config=config).openapi_schema.to_schema()


def test_the_document_is_valid_and_calls_no_decimal_a_number() -> None:
    described = document()

    validate(described)
    assert '"number"' not in json.dumps(described)
    schemas = described["components"]["schemas"]
    assert all(schema["additionalProperties"] is False for schema in schemas.values() if schema["type"] == "object")
    assert schemas["MoneyBody"]["properties"]["amount"]["pattern"] == r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?$"
    assert schemas["OrderReply"]["required"] == ["id", "at", "rate", "on", "warnings"]
    assert schemas["Unit"]["enum"] == [unit.value for unit in Unit]


def test_the_document_accepts_what_we_accept_and_refuses_what_it_can_see() -> None:
    described = document()
    schema = {"$ref": "#/components/schemas/OrderBody", "components": described["components"]}
    validator = Draft202012Validator(schema)

    assert validator.is_valid({**VALID, "right_id": new_id("right"), "start": "2026-11-21"})
    for wrong in ({"zzz": 1}, {"principal": {"amount": 1.5, "currency": "CNY"}}, {"months": "1"}, {"division": "33"}):
        assert not validator.is_valid({**VALID, **wrong})


def test_two_parts_of_one_name_cannot_be_documented() -> None:
    def part(name: str) -> type[WireModel]:
        return type(name, (WireModel,), {"__annotations__": {"a": int}})

    class Whole(WireModel):
        one: part("Part")  # type: ignore[valid-type]  # made on purpose
        other: part("Part")  # type: ignore[valid-type]  # made on purpose

    @post("/whole")
    async def whole(data: JSONBody[Whole]) -> None:
        raise NotImplementedError

    config = OpenAPIConfig(title="t", version="1")
    app = Litestar([whole], plugins=[WireReading(), WireDocument()], openapi_config=config)
    with pytest.raises(TypeError, match="two parts of Whole are called Part"):
        app.openapi_schema.to_schema()


def test_the_size_of_a_page_is_documented_as_an_integer_with_its_bounds() -> None:
    [parameter] = document()["paths"]["/orders"]["post"]["parameters"]

    assert parameter["schema"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}


def test_the_size_of_a_page_has_one_spelling() -> None:
    assert [read_limit(PageLimit, text) for text in ("1", "50", "200")] == [1, 50, 200]
    for text in ("0", "201", "-1", "+1", "1.0", "1e2", "１", "1_0", "007", "", " 1", "1" * 5000):
        with pytest.raises(InvalidQuery):
            read_limit(PageLimit, text)


def test_a_query_parameter_that_a_parser_refuses_is_named() -> None:
    assert asked("division", "330600", parse_division) == "330600"
    assert asked("division", None, parse_division) is None
    with pytest.raises(InvalidQuery) as found:
        asked("division", "33", parse_division)

    assert [(error.pointer, error.code) for error in found.value.errors] == [("#/division", "invalid_identifier")]
