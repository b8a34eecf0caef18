"""What every change leaves behind, in its own transaction: an audit entry, an event, a job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.values.actors import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to which thing, when."""

    id: str
    at: datetime
    actor: str
    tenant: str
    action: str
    subject: str
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """One event of the feed; the cursor is its random id."""

    id: str
    type: str
    subject: str
    at: datetime
    data: Mapping[str, object]


class Audit(Protocol):
    """Write and read the trail; nothing in it is ever changed."""

    async def write(
        self,
        actor: Actor,
        action: str,
        subject: str,
        details: Mapping[str, object],
        parties: tuple[str, ...],
        at: datetime,
    ) -> str:
        """Append an entry and return its id; its leaf in the chains comes at commit (`AuditChains`)."""
        ...

    async def of_subject(self, subject: str) -> Sequence[AuditEntry]:
        """Return a subject's entries that the caller may see, oldest first."""
        ...

    async def page(self, after: str | None, limit: int) -> Sequence[AuditEntry]:
        """Return up to `limit` of the caller's entries, oldest first, after one."""
        ...


class Outbox(Protocol):
    """Append events; they reach the feed after the transaction has committed."""

    async def publish(
        self, event_type: str, subject: str, data: Mapping[str, object], parties: tuple[str, ...], at: datetime
    ) -> None:
        """Append an event for its parties."""
        ...

    async def feed(self, after: str | None, limit: int) -> Sequence[FeedEvent] | None:
        """Return up to `limit` events after a cursor, in the feed's order; none when the cursor is unknown."""
        ...


class Jobs(Protocol):
    """Enqueue background work inside the transaction."""

    async def enqueue(self, task: str, subject: str, arguments: Mapping[str, str], at: datetime | None = None) -> None:
        """Enqueue a task; tasks of one subject run one after another; `at` delays it."""
        ...

    async def enqueue_next(self, task: str, subject: str, arguments: Mapping[str, str], at: datetime) -> None:
        """Enqueue the next step of a task, unless one waits already: a step that ran twice has one that follows it."""
        ...

    async def hasten(self, task: str, subject: str, arguments: Mapping[str, str], at: datetime) -> None:
        """Let the step of a task that waits come at `at` if it would come later, and enqueue one where none waits."""
        ...

    async def enqueue_once(self, task: str, subject: str, at: datetime | None = None) -> None:
        """Enqueue a task without arguments, unless one of its subject waits already; send it last of a transaction."""
        ...

    async def await_enqueuers(self, subject: str) -> None:
        """Wait until everybody has committed who relies on a task of a subject, which has been taken up just now.

        Whoever comes later finds no task waiting and enqueues another.
        """
        ...
