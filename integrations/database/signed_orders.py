"""Signed orders and their receipts: written once, read by their tenant."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Row, Select, and_, bindparam, insert, select, tuple_
from sqlalchemy.dialects import postgresql

from domain.ports.signed_orders import KeptOrder, OrderReceipt
from integrations.database.connection import Connection, Prepared
from integrations.database.signed_order_tables import ORDER_RECEIPTS, SIGNED_ORDERS

REFUSED_FROM: Final = 400
ORDER_FIELDS: Final = tuple(field.name for field in fields(KeptOrder))
RECEIPT_FIELDS: Final = tuple(field.name for field in fields(OrderReceipt))
ADD: Final = Prepared(postgresql.insert(SIGNED_ORDERS).on_conflict_do_nothing(), ORDER_FIELDS)
ADD_RECEIPT: Final = Prepared(insert(ORDER_RECEIPTS), RECEIPT_FIELDS)
ANSWERED: Final = and_(
    ORDER_RECEIPTS.c.tenant == SIGNED_ORDERS.c.tenant, ORDER_RECEIPTS.c.order_id == SIGNED_ORDERS.c.order_id
)
LAST_ABOUT: Final = Prepared(
    select(SIGNED_ORDERS)
    .join(ORDER_RECEIPTS, ANSWERED)
    .where(
        SIGNED_ORDERS.c.path == bindparam("at"),
        ORDER_RECEIPTS.c.subject == bindparam("about"),
        ORDER_RECEIPTS.c.status < bindparam("refused", REFUSED_FROM),
    )
    .order_by(SIGNED_ORDERS.c.received_at.desc(), SIGNED_ORDERS.c.order_id.desc())
    .limit(1)
)


class DatabaseSignedOrders:
    """Keep orders and receipts."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, order: KeptOrder) -> bool:
        """Write an order; false where its tenant has used the id."""
        values = {name: getattr(order, name) for name in ORDER_FIELDS}
        return await self._connection.run(ADD, {**values, "public_jwk": dict(order.public_jwk)}) == 1

    async def add_receipt(self, receipt: OrderReceipt) -> None:
        """Write what was answered."""
        await self._connection.run(ADD_RECEIPT, {name: getattr(receipt, name) for name in RECEIPT_FIELDS})

    async def find(self, order_id: str) -> tuple[KeptOrder, OrderReceipt] | None:
        """Return an order with its receipt."""
        rows = (await self._connection.execute(_both().where(SIGNED_ORDERS.c.order_id == order_id))).all()
        return _told(rows[0]) if rows else None

    async def page(self, after: str | None, limit: int) -> Sequence[tuple[KeptOrder, OrderReceipt]]:
        """Return orders, oldest first."""
        place = (SIGNED_ORDERS.c.received_at, SIGNED_ORDERS.c.order_id)
        wanted = _both().order_by(*place).limit(limit)
        if after is not None:
            reached = select(*place).where(SIGNED_ORDERS.c.order_id == after)
            wanted = wanted.where(tuple_(*place) > reached.scalar_subquery())
        return [_told(row) for row in (await self._connection.execute(wanted)).all()]

    async def last_about(self, path: str, subject: str) -> KeptOrder | None:
        """Return the newest order at a path that succeeded and was about a subject."""
        row = await self._connection.row(LAST_ABOUT, {"at": path, "about": subject})
        return None if row is None else _order(row)


def _both() -> Select[Any]:
    receipt = (ORDER_RECEIPTS.c[name] for name in RECEIPT_FIELDS if name not in ORDER_FIELDS)
    return select(SIGNED_ORDERS, *receipt).join(ORDER_RECEIPTS, ANSWERED)


def _told(row: Row[Any]) -> tuple[KeptOrder, OrderReceipt]:
    return _order(row), OrderReceipt(**{name: getattr(row, name) for name in RECEIPT_FIELDS})


def _order(row: Any) -> KeptOrder:  # noqa: ANN401 - a row of SQLAlchemy's or a named tuple
    return KeptOrder(**{**{name: getattr(row, name) for name in ORDER_FIELDS}, "body": bytes(row.body)})
