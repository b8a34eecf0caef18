"""A point: one instrument valued on one day from what had been dealt until then, and what came after.

The valuation is handed the rows up to the day and nothing else; the future is asked only afterwards, by another object.

Valuation days begin on the date of the twentieth trading day and follow every fifth business day, to the date of the
last deal. They are counted from the beginning, so that a file cut at a date has the same days before it.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from api.backtest.attacks import ATTACKS
from api.backtest.method import HORIZONS, Estimated, Method
from api.backtest.reading import Series
from api.backtest.realised import Future
from api.backtest.simple_values import SIMPLE_VALUES
from domain.errors import DomainError
from domain.valuation.daily_items import DailyItem
from domain.values.weekdays import weekday_after

FIRST_TRADING_DAY: Final = 20
EVERY: Final = 5

OURS: Final = "greenlien"
OURS_LENDING: Final = "greenlien_lending"
MEASURES: Final = (OURS, OURS_LENDING, *SIMPLE_VALUES)
"""The values that stand side by side; the lending value only under attack."""


@dataclass(frozen=True, slots=True)
class NoValue:
    """A day on which the method refused to value, with its code."""

    key: str
    as_of: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One valuation and what came of it; prices in yuan."""

    key: str
    market: str
    as_of: date
    unit_value: Decimal
    lending_unit_value: Decimal
    haircuts: Mapping[int, Decimal]
    confidence_level: int
    simple_values: Mapping[str, Fraction]
    next_price: Fraction | None
    next_vwap: Fraction | None
    exits: Mapping[int, Fraction | None]
    moves: Mapping[str, Mapping[str, Fraction]] = field(default_factory=dict)
    """By attack, then by measure: how far it moved, as a share; a measure is missing where it gave no value."""

    def value(self, measure: str) -> Fraction:
        """Return our unit value or one of the simple ones."""
        return Fraction(self.unit_value) if measure == OURS else self.simple_values[measure]

    def missed(self, horizon: int) -> bool | None:
        """Tell whether the exit brought less than was lent against; none where there was no exit."""
        exit_price = self.exits[horizon]
        if exit_price is None:
            return None
        return exit_price < Fraction(self.lending_unit_value) * (1 - Fraction(self.haircuts[horizon]))


def valuation_days(rows: Sequence[DailyItem]) -> list[date]:
    """Return the days on which an instrument is valued; none for fewer than twenty trading days."""
    trading_days = sorted({row.on for row in rows})
    if len(trading_days) < FIRST_TRADING_DAY:
        return []
    return list(_from(trading_days[FIRST_TRADING_DAY - 1], trading_days[-1]))


def _from(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day = weekday_after(day, EVERY)


def assess(method: Method, series: Series, days: Sequence[date], *, with_attacks: bool = True) -> list[Point | NoValue]:
    """Value an instrument on each of the days and look at what came after."""
    future = Future(series.rows)
    row_days = [row.on for row in series.rows]
    assessed: list[Point | NoValue] = []
    for day in days:
        known = series.rows[: bisect_right(row_days, day)]
        try:
            estimate = method(known, day)
        except DomainError as refusal:
            assessed.append(NoValue(series.key, day, refusal.code))
            continue
        assessed.append(
            Point(
                key=series.key,
                market=series.market,
                as_of=day,
                unit_value=estimate.unit_value,
                lending_unit_value=estimate.lending_unit_value,
                haircuts={horizon: estimate.haircut(horizon) for horizon in HORIZONS},
                confidence_level=estimate.confidence_level,
                simple_values={name: value(known, day) for name, value in SIMPLE_VALUES.items()},
                next_price=future.next_price(day),
                next_vwap=future.next_vwap(day),
                exits={horizon: future.exit_price(day, horizon) for horizon in HORIZONS},
                moves=_moves(method, known, day, estimate) if with_attacks else {},
            )
        )
    return assessed


def _moves(
    method: Method, known: Sequence[DailyItem], day: date, estimate: Estimated
) -> dict[str, dict[str, Fraction]]:
    """Return by attack and measure how far the value moves, always compared on one and the same day."""
    before = {day: _measures(known, day, estimate)}
    moves = {}
    for letter, attack in ATTACKS.items():
        attacked = attack.make(known, day)
        on = attacked.valued_on
        if on not in before:
            before[on] = _measures(known, on, _valued(method, known, on))
        after = _measures(attacked.rows, on, _valued(method, attacked.rows, on))
        moves[letter] = {
            name: abs(after[name] / value - 1) for name, value in before[on].items() if name in after and value
        }
    return moves


def _valued(method: Method, rows: Sequence[DailyItem], on: date) -> Estimated | None:
    try:
        return method(rows, on)
    except DomainError:
        return None


def _measures(rows: Sequence[DailyItem], on: date, estimate: Estimated | None) -> dict[str, Fraction]:
    ours = {} if estimate is None else _ours(estimate)
    return ours | {name: value(rows, on) for name, value in SIMPLE_VALUES.items()}


def _ours(estimate: Estimated) -> dict[str, Fraction]:
    return {OURS: Fraction(estimate.unit_value), OURS_LENDING: Fraction(estimate.lending_unit_value)}
