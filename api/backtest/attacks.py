"""Six attacks on a value: wash trades at three times the last genuine price, put into the deals that were known.

"Half the day's volume" means half of what the day then shows: the wash trade is as large as everything genuine on the
newest day, so that a venue that tells only the day's volume-weighted price (C) tells twice the price. An attack that
needs days of its own takes the newest ones up to the day of valuation that lie after the newest genuine deal; where
there are too few, it takes the business days that follow and the value is asked on the last of them, before the attack
and after it. So a move is never the mere passing of time.

Source: valuation under manipulation, house method 2026-11: attacks A to F at three times the price. With a wash trade
as large as the genuine volume the last price moves by 100 % under C, which is what was measured there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from types import MappingProxyType
from typing import Final

from api.backtest.simple_values import YUAN, volume_weighted
from domain.market.trades import TradeKind
from domain.valuation.daily_items import DailyItem
from domain.values.weekdays import weekday_after, weekdays_between

TIMES: Final = 3
WASHES: Final = 3
SMALL: Final = 100
"""A small wash trade is this part of the ordinary day's volume: one hundredth."""

ORDINARY_DAYS: Final = 20
"""The ordinary day's volume is the lower median of so many newest trading days."""


@dataclass(frozen=True, slots=True)
class Attacked:
    """What a valuation meets after an attack, and the day on which it is asked."""

    rows: tuple[DailyItem, ...]
    valued_on: date


@dataclass(frozen=True, slots=True)
class Attack:
    """An attack in words, and how it is made."""

    words: str
    make: Callable[[Sequence[DailyItem], date], Attacked]


def wash_inside_the_newest_day(rows: Sequence[DailyItem], as_of: date) -> Attacked:
    """A: the wash trade is told as a deal of its own, on a day that has genuine ones."""
    return Attacked((*rows, _wash(rows, rows[-1].on, _volume_of_newest_day(rows))), as_of)


def wash_alone(rows: Sequence[DailyItem], as_of: date) -> Attacked:
    """B: the same wash trade on a day of its own."""
    return _on_days_of_their_own(rows, as_of, 1, _volume_of_newest_day(rows))


def polluted_day(rows: Sequence[DailyItem], as_of: date) -> Attacked:
    """C: the venue tells one price for the newest day, genuine deals and wash trade together."""
    newest = rows[-1]
    first = next(place for place, row in enumerate(rows) if row.on == newest.on)
    polluted = (*rows[first:], _wash(rows, newest.on, _volume_of_newest_day(rows)))
    told = _item(
        rows, newest.on, round(volume_weighted(polluted) * YUAN), sum(row.volume for row in polluted), newest.kind
    )
    return Attacked((*rows[:first], told), as_of)


def small_washes_on_three_days(rows: Sequence[DailyItem], as_of: date) -> Attacked:
    """D: three wash trades of a hundredth of the ordinary volume on three days of their own."""
    return _on_days_of_their_own(rows, as_of, WASHES, _small(rows))


def full_washes_on_three_days(rows: Sequence[DailyItem], as_of: date) -> Attacked:
    """E: three wash trades of the ordinary volume on three days of their own."""
    return _on_days_of_their_own(rows, as_of, WASHES, ordinary_volume(rows))


def small_washes_inside_the_newest_day(rows: Sequence[DailyItem], as_of: date) -> Attacked:
    """F: three small wash trades on a day that has genuine deals."""
    return Attacked((*rows, *[_wash(rows, rows[-1].on, _small(rows))] * WASHES), as_of)


def ordinary_volume(rows: Sequence[DailyItem]) -> int:
    """Return the lower median of the day volumes of the newest twenty trading days."""
    by_day = [sum(row.volume for row in told) for _, told in groupby(rows, key=lambda row: row.on)]
    newest = sorted(by_day[-ORDINARY_DAYS:])
    return newest[(len(newest) - 1) // 2]


def _on_days_of_their_own(rows: Sequence[DailyItem], as_of: date, count: int, volume: int) -> Attacked:
    newest = rows[-1].on
    start = max(0, weekdays_between(newest, as_of) - count)
    days = [weekday_after(newest, start + each) for each in range(1, count + 1)]
    return Attacked((*rows, *(_wash(rows, day, volume) for day in days)), max(as_of, days[-1]))


def _wash(rows: Sequence[DailyItem], on: date, volume: int) -> DailyItem:
    return _item(rows, on, TIMES * rows[-1].price, volume, TradeKind.LISTED)


def _item(rows: Sequence[DailyItem], on: date, price: int, volume: int, kind: TradeKind) -> DailyItem:
    return DailyItem(on=on, price=price, volume=volume, venue=rows[-1].venue, group=rows[-1].group, kind=kind)


def _small(rows: Sequence[DailyItem]) -> int:
    return max(1, ordinary_volume(rows) // SMALL)


def _volume_of_newest_day(rows: Sequence[DailyItem]) -> int:
    return sum(row.volume for row in rows if row.on == rows[-1].on)


ATTACKS: Final[Mapping[str, Attack]] = MappingProxyType(
    {
        "A": Attack("one wash trade, half of the newest day's volume, told trade by trade", wash_inside_the_newest_day),
        "B": Attack("the same wash trade alone on its own day", wash_alone),
        "C": Attack("the venue tells only the polluted day's volume-weighted price", polluted_day),
        "D": Attack("three wash trades of 1 % of the ordinary volume on three days", small_washes_on_three_days),
        "E": Attack("three wash trades of the ordinary volume on three days", full_washes_on_three_days),
        "F": Attack("three wash trades of 1 % on the newest genuine day", small_washes_inside_the_newest_day),
    }
)
