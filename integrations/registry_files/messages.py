"""Orders, answers and rights between our types and the texts of a file's row."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from domain.errors import DomainError
from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import OrderAnswer, OrderStatus, RegistryOrder, RegistryRight, RegistryStatus
from domain.values.identifiers import (
    PermitNo,
    RegistryNo,
    Uscc,
    parse_division,
    parse_permit_no,
    parse_registry_no,
    parse_uscc,
)
from domain.values.instruments import Instrument
from domain.values.money import Money
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity, Unit, parse_unit
from domain.values.spelling import clean_text
from domain.values.time import parse_date, parse_instant, rfc3339
from integrations.registry_files.rows import Row

NAME_LENGTH_MAX: Final = 200

Read = TypeVar("Read")


class RowRefused(ValueError):
    """Say why one row is refused; the argument is a code."""


def order_row(order: RegistryOrder) -> Row:
    """Return an order's row."""
    return {
        "order_id": order.order_id,
        "kind": order.kind.value,
        "registry_no": order.registry_no,
        "holder_uscc": order.holder_uscc,
        "quantity": order.quantity.wire(),
        "unit": order.quantity.unit.value,
        "beneficiary": order.beneficiary,
        "contract_no": order.contract_no,
        "expected_version": "" if order.expected_version is None else str(order.expected_version),
        "registry_ref": order.registry_ref or "",
        "buyer": order.buyer or "",
        "buyer_permit_no": order.buyer_permit_no or "",
        "new_beneficiary": order.new_beneficiary or "",
        "new_holder": order.new_holder or "",
    }


def read_order_row(row: Row, registry: str) -> RegistryOrder:
    """Return the order of a row, as the registry's side reads it; our own rows hold what they say."""
    return RegistryOrder(
        order_id=row["order_id"],
        kind=OrderKind(row["kind"]),
        registry=registry,
        registry_no=RegistryNo(row["registry_no"]),
        holder_uscc=Uscc(row["holder_uscc"]),
        quantity=Quantity.parse(row["quantity"], Unit(row["unit"])),
        beneficiary=Uscc(row["beneficiary"]),
        contract_no=row["contract_no"],
        expected_version=_absent(row["expected_version"], int),
        registry_ref=row["registry_ref"] or None,
        buyer=_absent(row["buyer"], Uscc),
        buyer_permit_no=_absent(row["buyer_permit_no"], PermitNo),
        new_beneficiary=_absent(row["new_beneficiary"], Uscc),
        new_holder=_absent(row["new_holder"], Uscc),
    )


def answer_row(answer: OrderAnswer, quantity: Quantity) -> Row:
    """Return an answer's row, as the registry's side writes it."""
    return {
        "order_id": answer.order_id,
        "status": answer.status.value,
        "quantity": quantity.wire(),
        "unit": quantity.unit.value,
        "registry_ref": answer.registry_ref or "",
        "executed_at": "" if answer.executed_at is None else rfc3339(answer.executed_at),
        "reason": answer.reason or "",
        "message": answer.message or "",
    }


def read_answer(row: Row, order: Mapping[str, str], evidence_sha256: str) -> OrderAnswer:
    """Return the answer of a row to an order of ours.

    Raises:
        RowRefused: another quantity than ordered, no listed status, or without what its status says.
    """
    if (row["quantity"], row["unit"]) != (order["quantity"], order["unit"]):
        raise RowRefused("quantity_mismatch")
    try:
        status = OrderStatus(row["status"])
        executed_at = _absent(row["executed_at"], parse_instant)
    except (ValueError, DomainError) as error:
        raise RowRefused("row_malformed") from error
    executed, refused = status is OrderStatus.EXECUTED, status is OrderStatus.REFUSED
    if (executed and not (row["registry_ref"] and executed_at)) or (refused and not row["reason"]):
        raise RowRefused("row_incomplete")
    return OrderAnswer(
        order_id=row["order_id"],
        status=status,
        registry_ref=row["registry_ref"] if executed else None,
        executed_at=executed_at if executed else None,
        reason=row["reason"] if refused else None,
        message=(row["message"] or None) if refused else None,
        evidence_sha256=evidence_sha256,
    )


def right_row(right: RegistryRight) -> Row:
    """Return a right's row, as the registry's side writes it."""
    amount = right.acquisition_amount
    optional = {
        "vintage": right.vintage,
        "acquisition_amount": None if amount is None else amount.wire(),
        "acquired_on": right.acquired_on,
        "fee_paid_through": right.fee_paid_through,
        "valid_to": right.valid_to,
    }
    return {
        "registry_no": right.registry_no,
        "permit_no": right.permit_no,
        "holder_uscc": right.holder_uscc,
        "holder_name": right.holder_name,
        "instrument": right.instrument.value,
        "pollutant": right.pollutant.value,
        "quantity": right.quantity.wire(),
        "unit": right.quantity.unit.value,
        "frozen": right.frozen.wire(),
        "origin": right.origin,
        "acquisition_basis": right.acquisition_basis,
        "tenure": right.tenure,
        "valid_from": right.valid_from.isoformat(),
        "division": right.division,
        "status": right.status.value,
        "as_of": rfc3339(right.as_of),
        "version": str(right.version),
        **{name: "" if value is None else str(value) for name, value in optional.items()},
    }


def read_right(row: Row, registry: str, evidence_sha256: str) -> RegistryRight:
    """Return the right of a row; raises RowRefused."""
    try:
        unit = parse_unit(row["unit"])
        return RegistryRight(
            registry=registry,
            registry_no=parse_registry_no(row["registry_no"]),
            permit_no=parse_permit_no(row["permit_no"]),
            holder_uscc=parse_uscc(row["holder_uscc"]),
            holder_name=clean_text(row["holder_name"], NAME_LENGTH_MAX),
            instrument=Instrument(row["instrument"]),
            pollutant=Pollutant(row["pollutant"]),
            vintage=_absent(row["vintage"], int),
            quantity=Quantity.parse(row["quantity"], unit),
            frozen=Quantity.parse(row["frozen"], unit),
            origin=row["origin"],
            acquisition_basis=row["acquisition_basis"],
            acquisition_amount=_absent(row["acquisition_amount"], Money.parse),
            acquired_on=_absent(row["acquired_on"], parse_date),
            fee_paid_through=_absent(row["fee_paid_through"], parse_date),
            tenure=row["tenure"],
            valid_from=parse_date(row["valid_from"]),
            valid_to=_absent(row["valid_to"], parse_date),
            division=parse_division(row["division"]),
            status=RegistryStatus(row["status"]),
            as_of=parse_instant(row["as_of"]),
            version=int(row["version"]),
            evidence_sha256=evidence_sha256,
        )
    except (DomainError, ValueError) as error:
        raise RowRefused("row_malformed") from error


def _absent(text: str, read: Callable[[str], Read]) -> Read | None:
    return read(text) if text else None
