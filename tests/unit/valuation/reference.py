"""The method once more, slowly: plain Python from the words of `series` and `estimate`, item by item, without NumPy.

What is rounded there is rounded here in the same way, so that both agree to a billionth; `exactly` rounds only what the
words say is whole (logarithms and weights) and shows how little the rest matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import exp, sqrt
from typing import Final

from domain.valuation.daily_items import DailyItem

ONE: Final = 10**9
FULL: Final = 2**24


@dataclass(frozen=True, slots=True)
class Seen:
    """A level by its logarithm in billionths, the place of its centre, its scale, and its weights, the newest last."""

    log: Fraction
    centre: int
    scale: int
    weights: list[Fraction]


@cache
def ln(price: int) -> int:
    """Return the natural logarithm of a price in millionths of a yuan, to the nearest billionth."""
    with localcontext(prec=40):
        return int(((Decimal(price) / 10**6).ln() * ONE).to_integral_value())


@cache
def halved(half_life: Decimal, count: int) -> int:
    """Return a full weight halved so often."""
    with localcontext(prec=34):
        return int(Decimal("0.5") ** (Decimal(count) / half_life) * FULL)


def a_quarter_at_most(sizes: Sequence[int]) -> list[Fraction]:
    """Return shares in proportion to sizes, the largest cut to a quarter until no other is above one."""
    ranked = sorted(range(len(sizes)), key=lambda place: -sizes[place])
    parts = min(4, len(sizes))
    for cut in range(parts + 1):
        rest = ranked[cut:]
        whole = sum(sizes[place] for place in rest)
        if not rest or sizes[rest[0]] * (parts - cut) <= whole:
            shares = {place: Fraction(1, parts) for place in ranked[:cut]}
            shares |= {place: Fraction(sizes[place] * (parts - cut), whole * parts) for place in rest}
            return [shares[place] for place in range(len(sizes))]
    raise AssertionError


def weighed(sizes: Sequence[int], groups: Sequence[str]) -> list[Fraction]:
    """Return the shares of items of which neither one nor a group has more than a quarter."""
    if not any(groups):
        return a_quarter_at_most(sizes)
    names = [group or f"alone {place}" for place, group in enumerate(groups)]
    sums = {name: sum(size for size, other in zip(sizes, names, strict=True) if other == name) for name in names}
    of_group = dict(zip(sums, (int(share * FULL) for share in a_quarter_at_most(list(sums.values()))), strict=True))
    weights = [max(1, of_group[name] * size // sums[name]) for size, name in zip(sizes, names, strict=True)]
    return [Fraction(weight, sum(weights)) for weight in weights]


def middle(values: Sequence[int], weights: Sequence[Fraction]) -> int:
    """Return the place of the least value at or below which half of the weight lies."""
    reached = Fraction(0)
    for place in sorted(range(len(values)), key=lambda each: values[each]):
        reached += weights[place]
        if 2 * reached >= sum(weights):
            return place
    raise AssertionError


def usual_step(logs: Sequence[int]) -> int:
    """Return the upper median of the last thirty steps, three per cent where fewer than four are known."""
    steps = sorted(abs(late - early) for early, late in pairwise(logs))
    return max(steps[len(steps) // 2] if len(steps) > 3 else 3 * ONE // 100, ONE // 50)


def level(items: Sequence[DailyItem], *, exactly: bool = False) -> Seen:
    """Return the level after the last of items that are in order."""
    window = [item for item in items[-20:] if (items[-1].on - item.on).days <= 365]
    logs, groups = [ln(item.price) for item in window], [item.group for item in window]
    median = sorted(item.volume for item in window)[(len(window) - 1) // 2]
    dust = [max(1, int(min(1.0, 5 * (item.volume / median)) * FULL)) for item in window]
    plain, aged = [], []
    for back, (item, size) in enumerate(zip(reversed(window), reversed(dust), strict=True)):
        ranked = (size * halved(Decimal("1.5"), back) >> 24) // (2 if item.counts_half else 1)
        plain.append(max(1, ranked))
        aged.append(max(1, plain[-1] * halved(Decimal(15), (items[-1].on - item.on).days) >> 24))
    weights = weighed(aged[::-1], groups)
    centre = middle(logs, weights)
    far = [abs(log - logs[centre]) for log in logs]
    scale = max(far[middle(far, weighed(plain[::-1], groups))] * 14826 // 10000, ONE // 50)
    pulled = Fraction(0)
    for each, weight in zip(logs, weights, strict=True):
        distance = abs(each - logs[centre])
        falls = Fraction(max(0, 4 * scale - distance), 3)
        influence = Fraction(distance) if distance <= scale else falls if exactly else Fraction(int(falls))
        share = weight if exactly else Fraction(int(weight * FULL), FULL)
        pulled += share * influence * (1 if each > logs[centre] else -1)
    log = logs[centre] + (pulled if exactly else Fraction(pulled // 1))
    return Seen(_drawn(log, items, dust[-1], exactly=exactly), centre, scale, weights)


def _drawn(log: Fraction, items: Sequence[DailyItem], dust: int, *, exactly: bool) -> Fraction:
    """Draw a level 60 % of the way to an item that is an ordinary step from what others paid on an earlier day."""
    newest, logs = items[-1], [ln(item.price) for item in items[-31:]]
    others = [each for each in items if each.on < newest.on and (not newest.group or each.group != newest.group)]
    if not others:
        return Fraction(log)
    usual, step = usual_step(logs), abs(logs[-1] - ln(others[-1].price))
    if exactly:
        ordinary = min(Fraction(1), max(Fraction(0), Fraction(2 * (3 * usual - step), 3 * usual)))
        return log + (logs[-1] - log) * Fraction(60, 100) * ordinary * Fraction(dust, FULL)
    whole = 3 * usual // 2
    ordinary = Fraction(min(whole, max(0, 3 * usual - step)) * FULL // whole)
    return Fraction(log + (logs[-1] - log) // 100 * 60 * (dust * ordinary // FULL) // FULL)


def mean_error(logs: Sequence[int], levels: Sequence[Fraction]) -> float:
    """Return the mean distance of each item from the level before it, as a standard deviation."""
    errors = [min(float(abs(late - early)), 1.1 * ONE) for late, early in zip(logs[3:], levels[2:], strict=False)]
    newest_first = errors[::-1][:240]
    weights = [0.5 ** (back / 40) for back in range(len(newest_first))]
    summed = sum(weight * error for weight, error in zip(weights, newest_first, strict=True))
    return float(1.25 * (summed / ONE + 4 * 0.12) / (sum(weights) + 4))


def market_haircut(error: float, scale: float, wait: int, stale: int, confidence_level: int) -> float:
    """Return the haircut of the formula in the words of `estimate`."""
    time = 100 * (1 - exp(-wait / 100))
    added = {1: 0, 2: 0, 3: 0.05}[confidence_level]
    loss = 0.20 + 1.2 * sqrt(error**2 * time + scale**2) + added + 0.002 * max(0, stale - 250)
    floor = {1: 0.10, 2: 0.15, 3: 0.25}[confidence_level]
    return min(max(1 - exp(-loss), floor), 0.90)
