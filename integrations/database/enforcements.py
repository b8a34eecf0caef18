"""Enforcements, read whole with their conditions and rounds."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql

from domain.pledges.enforcements import OPEN, Enforcement
from integrations.database.connection import Among, Connection
from integrations.database.enforcement_rows import (
    condition_values,
    enforcement_from,
    enforcement_values,
    round_values,
)
from integrations.database.enforcement_tables import CONDITIONS, ENFORCEMENTS, ROUNDS

ITS_CONDITIONS: Final = Among(
    lambda key: select(CONDITIONS).where(CONDITIONS.c.enforcement_id == key).order_by(CONDITIONS.c.position)
)
ITS_ROUNDS: Final = Among(lambda key: select(ROUNDS).where(ROUNDS.c.enforcement_id == key).order_by(ROUNDS.c.number))


class DatabaseEnforcements:
    """Keep enforcements."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, enforcement: Enforcement) -> None:
        """Write a new one whole."""
        await self._connection.execute(insert(ENFORCEMENTS).values(**enforcement_values(enforcement)))
        for position in range(len(enforcement.conditions)):
            await self._connection.execute(insert(CONDITIONS).values(**condition_values(enforcement, position)))
        await self._put_rounds(enforcement)

    async def find(self, enforcement_id: str) -> Enforcement | None:
        """Return a visible one, none otherwise."""
        return await self._one(select(ENFORCEMENTS).where(ENFORCEMENTS.c.id == enforcement_id))

    async def lock(self, enforcement_id: str) -> Enforcement | None:
        """Return one and keep others from changing it until the transaction ends."""
        return await self._one(select(ENFORCEMENTS).where(ENFORCEMENTS.c.id == enforcement_id).with_for_update())

    async def open_of(self, pledge_id: str) -> Enforcement | None:
        """Return the open one of a pledge, none where there is no such."""
        living = [status.value for status in sorted(OPEN)]
        wanted = select(ENFORCEMENTS).where(ENFORCEMENTS.c.pledge_id == pledge_id, ENFORCEMENTS.c.status.in_(living))
        return await self._one(wanted)

    async def save(self, enforcement: Enforcement) -> None:
        """Write a locked one's changed fields, conditions and rounds."""
        values = enforcement_values(enforcement)
        await self._connection.execute(update(ENFORCEMENTS).where(ENFORCEMENTS.c.id == enforcement.id).values(**values))
        for position in range(len(enforcement.conditions)):
            row = condition_values(enforcement, position)
            its_own = (CONDITIONS.c.enforcement_id == enforcement.id) & (CONDITIONS.c.code == row["code"])
            await self._connection.execute(update(CONDITIONS).where(its_own).values(**row))
        await self._put_rounds(enforcement)

    async def page(self, pledge_id: str, after: str | None, limit: int) -> Sequence[Enforcement]:
        """Return visible ones of a pledge, newest first."""
        place = (ENFORCEMENTS.c.created_at, ENFORCEMENTS.c.id)
        wanted = select(ENFORCEMENTS).where(ENFORCEMENTS.c.pledge_id == pledge_id)
        wanted = wanted.order_by(place[0].desc(), place[1].desc()).limit(limit)
        if after is not None:
            last = select(*place).where(ENFORCEMENTS.c.id == after).subquery()
            wanted = wanted.where(tuple_(*place) < select(last.c.created_at, last.c.id).scalar_subquery())
        return await self._whole((await self._connection.execute(wanted)).all())

    async def _put_rounds(self, enforcement: Enforcement) -> None:
        """Write the last round and the one before it; what came earlier never changes any more."""
        for position in range(max(0, len(enforcement.rounds) - 2), len(enforcement.rounds)):
            row = round_values(enforcement, position)
            put = postgresql.insert(ROUNDS).values(**row)
            changing = {name: put.excluded[name] for name in row if name not in {"enforcement_id", "number"}}
            keys = ["enforcement_id", "number"]
            await self._connection.execute(put.on_conflict_do_update(index_elements=keys, set_=changing))

    async def _one(self, wanted: Select[Any]) -> Enforcement | None:
        found = await self._whole((await self._connection.execute(wanted)).all())
        return found[0] if found else None

    async def _whole(self, rows: Sequence[Any]) -> list[Enforcement]:
        ids = [row.id for row in rows]
        conditions = await self._connection.rows_among(ITS_CONDITIONS, ids)
        rounds = await self._connection.rows_among(ITS_ROUNDS, ids)
        return [
            enforcement_from(
                row,
                [each for each in conditions if each.enforcement_id == row.id],
                [each for each in rounds if each.enforcement_id == row.id],
            )
            for row in rows
        ]
