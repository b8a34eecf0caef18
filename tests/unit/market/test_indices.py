"""The Zhejiang index: published periods are reproduced, and what is not known is not told."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.market.indices import (
    BASES,
    WEIGHTS,
    IndexOfPeriod,
    PeriodLength,
    composite,
    index_of,
    period_of,
    periods_between,
    printed,
)
from domain.market.priced_deals import PricedDeal, priced
from domain.market.trades import TradeKind
from domain.values.pollutants import Pollutant
from domain.values.price import Period
from tests.unit.market.deals import a_price, a_trade, tonnes_a_year

COD, NH3N, SO2, NOX = Pollutant.COD, Pollutant.NH3N, Pollutant.SO2, Pollutant.NOX
SEPTEMBER, OCTOBER = date(2021, 9, 10), date(2021, 10, 10)

# 浙江省排污权交易指数, as published: period, composite, then COD, NH3-N, SO2, NOx
PUBLISHED = [
    ("2021-09", "449.69", "697.88", "557.50", "483.64", "293.24"),
    ("2022-02", "297.33", "244.29", "908.75", "251.85", "311.81"),
    ("2023-09", "233.09", "365.60", "354.05", "221.72", "162.74"),
    ("2024-05", "508.07", "307.90", "527.83", "698.50", "499.44"),
    ("2025-Q3", "527.88", "518.18", "830.74", "501.80", "528.50"),
]


def a_deal(price: str, quantity: str = "10", on: date = SEPTEMBER, **changes: object) -> PricedDeal:
    trade = a_trade(price=a_price(price), quantity=tonnes_a_year(quantity), traded_on=on, **changes)
    return priced(trade, None, None)


def one_each(on: date = SEPTEMBER, without: Pollutant | None = None) -> dict[Pollutant, list[PricedDeal]]:
    """Return a deal at twice its base price for every pollutant."""
    return {pollutant: [a_deal(str(2 * base), on=on)] for pollutant, base in BASES.items() if pollutant is not without}


def september(deals: dict[Pollutant, list[PricedDeal]]) -> IndexOfPeriod:
    [told] = index_of(deals, periods_between(date(2021, 8, 1), SEPTEMBER, PeriodLength.MONTH))
    return told


@pytest.mark.parametrize(("period", "told", "cod", "nh3n", "so2", "nox"), PUBLISHED)
def test_the_published_composite_is_reproduced_within_a_hundredth(
    period: str, told: str, cod: str, nh3n: str, so2: str, nox: str
) -> None:
    subs = {COD: Fraction(cod), NH3N: Fraction(nh3n), SO2: Fraction(so2), NOX: Fraction(nox)}

    assert abs(printed(composite(subs)) - Decimal(told)) <= Decimal("0.01"), period


@pytest.mark.parametrize(("period", "told", "cod", "nh3n", "so2", "nox"), PUBLISHED)
def test_the_published_composite_comes_out_of_deals_at_the_published_prices(
    period: str, told: str, cod: str, nh3n: str, so2: str, nox: str
) -> None:
    subs = {COD: cod, NH3N: nh3n, SO2: so2, NOX: nox}
    prices = {pollutant: Decimal(index) * BASES[pollutant] / 100 for pollutant, index in subs.items()}
    index = september({pollutant: [a_deal(str(price))] for pollutant, price in prices.items()})

    assert index.composite is not None
    assert abs(printed(index.composite) - Decimal(told)) <= Decimal("0.01"), period


def test_the_weights_are_a_whole() -> None:
    assert sum(WEIGHTS.values()) == 1


def test_a_sub_index_is_the_volume_weighted_mean_over_the_base() -> None:
    told = september({COD: [a_deal("4000", "30"), a_deal("8000", "10")]})

    assert told.sub_indices[0].mean_price == Fraction(4000 * 30 + 8000 * 10, 40)
    assert told.sub_indices[0].index == 100 * Fraction(5000) / 4000
    assert (told.sub_indices[0].tonnes, told.sub_indices[0].deals) == (Fraction(40), 2)


def test_a_period_in_which_a_pollutant_has_no_deal_has_sub_indices_and_no_composite() -> None:
    told = september(one_each(without=NH3N))

    assert told.composite is None
    assert told.missing == (NH3N,)
    assert [sub.index for sub in told.sub_indices] == [200, None, 200, 200]


def test_what_is_no_sale_of_a_right_with_a_term_is_not_in_the_index() -> None:
    permanent = priced(
        a_trade(price=a_price("99999", Period.ONE_OFF), term_years=None, traded_on=SEPTEMBER), None, None
    )
    twice = priced(a_trade(price=a_price("99999"), traded_on=SEPTEMBER), None, None, "duplicate")
    others = [a_deal("99999", kind=kind) for kind in (TradeKind.LEASE, TradeKind.CHARGE, TradeKind.BUY_BACK)]
    benchmark = a_deal("99999", kind=TradeKind.BENCHMARK_PRICE)
    deals = one_each()
    deals[COD] += [permanent, twice, benchmark, *others]

    assert september(deals) == september(one_each())


def test_only_the_deals_of_the_period_count() -> None:
    deals = one_each()
    deals[COD] += [a_deal("99999", on=date(2021, 10, 1)), a_deal("99999", on=date(2021, 7, 31))]

    assert september(deals).composite == 200
    assert september(deals).deals == 4


def test_change_and_activity_compare_with_the_period_before() -> None:
    deals = one_each()
    deals[COD] += [a_deal("16000", "30", on=OCTOBER)]
    for pollutant in (NH3N, SO2, NOX):
        deals[pollutant] += one_each(OCTOBER)[pollutant]
    [told] = index_of(deals, periods_between(SEPTEMBER, OCTOBER, PeriodLength.MONTH))

    assert told.change == Fraction(24 * 400 + 76 * 200, 100) / 200 - 1
    assert told.tonnes_ratio == Fraction(30 + 3 * 10, 4 * 10)
    assert told.deals_ratio == 1


def test_after_a_period_without_deals_there_is_nothing_to_compare_with() -> None:
    told = september(one_each())

    assert (told.change, told.tonnes_ratio, told.deals_ratio) == (None, None, None)


def test_a_quarter_is_one_mean_over_its_three_months() -> None:
    deals = one_each()
    deals[COD] += [a_deal("4000", "30", on=date(2021, 7, 1))]
    [told] = index_of(deals, periods_between(date(2021, 6, 1), SEPTEMBER, PeriodLength.QUARTER))

    assert told.period.name == "2021-Q3"
    assert told.sub_indices[0].index == 100 * Fraction(8000 * 10 + 4000 * 30, 40) / 4000


def test_periods_follow_one_another_without_a_gap_to_the_end_of_the_calendar() -> None:
    quarters = periods_between(date(9998, 12, 31), date.max, PeriodLength.QUARTER)

    assert [period.name for period in quarters] == ["9998-Q4", "9999-Q1", "9999-Q2", "9999-Q3", "9999-Q4"]
    assert quarters[-1].last == date.max
    assert period_of(date(2024, 2, 1), PeriodLength.MONTH).last == date(2024, 2, 29)
    assert periods_between(SEPTEMBER, date(2021, 8, 1), PeriodLength.MONTH) == ()
