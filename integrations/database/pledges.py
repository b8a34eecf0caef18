"""Pledges, read whole with their items, loans and registrations in one statement each, written back field by field."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, text, tuple_, update
from sqlalchemy.dialects import postgresql

from domain.pledges.lifecycle import LAPSING
from domain.pledges.pledges import Pledge, Register
from domain.ports.pledges import PledgeFilter
from integrations.database.connection import Among, Connection, Prepared
from integrations.database.impairment_tables import IMPAIRMENTS
from integrations.database.pledge_rows import (
    item_values,
    pledge_from,
    pledge_values,
    registration_values,
)
from integrations.database.tables import PLEDGE_ITEMS, PLEDGE_LOANS, PLEDGES, REGISTRATIONS

ONE = Prepared(select(PLEDGES).where(PLEDGES.c.id == bindparam("pledge_id")))
LOCKED = Prepared(select(PLEDGES).where(PLEDGES.c.id == bindparam("pledge_id")).with_for_update())
AMONG = Among(lambda key: select(PLEDGES).where(PLEDGES.c.id == key).order_by(PLEDGES.c.id))
SECURING = Prepared(
    select(PLEDGES)
    .where(PLEDGES.c.id.in_(select(PLEDGE_LOANS.c.pledge_id).where(PLEDGE_LOANS.c.loan_id == bindparam("loan_id"))))
    .order_by(PLEDGES.c.id)
)
HOLDING = Prepared(
    select(PLEDGES.c.id)
    .where(
        PLEDGES.c.pledgee == bindparam("of_pledgee"),
        PLEDGES.c.id.in_(select(PLEDGE_ITEMS.c.pledge_id).where(PLEDGE_ITEMS.c.right_id == bindparam("of_right"))),
    )
    .order_by(PLEDGES.c.id)
)
ITEMS = Among(lambda key: select(PLEDGE_ITEMS).where(PLEDGE_ITEMS.c.pledge_id == key).order_by(PLEDGE_ITEMS.c.position))
LOAN_LINKS = Among(
    lambda key: select(PLEDGE_LOANS).where(PLEDGE_LOANS.c.pledge_id == key).order_by(PLEDGE_LOANS.c.loan_id)
)
ENTRIES = Among(
    lambda key: (
        select(REGISTRATIONS)
        .where(REGISTRATIONS.c.pledge_id == key)
        .order_by(REGISTRATIONS.c.register, REGISTRATIONS.c.position)
    )
)
ADD = Prepared(insert(PLEDGES))
ADD_ITEM = Prepared(insert(PLEDGE_ITEMS))
ADD_LOAN = Prepared(postgresql.insert(PLEDGE_LOANS).on_conflict_do_nothing())
ADD_ENTRY = Prepared(insert(REGISTRATIONS))
DROP_ITEMS = Prepared(delete(PLEDGE_ITEMS).where(PLEDGE_ITEMS.c.pledge_id == bindparam("of_id")))
DROP_ENTRIES = Prepared(
    delete(REGISTRATIONS).where(
        REGISTRATIONS.c.pledge_id == bindparam("of_id"), REGISTRATIONS.c.register == bindparam("of_register")
    )
)
SAVE = Prepared(update(PLEDGES).where(PLEDGES.c.id == bindparam("of_id")))
SAVE_ITEM = Prepared(
    update(PLEDGE_ITEMS).where(
        PLEDGE_ITEMS.c.pledge_id == bindparam("of_id"), PLEDGE_ITEMS.c.position == bindparam("of_position")
    )
)
ENTRY = postgresql.insert(REGISTRATIONS)
SAVE_ENTRY = Prepared(
    ENTRY.on_conflict_do_update(
        index_elements=["pledge_id", "register", "position"],
        set_={name: ENTRY.excluded[name] for name in ("status", "reference", "registered_at")},
    )
)
IMPAIRMENTS_THAT_LAST = Among(
    lambda key: (
        select(IMPAIRMENTS)
        .where(IMPAIRMENTS.c.pledge_id == key, IMPAIRMENTS.c.until.is_(None))
        .order_by(IMPAIRMENTS.c.since, IMPAIRMENTS.c.id)
    )
)
LINKED = Prepared(
    text("""
        with recursive linked(pledge_id, loan_id) as (
            select pledge_id, loan_id from pledge_loans where pledge_id = :pledge_id
            union
            select there.pledge_id, there.loan_id from linked join pledge_loans here on here.loan_id = linked.loan_id
                   join pledge_loans there on there.pledge_id = here.pledge_id)
        select pledge_id, loan_id from linked""")
)
"""From link to link, so that every step goes by an index, however many pledges there are."""


class DatabasePledges:
    """Keep pledges."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, pledge: Pledge) -> None:
        """Write a new pledge whole."""
        await self._connection.run(ADD, pledge_values(pledge))
        items = [item_values(pledge, position) for position in range(len(pledge.items))]
        await self._connection.run_each(ADD_ITEM, items)
        await self._add_loans(pledge)
        entries = [registration_values(pledge, entry) for entry in pledge.registrations]
        await self._connection.run_each(ADD_ENTRY, entries)

    async def find(self, pledge_id: str) -> Pledge | None:
        """Return a visible pledge, none otherwise."""
        found = await self._whole(await self._connection.rows(ONE, {"pledge_id": pledge_id}))
        return found[0] if found else None

    async def find_many(self, pledge_ids: Sequence[str]) -> Sequence[Pledge]:
        """Return the visible pledges among these, in order of id."""
        return await self._whole(await self._connection.rows_among(AMONG, pledge_ids))

    async def lock(self, pledge_id: str) -> Pledge | None:
        """Return a pledge and keep others from changing it until the transaction ends."""
        found = await self._whole(await self._connection.rows(LOCKED, {"pledge_id": pledge_id}))
        return found[0] if found else None

    async def save(self, pledge: Pledge) -> None:
        """Write a locked pledge's changed fields, items and registrations, and add its new loans."""
        await self._connection.run(SAVE, {**pledge_values(pledge), "of_id": pledge.id})
        items = [
            {**item_values(pledge, position), "of_id": pledge.id, "of_position": position}
            for position in range(len(pledge.items))
        ]
        await self._connection.run_each(SAVE_ITEM, items)
        entries = [registration_values(pledge, entry) for entry in pledge.registrations]
        await self._connection.run_each(SAVE_ENTRY, entries)
        await self._add_loans(pledge)

    async def save_anew(self, pledge: Pledge) -> None:
        """Write a locked pledge whose list of items has changed; the worker alone may drop rows."""
        of_emission = {"of_id": pledge.id, "of_register": Register.EMISSION_REGISTRY.value}
        await self._connection.run(DROP_ENTRIES, of_emission)
        await self._connection.run(DROP_ITEMS, {"of_id": pledge.id})
        items = [item_values(pledge, position) for position in range(len(pledge.items))]
        await self._connection.run_each(ADD_ITEM, items)
        await self.save(pledge)

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
        return await self._whole((await self._connection.execute(wanted)).all())

    async def linked(self, pledge_id: str) -> tuple[Sequence[str], Sequence[str]]:
        """Return the ids of all pledges and all loans that hang together with a pledge, itself included."""
        rows = await self._connection.rows(LINKED, {"pledge_id": pledge_id})
        return sorted({pledge_id, *(row.pledge_id for row in rows)}), sorted({row.loan_id for row in rows})

    async def securing(self, loan_id: str) -> Sequence[Pledge]:
        """Return the pledges that name a loan."""
        return await self._whole(await self._connection.rows(SECURING, {"loan_id": loan_id}))

    async def holding(self, right_id: str, pledgee: str) -> Sequence[str]:
        """Return the ids of a bank's pledges with an item of a right."""
        rows = await self._connection.rows(HOLDING, {"of_pledgee": pledgee, "of_right": right_id})
        return [row.id for row in rows]

    async def waiting_since(self, before: datetime, limit: int) -> Sequence[str]:
        """Return ids of pledges in a state that lapses and without progress since a time."""
        lapsing = [state.value for state in sorted(LAPSING)]
        wanted = select(PLEDGES.c.id).where(PLEDGES.c.status.in_(lapsing), PLEDGES.c.progressed_at < before)
        return list((await self._connection.execute(wanted.order_by(PLEDGES.c.progressed_at).limit(limit))).scalars())

    async def _add_loans(self, pledge: Pledge) -> None:
        if pledge.loan_ids:
            approved = dict(pledge.loan_approvals)
            rows = [
                {
                    "pledge_id": pledge.id,
                    "loan_id": loan_id,
                    "parties": list(pledge.parties),
                    "approved": approved[loan_id].amount if loan_id in approved else None,
                }
                for loan_id in pledge.loan_ids
            ]
            await self._connection.run_each(ADD_LOAN, rows)

    async def _whole(self, rows: Sequence[Any]) -> list[Pledge]:
        """Return the pledges of some rows, with all that belongs to them."""
        ids = [row.id for row in rows]
        items = await self._connection.rows_among(ITEMS, ids)
        loans = await self._connection.rows_among(LOAN_LINKS, ids)
        entries = await self._connection.rows_among(ENTRIES, ids)
        impairments = await self._connection.rows_among(IMPAIRMENTS_THAT_LAST, ids)
        return [
            pledge_from(row, _of(items, row.id), _of(loans, row.id), _of(entries, row.id), _of(impairments, row.id))
            for row in rows
        ]


def _of(rows: Sequence[Any], pledge_id: str) -> list[Any]:
    return [row for row in rows if row.pledge_id == pledge_id]
