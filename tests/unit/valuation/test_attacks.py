"""What somebody who wants a higher value can and cannot do with deals of his own."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from math import exp, log

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.errors import InvalidMoney
from domain.market.priced_deals import PricedDeal
from domain.market.trades import TradeKind
from domain.valuation.appraisal import Appraisal
from domain.valuation.daily_items import DailyItem, merged
from domain.valuation.estimate import Estimate, TooFewItems, estimate
from domain.values.identifiers import Division
from domain.values.money import Money
from tests.unit.market.deals import NINGBO, TODAY, tonnes_a_year
from tests.unit.valuation import reference
from tests.unit.valuation.random_series import a_series, an_item
from tests.unit.valuation.subjects import NOW, a_deal, a_subject, an_appraisal, days_ago
from tests.unit.valuation.test_market import a_tariff

ONE = 10**9


def the_market(count: int = 40, every: int = 2) -> list[PricedDeal]:
    """Return genuine deals of ten tonnes a few per cent around 4000, the newest of yesterday."""
    return [a_deal(n, 4000 + 60 * (n % 3 - 1), traded_on=days_ago(1 + every * n)) for n in range(count)]


def with_wash(*washes: PricedDeal, market: Sequence[PricedDeal] | None = None) -> tuple[Appraisal, Appraisal]:
    """Return the appraisals of a genuine market and of the same with washes."""
    genuine = the_market() if market is None else market
    return an_appraisal(genuine), an_appraisal([*genuine, *washes])


def after(items: Sequence[DailyItem]) -> Estimate:
    """Return what items say on the day of the newest."""
    try:
        return estimate(items, max(item.on for item in items))
    except TooFewItems:
        assume(False)  # noqa: FBT003 - hypothesis' own signature
        raise


def bounds(items: Sequence[DailyItem], at: int) -> tuple[float, float]:
    """Return between which logarithms the words of `series` keep a level, whatever the price of one of its items.

    The centre lies among the others, which hold three quarters of the weight. The others pull it no further than they
    lie; the one pulls with a quarter of the scale at most, which is 1.4826 times their spread or two per cent. If it is
    the newest, it draws 60 % of the way, the further the less: 0.9 of a usual step at most beyond what was paid before.
    """
    others = [reference.ln(item.price) / ONE for item in items[-20:] if item is not items[at]]
    scale = max(0.02, 1.4827 * (max(others) - min(others)))
    kept = [reference.ln(item.price) for item in (*items[:at], *items[at + 1 :])]
    steps = [abs(late - early) / ONE for early, late in pairwise(kept)]
    beyond = scale / 4 + 0.9 * max(0.03, *steps)
    return min(others) - beyond, max(others) + beyond


@settings(max_examples=150)
@given(st.integers(0, 10**6), st.integers(0, 19), st.one_of(st.integers(1, 10**18), st.integers(1, 200)), st.booleans())
def test_whatever_the_price_of_one_item_the_level_stays_within_a_bound(
    seed: int, back: int, price: int, genuine: bool
) -> None:
    items = list(a_series(seed))
    if genuine:
        items = [replace(item, price=an_item(0, 95 + n % 11).price) for n, item in enumerate(items)]
    at = len(items) - 1 - back % len(items)
    assume(len(items) >= 6 and (items[-1].on - items[-5].on).days < 300)
    other_groups = {item.group or str(n) for n, item in enumerate(items[-20:]) if item is not items[at]}
    assume(len(other_groups) >= 4)
    wash = replace(items[at], price=price, venue="wash", group="")
    found = after([*items[:at], wash, *items[at + 1 :]])

    low, high = bounds(items, at)
    assert low - 1e-6 <= log(found.unit_value) <= high + 1e-6 or found.unit_value < Decimal("0.001")


@pytest.mark.parametrize("exponent", range(-6, 13))
@pytest.mark.parametrize("back", [0, 1, 6])
def test_one_price_between_a_millionth_and_a_billion_moves_a_market_that_agrees_by_less_than_three_percent(
    exponent: int, back: int
) -> None:
    flat = [an_item(day) for day in range(30)]
    for factor in (1, 3):
        wash = replace(flat[-1 - back], price=factor * 10 ** (6 + exponent))
        found = after([item if item.on != wash.on else wash for item in flat])
        assert abs(log(found.unit_value / 100)) <= 0.02 / 4 + 0.9 * 0.02
        assert found.lending_unit_value <= 120


@settings(max_examples=150)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 10**15), min_size=1, max_size=8))
def test_no_wash_lifts_the_lending_value_above_six_fifths_of_the_median_day(seed: int, washes: list[int]) -> None:
    market = [an_item(2 * n, 95 + (n * seed) % 11) for n in range(20)]
    dearest = max(item.price for item in market)
    found = after([*market, *(replace(an_item(41 + n), price=price) for n, price in enumerate(washes))])

    assert found.lending_unit_value <= Decimal(dearest) / 10**6 * 6 / 5


@settings(max_examples=150)
@given(st.integers(0, 10**6), st.integers(1, 100), st.integers(3, 10**6))
def test_a_wash_beside_a_genuine_deal_up_to_its_volume_moves_nothing_at_all(
    seed: int, percent: int, times: int
) -> None:
    items = a_series(seed)
    genuine = items[seed % len(items)]
    wash = replace(genuine, price=genuine.price * times, volume=max(1, genuine.volume * percent // 100))

    assert after([*items, wash]) == after(items)


def test_the_same_holds_for_the_whole_appraisal() -> None:
    wash = a_deal("wash", 12000, traded_on=days_ago(1))

    before, found = with_wash(wash)

    for name in ("unit_value", "lending_unit_value", "haircut", "collateral_value", "max_loan", "confidence_level"):
        assert getattr(found, name) == getattr(before, name), name
    assert [(row.trade_no, row.code) for row in found.exclusions if row.trade_no == "wash"] == [
        ("wash", "far_from_its_day")
    ]


def test_one_wash_alone_on_its_day_moves_the_value_by_less_than_two_percent() -> None:
    before, found = with_wash(a_deal("wash", 12000, 5, traded_on=TODAY))

    assert abs(found.unit_value / before.unit_value - 1) < Decimal("0.02")
    assert found.haircut_parts.error > before.haircut_parts.error


def test_one_group_moves_the_level_no_further_by_its_second_and_third_wash() -> None:
    market = [replace(deal, buyer_group=f"buyer {n % 6}") for n, deal in enumerate(the_market(every=3))]
    market = [replace(deal, traded_on=deal.traded_on - timedelta(days=5)) for deal in market]
    washes = [a_deal(f"wash {n}", 12000, traded_on=days_ago(n), buyer_group="wash") for n in range(3)]

    before, found = with_wash(*washes, market=market)

    assert abs(found.unit_value / before.unit_value - 1) < Decimal("0.05")


def test_many_buyers_at_many_venues_on_one_day_are_held_by_the_guard() -> None:
    washes = [
        a_deal(f"wash {n}", 12000, traded_on=TODAY, buyer_group=f"shell {n}", venue=f"venue {n}") for n in range(25)
    ]

    before, found = with_wash(*washes)

    assert found.lending_unit_value <= before.unit_value * Decimal("1.25")
    assert "guard_binds" in found.warnings


def test_dust_at_three_times_the_price_on_three_days_moves_the_value_by_little() -> None:
    market = [replace(deal, traded_on=deal.traded_on - timedelta(days=3)) for deal in the_market()]
    dust = [a_deal(f"dust {n}", 12000, "0.1", traded_on=days_ago(n)) for n in range(3)]

    before, found = with_wash(*dust, market=market)

    assert abs(found.unit_value / before.unit_value - 1) < Decimal("0.05")


@pytest.mark.parametrize(
    "changes",
    [
        {"known_at": NOW + timedelta(seconds=1), "traded_on": days_ago(1)},
        {"quantity": a_deal().quantity.__class__(Decimal(10), a_tariff("t", 1, 1).quantity.unit)},
        {"division": Division("340100")},
        {"kind": TradeKind.LEASE},
        {"exclusion": "duplicate"},
    ],
    ids=["told too late", "tonnes for tonnes a year", "another province", "a lease", "told twice"],
)
def test_what_speaks_for_something_else_moves_nothing(changes: dict[str, object]) -> None:
    wash = replace(a_deal("wash", 12000, 1000, traded_on=days_ago(3), venue="wash"), **changes)  # type: ignore[arg-type]  # any field of a deal

    before, found = with_wash(wash)

    assert (found.unit_value, found.haircut) == (before.unit_value, before.haircut)


def test_a_wash_of_any_volume_makes_a_market_deeper_by_a_third_at_most() -> None:
    large = a_subject(quantity=tonnes_a_year("5000"))
    market = the_market()
    before, found = (
        an_appraisal([*market, a_deal("wash", 4000, tonnes, traded_on=TODAY)], large) for tonnes in (10, 10**9)
    )

    assert before.collateral_value < found.collateral_value < Money.floor(before.collateral_value.amount * 14 / 10)


def test_an_administered_price_lifts_nothing_however_high() -> None:
    for market in (the_market(), the_market(count=8)):
        before, found = with_wash(a_tariff("t", 10**6, 0), market=market)
        assert found.collateral_value == before.collateral_value


def test_another_city_s_deal_does_not_bring_back_what_other_provinces_took_off() -> None:
    market = [replace(deal, traded_on=deal.traded_on - timedelta(days=100)) for deal in the_market()]
    peers = [
        a_deal(f"{code}-{n}", 1000 if n < 20 else 2000, division=Division(code), venue=code, traded_on=days_ago(3 * n))
        for code in ("340000", "350000", "360000")
        for n in range(60)
    ]
    elsewhere = a_deal("elsewhere", 4000, "0.000001", division=NINGBO, traded_on=TODAY)

    halved = an_appraisal(market, peers=peers)
    found = an_appraisal([*market, elsewhere], peers=peers)

    assert float(halved.unit_value) == pytest.approx(2000, rel=0.05)
    assert found.unit_value == halved.unit_value


@pytest.mark.parametrize(
    ("tonnes", "price"),
    [("999999999999999999.999999", "0.000001"), ("0.000001", "999999999999999999.999999"), ("0.000001", "0.000001")],
)
def test_deals_of_any_size_and_price_are_valued_without_an_overflow(tonnes: str, price: str) -> None:
    market = [a_deal(n, price, tonnes, traded_on=days_ago(n)) for n in range(12)]

    for quantity in ("0.000001", "999999999999999999"):
        subject = a_subject(quantity=tonnes_a_year(quantity))
        if Decimal(price) * Decimal(quantity) * 5 < 10**18:
            found = an_appraisal(market, subject)
            assert found.unit_value == Decimal(price)
            assert found.collateral_value <= found.market_value
        else:
            with pytest.raises(InvalidMoney):
                an_appraisal(market, subject)


@pytest.mark.parametrize("count", range(1, 7))
@pytest.mark.parametrize("every", [0, 1, 90])
def test_a_handful_of_deals_is_valued_or_refused_and_never_fails(count: int, every: int) -> None:
    items = merged([an_item(every * n, 100 + n, venue=str(n)) for n in range(count)])
    if count >= 5 and every == 1:
        assert estimate(items, items[-1].on).confidence_level == 3
    else:
        try:
            assert estimate(items, items[-1].on).confidence_level == 3
        except TooFewItems as refused:
            assert refused.items <= count  # noqa: PT017 - either is right


def test_the_most_that_one_item_of_a_quarter_can_pull_is_a_quarter_of_the_scale() -> None:
    flat = [an_item(day) for day in range(12)]
    moves = [
        log(after([*flat[:11], replace(an_item(11), price=int(100e6 * exp(by / 1000)))]).unit_value / 100)
        for by in range(0, 100, 5)
    ]

    assert max(moves) <= 0.6 * 0.03 + 0.02 / 4
    assert moves[-1] == 0
