"""The price board and the Zhejiang index as the API prints them; every figure is rounded here, once, to the nearest."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Final

from domain.market.indices import BASES, WEIGHTS, ZHEJIANG, IndexOfPeriod, PeriodLength, SubIndex, printed
from domain.market.price_board import BenchmarkPrice, Mean, PriceKey, PriceLine
from domain.market.priced_deals import MILLIONTHS
from domain.valuation.answer import quantity_body
from domain.values.decimals import round_half_even, wire
from domain.values.instruments import Instrument
from domain.values.quantity import Quantity, Unit
from domain.values.time import rfc3339

PLACES: Final = 6
INDEX_PLACES: Final = 2

METHOD: Final[Mapping[str, object]] = {
    "formula": "composite = sum(weight x sub-index); sub-index = 100 x volume-weighted mean price of the period / base",
    "weights": {pollutant.value: wire(weight, PLACES) for pollutant, weight in WEIGHTS.items()},
    "bases": {pollutant.value: wire(Fraction(base), PLACES) for pollutant, base in BASES.items()},
    "base_unit": "CNY/(t/a)/a",
    "standing": "inferred",
    "source": "浙江省排污权交易指数: weights and bases reproduce the published 2021-09, 2022-02, 2023-09, 2024-05 and "
    "2025-Q3 within 0.01; the text of the method was not found",
    "unknown": [
        "composite of a period in which a pollutant has no deal",
        "base of the published volume index",
        "base of the published activity index",
    ],
}


def price_id(key: PriceKey) -> str:
    """Return the id of a price key: always the same for the same key."""
    words = "|".join((key.instrument, key.pollutant, key.division, str(key.vintage), key.basis))
    return f"price_{hashlib.sha256(words.encode()).hexdigest()[:32]}"


def price_answer(line: PriceLine, as_of: date, known_at: datetime) -> dict[str, object]:
    """Return a line of the board."""
    key, last = line.key, line.last
    return {
        "id": price_id(key),
        "instrument": key.instrument.value,
        "pollutant": key.pollutant.value,
        "division": key.division,
        "level": key.level.value,
        "vintage": key.vintage,
        "basis": key.basis.value,
        "as_of": as_of.isoformat(),
        "known_at": rfc3339(known_at),
        "last": None
        if last is None
        else {
            "price": nearest(Fraction(last.unit_price, MILLIONTHS)),
            "on": last.traded_on.isoformat(),
            "age_days": line.age_days,
            "age_weekdays": line.age_weekdays,
            "venue": last.venue,
            "kind": last.kind.value,
            "quantity": quantity_body(last.quantity),
            "known_at": rfc3339(last.known_at),
        },
        "stale": line.stale,
        "means": [_mean(mean) for mean in line.means],
        "deals": line.deals,
        "trading_days": line.trading_days,
        "benchmark_prices": [_benchmark(each) for each in line.benchmarks],
    }


def index_answer(
    told: tuple[IndexOfPeriod, ...], length: PeriodLength, today: date, known_at: datetime
) -> dict[str, object]:
    """Return the index of some periods; one that has not ended is not complete."""
    return {
        "name": "zhejiang",
        "division": ZHEJIANG,
        "instrument": Instrument.DISCHARGE_RIGHT.value,
        "length": length.value,
        "known_at": rfc3339(known_at),
        "method": METHOD,
        "items": [_period(each, today) for each in told],
        "next_cursor": None,
    }


def nearest(value: Fraction) -> str:
    """Return a price or a ratio to six decimals, the nearest."""
    return wire(round_half_even(value, PLACES), PLACES)


def _period(told: IndexOfPeriod, today: date) -> dict[str, object]:
    return {
        "period": told.period.name,
        "first": told.period.first.isoformat(),
        "last": told.period.last.isoformat(),
        "complete": told.period.last < today,
        "composite": _index(told.composite),
        "composite_status": "unknown" if told.composite is None else "known",
        "composite_change": _ratio(told.change),
        "sub_indices": {sub.pollutant.value: _sub_index(sub) for sub in told.sub_indices},
        "missing": [pollutant.value for pollutant in told.missing],
        "volume": _tonnes(told.tonnes),
        "volume_ratio": _ratio(told.tonnes_ratio),
        "deals": told.deals,
        "deals_ratio": _ratio(told.deals_ratio),
    }


def _sub_index(sub: SubIndex) -> dict[str, object]:
    return {
        "index": _index(sub.index),
        "price": _ratio(sub.mean_price),
        "volume": _tonnes(sub.tonnes),
        "deals": sub.deals,
        "weight": wire(WEIGHTS[sub.pollutant], PLACES),
        "base": wire(Fraction(BASES[sub.pollutant]), PLACES),
    }


def _mean(mean: Mean) -> dict[str, object]:
    return {
        "days": mean.days,
        "price": nearest(mean.price),
        "deals": mean.deals,
        "trading_days": mean.trading_days,
    }


def _benchmark(each: BenchmarkPrice) -> dict[str, object]:
    return {
        "kind": "benchmark_price",
        "price": nearest(each.unit_price),
        "published_on": each.published_on.isoformat(),
        "division": each.division,
        "vintage": each.vintage,
        "source": each.source,
    }


def _tonnes(tonnes: Fraction) -> dict[str, str]:
    return quantity_body(Quantity(round_half_even(tonnes, PLACES), Unit.T_PER_YEAR))


def _index(index: Fraction | None) -> str | None:
    return None if index is None else wire(printed(index), INDEX_PLACES)


def _ratio(ratio: Fraction | None) -> str | None:
    return None if ratio is None else nearest(ratio)
