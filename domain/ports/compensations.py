"""Where money is kept that came in for pledged rights."""

from collections.abc import Sequence
from typing import Protocol

from domain.pledges.compensations import Compensation
from domain.values.money import Money


class Compensations(Protocol):
    """Keep compensations."""

    async def add(self, compensation: Compensation) -> bool:
        """Write a new one; false where its pledge has one under this reference."""
        ...

    async def find(self, pledge_id: str, compensation_id: str) -> Compensation | None:
        """Return a pledge's compensation that the caller may see, none otherwise."""
        ...

    async def lock(self, pledge_id: str, compensation_id: str) -> Compensation | None:
        """Return one and keep others from changing it until the transaction ends."""
        ...

    async def save(self, compensation: Compensation) -> None:
        """Write a locked one's changed fields."""
        ...

    async def page(self, pledge_id: str, after: str | None, limit: int) -> Sequence[Compensation]:
        """Return up to `limit` of a pledge's, newest first, after one."""
        ...

    async def deposited(self, pledge_ids: Sequence[str]) -> Money:
        """Return what lies deposited for these pledges together."""
        ...
