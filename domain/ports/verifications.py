"""Where requests to verify are kept."""

from typing import Protocol

from domain.rights.verifications import Verification


class Verifications(Protocol):
    """Keep verifications."""

    async def add(self, verification: Verification) -> None:
        """Write a request before the registry is asked."""
        ...

    async def find(self, verification_id: str) -> Verification | None:
        """Return one of the caller's, none otherwise."""
        ...

    async def lock(self, verification_id: str) -> Verification | None:
        """Return one and keep others from finishing it meanwhile."""
        ...

    async def finish(self, verification: Verification) -> None:
        """Write what came of it."""
        ...
