"""Where revaluations are kept: the runs, the snapshots, and what was told last of levels and stale prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from domain.pledges.coverage import Level
from domain.values.money import Money
from domain.values.quantity import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One revaluation of everything: the day of its prices, and the moment whose knowledge it rests on."""

    id: str
    price_day: date
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pledged:
    """An item of a pledge under control; `on_own_deals` where it was submitted on deals that only its bank may see.

    `lost` is what the pledge has lost of it by its rank, in the same unit.
    """

    pledge_id: str
    pledgee: str
    parties: tuple[str, ...]
    right_id: str
    quantity: Quantity
    on_own_deals: bool
    lost: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What an item was worth from a run on, or the reason in `unpriced`; `confidence_level` and `tier` are as there."""

    id: str
    run_id: str
    pledge_id: str
    right_id: str
    parties: tuple[str, ...]
    as_of: date
    known_at: datetime
    unit_value: Decimal | None
    market_value: Money | None
    collateral_value: Money | None
    adopted_value: Money | None
    loan_to_value_cap: Decimal | None
    confidence_level: int | None
    tier: int | None
    stale: bool
    unpriced: str | None
    digest: str
    created_at: datetime


class Revaluations(Protocol):
    """Keep revaluations."""

    async def begin(self, run: Run) -> None:
        """Write that a run has begun; from now on no earlier run writes anything."""
        ...

    async def is_latest(self, run: Run) -> bool:
        """Tell whether no other run has begun since, and let none begin until the transaction ends."""
        ...

    async def finish(self, run: Run, at: datetime, *, pledges: int, changed: int, unpriced: int) -> None:
        """Write that a run has seen every pledge, and what it found."""
        ...

    async def under_control(self) -> Sequence[Pledged]:
        """Return every item of every pledge that the registries have frozen whole, in order of pledge and item."""
        ...

    async def latest(self, pledge_ids: Sequence[str]) -> Mapping[tuple[str, str], Snapshot]:
        """Return the newest snapshot of each item of these pledges, by pledge and right."""
        ...

    async def add(self, snapshots: Sequence[Snapshot]) -> None:
        """Write snapshots."""
        ...

    async def history(self, pledge_id: str, after: str | None, limit: int) -> Sequence[Snapshot]:
        """Return up to `limit` visible snapshots of a pledge, newest first, after one."""
        ...

    async def levels(self, pledge_ids: Sequence[str]) -> Mapping[str, Level]:
        """Return the level that was told last of each of these pledges; none was told of those that are missing."""
        ...

    async def keep_level(self, pledge_id: str, level: Level, since: datetime) -> None:
        """Write the level that is told of a locked pledge now."""
        ...

    async def newly_stale(self, price: str, newest_on: date, at: datetime) -> bool:
        """Write that a price is told to be stale since a deal; false where that was told already."""
        ...
