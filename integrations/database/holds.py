"""Holds, the caller's own in full and others' in outline."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, not_, select, text, update

from domain.rights.holds import REGISTRY_REPORTED, Blocked, ForeignHold, Hold, HoldKind, HoldState, PostedHold
from domain.values.quantity import Quantity, Unit
from integrations.database.connection import Connection
from integrations.database.tables import HOLD_SUMMARIES, HOLDS, RIGHTS

LIVE = (HoldState.PENDING.value, HoldState.POSTED.value)
WITH_UNIT: Select[Any] = select(HOLDS, RIGHTS.c.unit).join(RIGHTS, RIGHTS.c.id == HOLDS.c.right_id)


class DatabaseHolds:
    """Keep holds."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, hold: Hold, parties: tuple[str, ...]) -> None:
        """Write a hold, in the transaction that took its quantity."""
        await self._connection.execute(
            insert(HOLDS).values(
                id=hold.id,
                right_id=hold.right_id,
                kind=hold.kind.value,
                blocks=[blocked.value for blocked in hold.blocks],
                quantity=hold.quantity.amount,
                state=hold.state.value,
                since=hold.since,
                until=hold.until,
                reason=hold.reason,
                reference=hold.reference,
                parties=list(parties),
                document=None if hold.document is None else dict(hold.document),
            ),
        )

    async def change(self, hold_id: str, state: HoldState, at: datetime) -> None:
        """Move a live hold to a state; `at` ends it where the state takes no quantity.

        Raises RuntimeError where the hold has ended: its quantity was given back then, and is not a second time.
        """
        until = None if state.value in LIVE else at
        changed = await self._connection.execute(
            update(HOLDS).where(HOLDS.c.id == hold_id, HOLDS.c.state.in_(LIVE)).values(state=state.value, until=until)
        )
        if changed.rowcount != 1:
            raise RuntimeError(hold_id)

    async def lock(self, hold_id: str) -> PostedHold | None:
        """Return a live hold of the caller's own and keep others from changing it."""
        wanted = WITH_UNIT.where(HOLDS.c.id == hold_id, HOLDS.c.state.in_(LIVE)).with_for_update(of=HOLDS)
        row = (await self._connection.execute(wanted)).first()
        return None if row is None else PostedHold(hold=_hold(row), parties=tuple(row.parties))

    async def shrink(self, hold_id: str, quantity: Quantity) -> None:
        """Write that a locked hold takes only so much from now on; raises RuntimeError where it has ended."""
        changed = await self._connection.execute(
            update(HOLDS).where(HOLDS.c.id == hold_id, HOLDS.c.state.in_(LIVE)).values(quantity=quantity.amount)
        )
        if changed.rowcount != 1:
            raise RuntimeError(hold_id)

    async def reported(self, right_id: str) -> Hold | None:
        """Return the hold of what the registry says it has frozen beyond our orders, locked."""
        wanted = WITH_UNIT.where(
            HOLDS.c.right_id == right_id, HOLDS.c.reason == REGISTRY_REPORTED, HOLDS.c.state == HoldState.POSTED.value
        )
        row = (await self._connection.execute(wanted.with_for_update(of=HOLDS))).first()
        return None if row is None else _hold(row)

    async def overdue(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the ids of live holds of other kinds than a pledge's whose end has come."""
        wanted = select(HOLDS.c.id).where(
            HOLDS.c.state.in_(LIVE), HOLDS.c.kind != HoldKind.PLEDGE.value, HOLDS.c.until <= now
        )
        return list((await self._connection.execute(wanted.order_by(HOLDS.c.until).limit(limit))).scalars())

    async def of_right(self, right_id: str) -> tuple[Sequence[Hold], Sequence[ForeignHold]]:
        """Return the caller's own live holds, and of others what everybody who sees the right may know."""
        mine = WITH_UNIT.where(HOLDS.c.right_id == right_id, HOLDS.c.state.in_(LIVE)).order_by(
            HOLDS.c.since, HOLDS.c.id
        )
        own = [_hold(row) for row in (await self._connection.execute(mine)).all()]
        others = (
            select(HOLD_SUMMARIES, RIGHTS.c.unit)
            .join(RIGHTS, RIGHTS.c.id == HOLD_SUMMARIES.c.right_id)
            .where(
                HOLD_SUMMARIES.c.right_id == right_id, not_(HOLD_SUMMARIES.c.parties.overlap(text("current_parties()")))
            )
            .order_by(HOLD_SUMMARIES.c.kind, HOLD_SUMMARIES.c.quantity)
        )
        return own, [_foreign(row) for row in (await self._connection.execute(others)).all()]


def _blocks(row: Row[Any]) -> tuple[Blocked, ...]:
    return tuple(Blocked(each) for each in row.blocks)


def _hold(row: Row[Any]) -> Hold:
    return Hold(
        id=row.id,
        right_id=row.right_id,
        kind=HoldKind(row.kind),
        blocks=_blocks(row),
        quantity=Quantity(row.quantity, Unit(row.unit)),
        state=HoldState(row.state),
        since=row.since,
        until=row.until,
        reason=row.reason,
        reference=row.reference,
        document=row.document,
    )


def _foreign(row: Row[Any]) -> ForeignHold:
    return ForeignHold(kind=HoldKind(row.kind), blocks=_blocks(row), quantity=Quantity(row.quantity, Unit(row.unit)))
