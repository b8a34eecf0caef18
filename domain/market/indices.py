"""The Zhejiang discharge-right index: four sub-indices and their composite, from the deals of a month or a quarter.

A sub-index is 100 x the period's volume-weighted mean price over its base; the composite is their mean with fixed
weights. The subtle thing is a pollutant without a deal: what the published index does then is not known, so there is
no composite for that period, rather than one with an invented price. All is exact and rounded once, to two decimals.

Weights and bases are inferred, not read: they reproduce all published periods within 0.01. The bases of the published
volume and activity indices are unknown, so tonnes and numbers of deals are given as they are, and their change.

Source: 浙江省排污权交易指数 as published for 2021-09, 2022-02, 2023-09, 2024-05 and 2025-Q3; index x base gives the
prices printed in the reports of 2021-09 and 2022-02. What it consists of (price, volume, activity by number of deals;
four pollutants): 全国排污权有偿使用和交易进展报告(2024), box 6.

>>> published = {Pollutant.COD: "518.18", Pollutant.NH3N: "830.74", Pollutant.SO2: "501.80", Pollutant.NOX: "528.50"}
>>> printed(composite({pollutant: Fraction(text) for pollutant, text in published.items()}))  # 2025-Q3: 527.88
Decimal('527.88')
"""

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from domain.market.priced_deals import PricedDeal
from domain.market.trades import Basis, TradeKind
from domain.values.decimals import round_half_even
from domain.values.identifiers import Division
from domain.values.pollutants import Pollutant

ZHEJIANG: Final = Division("330000")
INDEX_PLACES: Final = 2
PRICE_PLACES: Final = 6

WEIGHTS: Final[Mapping[Pollutant, Fraction]] = MappingProxyType(
    {
        Pollutant.COD: Fraction(24, 100),
        Pollutant.NH3N: Fraction(3, 100),
        Pollutant.SO2: Fraction(27, 100),
        Pollutant.NOX: Fraction(46, 100),
    }
)
BASES: Final[Mapping[Pollutant, int]] = MappingProxyType(
    {Pollutant.COD: 4000, Pollutant.NH3N: 4000, Pollutant.SO2: 1000, Pollutant.NOX: 1000}
)
"""Yuan per tonne and year at which a sub-index is 100."""

SALES: Final = frozenset(
    {
        TradeKind.ENTERPRISE_TRADE,
        TradeKind.GOVERNMENT_AUCTION,
        TradeKind.GOVERNMENT_SALE,
        TradeKind.LISTED,
        TradeKind.BLOCK,
        TradeKind.AGREEMENT,
    }
)
"""The kinds in which somebody bought at a price."""

_MILLIONTHS: Final = 10**6
_BILLIONTHS: Final = 10**9


class PeriodLength(StrEnum):
    """How long a period of the index is."""

    MONTH = "month"
    QUARTER = "quarter"

    @property
    def months(self) -> int:
        """Return its length in months."""
        return 1 if self is PeriodLength.MONTH else 3


@dataclass(frozen=True, slots=True)
class Period:
    """A month or a quarter of the calendar, named 2021-09 or 2025-Q3; `last` is its last day."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SubIndex:
    """One pollutant in one period; `mean_price` (yuan per tonne and year) and `index` are none without a deal."""

    pollutant: Pollutant
    mean_price: Fraction | None
    index: Fraction | None
    tonnes: Fraction
    deals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOfPeriod:
    """The index in one period; `change`, `tonnes_ratio` and `deals_ratio` compare with the period before.

    They are none where either side is unknown or nothing.
    """

    period: Period
    sub_indices: tuple[SubIndex, ...]
    composite: Fraction | None
    missing: tuple[Pollutant, ...]
    tonnes: Fraction
    deals: int
    change: Fraction | None
    tonnes_ratio: Fraction | None
    deals_ratio: Fraction | None


def composite(sub_indices: Mapping[Pollutant, Fraction]) -> Fraction:
    """Return the composite of all four sub-indices, exact; raises KeyError where one is missing."""
    return sum((weight * sub_indices[pollutant] for pollutant, weight in WEIGHTS.items()), Fraction(0))


def printed(index: Fraction) -> Decimal:
    """Return an index as it is published: two decimals, rounded once, a tie to the even neighbour."""
    return round_half_even(index, INDEX_PLACES)


def period_of(day: date, length: PeriodLength) -> Period:
    """Return the month or quarter of a day.

    >>> period_of(date(2025, 8, 31), PeriodLength.QUARTER).name
    '2025-Q3'
    """
    months = length.months
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    end = first.month + months - 1
    last = first.replace(month=end, day=calendar.monthrange(first.year, end)[1])
    name = f"{first:%Y-%m}" if length is PeriodLength.MONTH else f"{first:%Y}-Q{(first.month + 2) // 3}"
    return Period(name, first, last)


def periods_between(first: date, last: date, length: PeriodLength) -> tuple[Period, ...]:
    """Return the periods from that of one day to that of another, in order; none when the days are in wrong order."""
    found = []
    day = first
    while day <= last:
        period = period_of(day, length)
        found.append(period)
        if period.last >= last:
            break
        day = period.last + timedelta(days=1)
    return tuple(found)


def index_of(deals: Mapping[Pollutant, Iterable[PricedDeal]], periods: Sequence[Period]) -> tuple[IndexOfPeriod, ...]:
    """Return the index of each period after the first, which only serves to compare the second with."""
    sorted_in = {pollutant: _by_period(deals.get(pollutant, ()), periods) for pollutant in WEIGHTS}
    told = [
        _of_period(period, {pollutant: found[place] for pollutant, found in sorted_in.items()})
        for place, period in enumerate(periods)
    ]
    return tuple(_compared(now, before) for before, now in pairwise(told))


def counts(deal: PricedDeal) -> bool:
    """Tell whether a deal is in the index: a sale of a right with a term, that nothing excludes."""
    return deal.exclusion is None and deal.kind in SALES and deal.basis is Basis.PER_TONNE_YEAR


def _by_period(deals: Iterable[PricedDeal], periods: Sequence[Period]) -> list[list[PricedDeal]]:
    found: list[list[PricedDeal]] = [[] for _ in periods]
    for deal in deals:
        for place, period in enumerate(periods):
            if period.first <= deal.traded_on <= period.last and counts(deal):
                found[place].append(deal)
                break
    return found


def _of_period(period: Period, deals: Mapping[Pollutant, Sequence[PricedDeal]]) -> IndexOfPeriod:
    subs = tuple(_sub_index(pollutant, deals[pollutant]) for pollutant in WEIGHTS)
    known = {sub.pollutant: sub.index for sub in subs if sub.index is not None}
    missing = tuple(sub.pollutant for sub in subs if sub.index is None)
    return IndexOfPeriod(
        period=period,
        sub_indices=subs,
        composite=None if missing else composite(known),
        missing=missing,
        tonnes=sum((sub.tonnes for sub in subs), Fraction(0)),
        deals=sum(sub.deals for sub in subs),
        change=None,
        tonnes_ratio=None,
        deals_ratio=None,
    )


def _sub_index(pollutant: Pollutant, deals: Sequence[PricedDeal]) -> SubIndex:
    volume = sum(deal.volume for deal in deals)
    mean = None if not volume else Fraction(sum(deal.unit_price * deal.volume for deal in deals), volume * _MILLIONTHS)
    return SubIndex(
        pollutant=pollutant,
        mean_price=mean,
        index=None if mean is None else 100 * mean / BASES[pollutant],
        tonnes=Fraction(volume, _BILLIONTHS),
        deals=len(deals),
    )


def _compared(now: IndexOfPeriod, before: IndexOfPeriod) -> IndexOfPeriod:
    change = None if now.composite is None or not before.composite else now.composite / before.composite - 1
    return IndexOfPeriod(
        period=now.period,
        sub_indices=now.sub_indices,
        composite=now.composite,
        missing=now.missing,
        tonnes=now.tonnes,
        deals=now.deals,
        change=change,
        tonnes_ratio=now.tonnes / before.tonnes if before.tonnes else None,
        deals_ratio=Fraction(now.deals, before.deals) if before.deals else None,
    )
