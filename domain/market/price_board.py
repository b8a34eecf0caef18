"""The price board: what the market says of each kind of right on a day, as facts and without any judgement.

A price key is what may be compared: instrument, pollutant, place, vintage and basis. Each place is a city, a province
(with all of its cities) or the whole country for what is traded nationally. The subtle thing is what does not enter: a
published benchmark price stands beside its key, marked, and in no mean; leases, charges and what two sources tell twice
are not there at all. A key without a recent deal stays, and says that it is stale.

Source: contract section 4 (`GET /v1/market/prices`); issue 3 (an administered price is never a trade).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Final

from domain.market.indices import SALES
from domain.market.priced_deals import MILLIONTHS, PricedDeal
from domain.market.trades import Basis
from domain.values.identifiers import NATIONAL, Division, city_of, province_of
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant

LOOK_BACK_DAYS: Final = 730
"""How long a key without a deal stays on the board."""
MEAN_DAYS: Final = (30, 90)
STALE_WEEKDAYS: Final = 20
"""A newest deal older than so many days from Monday to Friday is stale."""

_WEEKDAYS: Final = 5
_WEEK: Final = 7


class PlaceLevel(StrEnum):
    """How wide a place is."""

    CITY = "city"
    PROVINCE = "province"
    COUNTRY = "country"


@dataclass(frozen=True, slots=True)
class PriceKey:
    """What may be compared with one another."""

    instrument: Instrument
    pollutant: Pollutant
    division: Division
    vintage: int | None
    basis: Basis

    @property
    def level(self) -> PlaceLevel:
        """Return how wide its place is."""
        if self.division == NATIONAL:
            return PlaceLevel.COUNTRY
        return PlaceLevel.PROVINCE if self.division == province_of(self.division) else PlaceLevel.CITY

    @property
    def order(self) -> tuple[str, str, str, int, str]:
        """Return where it stands on the board."""
        return self.instrument, self.pollutant, self.division, self.vintage or 0, self.basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """The volume-weighted mean of the last `days` days, the asked day included; `price` in yuan, exact."""

    days: int
    price: Fraction
    deals: int
    trading_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkPrice:
    """An administered price in force since `published_on`; `unit_price` in yuan on the basis, exact."""

    source: str
    division: Division
    vintage: int | None
    basis: Basis
    published_on: date
    known_at: datetime
    unit_price: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLine:
    """One key on a day; `last` is none where only a benchmark price is known. Counts are over the whole look-back."""

    key: PriceKey
    last: PricedDeal | None
    age_days: int | None
    age_weekdays: int | None
    stale: bool
    means: tuple[Mean, ...]
    deals: int
    trading_days: int
    benchmarks: tuple[BenchmarkPrice, ...]


def by_key(
    instrument: Instrument, pollutant: Pollutant, deals: Iterable[PricedDeal], as_of: date
) -> Mapping[PriceKey, Sequence[PricedDeal]]:
    """Return the sales of the look-back under each key that they speak of; a city's deals are its province's too."""
    found: dict[PriceKey, list[PricedDeal]] = {}
    for deal in deals:
        if deal.exclusion is None and deal.kind in SALES and 0 <= (as_of - deal.traded_on).days < LOOK_BACK_DAYS:
            for place in dict.fromkeys((city_of(deal.division), province_of(deal.division))):
                key = PriceKey(instrument, pollutant, place, deal.vintage, deal.basis)
                found.setdefault(key, []).append(deal)
    return found


def board(
    instrument: Instrument,
    pollutant: Pollutant,
    deals: Iterable[PricedDeal],
    benchmarks: Iterable[BenchmarkPrice],
    as_of: date,
) -> tuple[PriceLine, ...]:
    """Return every key of an instrument and pollutant that has a deal or a benchmark price, in a fixed order."""
    sales = by_key(instrument, pollutant, deals, as_of)
    published = _in_force(benchmarks, as_of)
    keys = set(sales) | {PriceKey(instrument, pollutant, each.division, each.vintage, each.basis) for each in published}
    return tuple(_line(key, sales.get(key, ()), published, as_of) for key in sorted(keys, key=lambda each: each.order))


def weekdays_between(start: date, end: date) -> int:
    """Return the days from Monday to Friday after `start` through `end`; zero when `end` is not after `start`.

    >>> weekdays_between(date(2026, 11, 20), date(2026, 11, 23))  # Friday to Monday
    1
    """
    days = max(0, (end - start).days)
    weeks, rest = divmod(days, _WEEK)
    return weeks * _WEEKDAYS + sum((start + timedelta(days=n)).weekday() < _WEEKDAYS for n in range(1, rest + 1))


def _in_force(benchmarks: Iterable[BenchmarkPrice], as_of: date) -> tuple[BenchmarkPrice, ...]:
    """Return of each place, vintage and basis the benchmark price that was published last."""
    newest: dict[tuple[Division, int | None, Basis], BenchmarkPrice] = {}
    ordered = sorted(benchmarks, key=lambda each: (each.published_on, each.known_at, each.source, each.unit_price))
    for each in ordered:
        if each.published_on <= as_of:
            newest[each.division, each.vintage, each.basis] = each
    return tuple(newest.values())


def _line(key: PriceKey, deals: Sequence[PricedDeal], benchmarks: Iterable[BenchmarkPrice], as_of: date) -> PriceLine:
    last = max(deals, key=lambda deal: (deal.traded_on, deal.known_at, deal.source, deal.trade_no), default=None)
    weekdays = None if last is None else weekdays_between(last.traded_on, as_of)
    places = {key.division, province_of(key.division)}
    beside = (
        each
        for each in benchmarks
        if each.division in places and each.basis is key.basis and each.vintage in {None, key.vintage}
    )
    means = (_mean(deals, days, as_of) for days in MEAN_DAYS)
    return PriceLine(
        key=key,
        last=last,
        age_days=None if last is None else (as_of - last.traded_on).days,
        age_weekdays=weekdays,
        stale=weekdays is None or weekdays > STALE_WEEKDAYS,
        means=tuple(mean for mean in means if mean is not None),
        deals=len(deals),
        trading_days=len({deal.traded_on for deal in deals}),
        benchmarks=tuple(sorted(beside, key=lambda each: (each.division, each.published_on), reverse=True)),
    )


def _mean(deals: Iterable[PricedDeal], days: int, as_of: date) -> Mean | None:
    """Return the mean of the last days; none without a deal in them."""
    recent = [deal for deal in deals if (as_of - deal.traded_on).days < days]
    if not recent:
        return None
    value = sum(deal.unit_price * deal.volume for deal in recent)
    return Mean(
        days=days,
        price=Fraction(value, sum(deal.volume for deal in recent) * MILLIONTHS),
        deals=len(recent),
        trading_days=len({deal.traded_on for deal in recent}),
    )
