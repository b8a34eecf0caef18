"""Where reconciliations are kept: the runs, our pages to compare, and the cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from domain.rights.reconciliation import Book, Case, CaseState


class RunStatus(StrEnum):
    """Where a run stands."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationRun:
    """One comparison with one registry on a day.

    `file_day` is the day of the file that there was. So many `rights` were compared; of those that the file had
    otherwise, `moved` agreed live and `differences` did not.
    """

    id: str
    registry: str
    on: date
    status: RunStatus
    requested_by: str
    parties: tuple[str, ...]
    created_at: datetime
    finished_at: datetime | None
    file_day: date | None
    file_sha256: str | None
    rights: int
    moved: int
    differences: int
    failure: str | None


class Reconciliations(Protocol):
    """Keep reconciliations."""

    async def registries(self) -> Sequence[str]:
        """Return the names of the registries of whose rights the caller sees any."""
        ...

    async def add_run(self, run: ReconciliationRun) -> None:
        """Write a run that is asked for."""
        ...

    async def find_run(self, run_id: str) -> ReconciliationRun | None:
        """Return a run that the caller may see, none otherwise."""
        ...

    async def save_run(self, run: ReconciliationRun) -> None:
        """Write what came of a run."""
        ...

    async def books(self, registry: str, after: str, limit: int) -> Sequence[Book]:
        """Return up to `limit` of our pages of a registry, in order of its numbers, after one."""
        ...

    async def book(self, right_id: str) -> Book | None:
        """Return our page of one right, none where there is no such."""
        ...

    async def open_case(self, case: Case) -> str | None:
        """Open a case, or bring the right's unresolved one up to date, and return its id; none where nothing is new."""
        ...

    async def lock_case(self, case_id: str) -> Case | None:
        """Return a case that the caller may see, and keep others from changing it."""
        ...

    async def save_case(self, case: Case) -> None:
        """Write a locked case's owner, note, state and times."""
        ...

    async def page(self, state: CaseState | None, after: str | None, limit: int) -> Sequence[Case]:
        """Return up to `limit` visible cases in order of id, after one."""
        ...
