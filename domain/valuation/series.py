"""A series of daily items and the level after each of them: the robust price that the next deal is expected at.

The level of an item is made of the twenty newest items up to it, none more than 365 days older, in five steps:

1. weight: full from a fifth of the window's median volume on (dust weighs little, a block no more than an ordinary
   deal), halved every 1.5 items and every 15 days back from the newest item, halved for blocks and government sales,
   and none above a quarter of the whole, nor any counterparty group;
2. centre: the lower weighted median of the logarithms; scale: 1.4826 x the weighted median distance from it, at
   least 2 %;
3. influence: an item within one scale of the centre counts as it is, one beyond counts less, from four scales on
   nothing. However absurd a price, it moves the level by a bounded amount, and the more absurd the less;
4. the newest item draws the level 60 % of the way to itself if it is an ordinary step from what others paid on an
   earlier day (at most 1.5 of the last thirty steps' median; from three on not at all), because these markets move in
   runs of daily limits and a step that others have taken before is no wash; one group's second wash confirms nothing,
   nor does a second venue's on the same day;
5. whatever the level is, it lies between items: no formula leaves the prices that were paid.

The subtle thing is the arithmetic. Logarithms are whole billionths and weights whole numbers, so that additions have no
order and every machine gets the same level; where the machine's logarithm is too near the middle between two billionths
to be sure of the rounding, `decimal` decides. Days count back from the newest item and not from the day of the
valuation, so that time alone never moves a level.

Source: house method 4 to 6; steps 3 and 4 depart from it (DECISIONS.md tells what the backtest said). Bounded
influence: Bourassa, Cantoni, Hoesli (2013) on robust price indices; Hampel's three-part function.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from domain.valuation.daily_items import DailyItem, merged

Whole: TypeAlias = NDArray[np.int64]

LOG_ONE: Final = 10**9
"""A logarithm of one, in whole billionths."""

WINDOW_ITEMS: Final = 20
WINDOW_DAYS: Final = 365
DUST_SHARE: Final = 5
"""An item weighs fully from one part in so many of the window's median volume on."""

HALF_LIFE_ITEMS: Final = Decimal("1.5")
HALF_LIFE_DAYS: Final = 15
WEIGHT_PARTS: Final = 4
"""No item and no counterparty group weighs more than one part in so many."""

SCALE_MIN: Final = LOG_ONE // 50
NORMAL_CONSISTENCY: Final = 14_826
"""Ten thousand times what makes a median distance comparable with a standard deviation."""

FULL_UNTIL: Final = 1
NOTHING_FROM: Final = 4
STEPS: Final = 30
STEP_UNKNOWN: Final = 3 * LOG_ONE // 100
"""The ordinary step where fewer than four are known."""

NEWEST_DRAWS: Final = 60
"""Per cent of the way that an ordinary newest item draws the level to itself."""

UNIT_BITS: Final = 24
UNIT: Final = 1 << UNIT_BITS
"""A full weight."""

_EXACTING: Final = Context(prec=34, rounding=ROUND_HALF_EVEN)
_UNSURE: Final = 1e-3
_ABSENT: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Levels:
    """What was seen at some items: `log` and `scale` in billionths of a logarithm, `centre` the index of an item.

    `weights` has a row for each, the newest item last; its rows are whole numbers in no particular unit. `drawn` is how
    far the newest item drew the level to itself, in parts of `UNIT`.
    """

    log: Whole
    centre: Whole
    scale: Whole
    weights: Whole
    drawn: Whole


@dataclass(frozen=True)
class Series:
    """Daily items of one price, oldest first, one for each day, venue, group and weight of kind; at least one."""

    items: tuple[DailyItem, ...]
    _known: dict[int, Levels] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, items: Sequence[DailyItem]) -> "Series":
        """Return the series of items in any order.

        Raises:
            ValueError: there is no item.
        """
        if not items:
            message = "no series of nothing"
            raise ValueError(message)
        return cls(merged(items))

    @cached_property
    def days(self) -> Whole:
        """Return the day of each item, as a number."""
        return np.array([item.on.toordinal() for item in self.items], dtype=np.int64)

    @cached_property
    def logs(self) -> Whole:
        """Return the logarithm of each price."""
        return logarithms([item.price for item in self.items])

    @cached_property
    def volumes(self) -> Whole:
        """Return the volume of each item; beyond nine billion tonnes it is as good as that."""
        return np.array([min(item.volume, _ABSENT - 1) for item in self.items], dtype=np.int64)

    @cached_property
    def kind_weights(self) -> Whole:
        """Return the weight of each item's kind."""
        return np.array([UNIT >> 1 if item.counts_half else UNIT for item in self.items], dtype=np.int64)

    @cached_property
    def groups(self) -> Whole | None:
        """Return a number for each known counterparty group, another for each item without one; none if all are."""
        if not any(item.group for item in self.items):
            return None
        numbers: dict[str, int] = {}
        return np.array(
            [
                numbers.setdefault(item.group, len(numbers)) if item.group else -1 - index
                for index, item in enumerate(self.items)
            ],
            dtype=np.int64,
        )

    @cached_property
    def before(self) -> Whole:
        """Return the index of the newest item of an earlier day and another group before each, below zero for none."""
        found = []
        for index, item in enumerate(self.items):
            other = index - 1
            while other >= 0 and (self.items[other].on == item.on or self.items[other].group == item.group != ""):
                other -= 1
            found.append(other)
        return np.array(found, dtype=np.int64)

    def last_by(self, day: date) -> int | None:
        """Return the index of the newest item on or before a day, none where there is none."""
        found = int(np.searchsorted(self.days, day.toordinal(), side="right")) - 1
        return None if found < 0 else found

    def levels(self, first: int, last: int) -> Levels:
        """Return the levels of the items `first` through `last`."""
        anchors = np.arange(first, last + 1, dtype=np.int64)
        index = anchors[:, None] - np.arange(WINDOW_ITEMS - 1, -1, -1, dtype=np.int64)[None, :]
        inside = index >= 0
        index = np.maximum(index, 0)
        ages = self.days[anchors][:, None] - self.days[index]
        inside &= ages <= WINDOW_DAYS
        logs = self.logs[index]
        dust = self._dust(index, inside)
        plain = np.where(inside, dust * _OF_ITEMS[None, :] >> UNIT_BITS, 0)
        plain = np.where(inside, np.maximum(plain * self.kind_weights[index] >> UNIT_BITS, 1), 0)
        aged = np.where(inside, np.maximum(plain * _OF_DAYS[np.minimum(ages, WINDOW_DAYS)] >> UNIT_BITS, 1), 0)
        groups = None if self.groups is None else self.groups[index]
        weights = capped(aged, groups)
        centre_at = _middle(logs, weights)
        centre = np.take_along_axis(logs, centre_at, axis=1)
        distances = np.abs(logs - centre)
        far = np.take_along_axis(distances, _middle(distances, capped(plain, groups)), axis=1)
        scale = np.maximum(far * NORMAL_CONSISTENCY // 10_000, SCALE_MIN)
        level = centre[:, 0] + _drawn_by(logs - centre, scale, weights)
        drawn = dust[:, -1] * self._ordinary(anchors) >> UNIT_BITS
        newest = self.logs[anchors]
        level = level + (newest - level) // 100 * NEWEST_DRAWS * drawn // UNIT
        return Levels(level, np.take_along_axis(index, centre_at, axis=1)[:, 0], scale[:, 0], weights, drawn)

    def _dust(self, index: Whole, inside: NDArray[np.bool_]) -> Whole:
        """Return each item's weight by its volume; a division of two doubles is the same on every machine."""
        volumes = np.where(inside, self.volumes[index], _ABSENT)
        in_order = np.sort(volumes, axis=1)
        middle = (inside.sum(axis=1) - 1) // 2
        median = np.take_along_axis(in_order, middle[:, None], axis=1)
        share = np.minimum(1.0, DUST_SHARE * (self.volumes[index].astype(np.float64) / median.astype(np.float64)))
        return np.where(inside, np.maximum(np.floor(share * UNIT).astype(np.int64), 1), 0)

    def _ordinary(self, anchors: Whole) -> Whole:
        """Return how ordinary the step to each item is, from `UNIT` for wholly to zero."""
        steps = np.abs(np.diff(self.logs))
        index = anchors[:, None] - np.arange(STEPS, 0, -1, dtype=np.int64)[None, :]
        known = index >= 0
        behind = np.where(known, steps[np.maximum(index, 0)] if len(steps) else 0, _ABSENT)
        count = known.sum(axis=1)
        median = np.take_along_axis(np.sort(behind, axis=1), np.minimum(count // 2, STEPS - 1)[:, None], axis=1)[:, 0]
        usual = np.maximum(np.where(count > 3, median, STEP_UNKNOWN), SCALE_MIN)  # noqa: PLR2004 - as STEP_UNKNOWN says
        before = self.before[anchors]
        step = np.abs(self.logs[anchors] - self.logs[np.maximum(before, 0)])
        left = np.clip(3 * usual - np.minimum(step, 3 * usual), 0, 3 * usual // 2)
        ordinary: Whole = np.where(before >= 0, left * UNIT // (3 * usual // 2), 0)
        return ordinary


def logarithms(prices: Sequence[int]) -> Whole:
    """Return ln of prices in millionths as whole billionths, correctly rounded, so the same on every machine."""
    told = np.log(np.array(prices, dtype=np.float64)) - _LN_MILLION
    billionths = told * LOG_ONE
    whole = np.rint(billionths)
    logs: Whole = whole.astype(np.int64)
    for index in np.flatnonzero(np.abs(np.abs(billionths - whole) - 0.5) < _UNSURE):
        logs[index] = _logarithm(prices[int(index)])
    return logs


def capped(sizes: Whole, groups: Whole | None = None) -> Whole:
    """Return weights in proportion to the sizes of each row, none above a quarter of the row, nor any group's sum.

    What is cut off one goes to the others in proportion; where there are up to four, they weigh alike. Sizes are at
    least zero and at most `UNIT`; a size of zero stays zero. Sums in doubles are exact here, being below 2 ** 53.
    """
    if groups is None:
        return _capped(sizes)
    same = (groups[:, :, None] == groups[:, None, :]) & (sizes[:, :, None] > 0) & (sizes[:, None, :] > 0)
    sums: Whole = (same.astype(np.float64) @ sizes[:, :, None].astype(np.float64))[:, :, 0].astype(np.int64)
    first = same.argmax(axis=2)
    leads = (first == np.arange(sizes.shape[1])) & (sizes > 0)
    shares = _capped(np.where(leads, sums, 0))
    whole = shares.sum(axis=1, keepdims=True)
    shares = (shares << UNIT_BITS) // np.maximum(whole, 1)
    of_group = np.take_along_axis(shares, first, axis=1)
    weights: Whole = np.where(sizes > 0, np.maximum(of_group * sizes // np.maximum(sums, 1), 1), 0)
    return weights


def _capped(sizes: Whole) -> Whole:
    parts = np.minimum(WEIGHT_PARTS, (sizes > 0).sum(axis=1, keepdims=True))
    held = np.zeros(sizes.shape, dtype=np.bool_)
    while True:
        free = np.where(held, 0, sizes)
        total = free.sum(axis=1, keepdims=True)
        left = parts - held.sum(axis=1, keepdims=True)
        above = ~held & (sizes * left > total)
        if not above.any():
            shares: Whole = np.where(held, total, free * left)
            return shares
        held |= above


def _middle(values: Whole, weights: Whole) -> Whole:
    """Return the place in each row of the least value at or below which half of the row's weight lies."""
    order = np.argsort(np.where(weights > 0, values, _ABSENT), axis=1, kind="stable")
    reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    at = (2 * reached >= reached[:, -1:]).argmax(axis=1)[:, None]
    middle: Whole = np.take_along_axis(order, at, axis=1)
    return middle


def _drawn_by(offsets: Whole, scale: Whole, weights: Whole) -> Whole:
    """Return the weighted mean of the offsets' influence, down to a billionth."""
    distance = np.minimum(np.abs(offsets), NOTHING_FROM * scale)
    full = FULL_UNTIL * scale
    falling = (NOTHING_FROM * scale - distance) * FULL_UNTIL // (NOTHING_FROM - FULL_UNTIL)
    influence = np.sign(offsets) * np.where(distance <= full, distance, falling)
    share = (weights << UNIT_BITS) // weights.sum(axis=1, keepdims=True)
    mean: Whole = (share * influence).sum(axis=1) // UNIT
    return mean


def _logarithm(price: int) -> int:
    in_billionths = (Decimal(price).ln(_EXACTING) - Decimal(10**6).ln(_EXACTING)) * LOG_ONE
    return int(in_billionths.to_integral_value(rounding=ROUND_HALF_EVEN))


def _halved(half_life: Decimal, count: int) -> Whole:
    """Return 0.5 to the power of k over the half-life, for k below `count`, in parts of `UNIT`."""
    half = Decimal("0.5")
    return np.array([int(_EXACTING.power(half, Decimal(k) / half_life) * UNIT) for k in range(count)], dtype=np.int64)


_LN_MILLION: Final = float(Decimal(10**6).ln(_EXACTING))
_OF_ITEMS: Final = _halved(HALF_LIFE_ITEMS, WINDOW_ITEMS)[::-1]
_OF_DAYS: Final = _halved(Decimal(HALF_LIFE_DAYS), WINDOW_DAYS + 1)
