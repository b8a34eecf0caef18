"""The simulator's back door: arm faults, read the registry's own ledger, let the registry and courts act.

It is for tests and demonstrations. It asks for no credentials and therefore answers only callers on this machine.

    POST /control/faults   {operation, kind, times?, seconds?}    GET what is armed    DELETE disarms all
    GET  /control/ledger   every freeze, release, transfer and amendment that was executed, oldest first
    POST /control/changes  {registry, registry_no, kind, quantity?, holder_uscc?, holder_name?, reference?}
    GET  /control/rights   every right, with what is frozen of it
    POST /control/rights   {registry, like, registry_no, quantity?} enters a new right like the one numbered `like`

Source: contract section 0.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from litestar import delete, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, PermissionDeniedException
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.params import JSONBody
from pydantic import BaseModel, ConfigDict, Field

from domain.errors import DomainError
from domain.values.identifiers import RegistryNo, parse_registry_no, parse_uscc
from domain.values.quantity import Quantity, Unit, parse_unit
from domain.values.spelling import clean_text
from domain.values.time import rfc3339
from integrations.registry.changes import Change, ChangeImpossible, ChangeKind
from integrations.registry.effects import Effect
from integrations.registry.faults import SLOW_SECONDS, Fault, FaultKind, FaultList, FaultOperation
from integrations.registry.ledger import Ledger
from integrations.registry.registered_right import RegisteredRight

CONTROL_PATH = "/control"


class FaultOrder(BaseModel):
    """A fault to arm."""

    model_config = ConfigDict(extra="forbid")

    operation: FaultOperation
    kind: FaultKind
    times: Annotated[int, Field(ge=1, le=10_000)] = 1
    seconds: Annotated[float, Field(ge=0, le=600)] | None = None


class QuantityGiven(BaseModel):
    """A quantity with its unit."""

    model_config = ConfigDict(extra="forbid")

    amount: str
    unit: str


class ChangeOrder(BaseModel):
    """A change that the registry or a court makes; a quantity without unit is in the right's own."""

    model_config = ConfigDict(extra="forbid")

    registry: str
    registry_no: str
    kind: ChangeKind
    quantity: str | QuantityGiven | None = None
    holder_uscc: str | None = None
    holder_name: str | None = None
    reference: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class EntryOrder(BaseModel):
    """A right to enter: holder, permit, place, pollutant and validity are those of `like`."""

    model_config = ConfigDict(extra="forbid")

    registry: str
    like: str
    registry_no: str
    quantity: str | QuantityGiven | None = None


def control_routes(ledger: Ledger, faults: FaultList) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the back door to this ledger and these faults."""
    guards = [only_this_machine]

    @post(f"{CONTROL_PATH}/faults", guards=guards, status_code=200)
    async def arm(data: JSONBody[FaultOrder]) -> dict[str, Any]:
        seconds = SLOW_SECONDS if data.seconds is None and data.kind is FaultKind.SLOW else data.seconds or 0.0
        faults.arm(Fault(operation=data.operation, kind=data.kind, times=data.times, seconds=seconds))
        return _page([_fault(fault) for fault in faults.armed()])

    @get(f"{CONTROL_PATH}/faults", guards=guards)
    async def armed() -> dict[str, Any]:
        return _page([_fault(fault) for fault in faults.armed()])

    @delete(f"{CONTROL_PATH}/faults", guards=guards)
    async def disarm() -> None:
        faults.disarm()

    @get(f"{CONTROL_PATH}/ledger", guards=guards)
    async def executed() -> dict[str, Any]:
        return _page([_effect(effect) for effect in ledger.effects()])

    @get(f"{CONTROL_PATH}/rights", guards=guards)
    async def rights() -> dict[str, Any]:
        names = sorted(ledger.registries)
        return _page([_right(right, frozen) for name in names for right, frozen in ledger.rights(name)])

    @post(f"{CONTROL_PATH}/rights", guards=guards, status_code=201)
    async def enter(data: JSONBody[EntryOrder]) -> dict[str, Any]:
        try:
            like = _entered(ledger, data.registry, parse_registry_no(data.like))
            quantity = _quantity(data.quantity, like.quantity.unit) or like.quantity
            return _right(
                *ledger.enter(replace(like, registry_no=parse_registry_no(data.registry_no), quantity=quantity))
            )
        except (ChangeImpossible, DomainError) as error:
            raise HTTPException(status_code=400, detail=str(error)) from error

    @post(f"{CONTROL_PATH}/changes", guards=guards, status_code=200)
    async def change(data: JSONBody[ChangeOrder]) -> dict[str, Any]:
        try:
            return _right(*ledger.change(_change(ledger, data)))
        except (ChangeImpossible, DomainError) as error:
            raise HTTPException(status_code=400, detail=str(error)) from error

    return [arm, armed, disarm, executed, rights, enter, change]


def only_this_machine(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse callers from elsewhere."""
    client = connection.client
    if client is None or not ipaddress.ip_address(client.host).is_loopback:
        raise PermissionDeniedException


def _change(ledger: Ledger, data: JSONBody[ChangeOrder]) -> Change:
    registry_no = parse_registry_no(data.registry_no)
    right = _entered(ledger, data.registry, registry_no)
    return Change(
        registry=data.registry,
        registry_no=registry_no,
        kind=data.kind,
        quantity=_quantity(data.quantity, right.quantity.unit),
        holder_uscc=None if data.holder_uscc is None else parse_uscc(data.holder_uscc),
        holder_name=None if data.holder_name is None else clean_text(data.holder_name, 200),
        reference=data.reference,
    )


def _entered(ledger: Ledger, registry: str, registry_no: RegistryNo) -> RegisteredRight:
    found = ledger.rights(registry, registry_no)
    if not found:
        message = f"{registry} has no right {registry_no}"
        raise ChangeImpossible(message)
    return found[0][0]


def _quantity(given: str | QuantityGiven | None, unit: Unit) -> Quantity | None:
    if given is None:
        return None
    if isinstance(given, str):
        return Quantity.parse(given, unit)
    return Quantity.parse(given.amount, parse_unit(given.unit))


def _page(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"items": items, "next_cursor": None}


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "operation": fault.operation.value,
        "kind": fault.kind.value,
        "times": fault.times,
        "seconds": fault.seconds,
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "order_id": effect.order_id,
        "kind": effect.kind,
        "registry": effect.registry,
        "registry_no": effect.registry_no,
        "quantity": _quantity_out(effect.quantity),
        "registry_ref": effect.registry_ref,
        "freeze_ref": effect.freeze_ref,
        "holder_uscc": effect.holder_uscc,
        "beneficiary": effect.beneficiary,
        "contract_no": effect.contract_no,
        "received_at": rfc3339(effect.received_at),
        "executed_at": rfc3339(effect.executed_at),
        "messages": effect.messages,
        **({} if effect.buyer is None else {"buyer": effect.buyer, "buyer_registry_no": effect.buyer_registry_no}),
        **(
            {}
            if effect.new_beneficiary is None
            else {"new_beneficiary": effect.new_beneficiary, "new_holder": effect.new_holder}
        ),
    }


def _right(right: RegisteredRight, frozen: Quantity) -> dict[str, Any]:
    return {
        "registry": right.registry,
        "registry_no": right.registry_no,
        "permit_no": right.permit_no,
        "holder": {"uscc": right.holder_uscc, "name": right.holder_name},
        "instrument": right.instrument.value,
        "pollutant": right.pollutant.value,
        "quantity": _quantity_out(right.quantity),
        "frozen": _quantity_out(frozen),
        "division": right.division,
        "status": right.status.value,
        "valid_from": right.valid_from.isoformat(),
        "valid_to": None if right.valid_to is None else right.valid_to.isoformat(),
        "version": right.version,
    }


def _quantity_out(quantity: Quantity) -> dict[str, str]:
    return {"amount": quantity.wire(), "unit": quantity.unit.value}
