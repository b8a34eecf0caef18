"""Orders to the registries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.pledges.registry_orders import OrderKind, OrderState, PartyChange, PledgeOrder, StandingFreeze
from domain.values.identifiers import PermitNo, Uscc
from domain.values.quantity import Quantity, Unit
from integrations.database.connection import Connection
from integrations.database.tables import REGISTRY_ORDERS, RIGHTS

WITH_UNIT: Select[Any] = select(REGISTRY_ORDERS, RIGHTS.c.unit).join(RIGHTS, RIGHTS.c.id == REGISTRY_ORDERS.c.right_id)


class DatabaseRegistryOrders:
    """Keep orders."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, order: PledgeOrder) -> None:
        """Write an order."""
        await self._connection.execute(
            insert(REGISTRY_ORDERS).values(
                id=order.id,
                kind=order.kind.value,
                pledge_id=order.pledge_id,
                right_id=order.right_id,
                hold_id=order.hold_id,
                round=order.round,
                quantity=order.quantity.amount,
                expected_version=order.expected_version,
                state=order.state.value,
                attempts=order.attempts,
                freeze_ref=order.freeze_ref,
                created_at=order.created_at,
                updated_at=order.created_at,
                parties=list(order.parties),
                amendment_id=order.amendment_id,
                enforcement_id=order.enforcement_id,
                buyer_uscc=order.buyer,
                buyer_permit_no=order.buyer_permit_no,
                **_change_values(order.change),
            ),
        )

    async def find(self, order_id: str) -> PledgeOrder | None:
        """Return an order, none when there is no such."""
        return await self._one(WITH_UNIT.where(REGISTRY_ORDERS.c.id == order_id))

    async def lock(self, order_id: str) -> PledgeOrder | None:
        """Return an order and keep others from changing it meanwhile."""
        return await self._one(WITH_UNIT.where(REGISTRY_ORDERS.c.id == order_id).with_for_update(of=REGISTRY_ORDERS))

    async def save(self, order: PledgeOrder, at: datetime) -> bool:
        """Write a locked order's fields; false when another order of the same right is in flight."""
        changed = (
            update(REGISTRY_ORDERS)
            .where(REGISTRY_ORDERS.c.id == order.id)
            .values(
                state=order.state.value,
                attempts=order.attempts,
                registry_ref=order.registry_ref,
                executed_at=order.executed_at,
                reason=order.reason,
                message=order.message,
                evidence_sha256=order.evidence_sha256,
                updated_at=at,
            )
        )
        try:
            async with self._connection.savepoint():
                await self._connection.execute(changed)
        except IntegrityError as refused:
            if "one_order_in_flight_per_right" in str(refused.orig):
                return False
            raise
        return True

    async def of_round(self, pledge_id: str, order_round: int) -> Sequence[PledgeOrder]:
        """Return a pledge's orders of one round, oldest first."""
        wanted = WITH_UNIT.where(REGISTRY_ORDERS.c.pledge_id == pledge_id, REGISTRY_ORDERS.c.round == order_round)
        return await self._oldest_first(wanted)

    async def of_amendment(self, amendment_id: str) -> Sequence[PledgeOrder]:
        """Return the orders of an amendment in all its rounds, oldest first."""
        return await self._oldest_first(WITH_UNIT.where(REGISTRY_ORDERS.c.amendment_id == amendment_id))

    async def standing_freezes(self, pledge_id: str) -> Sequence[StandingFreeze]:
        """Return what is left of a pledge's freezes, oldest first."""
        wanted = WITH_UNIT.where(
            REGISTRY_ORDERS.c.pledge_id == pledge_id, REGISTRY_ORDERS.c.state == OrderState.EXECUTED.value
        )
        executed = (
            await self._connection.execute(wanted.order_by(REGISTRY_ORDERS.c.executed_at, REGISTRY_ORDERS.c.id))
        ).all()
        freezes = [row for row in executed if row.kind == OrderKind.FREEZE.value]
        left = {(row.right_id, row.registry_ref): row.quantity for row in freezes}
        for row in executed:
            if row.kind != OrderKind.AMEND.value and (row.right_id, row.freeze_ref) in left:
                left[row.right_id, row.freeze_ref] -= row.quantity
        return [
            StandingFreeze(
                row.right_id, row.registry_ref, Quantity(left[row.right_id, row.registry_ref], Unit(row.unit))
            )
            for row in freezes
            if left[row.right_id, row.registry_ref] > 0
        ]

    async def frozen_under(self, right_id: str, registry_ref: str) -> str | None:
        """Return the id of the pledge whose freeze of a right the registry executed under a reference, if any."""
        wanted = select(REGISTRY_ORDERS.c.pledge_id).where(
            REGISTRY_ORDERS.c.right_id == right_id,
            REGISTRY_ORDERS.c.registry_ref == registry_ref,
            REGISTRY_ORDERS.c.kind == OrderKind.FREEZE.value,
            REGISTRY_ORDERS.c.state == OrderState.EXECUTED.value,
        )
        found = (await self._connection.execute(wanted.limit(1))).scalar()
        return None if found is None else str(found)

    async def executed_freezes(self, pledge_id: str) -> dict[str, str]:
        """Return by right id the registry's reference of the pledge's newest executed freeze."""
        wanted = (
            select(REGISTRY_ORDERS.c.right_id, REGISTRY_ORDERS.c.registry_ref)
            .where(
                REGISTRY_ORDERS.c.pledge_id == pledge_id,
                REGISTRY_ORDERS.c.kind == OrderKind.FREEZE.value,
                REGISTRY_ORDERS.c.state == OrderState.EXECUTED.value,
            )
            .order_by(REGISTRY_ORDERS.c.round)
        )
        return {row.right_id: row.registry_ref for row in (await self._connection.execute(wanted)).all()}

    async def _oldest_first(self, wanted: Select[Any]) -> list[PledgeOrder]:
        ordered = wanted.order_by(REGISTRY_ORDERS.c.created_at, REGISTRY_ORDERS.c.id)
        return [_order(row) for row in (await self._connection.execute(ordered)).all()]

    async def _one(self, wanted: Select[Any]) -> PledgeOrder | None:
        row = (await self._connection.execute(wanted)).first()
        return None if row is None else _order(row)


def _order(row: Row[Any]) -> PledgeOrder:
    return PledgeOrder(
        id=row.id,
        kind=OrderKind(row.kind),
        pledge_id=row.pledge_id,
        right_id=row.right_id,
        hold_id=row.hold_id,
        round=row.round,
        quantity=Quantity(row.quantity, Unit(row.unit)),
        expected_version=row.expected_version,
        state=OrderState(row.state),
        attempts=row.attempts,
        registry_ref=row.registry_ref,
        freeze_ref=row.freeze_ref,
        executed_at=row.executed_at,
        reason=row.reason,
        message=row.message,
        evidence_sha256=row.evidence_sha256,
        created_at=row.created_at,
        parties=tuple(row.parties),
        amendment_id=row.amendment_id,
        enforcement_id=row.enforcement_id,
        buyer=None if row.buyer_uscc is None else Uscc(row.buyer_uscc),
        buyer_permit_no=None if row.buyer_permit_no is None else PermitNo(row.buyer_permit_no),
        change=None
        if row.beneficiary is None
        else PartyChange(
            beneficiary=Uscc(row.beneficiary),
            new_beneficiary=Uscc(row.new_beneficiary),
            holder=Uscc(row.holder),
            new_holder=Uscc(row.new_holder),
        ),
    )


def _change_values(change: PartyChange | None) -> dict[str, str]:
    if change is None:
        return {}
    return {
        "beneficiary": change.beneficiary,
        "new_beneficiary": change.new_beneficiary,
        "holder": change.holder,
        "new_holder": change.new_holder,
    }
