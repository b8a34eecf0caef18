"""Where holds are kept; the quantity itself is taken and given back through `Rights`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.rights.holds import ForeignHold, Hold, HoldState, PostedHold
from domain.values.quantity import Quantity


class Holds(Protocol):
    """Keep holds."""

    async def add(self, hold: Hold, parties: tuple[str, ...]) -> None:
        """Write a hold, in the transaction that took its quantity."""
        ...

    async def change(self, hold_id: str, state: HoldState, at: datetime) -> None:
        """Move a hold to a state; `at` ends it where the state takes no quantity."""
        ...

    async def lock(self, hold_id: str) -> PostedHold | None:
        """Return a live hold of the caller's own and keep others from changing it, none where there is no such."""
        ...

    async def shrink(self, hold_id: str, quantity: Quantity) -> None:
        """Write that a locked hold takes only so much from now on."""
        ...

    async def reported(self, right_id: str) -> Hold | None:
        """Return the hold of what the registry says it has frozen beyond our orders, and keep others from changing it.

        None where the registry says of no more than we ordered; the worker alone sees it.
        """
        ...

    async def overdue(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the ids of live holds of other kinds than a pledge's whose end has come."""
        ...

    async def of_right(self, right_id: str) -> tuple[Sequence[Hold], Sequence[ForeignHold]]:
        """Return the right's live holds: the caller's own in full, and of others what everybody may know."""
        ...
