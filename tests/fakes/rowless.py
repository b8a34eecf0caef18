"""What the unit of work in memory has no rows for: jobs, the trail, and nouns that a journey in memory never meets."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.rights.rights import Right
from tests.fakes.memory import Job, Memory


class Jobs:
    """Jobs that are run by whoever holds the clock."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def enqueue(self, task: str, subject: str, arguments: Mapping[str, str], at: datetime | None = None) -> None:
        self._memory.enqueue(Job(task, subject, dict(arguments), at))

    async def enqueue_next(self, task: str, subject: str, arguments: Mapping[str, str], at: datetime) -> None:
        await self.enqueue(task, subject, arguments, at)

    async def enqueue_once(self, task: str, subject: str, at: datetime | None = None) -> None:
        self._memory.enqueue(Job(task, subject, {}, at))


class Trail:
    """The audit trail and the feed: written to, and forgotten."""

    async def write(self, *_: object) -> str:
        """Forget it."""
        return "audit_forgotten"

    async def publish(self, *_: object) -> None:
        """Forget it."""


class Nothing:
    """What has no rows here, and answers every question so."""

    async def find(self, _: str) -> None:
        """Know nobody."""

    async def encumbrances(self, rights: Sequence[Right]) -> dict[str, Sequence[Any]]:
        """Know of nothing that lies on a right."""
        return {right.id: () for right in rights}

    async def entry_of(self, _: str) -> None:
        """Know of no entry."""

    async def events_of_each(self, loan_ids: Sequence[str]) -> dict[str, Sequence[Any]]:
        """Know of no loan."""
        return dict.fromkeys(loan_ids, ())
