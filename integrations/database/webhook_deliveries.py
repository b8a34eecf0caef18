"""Deliveries: spread out of the feed, sent head by head, recorded.

The subtle thing is that deliveries are written from the feed, never beside the event: what has a place there has been
committed, so what was rolled back is never told, and `spread_to` moves in the transaction that writes the deliveries,
so a crash neither skips nor repeats one. The policies of the worker's role let it read everybody's events; whose they
are is therefore asked here, by the parties that the endpoint's owner had when it was made, which row level security
checked then.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, select, text

from domain.ports.webhooks import Attempt, Delivery, DeliveryState, DueDelivery
from integrations.database.connection import Connection, Prepared
from integrations.database.trail import PUBLISH
from integrations.database.webhook_tables import WEBHOOK_DELIVERIES

SPREAD_AT_ONCE: Final = 2000
TOLD = [
    column for column in WEBHOOK_DELIVERIES.c if column.name not in {"tenant", "position", "head", "first_attempt_at"}
]
SPREAD = Prepared(
    text("""
        with hook as (select id, tenant, parties, event_types, spread_to from webhooks where id = :webhook),
             scanned as (select max(position) as upto, count(*) as number from (
                 select e.position from events e, hook where e.position > hook.spread_to
                 order by e.position limit :most) w),
             wanted as (
                 select e.id, e.type, e.subject, e.position,
                        row_number() over (partition by e.subject order by e.position) as place
                 from events e, hook, scanned
                 where e.position > hook.spread_to and e.position <= scanned.upto and e.parties && hook.parties
                       and wants_event(hook.event_types, e.type)),
             written as (
                 insert into webhook_deliveries (id, webhook_id, tenant, event_id, type, subject, position, head, state,
                                                 next_attempt_at, created_at)
                 select 'delivery_' || replace(gen_random_uuid()::text, '-', ''), hook.id, hook.tenant, w.id, w.type,
                        w.subject, w.position,
                        w.place = 1 and not exists (select from webhook_deliveries d where d.webhook_id = hook.id
                                                        and d.subject = w.subject and d.state = 'pending'),
                        'pending', cast(:now as timestamptz), cast(:now as timestamptz)
                 from wanted w, hook),
             moved as (
                 update webhooks set spread_to = scanned.upto from scanned
                 where webhooks.id = :webhook and scanned.upto is not null)
        select number from scanned""")
)
DUE = Prepared(
    text("""
        select d.id, d.event_id, d.type, d.subject, e.at, e.data ->> 'version' as version, d.attempts,
               d.first_attempt_at
        from webhook_deliveries d join events e on e.id = d.event_id
        where d.webhook_id = :webhook and d.head and d.next_attempt_at <= :now
        order by d.next_attempt_at, d.position limit :most""")
)
RECORD = Prepared(
    text("""
        update webhook_deliveries
        set state = :state, head = head and :state = 'pending', attempts = attempts + 1,
            first_attempt_at = coalesce(first_attempt_at, :at), last_attempt_at = :at,
            next_attempt_at = cast(:next_attempt_at as timestamptz),
            response_status = cast(:response_status as integer), error = cast(:error as text),
            delivered_at = case when :state = 'delivered' then :at else delivered_at end
        where id = :id and state = 'pending' and attempts = :seen""")
)
PROMOTE = Prepared(
    text("""
        update webhook_deliveries d set head = true
        from (select distinct on (p.subject) p.id from webhook_deliveries p
              where p.webhook_id = :webhook and p.state = 'pending' and p.subject = any(cast(:subjects as text[]))
              order by p.subject, p.position) first
        where d.id = first.id and not d.head
              and not exists (select from webhook_deliveries h
                              where h.webhook_id = d.webhook_id and h.subject = d.subject and h.head)""")
)
NEXT_DUE = Prepared(text("select min(next_attempt_at) from webhook_deliveries where webhook_id = :webhook and head"))
AWAITED = Prepared(
    text("""
        select w.id from webhooks w
        where w.state = 'enabled'
              and (w.spread_to < (select max(position) from events)
                   or exists (select from webhook_deliveries d
                              where d.webhook_id = w.id and d.head and d.next_attempt_at <= now()))""")
)
SETTLED = Prepared(text("select pg_try_advisory_xact_lock(hashtextextended('greenlien.jobs.' || :subject, 0))"))
REPLAY = Prepared(
    text("""
        update webhook_deliveries
        set state = 'pending', attempts = 0, replays = replays + 1, first_attempt_at = null,
            next_attempt_at = cast(:now as timestamptz), delivered_at = null
        where webhook_id = :webhook and id = :id and state <> 'pending'
        returning subject""")
)
DEMOTE = Prepared(
    text("update webhook_deliveries set head = false where webhook_id = :webhook and subject = :subject and head")
)
FIND = Prepared(
    select(*TOLD).where(
        WEBHOOK_DELIVERIES.c.webhook_id == bindparam("of_webhook"), WEBHOOK_DELIVERIES.c.id == bindparam("wanted")
    )
)


class DatabaseDeliveries:
    """Keep deliveries."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def spread(self, webhook_id: str, now: datetime) -> bool:
        """Write the deliveries of events that an endpoint was not told of yet; true when there may be more."""
        await self._connection.execute(PUBLISH)
        values = {"webhook": webhook_id, "now": now, "most": SPREAD_AT_ONCE}
        return int(await self._connection.value(SPREAD, values)) == SPREAD_AT_ONCE

    async def due(self, webhook_id: str, now: datetime, limit: int) -> Sequence[DueDelivery]:
        """Return heads whose time has come."""
        rows = await self._connection.rows(DUE, {"webhook": webhook_id, "now": now, "most": limit})
        return [
            DueDelivery(
                id=row.id,
                event_id=row.event_id,
                type=row.type,
                subject=row.subject,
                at=row.at,
                version=None if row.version is None else int(row.version),
                attempts=row.attempts,
                first_attempt_at=row.first_attempt_at,
            )
            for row in rows
        ]

    async def record(self, webhook_id: str, attempts: Sequence[Attempt]) -> None:
        """Write what attempts came to, and let the next of each subject that is done be its head."""
        await self._connection.run_each(
            RECORD,
            [
                {
                    "id": each.delivery_id,
                    "seen": each.seen,
                    "state": each.state.value,
                    "at": each.at,
                    "next_attempt_at": each.next_attempt_at,
                    "response_status": each.response_status,
                    "error": each.error,
                }
                for each in attempts
            ],
        )
        done = sorted({each.subject for each in attempts if each.state is not DeliveryState.PENDING})
        if done:
            await self._connection.run(PROMOTE, {"webhook": webhook_id, "subjects": done})

    async def next_due(self, webhook_id: str) -> datetime | None:
        """Return when the next head is due."""
        at: datetime | None = await self._connection.value(NEXT_DUE, {"webhook": webhook_id})
        return at

    async def awaited(self) -> Sequence[str]:
        """Return the enabled endpoints that something waits for."""
        return [row.id for row in await self._connection.rows(AWAITED, {})]

    async def settled(self, subject: str) -> bool:
        """Tell whether everybody has committed who relies on a job of this subject that has begun; never waits."""
        return bool(await self._connection.value(SETTLED, {"subject": subject}))

    async def find(self, webhook_id: str, delivery_id: str) -> Delivery | None:
        """Return a delivery of an endpoint."""
        row = await self._connection.row(FIND, {"of_webhook": webhook_id, "wanted": delivery_id})
        return None if row is None else _delivery(row)

    async def page(
        self, webhook_id: str, state: DeliveryState | None, after: str | None, limit: int
    ) -> Sequence[Delivery]:
        """Return deliveries, the newest event first."""
        table = WEBHOOK_DELIVERIES.c
        wanted: Select[Any] = (
            select(*TOLD).where(table.webhook_id == webhook_id).order_by(table.position.desc()).limit(limit)
        )
        if state is not None:
            wanted = wanted.where(table.state == state.value)
        if after is not None:
            place = select(table.position).where(table.webhook_id == webhook_id, table.id == after).scalar_subquery()
            wanted = wanted.where(table.position < place)
        return [_delivery(row) for row in (await self._connection.execute(wanted)).all()]

    async def replay(self, webhook_id: str, delivery_id: str, now: datetime) -> None:
        """Let a delivery that is done be sent again; the earliest that waits of its subject is the head."""
        values = {"webhook": webhook_id, "id": delivery_id, "now": now}
        subject = await self._connection.value(REPLAY, values)
        if subject is not None:
            await self._connection.run(DEMOTE, {"webhook": webhook_id, "subject": subject})
            await self._connection.run(PROMOTE, {"webhook": webhook_id, "subjects": [subject]})


def _delivery(row: Row[Any]) -> Delivery:
    told = {column.name: getattr(row, column.name) for column in TOLD}
    return Delivery(**{**told, "state": DeliveryState(row.state)})
