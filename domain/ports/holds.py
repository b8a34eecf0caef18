"""Where holds are kept; the quantity itself is taken and given back through `Rights`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.rights.holds import ForeignHold, Hold, HoldState


class Holds(Protocol):
    """Keep holds."""

    async def add(self, hold: Hold, parties: tuple[str, ...]) -> None:
        """Write a hold, in the transaction that took its quantity."""
        ...

    async def change(self, hold_id: str, state: HoldState, at: datetime) -> None:
        """Move a hold to a state; `at` ends it where the state takes no quantity."""
        ...

    async def of_right(self, right_id: str) -> tuple[Sequence[Hold], Sequence[ForeignHold]]:
        """Return the right's live holds: the caller's own in full, and of others what everybody may know."""
        ...
