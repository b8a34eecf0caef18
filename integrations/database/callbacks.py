"""Callbacks that were heard, and what they are about.

Nobody is known when a callback comes, so all of it goes through functions that see past the policies.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Column, Table, Text, text

from domain.ports.registry_callbacks import OpenOrder
from domain.values.identifiers import RegistryNo
from integrations.database.connection import Connection, Prepared
from integrations.database.tables import INSTANT, METADATA

HEARD_CALLBACKS: Final = Table(
    "heard_callbacks",
    METADATA,
    Column("registry", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("forget_at", INSTANT),
)

HEAR = Prepared(text("select hear_callback(:registry, :message_id, :until)"))
PRUNE = Prepared(text("delete from heard_callbacks where forget_at < :before"))
SENT = Prepared(text("select order_id, right_id from sent_order(:registry, :order_id)"))
OPEN = text("select order_id, right_id from open_orders(:registry, :most)")
RIGHT = Prepared(text("select right_numbered(:registry, :number)"))


class DatabaseCallbacks:
    """Remember callbacks."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def consume(self, registry: str, message_id: str, until: datetime) -> bool:
        """Use a message's id up; false when it was used before."""
        values = {"registry": registry, "message_id": message_id, "until": until}
        return bool(await self._connection.value(HEAR, values))

    async def prune(self, before: datetime) -> int:
        """Forget what was to be remembered until a moment that has passed."""
        return await self._connection.run(PRUNE, {"before": before})

    async def sent_order(self, registry: str, order_id: str) -> OpenOrder | None:
        """Return an order that this registry may have seen and has not settled."""
        row = await self._connection.row(SENT, {"registry": registry, "order_id": order_id})
        return None if row is None else OpenOrder(row.order_id, row.right_id)

    async def open_orders(self, registry: str, limit: int) -> Sequence[OpenOrder]:
        """Return the orders that wait for this registry, the oldest first."""
        rows = (await self._connection.execute(OPEN.bindparams(registry=registry, most=limit))).all()
        return [OpenOrder(row.order_id, row.right_id) for row in rows]

    async def right_of(self, registry: str, registry_no: RegistryNo) -> str | None:
        """Return the id of the right that we keep under a registry's number."""
        found = await self._connection.value(RIGHT, {"registry": registry, "number": registry_no})
        return None if found is None else str(found)
