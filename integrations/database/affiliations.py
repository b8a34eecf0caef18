"""Links between enterprises, and the opaque ids of their groups."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import and_, bindparam, insert, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from domain.market.groups import Affiliation
from domain.values.actors import Actor
from domain.values.identifiers import Uscc, new_id
from integrations.database.connection import Connection, Prepared
from integrations.database.tables import AFFILIATIONS, HOLDER_GROUPS

AROUND = Prepared(
    text(
        """with recursive reached (uscc) as (
               select unnest(cast(:parties as text[]))
               union
               select case when l.party_a = r.uscc then l.party_b else l.party_a end
               from reached r join affiliations l on r.uscc in (l.party_a, l.party_b)
               where l.replaced_by is null and (l.tenant = cast(:tenant as text) or l.shared))
           select l.* from affiliations l where l.replaced_by is null and (l.tenant = cast(:tenant as text) or l.shared)
               and l.party_a in (select uscc from reached) order by l.created_at, l.id"""
    )
)
NAME_GROUP = Prepared(upsert(HOLDER_GROUPS).on_conflict_do_nothing(), ("sent_by", "uscc", "group_id"))
GROUP_IDS = Prepared(
    select(HOLDER_GROUPS.c.uscc, HOLDER_GROUPS.c.group_id).where(
        HOLDER_GROUPS.c.sent_by == bindparam("tenant"),
        text("uscc = any(cast(:holders as text[]))"),
    )
)


class DatabaseAffiliations:
    """Keep links; the actor is the one who tells them."""

    def __init__(self, connection: Connection, actor: Actor | None) -> None:
        """Read and write on a connection for an actor."""
        self._connection = connection
        self._tenant = None if actor is None else actor.tenant

    async def add(self, affiliation: Affiliation, replaces: str | None) -> None:
        """Write a link; the one it replaces is closed first, because only one of a pair and day may stand."""
        if replaces is not None:
            closed = update(AFFILIATIONS).where(AFFILIATIONS.c.id == replaces, AFFILIATIONS.c.tenant == self._tenant)
            await self._connection.execute(closed.values(replaced_by=affiliation.id))
        await self._connection.execute(
            insert(AFFILIATIONS).values(
                id=affiliation.id,
                tenant=self._tenant,
                shared=affiliation.shared,
                party_a=affiliation.party_a,
                party_b=affiliation.party_b,
                since=affiliation.since,
                until=affiliation.until,
                ground=affiliation.ground,
                document=None if affiliation.document is None else dict(affiliation.document),
                reported_by=affiliation.reported_by,
                created_at=affiliation.created_at,
            )
        )

    async def standing(self, party_a: Uscc, party_b: Uscc, since: date) -> Affiliation | None:
        """Return the caller's own link of two enterprises from a day."""
        wanted = select(AFFILIATIONS).where(
            AFFILIATIONS.c.tenant == self._tenant,
            AFFILIATIONS.c.party_a == party_a,
            AFFILIATIONS.c.party_b == party_b,
            AFFILIATIONS.c.since == since,
            AFFILIATIONS.c.replaced_by.is_(None),
        )
        row = (await self._connection.execute(wanted)).first()
        return None if row is None else _affiliation(row)

    async def around(self, parties: Iterable[Uscc]) -> Sequence[Affiliation]:
        """Return every link that leads from these parties to anybody."""
        wanted = {"parties": sorted(parties), "tenant": self._tenant}
        if not wanted["parties"]:
            return []
        return [_affiliation(row) for row in await self._connection.rows(AROUND, wanted)]

    async def group_ids(self, holders: Iterable[Uscc]) -> Mapping[Uscc, str]:
        """Return the opaque ids of these holders; two batches that make one at once keep the first."""
        wanted = sorted(set(holders))
        if not wanted:
            return {}
        fresh = [{"sent_by": self._tenant, "uscc": uscc, "group_id": new_id("group")} for uscc in wanted]
        known = await self._connection.rows(GROUP_IDS, {"tenant": self._tenant, "holders": wanted})
        if len(known) < len(wanted):
            await self._connection.run_each(NAME_GROUP, fresh)
            known = await self._connection.rows(GROUP_IDS, {"tenant": self._tenant, "holders": wanted})
        return {Uscc(row.uscc): row.group_id for row in known}

    async def page(self, uscc: Uscc | None, after: str | None, limit: int) -> Sequence[Affiliation]:
        """Return visible links, newest first."""
        told = or_(AFFILIATIONS.c.tenant == self._tenant, AFFILIATIONS.c.shared)
        wanted = select(AFFILIATIONS).where(told, AFFILIATIONS.c.replaced_by.is_(None))
        if uscc is not None:
            wanted = wanted.where(or_(AFFILIATIONS.c.party_a == uscc, AFFILIATIONS.c.party_b == uscc))
        if after is not None:
            last = select(AFFILIATIONS.c.created_at, AFFILIATIONS.c.id).where(AFFILIATIONS.c.id == after)
            wanted = wanted.where(and_(tuple_(AFFILIATIONS.c.created_at, AFFILIATIONS.c.id) < last.scalar_subquery()))
        wanted = wanted.order_by(AFFILIATIONS.c.created_at.desc(), AFFILIATIONS.c.id.desc()).limit(limit)
        return [_affiliation(row) for row in (await self._connection.execute(wanted)).all()]


def _affiliation(row: Any) -> Affiliation:  # noqa: ANN401 - a row of either driver
    document = row.document
    return Affiliation(
        id=row.id,
        party_a=Uscc(row.party_a),
        party_b=Uscc(row.party_b),
        since=row.since,
        until=row.until,
        ground=row.ground,
        document=document if isinstance(document, dict) else None,
        shared=row.shared,
        reported_by=row.reported_by,
        created_at=row.created_at,
    )
