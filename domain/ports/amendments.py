"""Where amendments of pledges are kept."""

from collections.abc import Sequence
from typing import Protocol

from domain.pledges.amendments import Amendment, Consent


class Amendments(Protocol):
    """Keep amendments."""

    async def add(self, amendment: Amendment) -> None:
        """Write a new amendment; its pledge is locked, so that numbers follow one another."""
        ...

    async def find(self, pledge_id: str, amendment_id: str) -> Amendment | None:
        """Return an amendment of a pledge that the caller may see, none otherwise."""
        ...

    async def lock(self, amendment_id: str) -> Amendment | None:
        """Return an amendment and keep others from changing it until the transaction ends."""
        ...

    async def save(self, amendment: Amendment) -> None:
        """Write a locked amendment's changed fields."""
        ...

    async def consent(self, amendment: Amendment, consent: Consent) -> None:
        """Write a pledgor's consent; a second one of the same pledgor changes nothing."""
        ...

    async def change_parties(self, amendment_id: str) -> bool:
        """Let the pledge and its loans be the new party's; only the worker, once all orders are settled, else false.

        What stands moves; what has happened is shown to the new party beside the old one, who sees nothing new.
        """
        ...

    async def pending(self, pledge_id: str) -> Amendment | None:
        """Return the one amendment of a pledge that is pending, none otherwise."""
        ...

    async def last_number(self, pledge_id: str) -> int:
        """Return the number of a pledge's latest amendment, 0 before the first."""
        ...

    async def page(self, pledge_id: str, after: str | None, limit: int) -> Sequence[Amendment]:
        """Return up to `limit` visible amendments of a pledge, newest first, after one."""
        ...
