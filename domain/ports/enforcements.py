"""Where enforcements are kept, with their conditions and rounds."""

from collections.abc import Sequence
from typing import Protocol

from domain.pledges.enforcements import Enforcement


class Enforcements(Protocol):
    """Keep enforcements."""

    async def add(self, enforcement: Enforcement) -> None:
        """Write a new one whole; its pledge is locked, so that no second one is open beside it."""
        ...

    async def find(self, enforcement_id: str) -> Enforcement | None:
        """Return one that the caller may see, none otherwise."""
        ...

    async def lock(self, enforcement_id: str) -> Enforcement | None:
        """Return one and keep others from changing it until the transaction ends."""
        ...

    async def open_of(self, pledge_id: str) -> Enforcement | None:
        """Return the one of a pledge that has not come to its end, none where there is no such."""
        ...

    async def save(self, enforcement: Enforcement) -> None:
        """Write a locked one's changed fields and conditions, its last round, and a new one."""
        ...

    async def page(self, pledge_id: str, after: str | None, limit: int) -> Sequence[Enforcement]:
        """Return up to `limit` of a pledge's that the caller may see, newest first, after one."""
        ...
