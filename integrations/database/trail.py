"""The audit trail, the event feed and the jobs: what every change leaves behind in its own transaction."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, text

from domain.ports.trail import AuditEntry, FeedEvent
from domain.values.actors import Actor
from domain.values.identifiers import new_id
from domain.values.time import business_date
from integrations.database.connection import Connection, Prepared
from integrations.database.tables import AUDIT, EVENTS

WRITE = Prepared(insert(AUDIT), ("id", "at", "actor", "tenant", "action", "subject", "details", "parties"))
APPEND = Prepared(insert(EVENTS), ("id", "type", "subject", "at", "business_date", "data", "parties"))
ENQUEUE = Prepared(text("select enqueue_job(:task, :subject, cast(:arguments as jsonb), :at)"))
ENQUEUE_NEXT = Prepared(text("select enqueue_next_job(:task, :subject, cast(:arguments as jsonb), :at)"))
HASTEN = Prepared(text("select hasten_job(:task, :subject, cast(:arguments as jsonb), :at)"))
ENQUEUE_ONCE = Prepared(text("select enqueue_job_once(:task, :subject, :at)"))
AWAIT_ENQUEUERS = Prepared(text("select await_enqueuers(:subject)"))
PUBLISH = text("select publish_events()")


class DatabaseAudit:
    """Write and read the trail."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def write(
        self,
        actor: Actor,
        action: str,
        subject: str,
        details: Mapping[str, object],
        parties: tuple[str, ...],
        at: datetime,
    ) -> str:
        """Append an entry and return its id."""
        entry = {
            "id": new_id("audit"),
            "at": at,
            "actor": actor.client_id,
            "tenant": actor.tenant,
            "action": action,
            "subject": subject,
            "details": dict(details),
            "parties": parties,
        }
        await self._connection.run(WRITE, entry)
        return str(entry["id"])

    async def of_subject(self, subject: str) -> Sequence[AuditEntry]:
        """Return a subject's entries, oldest first."""
        wanted = select(AUDIT).where(AUDIT.c.subject == subject).order_by(AUDIT.c.sequence)
        return [_entry(row) for row in (await self._connection.execute(wanted)).all()]

    async def page(self, after: str | None, limit: int) -> Sequence[AuditEntry]:
        """Return the caller's entries, oldest first."""
        wanted = select(AUDIT).order_by(AUDIT.c.sequence).limit(limit)
        if after is not None:
            wanted = wanted.where(
                AUDIT.c.sequence > select(AUDIT.c.sequence).where(AUDIT.c.id == after).scalar_subquery()
            )
        return [_entry(row) for row in (await self._connection.execute(wanted)).all()]


class DatabaseOutbox:
    """Append events, and read the feed."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def publish(
        self, event_type: str, subject: str, data: Mapping[str, object], parties: tuple[str, ...], at: datetime
    ) -> None:
        """Append an event for its parties."""
        event = {
            "id": new_id("evt"),
            "type": event_type,
            "subject": subject,
            "at": at,
            "business_date": business_date(at),
            "data": dict(data),
            "parties": parties,
        }
        await self._connection.run(APPEND, event)

    async def feed(self, after: str | None, limit: int) -> Sequence[FeedEvent] | None:
        """Return events after a cursor in the feed's order; none when the cursor is unknown to this caller."""
        await self._connection.execute(PUBLISH)
        wanted = select(EVENTS).where(EVENTS.c.position.is_not(None)).order_by(EVENTS.c.position).limit(limit)
        if after is not None:
            position = (await self._connection.execute(select(EVENTS.c.position).where(EVENTS.c.id == after))).scalar()
            if position is None:
                return None
            wanted = wanted.where(EVENTS.c.position > position)
        rows = (await self._connection.execute(wanted)).all()
        return [FeedEvent(id=row.id, type=row.type, subject=row.subject, at=row.at, data=row.data) for row in rows]


class DatabaseJobs:
    """Enqueue background work through the one door that the database leaves open."""

    def __init__(self, connection: Connection) -> None:
        """Write on a connection."""
        self._connection = connection

    async def enqueue(self, task: str, subject: str, arguments: Mapping[str, str], at: datetime | None = None) -> None:
        """Enqueue a task; tasks of one subject run one after another."""
        values = {"task": task, "subject": subject, "arguments": json.dumps(dict(arguments)), "at": at}
        await self._connection.value(ENQUEUE, values)

    async def enqueue_next(self, task: str, subject: str, arguments: Mapping[str, str], at: datetime) -> None:
        """Enqueue the next step of a task, unless one waits already."""
        values = {"task": task, "subject": subject, "arguments": json.dumps(dict(arguments)), "at": at}
        await self._connection.value(ENQUEUE_NEXT, values)

    async def hasten(self, task: str, subject: str, arguments: Mapping[str, str], at: datetime) -> None:
        """Let the step of a task that waits come sooner, and enqueue one where none waits."""
        values = {"task": task, "subject": subject, "arguments": json.dumps(dict(arguments)), "at": at}
        await self._connection.value(HASTEN, values)

    async def enqueue_once(self, task: str, subject: str, at: datetime | None = None) -> None:
        """Enqueue a task, unless one of its subject waits already."""
        await self._connection.value(ENQUEUE_ONCE, {"task": task, "subject": subject, "at": at})

    async def await_enqueuers(self, subject: str) -> None:
        """Wait until everybody has committed who relies on a task of a subject."""
        await self._connection.value(AWAIT_ENQUEUERS, {"subject": subject})


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=row.at,
        actor=row.actor,
        tenant=row.tenant,
        action=row.action,
        subject=row.subject,
        details=row.details,
    )
