"""What is known of a registry's pace: the closures that it declared, and what our orders there took."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.pledges.estimates import Closure, Waiting

NOTICE_REGISTRY = "notice_registry"
"""The name under which the notice registry stands beside the emission registries."""


class Estimates(Protocol):
    """Keep declared closures, and count on orders."""

    async def declare(self, registry: str, until: datetime | None, now: datetime) -> Closure:
        """Write that a registry says that it is closed, and return the closure, with when it was first heard of."""
        ...

    async def answered(self, registry: str, now: datetime) -> None:
        """Write that a registry has answered: whatever closure stood is over."""
        ...

    async def newest_closure(self, registry: str) -> Closure | None:
        """Return a registry's newest closure, none where it never declared one."""
        ...

    async def waiting(self, pledge_id: str) -> Sequence[Waiting]:
        """Return a pledge's orders without an answer, at both registers."""
        ...

    async def lived(self, registry: str, since: datetime, limit: int) -> Sequence[tuple[datetime, datetime]]:
        """Return when the newest answered orders were given and answered, as far as the caller may see them.

        Orders that lived through a declared closure are left out: they tell nothing of the registry's pace.
        """
        ...
