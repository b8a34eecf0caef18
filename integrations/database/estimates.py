"""What registries declared of their closures, and how long their orders took.

Orders are read under the caller's row level security: whoever sees few orders measures on few.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, text

from domain.pledges.estimates import Closure, Waiting
from domain.values.identifiers import new_id
from integrations.database.connection import Connection, Prepared

DECLARE: Final = Prepared(
    text("""insert into registry_closures (id, registry, since, until) values (:id, :registry, :at, :until)
            on conflict (registry) where ended_at is null do update set until = excluded.until
            returning registry, since, until, ended_at""")
)
ANSWERED: Final = Prepared(
    text("update registry_closures set ended_at = :at where registry = :registry and ended_at is null")
)
NEWEST: Final = Prepared(
    text("""select registry, since, until, ended_at from registry_closures
            where registry = :registry order by since desc, id limit 1""")
)
WAITING: Final = Prepared(
    text("""select o.id, r.registry, o.created_at, 1 + cast(o.kind = 'transfer' or (o.kind = 'freeze'
                   and coalesce(a.kind, '') in ('substitute', 'replace_right')) as integer) as stages
            from registry_orders o join rights r on r.id = o.right_id left join amendments a on a.id = o.amendment_id
            where o.pledge_id = :pledge_id and o.state not in ('executed', 'refused')
            union all
            select o.id, 'notice_registry', o.created_at, 1 from notice_orders o
            where o.pledge_id = :pledge_id and o.state not in ('executed', 'refused')""")
)
OF_CLOSURES: Final = """not exists (select 1 from registry_closures c where c.registry = :registry
    and c.since < o.updated_at and coalesce(c.ended_at, c.until, o.updated_at) > o.created_at)"""
ANSWERED_LATELY: Final = "o.state in ('executed', 'refused') and o.attempts > 0 and o.created_at >= :since"
LIVED: Final = Prepared(
    text(f"""select o.created_at, o.updated_at from registry_orders o join rights r on r.id = o.right_id
             where r.registry = :registry and {ANSWERED_LATELY} and {OF_CLOSURES}
             order by o.created_at desc limit :up_to""")  # noqa: S608 - made of the constants above
)
LIVED_AT_NOTICE_REGISTRY: Final = Prepared(
    text(f"""select o.created_at, o.updated_at from notice_orders o
             where {ANSWERED_LATELY} and {OF_CLOSURES}
             order by o.created_at desc limit :up_to""")  # noqa: S608 - made of the constants above
)
NOTICE_REGISTRY: Final = "notice_registry"


class DatabaseEstimates:
    """Keep closures, and count on orders."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def declare(self, registry: str, until: datetime | None, now: datetime) -> Closure:
        """Write that a registry says that it is closed; one closure of a registry lasts at a time."""
        values = {"id": new_id("closure"), "registry": registry, "at": now, "until": until}
        row = await self._connection.row(DECLARE, values)
        assert row is not None, "either written or brought up to date"
        return _closure(row)

    async def answered(self, registry: str, now: datetime) -> None:
        """Write that whatever closure stood is over."""
        await self._connection.run(ANSWERED, {"registry": registry, "at": now})

    async def newest_closure(self, registry: str) -> Closure | None:
        """Return a registry's newest closure."""
        row = await self._connection.row(NEWEST, {"registry": registry})
        return None if row is None else _closure(row)

    async def waiting(self, pledge_id: str) -> Sequence[Waiting]:
        """Return a pledge's orders without an answer."""
        rows = await self._connection.rows(WAITING, {"pledge_id": pledge_id})
        return [
            Waiting(order_id=row.id, registry=row.registry, since=row.created_at, stages=row.stages) for row in rows
        ]

    async def lived(self, registry: str, since: datetime, limit: int) -> Sequence[tuple[datetime, datetime]]:
        """Return when the newest answered orders were given and answered."""
        statement = LIVED_AT_NOTICE_REGISTRY if registry == NOTICE_REGISTRY else LIVED
        rows = await self._connection.rows(statement, {"registry": registry, "since": since, "up_to": limit})
        return [(row.created_at, row.updated_at) for row in rows]


def _closure(row: Row[Any]) -> Closure:
    return Closure(registry=row.registry, since=row.since, until=row.until, ended_at=row.ended_at)
