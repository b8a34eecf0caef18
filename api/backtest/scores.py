"""Scores: what a run's points say about error, coverage and attacks, as plain exact figures.

Kupiec's test wants independent points, so of each instrument only points that lie a whole horizon apart enter it, and
they are pooled as if markets were independent of one another. They are not quite, so the true p-values are weaker.

Source: backtest of the house method, 2026-11: next deal and next twenty business days for the error, the first deal on
or after the horizon as the price at which a lender would have sold.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final, TypeVar

from api.backtest.attacks import ATTACKS
from api.backtest.method import EXPECTED_MISSES, HORIZONS
from api.backtest.points import MEASURES, OURS, Point
from api.backtest.simple_values import SIMPLE_VALUES
from api.backtest.statistics import Kupiec, kupiec, mean, median, quantile
from domain.values.weekdays import weekday_after

P90: Final = Fraction(9, 10)
P95: Final = Fraction(19, 20)
COMPARED: Final = (OURS, *SIMPLE_VALUES)

Realised = Callable[[Point], Fraction | None]
REALISED: Final[Mapping[str, Realised]] = {
    "next_trade": lambda point: point.next_price,
    "next_20_days_vwap": lambda point: point.next_vwap,
}

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Error:
    """How far a value lay from what was paid afterwards, as shares of it; bias is the median with its sign."""

    points: int
    median: Fraction
    p90: Fraction
    bias: Fraction


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often the exit brought at least what was lent against, at one horizon."""

    points: int
    exits: int
    misses: int
    average_haircut: Fraction
    kupiec: Kupiec

    @property
    def coverage(self) -> Fraction | None:
        """The share of exits that covered; none without an exit."""
        return 1 - Fraction(self.misses, self.exits) if self.exits else None

    @property
    def no_exit_rate(self) -> Fraction:
        """The share of points after whose horizon nothing was dealt for 90 days."""
        return 1 - Fraction(self.exits, self.points)


@dataclass(frozen=True, slots=True)
class Move:
    """How far an attack moves a value, as a share of it."""

    points: int
    median: Fraction
    p95: Fraction
    largest: Fraction


def grouped(points: Iterable[Point], name: Callable[[Point], Name]) -> dict[Name, list[Point]]:
    """Return the points by a name, in the names' order of appearance."""
    groups: dict[Name, list[Point]] = defaultdict(list)
    for point in points:
        groups[name(point)].append(point)
    return dict(groups)


def errors(points: Sequence[Point], realised: Realised) -> dict[str, Error]:
    """Return the error of every compared value; empty where nothing came after any point."""
    told = [(point, price) for point in points if (price := realised(point)) is not None]
    if not told:
        return {}
    return {name: _error([point.value(name) / price - 1 for point, price in told]) for name in COMPARED}


def _error(signed: Sequence[Fraction]) -> Error:
    sizes = [abs(each) for each in signed]
    return Error(len(signed), median(sizes), quantile(sizes, P90), median(signed))


def coverage(points: Sequence[Point], horizon: int) -> Coverage:
    """Return the coverage of at least one point at a horizon."""
    verdicts = [missed for point in points if (missed := point.missed(horizon)) is not None]
    apart = [bool(point.missed(horizon)) for point in _apart(points, horizon)]
    return Coverage(
        points=len(points),
        exits=len(verdicts),
        misses=sum(verdicts),
        average_haircut=mean([Fraction(point.haircuts[horizon]) for point in points]),
        kupiec=kupiec(len(apart), sum(apart), EXPECTED_MISSES),
    )


def _apart(points: Sequence[Point], horizon: int) -> list[Point]:
    """Return of each instrument's points with an exit the first, and each next that is a whole horizon later."""
    free_from: dict[str, date] = {}
    chosen = []
    for point in sorted(points, key=lambda each: each.as_of):
        if point.exits[horizon] is None or point.as_of < free_from.get(point.key, point.as_of):
            continue
        free_from[point.key] = weekday_after(point.as_of, horizon)
        chosen.append(point)
    return chosen


def attack_moves(points: Sequence[Point]) -> dict[str, dict[str, Move]]:
    """Return by attack and measure how far it moves the value; empty where the attacks were not run."""
    found: dict[str, dict[str, Move]] = {}
    for letter in ATTACKS:
        for measure in MEASURES:
            moves = [move for point in points if (move := point.moves.get(letter, {}).get(measure)) is not None]
            if moves:
                found.setdefault(letter, {})[measure] = Move(
                    len(moves), median(moves), quantile(moves, P95), max(moves)
                )
    return found


def coverages(points: Sequence[Point]) -> dict[int, Coverage]:
    """Return the coverage at every horizon; empty without a point."""
    return {horizon: coverage(points, horizon) for horizon in HORIZONS} if points else {}
