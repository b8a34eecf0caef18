"""Estimate: one unit's value from a series, what a lender may take it for, and how wrong it may be at a sale.

The haircut asks the market itself: how far did our level lie from the next deal, lately? That mean error (half-life 40
deals, leaning on 12 % until a market has shown its own) grows with the square root of the time until the sale, and
flattens after some hundred weekdays, because these prices return:

    loss    = 0.20 + 1.2 x sqrt(error^2 x T + scale^2) + what the confidence level adds
    T       = 100 x (1 - exp(-(stale + liquidation weekdays) / 100))
    haircut = 1 - exp(-loss), between the level's floor and 90 %

The lending unit value is never above 1.2 times the plain median of the last 180 days: three big washes move a level,
but half of the days of half a year must be bought to move that guard. A base price is never a floor.

The subtle thing is that no part may fall while nothing happens: everything but `stale` is counted back from the newest
item. After a year without a deal the loss grows on, by 0.5 a year, and after two years there is no value.

Source: house method 7 to 9, from which the volatility departs (DECISIONS.md); square root of time as in Basel CRM
(12 CFR 1240.39); ECB/2015/35 adds to a theoretically valued asset's haircut.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Final

import numpy as np

from domain.errors import DomainError
from domain.valuation.daily_items import DailyItem
from domain.valuation.series import LOG_ONE, NEWEST_DRAWS, UNIT, WEIGHT_PARTS, Series, Whole
from domain.values.decimals import round_down
from domain.values.weekdays import weekdays_between

PLACES: Final = 6
MILLION: Final = 10**6
PRICE_MIN: Final = Decimal("0.000001")

ERROR_HALF_LIFE: Final = 40
ERRORS: Final = 240
"""How many of the newest errors are looked at; six half-lives, beyond which they weigh below two per cent."""

ERROR_MAX: Final = 11 * LOG_ONE // 10
"""No single error counts above three times the price: a wash must not decide the haircut either."""

ERROR_EXPECTED: Final = 12 * LOG_ONE // 100
ERRORS_EXPECTED: Final = 4
"""What is supposed of a market that we have not seen, as so many errors of this size."""

ERROR_FROM: Final = 3
"""A level of fewer items before it expects nothing that could be wrong."""

MEAN_TO_DEVIATION: Final = Decimal("1.25")
"""A normal deviate's standard deviation by its mean absolute one: sqrt(pi / 2)."""

BASE: Final = Decimal("0.20")
ERRORS_HELD: Final = Decimal("1.2")
RETURN_WEEKDAYS: Final = 100
SILENT_FROM_WEEKDAYS: Final = 250
SILENT_PER_WEEKDAY: Final = Decimal("0.002")
SILENT_DAYS_MAX: Final = 730
"""From so many days without a deal on there is no value."""

ADDED_AT_LEVEL: Final[Mapping[int, Decimal]] = MappingProxyType({1: Decimal(0), 2: Decimal(0), 3: Decimal("0.05")})
FLOOR_AT_LEVEL: Final[Mapping[int, Decimal]] = MappingProxyType(
    {1: Decimal("0.10"), 2: Decimal("0.15"), 3: Decimal("0.25")}
)
CAP: Final = Decimal("0.90")

GUARD_DAYS: Final = 180
GUARD_TRADING_DAYS_MIN: Final = 10
GUARD: Final = (6, 5)
"""The lending value is at most six fifths of the median of the guard's trading days."""

ACTIVITY_DAYS: Final = 90
LIQUID: Final = (5, 40)
"""Level 1: newest item at most so many weekdays old, and trading days in the 90 days up to it."""
ORDINARY: Final = (20, 10)
"""Level 2, likewise."""
THIN_DAYS: Final = 12
"""Level 3 below so many trading days in the 180 days up to the newest item."""

ITEMS_MIN: Final = 5
DAYS_MIN: Final = 3
"""A price needs so many items on so many days in the 365 days up to the newest."""

EXACTING: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)


@dataclass(eq=False)
class TooFewItems(DomainError):
    """Refuse an estimate from fewer items or days than a price needs, or from items that are all too old."""

    code = "no_price_evidence"

    items: int
    days: int
    newest: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """The parts of a loss as a logarithm, and the market haircut they make; Decimals of 28 digits."""

    base: Decimal
    uncertainty: Decimal
    confidence: Decimal
    silence: Decimal
    floor: Decimal
    market: Decimal


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a series says on a day.

    `unit_value` and `lending_unit_value` are yuan per unit, down to six decimals; `error` and `scale` are logarithms:
    the mean error of the next deal, as a standard deviation, and how far the items lie around the level. `window` is
    the items that the level was made of with their weights, and `newest_draws` the part of the way to its own price
    that the newest of them drew the level on top; `volume_a_weekday` is the mean volume of the 90 days up to the newest
    item, in billionths of a unit.
    """

    as_of: date
    newest_on: date
    unit_value: Decimal
    lending_unit_value: Decimal
    guard: Decimal | None
    error: Decimal
    scale: Decimal
    stale_weekdays: int
    trading_days_90: int
    trading_days_180: int
    confidence_level: int
    volume_a_weekday: Fraction
    window: tuple[tuple[DailyItem, Fraction], ...]
    newest_draws: Fraction

    @property
    def is_thin(self) -> bool:
        """Tell whether the market had too few trading days in half a year to stand against an administered price."""
        return self.trading_days_180 < THIN_DAYS

    def haircut(self, weekdays: int, confidence_level: int | None = None) -> Decimal:
        """Return the share that a sale so many weekdays from now may lose; six decimals, up."""
        with localcontext(EXACTING):
            return self.loss(weekdays, confidence_level).market.quantize(Decimal("1e-6"), rounding=ROUND_CEILING)

    def loss(self, weekdays: int, confidence_level: int | None = None) -> Loss:
        """Return what makes up the haircut of a sale so many weekdays from now."""
        level = confidence_level or self.confidence_level
        with localcontext(EXACTING):
            uncertainty = ERRORS_HELD * self._spread(weekdays)
            silent = max(0, self.stale_weekdays - SILENT_FROM_WEEKDAYS) * SILENT_PER_WEEKDAY
            total = BASE + uncertainty + ADDED_AT_LEVEL[level] + silent
            market = min(max(1 - (-total).exp(), FLOOR_AT_LEVEL[level]), CAP)
        return Loss(
            base=BASE,
            uncertainty=uncertainty,
            confidence=ADDED_AT_LEVEL[level],
            silence=silent,
            floor=FLOOR_AT_LEVEL[level],
            market=market,
        )

    def _spread(self, weekdays: int) -> Decimal:
        ctx = EXACTING
        ahead = ctx.divide(-Decimal(max(0, self.stale_weekdays + weekdays)), Decimal(RETURN_WEEKDAYS))
        time = ctx.multiply(Decimal(RETURN_WEEKDAYS), 1 - ctx.exp(ahead))
        return ctx.sqrt(ctx.add(ctx.multiply(ctx.multiply(self.error, self.error), time), self._scale_squared))

    @cached_property
    def _scale_squared(self) -> Decimal:
        return EXACTING.multiply(self.scale, self.scale)


def estimate(items: Sequence[DailyItem], as_of: date) -> Estimate:
    """Return what items say on a day, in whatever order they come; items after the day are not looked at.

    Raises:
        TooFewItems: they are not enough for a price, or all too old.
    """
    known = [item for item in items if item.on <= as_of]
    if not known:
        raise TooFewItems(items=0, days=0, newest=None)
    return estimate_of(Series.of(known), as_of)


def estimate_of(series: Series, as_of: date, silent_days_max: int = SILENT_DAYS_MAX) -> Estimate:
    """Return what a series says on a day; raises TooFewItems as `estimate` does."""
    newest = series.last_by(as_of)
    if newest is None:
        raise TooFewItems(items=0, days=0, newest=None)
    newest_on = series.items[newest].on
    days = _trading_days(series, newest, 365)
    count = newest + 1 - _first_within(series, newest, 365)
    if count < ITEMS_MIN or days < DAYS_MIN or (as_of - newest_on).days > silent_days_max:
        raise TooFewItems(items=count, days=days, newest=newest_on)
    first = max(0, newest - ERRORS)
    levels = series.levels(first, newest)
    log, centre = int(levels.log[-1]), int(levels.centre[-1])
    unit_value = _price_at(series, centre, log)
    guard = _guard(series, newest)
    stale = weekdays_between(newest_on, as_of)
    days_90 = _trading_days(series, newest, ACTIVITY_DAYS)
    days_180 = _trading_days(series, newest, GUARD_DAYS)
    return Estimate(
        as_of=as_of,
        newest_on=newest_on,
        unit_value=unit_value,
        lending_unit_value=unit_value if guard is None else min(unit_value, guard),
        guard=guard,
        error=_mean_error(series.logs[first : newest + 1], levels.log, first),
        scale=EXACTING.divide(Decimal(int(levels.scale[-1])), Decimal(LOG_ONE)),
        stale_weekdays=stale,
        trading_days_90=days_90,
        trading_days_180=days_180,
        confidence_level=_confidence_level(stale, days_90, days_180),
        volume_a_weekday=_volume_a_weekday(series, newest),
        window=_window(series, newest, levels.weights[-1]),
        newest_draws=Fraction(int(levels.drawn[-1]) * NEWEST_DRAWS, UNIT * 100),
    )


def movement(series: Series, since: date, until: date) -> int | None:
    """Return how far the level moved between two days, in billionths of a logarithm; none without a level at either."""
    early, late = series.last_by(since), series.last_by(until)
    if early is None or late is None or early < ERROR_FROM:
        return None
    return int(series.levels(late, late).log[0] - series.levels(early, early).log[0])


def moved(value: Decimal, by: int) -> Decimal:
    """Return a unit value moved by billionths of a logarithm, down to six decimals but never to nothing."""
    by_one = EXACTING.exp(EXACTING.divide(Decimal(by), Decimal(LOG_ONE)))
    return max(round_down(EXACTING.multiply(value, by_one), PLACES), PRICE_MIN)


def _price_at(series: Series, centre: int, log: int) -> Decimal:
    """Return the price at a logarithm, told from the item at the centre: where all items agree it is their price."""
    price = EXACTING.divide(Decimal(series.items[centre].price), Decimal(MILLION))
    offset = log - int(series.logs[centre])
    return moved(price, offset) if offset else round_down(price, PLACES)


def _mean_error(logs: Whole, levels: Whole, first: int) -> Decimal:
    """Return the mean distance of each item from the level before it, as a standard deviation."""
    errors = np.minimum(np.abs(logs[1:] - levels[:-1]), ERROR_MAX)[max(0, ERROR_FROM - 1 - first) :]
    weights = _OF_ERRORS[: len(errors)][::-1]
    summed = int((errors * weights).sum()) + ERROR_EXPECTED * ERRORS_EXPECTED * _ERROR_UNIT
    whole = int(weights.sum()) + ERRORS_EXPECTED * _ERROR_UNIT
    return EXACTING.divide(EXACTING.multiply(MEAN_TO_DEVIATION, Decimal(summed)), Decimal(whole * LOG_ONE))


def _guard(series: Series, newest: int) -> Decimal | None:
    """Return the most that a lender takes for a unit, none where there are too few trading days to say.

    A day counts once, at its lower median, however many venues and groups dealt on it.
    """
    first = _first_within(series, newest, GUARD_DAYS)
    days: dict[date, list[int]] = {}
    for item in series.items[first : newest + 1]:
        days.setdefault(item.on, []).append(item.price)
    if len(days) < GUARD_TRADING_DAYS_MIN:
        return None
    times, parts = GUARD
    return round_down(Fraction(_lower_median(map(_lower_median, days.values())) * times, parts * MILLION), PLACES)


def _lower_median(prices: Iterable[int]) -> int:
    in_order = sorted(prices)
    return in_order[(len(in_order) - 1) // 2]


def _first_within(series: Series, newest: int, days: int) -> int:
    """Return the index of the first item within so many days up to the newest one."""
    oldest = int(series.days[newest]) - days
    return int(np.searchsorted(series.days[:newest], oldest, side="right"))


def _trading_days(series: Series, newest: int, days: int) -> int:
    first = _first_within(series, newest, days)
    return len(np.unique(series.days[first : newest + 1]))


def _volume_a_weekday(series: Series, newest: int) -> Fraction:
    """Return the mean volume, of which no item makes more than a quarter: one huge wash must not make a market deep."""
    first = _first_within(series, newest, ACTIVITY_DAYS)
    weekdays = weekdays_between(series.items[newest].on - timedelta(days=ACTIVITY_DAYS), series.items[newest].on)
    volumes = sorted((item.volume for item in series.items[first : newest + 1]), reverse=True)
    parts = min(WEIGHT_PARTS, len(volumes))
    cut = next(cut for cut in range(parts) if volumes[cut] * (parts - cut) <= sum(volumes[cut:]))
    return Fraction(sum(volumes[cut:]) * parts, (parts - cut) * weekdays)


def _confidence_level(stale_weekdays: int, days_90: int, days_180: int) -> int:
    if days_180 >= THIN_DAYS:
        for level, (stale_max, days_min) in ((1, LIQUID), (2, ORDINARY)):
            if stale_weekdays <= stale_max and days_90 >= days_min:
                return level
    return 3


def _window(series: Series, newest: int, weights: Whole) -> tuple[tuple[DailyItem, Fraction], ...]:
    """Return the items that the level was made of with their weights, oldest first."""
    whole = int(weights.sum())
    return tuple(
        (series.items[newest + 1 - len(weights) + place], Fraction(weight, whole))
        for place, weight in enumerate(weights.tolist())
        if weight
    )


_ERROR_UNIT: Final = 1 << 20
_OF_ERRORS: Final = np.array(
    [int(EXACTING.power(Decimal("0.5"), Decimal(k) / ERROR_HALF_LIFE) * _ERROR_UNIT) for k in range(ERRORS)],
    dtype=np.int64,
)

__all__ = ["Estimate", "Loss", "TooFewItems", "estimate", "estimate_of", "moved", "movement"]
