"""Pledges, read whole with their items, loans and registrations in one statement each, written back field by field."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, insert, select, text, tuple_, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.pledges.lifecycle import LAPSING
from domain.pledges.pledges import Pledge
from domain.ports.pledges import PledgeFilter
from integrations.database.pledge_rows import (
    item_values,
    pledge_from,
    pledge_values,
    registration_values,
)
from integrations.database.tables import PLEDGE_ITEMS, PLEDGE_LOANS, PLEDGES, REGISTRATIONS

ITEMS = (
    select(PLEDGE_ITEMS)
    .where(PLEDGE_ITEMS.c.pledge_id.in_(bindparam("ids", expanding=True)))
    .order_by(PLEDGE_ITEMS.c.position)
)
LOAN_LINKS = (
    select(PLEDGE_LOANS)
    .where(PLEDGE_LOANS.c.pledge_id.in_(bindparam("ids", expanding=True)))
    .order_by(PLEDGE_LOANS.c.loan_id)
)
ENTRIES = (
    select(REGISTRATIONS)
    .where(REGISTRATIONS.c.pledge_id.in_(bindparam("ids", expanding=True)))
    .order_by(REGISTRATIONS.c.register, REGISTRATIONS.c.position)
)
LINKED = text("""
    with recursive linked(pledge_id) as (
        select cast(:pledge_id as text)
        union
        select there.pledge_id from linked join pledge_loans here on here.pledge_id = linked.pledge_id
               join pledge_loans there on there.loan_id = here.loan_id)
    select linked.pledge_id, pledge_loans.loan_id
    from linked left join pledge_loans on pledge_loans.pledge_id = linked.pledge_id""")


class DatabasePledges:
    """Keep pledges."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, pledge: Pledge) -> None:
        """Write a new pledge whole."""
        await self._connection.execute(insert(PLEDGES), [pledge_values(pledge)])
        await self._connection.execute(
            insert(PLEDGE_ITEMS), [item_values(pledge, position) for position in range(len(pledge.items))]
        )
        await self._add_loans(pledge)
        await self._connection.execute(
            insert(REGISTRATIONS), [registration_values(pledge, entry) for entry in pledge.registrations]
        )

    async def find(self, pledge_id: str) -> Pledge | None:
        """Return a visible pledge, none otherwise."""
        found = await self._whole(select(PLEDGES).where(PLEDGES.c.id == pledge_id))
        return found[0] if found else None

    async def lock(self, pledge_id: str) -> Pledge | None:
        """Return a pledge and keep others from changing it until the transaction ends."""
        found = await self._whole(select(PLEDGES).where(PLEDGES.c.id == pledge_id).with_for_update())
        return found[0] if found else None

    async def save(self, pledge: Pledge) -> None:
        """Write a locked pledge's changed fields, items and registrations, and add its new loans."""
        await self._connection.execute(update(PLEDGES).where(PLEDGES.c.id == pledge.id).values(pledge_values(pledge)))
        for position in range(len(pledge.items)):
            values = item_values(pledge, position)
            changed = update(PLEDGE_ITEMS).where(
                PLEDGE_ITEMS.c.pledge_id == pledge.id, PLEDGE_ITEMS.c.position == position
            )
            await self._connection.execute(changed.values(values))
        for entry in pledge.registrations:
            statement = postgresql.insert(REGISTRATIONS).values(registration_values(pledge, entry))
            fresh = {name: statement.excluded[name] for name in ("status", "reference", "registered_at")}
            await self._connection.execute(
                statement.on_conflict_do_update(index_elements=["pledge_id", "register", "position"], set_=fresh)
            )
        await self._add_loans(pledge)

    async def page(self, narrowed: PledgeFilter, after: str | None, limit: int) -> Sequence[Pledge]:
        """Return visible pledges, newest first."""
        wanted = select(PLEDGES).order_by(PLEDGES.c.created_at.desc(), PLEDGES.c.id.desc()).limit(limit)
        if after is not None:
            last = select(PLEDGES.c.created_at, PLEDGES.c.id).where(PLEDGES.c.id == after).subquery()
            wanted = wanted.where(
                tuple_(PLEDGES.c.created_at, PLEDGES.c.id) < select(last.c.created_at, last.c.id).scalar_subquery()
            )
        if narrowed.status is not None:
            wanted = wanted.where(PLEDGES.c.status == narrowed.status.value)
        if narrowed.pledgor_uscc is not None:
            wanted = wanted.where(PLEDGES.c.pledgors.any(narrowed.pledgor_uscc))
        if narrowed.updated_after is not None:
            wanted = wanted.where(PLEDGES.c.updated_at > narrowed.updated_after)
        return await self._whole(wanted)

    async def linked(self, pledge_id: str) -> tuple[Sequence[str], Sequence[str]]:
        """Return the ids of all pledges and all loans that hang together with a pledge, itself included."""
        rows = (await self._connection.execute(LINKED, {"pledge_id": pledge_id})).all()
        return sorted({row.pledge_id for row in rows}), sorted({row.loan_id for row in rows if row.loan_id is not None})

    async def securing(self, loan_id: str) -> Sequence[Pledge]:
        """Return the pledges that name a loan."""
        naming = select(PLEDGE_LOANS.c.pledge_id).where(PLEDGE_LOANS.c.loan_id == loan_id)
        return await self._whole(select(PLEDGES).where(PLEDGES.c.id.in_(naming)).order_by(PLEDGES.c.id))

    async def waiting_since(self, before: datetime, limit: int) -> Sequence[str]:
        """Return ids of pledges in a state that lapses and without progress since a time."""
        lapsing = [state.value for state in sorted(LAPSING)]
        wanted = select(PLEDGES.c.id).where(PLEDGES.c.status.in_(lapsing), PLEDGES.c.progressed_at < before)
        return list((await self._connection.execute(wanted.order_by(PLEDGES.c.progressed_at).limit(limit))).scalars())

    async def _add_loans(self, pledge: Pledge) -> None:
        if pledge.loan_ids:
            rows = [
                {"pledge_id": pledge.id, "loan_id": loan_id, "parties": list(pledge.parties)}
                for loan_id in pledge.loan_ids
            ]
            await self._connection.execute(postgresql.insert(PLEDGE_LOANS).values(rows).on_conflict_do_nothing())

    async def _whole(self, wanted: Select[Any]) -> list[Pledge]:
        rows = (await self._connection.execute(wanted)).all()
        if not rows:
            return []
        ids = {"ids": [row.id for row in rows]}
        items = (await self._connection.execute(ITEMS, ids)).all()
        loans = (await self._connection.execute(LOAN_LINKS, ids)).all()
        entries = (await self._connection.execute(ENTRIES, ids)).all()
        return [pledge_from(row, _of(items, row.id), _of(loans, row.id), _of(entries, row.id)) for row in rows]


def _of(rows: Sequence[Row[Any]], pledge_id: str) -> list[Row[Any]]:
    return [row for row in rows if row.pledge_id == pledge_id]
