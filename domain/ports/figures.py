"""The figures of operation: how much waits, where, and since when; of no tenant in particular."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFigure:
    """How many orders of a kind are in a state at a registry; `oldest` is when the oldest of them was given."""

    registry: str
    kind: str
    state: str
    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many of one name there are."""

    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingFigures:
    """All figures of one moment; `orders_lately` and `alarms_lately` are of the last thirty days."""

    orders: Sequence[OrderFigure]
    alarms: Sequence[Count]
    jobs: Sequence[Count]
    cases: Sequence[Count]
    closed_registries: Sequence[str]
    orders_lately: int
    alarms_lately: int


class Figures(Protocol):
    """Read the figures; the caller sees sums over all tenants and no row of anybody's."""

    async def read(self, now: datetime) -> OperatingFigures:
        """Return the figures."""
        ...
