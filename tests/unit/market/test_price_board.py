"""The price board: what was paid, where and when; benchmark prices stand beside it."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.market.price_board import LOOK_BACK_DAYS, BenchmarkPrice, PlaceLevel, PriceLine, board, weekdays_between
from domain.market.priced_deals import MILLIONTHS, PricedDeal, priced
from domain.market.trades import Basis, TradeKind
from domain.values.identifiers import NATIONAL, Division
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.price import Period
from tests.unit.market.deals import ALWAYS_KNOWN, KEQIAO, NINGBO, SHAOXING, TODAY, a_price, a_trade, tonnes_a_year

ZHEJIANG = Division("330000")


def a_deal(price: str, days_ago: int, quantity: str = "10", **changes: object) -> PricedDeal:
    day = TODAY - timedelta(days=days_ago)
    number = f"{price}-{days_ago}-{quantity}"
    return priced(
        a_trade(
            **{"trade_no": number, "traded_on": day, "price": a_price(price), "quantity": tonnes_a_year(quantity)}
            | changes
        ),
        None,
        None,
    )


def a_benchmark(price: int, published_on: date, division: Division = ZHEJIANG) -> BenchmarkPrice:
    return BenchmarkPrice(
        source="浙江省生态环境厅",
        division=division,
        vintage=None,
        basis=Basis.PER_TONNE_YEAR,
        published_on=published_on,
        known_at=ALWAYS_KNOWN,
        unit_price=Fraction(price),
    )


def lines(*deals: PricedDeal, benchmarks: tuple[BenchmarkPrice, ...] = ()) -> dict[Division, PriceLine]:
    told = board(Instrument.DISCHARGE_RIGHT, Pollutant.SO2, deals, benchmarks, TODAY)
    assert len({line.key for line in told}) == len(told)
    return {line.key.division: line for line in told}


def test_a_deal_of_a_district_is_its_city_s_and_its_province_s() -> None:
    told = lines(a_deal("4000", 1, division=KEQIAO), a_deal("6000", 2, division=NINGBO))

    assert [line.key.level for line in told.values()] == [PlaceLevel.PROVINCE, PlaceLevel.CITY, PlaceLevel.CITY]
    assert told[SHAOXING].deals == 1
    assert told[ZHEJIANG].deals == 2


def test_what_is_traded_nationally_has_a_place_of_its_own() -> None:
    [line] = lines(a_deal("4000", 1, division=NATIONAL)).values()

    assert line.key.level is PlaceLevel.COUNTRY


def test_means_are_weighted_by_volume_and_end_with_their_days() -> None:
    told = lines(a_deal("4000", 0, "30"), a_deal("8000", 29), a_deal("5000", 30, "40"), a_deal("9999", 90))[SHAOXING]

    assert [(mean.days, mean.price) for mean in told.means] == [
        (30, Fraction(4000 * 30 + 8000 * 10, 40)),
        (90, Fraction(4000 * 30 + 8000 * 10 + 5000 * 40, 80)),
    ]
    assert told.deals == 4


def test_the_last_deal_is_told_with_its_age() -> None:
    told = lines(a_deal("4000", 40), a_deal("5000", 7))[SHAOXING]

    assert told.last is not None
    assert told.last.unit_price == 5000 * MILLIONTHS
    assert (told.age_days, told.age_weekdays, told.stale) == (7, 5, False)


@pytest.mark.parametrize(("days_ago", "stale"), [(28, False), (31, True)])  # 20 and 21 weekdays before a Saturday
def test_more_than_twenty_weekdays_without_a_deal_are_stale(days_ago: int, stale: bool) -> None:
    assert lines(a_deal("4000", days_ago))[SHAOXING].stale is stale


def test_a_key_leaves_the_board_two_years_after_its_last_deal() -> None:
    assert lines(a_deal("4000", LOOK_BACK_DAYS - 1))
    assert not lines(a_deal("4000", LOOK_BACK_DAYS))


def test_a_deal_after_the_asked_day_is_not_there() -> None:
    assert not lines(a_deal("4000", -1))


def test_different_bases_are_different_keys() -> None:
    permanent = priced(a_trade(traded_on=TODAY, price=a_price("90000", Period.ONE_OFF), term_years=None), None, None)
    told = board(Instrument.DISCHARGE_RIGHT, Pollutant.SO2, [a_deal("4000", 1), permanent], (), TODAY)

    assert {line.key.basis for line in told if line.key.division == SHAOXING} == {
        Basis.PER_TONNE_YEAR,
        Basis.PER_TONNE_PERMANENT,
    }


@pytest.mark.parametrize("kind", [TradeKind.BENCHMARK_PRICE, TradeKind.CHARGE, TradeKind.LEASE, TradeKind.BUY_BACK])
def test_what_is_no_sale_is_in_no_mean(kind: TradeKind) -> None:
    assert not lines(a_deal("99999", 1, kind=kind))


def test_the_benchmark_price_in_force_stands_beside_the_market_and_in_no_mean() -> None:
    old, new = a_benchmark(1000, date(2020, 1, 1)), a_benchmark(1200, date(2024, 1, 1))
    future = a_benchmark(9999, TODAY + timedelta(days=1))
    told = lines(a_deal("4000", 1), benchmarks=(new, old, future))

    assert told[SHAOXING].benchmarks == (new,)
    assert told[SHAOXING].means[0].price == 4000


def test_a_benchmark_price_alone_is_a_stale_line_without_a_deal() -> None:
    [line] = lines(benchmarks=(a_benchmark(1000, date(2020, 1, 1)),)).values()

    assert (line.last, line.stale, line.means, line.deals) == (None, True, (), 0)


def test_a_benchmark_price_of_one_city_is_not_another_s() -> None:
    ningbo = a_benchmark(1000, date(2020, 1, 1), NINGBO)

    assert lines(a_deal("4000", 1), benchmarks=(ningbo,))[SHAOXING].benchmarks == ()


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(0, 60))
def test_weekdays_are_counted_as_one_would_on_one_s_fingers(start: date, days: int) -> None:
    counted = sum((start + timedelta(days=n)).weekday() < 5 for n in range(1, days + 1))

    assert weekdays_between(start, start + timedelta(days=days)) == counted
    assert weekdays_between(start + timedelta(days=1), start) == 0
