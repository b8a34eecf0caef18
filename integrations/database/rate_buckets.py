"""The buckets of tokens, in one table that is never written to disk's log.

A taking is one statement that is its own transaction: it neither belongs to the request that it counts (which may be
undone) nor waits for the disk. The function takes, prunes a little now and then, and is all that the application may do
with the table.
"""

from typing import Final

from sqlalchemy import Column, Double, Float, Integer, Table, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.ports.rate_limits import Rate, Taken
from integrations.database.connection import Prepared, once
from integrations.database.faults import passing_faults
from integrations.database.tables import INSTANT, METADATA

RATE_BUCKETS: Final = Table(
    "rate_buckets",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("tokens", Double),
    Column("granted", Integer),
    Column("filled_at", INSTANT),
)

TAKE = Prepared(
    text("select granted, remaining from take_tokens(:name, :per_second, :burst, :asked)").bindparams(
        bindparam("name", type_=Text),
        bindparam("per_second", type_=Float),
        bindparam("burst", type_=Float),
        bindparam("asked", type_=Integer),
    )
)


class DatabaseBuckets:
    """The buckets behind an engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Take the engine whose pool is used."""
        self._engine = engine

    async def take(self, name: str, rate: Rate, asked: int) -> Taken:
        """Take up to `asked` tokens out of a bucket; raises Busy where the database could not say in time."""
        values = {"name": name, "per_second": rate.per_second, "burst": float(rate.burst), "asked": asked}
        with passing_faults():
            row = await once(self._engine, TAKE, values)
        return Taken(int(row.granted), float(row.remaining))
