"""The bodies of the registry's messages: ours into theirs, theirs into ours.

The subtle thing is that reading is checked against what was asked. An answer about another right, another order or
another day is well formed and may be genuinely signed, and is still not an answer: it is `Unreadable`.

Source: the registry's manual, in `wire`.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NoReturn, TypeVar

from domain.errors import DomainError
from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import (
    DailyBalance,
    DailyBalances,
    HolderMatch,
    OrderAnswer,
    OrderStatus,
    RegistryOrder,
    RegistryRight,
)
from domain.values.identifiers import (
    PermitNo,
    RegistryNo,
    parse_division,
    parse_permit_no,
    parse_registry_no,
    parse_uscc,
)
from domain.values.money import Money
from domain.values.quantity import Quantity, Unit
from domain.values.spelling import clean_text
from domain.values.time import parse_date
from integrations.outbound.strict_json import INTEGER_MAX, Fields, Unreadable
from integrations.registry.registered_right import RegisteredRight
from integrations.registry.vocabulary import (
    BASES,
    HOLDER_MATCHES,
    INSTRUMENTS,
    ORDER_KINDS,
    ORDER_STATUSES,
    ORIGINS,
    POLLUTANTS,
    REFUSAL_WORDS,
    REFUSALS,
    STATUSES,
    TENURES,
    UNITS,
    RefusalCode,
)
from integrations.registry.wire import read_time, write_time

FILE_CHARACTERS_MAX: Final = 1024 * 1024
ORDER_ID_LENGTH_MAX: Final = 64

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an order at the registry; `refusal` only when refused, the reference and time when executed."""

    order_id: str
    kind: OrderKind
    registry_no: RegistryNo
    status: OrderStatus
    registry_ref: str | None = None
    executed_at: datetime | None = None
    refusal: RefusalCode | None = None


# Rights


def write_lookup(registry_no: RegistryNo | None, permit_no: PermitNo | None) -> Mapping[str, object]:
    """Return the body of a lookup by one of the two numbers."""
    return {"qzbh": registry_no} if permit_no is None else {"xkzbh": permit_no}


def read_lookup(body: Fields) -> tuple[RegistryNo | None, PermitNo | None]:
    """Return the number asked for: exactly one of the two."""
    registry_no = _optional(body.optional_text("qzbh"), parse_registry_no)
    permit_no = _optional(body.optional_text("xkzbh"), parse_permit_no)
    if (registry_no is None) is (permit_no is None):
        message = "a lookup names either qzbh or xkzbh"
        raise Unreadable(message)
    return registry_no, permit_no


def write_entry(right: RegisteredRight) -> dict[str, object]:
    """Return an entry of the register without what changes from answer to answer."""
    amount = right.acquisition_amount
    return {
        "qzbh": right.registry_no,
        "xkzbh": right.permit_no,
        "cyrdm": right.holder_uscc,
        "cyrmc": right.holder_name,
        "qllx": INSTRUMENTS.theirs(right.instrument),
        "wrw": POLLUTANTS.theirs(right.pollutant),
        "nf": right.vintage,
        "qlsl": right.quantity.wire(),
        "jldw": UNITS.theirs(right.quantity.unit),
        "qdfs": ORIGINS.theirs(right.origin),
        "yclx": BASES.theirs(right.acquisition_basis),
        "qdje": None if amount is None else amount.wire(),
        "qdrq": _day(right.acquired_on),
        "jfjz": _day(right.fee_paid_through),
        "qxlx": TENURES.theirs(right.tenure),
        "yxqq": right.valid_from.isoformat(),
        "yxqz": _day(right.valid_to),
        "xzqh": right.division,
        "qzzt": STATUSES.theirs(right.status),
        "bbh": right.version,
    }


def read_entry(registry: str, row: Fields) -> RegisteredRight:
    """Read an entry of the register; raises Unreadable."""
    unit = UNITS.ours(row.text("jldw"))
    right = RegisteredRight(
        registry=registry,
        registry_no=_ours(row.text("qzbh"), parse_registry_no),
        permit_no=_ours(row.text("xkzbh"), parse_permit_no),
        holder_uscc=_ours(row.text("cyrdm"), parse_uscc),
        holder_name=_ours(row.text("cyrmc"), lambda text: clean_text(text, 200)),
        instrument=INSTRUMENTS.ours(row.text("qllx")),
        pollutant=POLLUTANTS.ours(row.text("wrw")),
        vintage=row.optional_integer("nf"),
        quantity=_quantity(row.text("qlsl"), unit),
        origin=ORIGINS.ours(row.text("qdfs")),
        acquisition_basis=BASES.ours(row.text("yclx")),
        acquisition_amount=_optional(row.optional_text("qdje"), Money.parse),
        acquired_on=_optional(row.optional_text("qdrq"), parse_date),
        fee_paid_through=_optional(row.optional_text("jfjz"), parse_date),
        tenure=TENURES.ours(row.text("qxlx")),
        valid_from=_ours(row.text("yxqq"), parse_date),
        valid_to=_optional(row.optional_text("yxqz"), parse_date),
        division=_ours(row.text("xzqh"), parse_division),
        status=STATUSES.ours(row.text("qzzt")),
        version=row.integer("bbh"),
    )
    _require_sense(right)
    return right


def write_right(right: RegisteredRight, frozen: Quantity, as_of: datetime) -> dict[str, object]:
    """Return a right as an answer tells it."""
    return {**write_entry(right), "djsl": frozen.wire(), "sjsj": write_time(as_of)}


def read_rights(
    body: Fields, registry: str, registry_no: RegistryNo | None, permit_no: PermitNo | None, evidence_sha256: str
) -> Sequence[RegistryRight]:
    """Read the answer to a lookup, which must be about the number asked for and name no right twice."""
    rights: list[RegistryRight] = []
    for row in body.rows("qzlb"):
        right = read_entry(registry, row)
        frozen = _quantity(row.text("djsl"), right.quantity.unit)
        if frozen < Quantity.zero(frozen.unit):
            _refuse("a frozen quantity below zero")
        rights.append(right.answered(frozen=frozen, as_of=read_time(row.text("sjsj")), evidence_sha256=evidence_sha256))
    numbers = {right.registry_no for right in rights}
    if registry_no is not None and (len(rights) != 1 or numbers != {registry_no}):
        _refuse("not exactly the right that was asked for")
    if permit_no is not None and any(right.permit_no != permit_no for right in rights):
        _refuse("a right of another permit")
    if not rights or len(numbers) != len(rights):
        _refuse("no right at all, or one twice")
    return rights


def read_holder_match(body: Fields, registry_no: RegistryNo) -> HolderMatch:
    """Read the answer to a holder check of this right."""
    if _ours(body.text("qzbh"), parse_registry_no) != registry_no:
        _refuse("a holder check of another right")
    return HOLDER_MATCHES.ours(body.text("hyjg"))


# Orders


def write_order(order: RegistryOrder) -> dict[str, object]:
    """Return the body of an order; a freeze is fenced by the version, all others name the freeze."""
    common: dict[str, object] = {
        "zlbh": order.order_id,
        "qzbh": order.registry_no,
        "cyrdm": order.holder_uscc,
        "zlsl": order.quantity.wire(),
        "jldw": UNITS.theirs(order.quantity.unit),
        "zqrdm": order.beneficiary,
        "htbh": order.contract_no,
    }
    if order.kind is OrderKind.FREEZE:
        return {**common, "bbh": order.expected_version}
    if order.kind is OrderKind.RELEASE:
        return {**common, "djpzh": order.registry_ref}
    named = {**common, "djpzh": order.registry_ref}
    if order.kind is OrderKind.AMEND:
        return {**named, "xzqrdm": order.new_beneficiary, "xcyrdm": order.new_holder}
    return {**named, "srfdm": order.buyer, "srfxkz": order.buyer_permit_no}


def read_order(body: Fields, registry: str, kind: OrderKind) -> RegistryOrder:
    """Read an order as the registry receives it; raises Unreadable."""
    unit = UNITS.ours(body.text("jldw"))
    quantity = _quantity(body.text("zlsl"), unit)
    if not quantity.is_positive:
        _refuse("an order over nothing")
    freeze, transfer, amend = kind is OrderKind.FREEZE, kind is OrderKind.TRANSFER, kind is OrderKind.AMEND
    return RegistryOrder(
        order_id=body.text("zlbh", ORDER_ID_LENGTH_MAX),
        kind=kind,
        registry=registry,
        registry_no=_ours(body.text("qzbh"), parse_registry_no),
        holder_uscc=_ours(body.text("cyrdm"), parse_uscc),
        quantity=quantity,
        beneficiary=_ours(body.text("zqrdm"), parse_uscc),
        contract_no=_ours(body.text("htbh"), lambda text: clean_text(text, 200)),
        expected_version=body.optional_integer("bbh") if freeze else None,
        registry_ref=None if freeze else body.text("djpzh", 64),
        buyer=_ours(body.text("srfdm"), parse_uscc) if transfer else None,
        buyer_permit_no=_optional(body.optional_text("srfxkz"), parse_permit_no) if transfer else None,
        new_beneficiary=_optional(body.optional_text("xzqrdm"), parse_uscc) if amend else None,
        new_holder=_optional(body.optional_text("xcyrdm"), parse_uscc) if amend else None,
    )


def write_outcome(outcome: Outcome) -> dict[str, object]:
    """Return what became of an order, as the registry tells it."""
    refusal = outcome.refusal
    return {
        "zlbh": outcome.order_id,
        "zllx": ORDER_KINDS.theirs(outcome.kind),
        "qzbh": outcome.registry_no,
        "zlzt": ORDER_STATUSES.theirs(outcome.status),
        "pzh": outcome.registry_ref,
        "zxsj": None if outcome.executed_at is None else write_time(outcome.executed_at),
        "jjdm": None if refusal is None else REFUSALS.theirs(refusal),
        "jjsm": None if refusal is None else REFUSAL_WORDS[refusal],
    }


def read_outcome(body: Fields, order_id: str, evidence_sha256: str, order: RegistryOrder | None = None) -> OrderAnswer:
    """Read what became of an order; it must be this order, and, where the order is given, of its kind and right."""
    if body.text("zlbh", ORDER_ID_LENGTH_MAX) != order_id:
        _refuse("an answer about another order")
    kind = ORDER_KINDS.ours(body.text("zllx"))
    registry_no = _ours(body.text("qzbh"), parse_registry_no)
    if order is not None and (kind is not order.kind or registry_no != order.registry_no):
        _refuse("an answer about another kind of order or another right")
    status = ORDER_STATUSES.ours(body.text("zlzt"))
    code = body.optional_text("jjdm", 4)
    executed_at = body.optional_text("zxsj")
    registry_ref = body.optional_text("pzh", 64)
    executed = status is OrderStatus.EXECUTED
    if executed and (executed_at is None or registry_ref is None):
        _refuse("an executed order without reference or time")
    if (executed_at is not None and not executed) or (code is not None) is not (status is OrderStatus.REFUSED):
        _refuse("a status that contradicts the rest of the answer")
    return OrderAnswer(
        order_id=order_id,
        status=status,
        registry_ref=registry_ref,
        executed_at=None if executed_at is None else read_time(executed_at),
        reason=None if code is None else REFUSALS.ours(code).value,
        message=None if code is None else body.optional_text("jjsm", 500),
        evidence_sha256=evidence_sha256,
    )


# Daily file


def write_balances(on: date, rows: Sequence[DailyBalance]) -> dict[str, object]:
    """Return the daily file with its control total and digest."""
    file = "".join(
        f"{row.registry_no}|{row.quantity.wire()}|{row.frozen.wire()}|{UNITS.theirs(row.quantity.unit)}|{row.version}\n"
        for row in rows
    )
    return {"rq": on.isoformat(), "zhs": len(rows), "zy": _sha256(file), "wj": file}


def read_balances(body: Fields, registry: str, on: date) -> DailyBalances:
    """Read the daily file of this day, whose digest and control total must agree with its rows."""
    if _ours(body.text("rq"), parse_date) != on:
        _refuse("the file of another day")
    file = body.text("wj", FILE_CHARACTERS_MAX)
    digest = body.text("zy", 64)
    if digest != _sha256(file) or not file.endswith("\n"):
        _refuse("a file that its digest does not match")
    rows = tuple(_read_balance(line) for line in file[:-1].split("\n"))
    control_total = body.integer("zhs")
    if control_total != len(rows) or len({row.registry_no for row in rows}) != len(rows):
        _refuse("a file that its control total does not match, or with a right twice")
    return DailyBalances(registry=registry, on=on, rows=rows, control_total=control_total, sha256=digest)


def _read_balance(line: str) -> DailyBalance:
    columns = line.split("|")
    try:
        number, quantity, frozen, unit_word, version = columns
    except ValueError:
        _refuse("a row that has not five columns")
    unit = UNITS.ours(unit_word)
    if not (version.isascii() and version.isdigit()) or len(version) > len(str(INTEGER_MAX)):
        _refuse("a version that is no number")
    return DailyBalance(
        registry_no=_ours(number, parse_registry_no),
        quantity=_quantity(quantity, unit),
        frozen=_quantity(frozen, unit),
        version=int(version),
    )


# Small print


def _require_sense(right: RegisteredRight) -> None:
    if right.quantity < Quantity.zero(right.quantity.unit):
        _refuse("a right below zero")
    if right.tenure == "fixed" and right.valid_to is None:
        _refuse("a right for a fixed term without its end")
    if right.valid_to is not None and right.valid_to < right.valid_from:
        _refuse("a right that ends before it begins")


def _ours(text: str, parse: Callable[[str], Read]) -> Read:
    """Parse a text into one of our values; what our values refuse is Unreadable here."""
    try:
        return parse(text)
    except DomainError as error:
        message = f"{text[:32]!r}: {error.code}"
        raise Unreadable(message) from error


def _quantity(text: str, unit: Unit) -> Quantity:
    return _ours(text, lambda amount: Quantity.parse(amount, unit))


def _optional(text: str | None, parse: Callable[[str], Read]) -> Read | None:
    return None if text is None else _ours(text, parse)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _refuse(what: str) -> NoReturn:
    raise Unreadable(what)
