"""The part of the simulator's back door that concerns callbacks; like all of it, for callers on this machine only.

PUT  /control/callbacks  {address}   call there whenever an order is executed; without an address call nobody
POST /control/callbacks  {registry, order_id | registry_no | neither, manner?, execute?} call now and say what came
                         back; with `execute` an order that was only accepted is executed first, and without it
                         "executed" may be a lie; neither says that the registry is open again
"""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import post, put
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from pydantic import BaseModel, ConfigDict

from integrations.registry.callers import Caller, Manner, told_of_opening, told_of_order, told_of_right
from integrations.registry.control import CONTROL_PATH, only_this_machine
from integrations.registry.ledger import Ledger


class AddressOrder(BaseModel):
    """Where to call."""

    model_config = ConfigDict(extra="forbid")

    address: str | None = None


class CallOrder(BaseModel):
    """What to tell, and how."""

    model_config = ConfigDict(extra="forbid")

    registry: str
    order_id: str | None = None
    registry_no: str | None = None
    manner: Manner = Manner.TRUE
    execute: bool = False


def callback_routes(ledger: Ledger, caller: Caller) -> Sequence[HTTPRouteHandler]:
    """Return the routes of this part of the back door."""
    guards = [only_this_machine]

    @put(f"{CONTROL_PATH}/callbacks", guards=guards, status_code=204)
    async def call_at(data: JSONBody[AddressOrder]) -> None:
        try:
            caller.call_at(data.address)
        except ValueError as error:
            raise HTTPException(status_code=400, detail=str(error)) from error

    @post(f"{CONTROL_PATH}/callbacks", guards=guards, status_code=200)
    async def call(data: JSONBody[CallOrder]) -> dict[str, Any]:
        if data.registry not in ledger.registries:
            raise HTTPException(status_code=400, detail="no such registry")
        if data.execute and data.order_id is not None:
            ledger.outcome(data.registry, data.order_id)
        told = await caller.tell(data.registry, _body(data), data.manner)
        return {"items": [{"status": each.status, "proven": each.proven} for each in told], "next_cursor": None}

    return [call_at, call]


def _body(data: CallOrder) -> Mapping[str, object]:
    if data.order_id is not None:
        return told_of_order(data.order_id)
    return told_of_opening() if data.registry_no is None else told_of_right(data.registry_no)
