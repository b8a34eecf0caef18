"""What of a market the method looks at."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from domain.market.priced_deals import Exclusion, PricedDeal, priced
from domain.market.trades import Basis, TradeKind
from domain.valuation.market import (
    ITEMS_KEPT,
    KINDS,
    PEER_ITEMS,
    Looked,
    Market,
    SetAsideDeal,
    look_at,
    needs_peers,
)
from domain.valuation.subject import Subject
from domain.values.identifiers import Division
from domain.values.quantity import Quantity, Unit
from tests.unit.market.deals import KEQIAO, NINGBO, SHAOXING, TODAY, a_price, a_trade, an_allowance_trade
from tests.unit.valuation.subjects import NOW, a_deal, a_subject, an_allowance, as_deals, days_ago, deals

FUJIAN = Division("350200")
ANHUI = Division("341800")


def looked(*rows: PricedDeal, subject: Subject | None = None, as_of: Any = TODAY, **market: Any) -> Looked:  # noqa: ANN401 - shorthand
    """Return what is looked at today for the ordinary right in Keqiao, a district of Shaoxing."""
    return look_at(subject or a_subject(), Market(deals=rows, **market), as_of, NOW)


def numbers(found: Looked, tier: str = "city") -> list[str]:
    """Return the numbers of a tier's newest deals, oldest first."""
    return [deal.trade_no for made in getattr(found, tier).items for deal in made.deals]


@pytest.mark.parametrize("kind", TradeKind)
def test_only_deals_that_bought_the_right_itself_are_looked_at(kind: TradeKind) -> None:
    bought = {"enterprise_trade", "government_auction", "government_sale", "listed", "block", "agreement"}

    assert {each.value for each in KINDS} == bought
    assert bool(numbers(looked(*as_deals([a_trade(kind=kind)])))) is (kind.value in bought)


@pytest.mark.parametrize(
    "changes",
    [
        {"division": ANHUI},
        {"basis": Basis.PER_TONNE_PERMANENT},
        {"basis": Basis.PER_TONNE_CO2E},
        {"quantity": Quantity(Decimal(10), Unit.T)},
        {"quantity": Quantity(Decimal(10), Unit.M3_PER_YEAR)},
        {"quantity": Quantity(Decimal(10), Unit.T_PER_DAY)},
        {"traded_on": TODAY + timedelta(days=1)},
        {"known_at": NOW + timedelta(microseconds=1)},
        {"exclusion": Exclusion.DUPLICATE},
    ],
    ids=[
        "province",
        "for good",
        "carbon",
        "tonnes",
        "waste water",
        "a day",
        "after the day",
        "not yet known",
        "told twice",
    ],
)
def test_a_deal_that_speaks_for_something_else_is_not_looked_at(changes: dict[str, Any]) -> None:
    found = looked(a_deal(1), a_deal(2, **changes))

    assert numbers(found) == numbers(found, "province") == ["1"]


def test_a_back_dated_deal_counts_only_from_the_moment_at_which_it_was_known() -> None:
    back_dated = a_deal(2, traded_on=days_ago(300), known_at=NOW)

    assert numbers(looked(a_deal(1), back_dated)) == ["2", "1"]
    before = look_at(a_subject(), Market(deals=[a_deal(1), back_dated]), TODAY, NOW - timedelta(seconds=1))
    assert numbers(before) == ["1"]


def test_the_city_is_the_whole_prefecture_and_the_province_all_of_its_cities() -> None:
    found = looked(a_deal(1, division=KEQIAO), a_deal(2, division=SHAOXING), a_deal(3, division=NINGBO))

    assert (sorted(numbers(found)), sorted(numbers(found, "province"))) == (["1", "2"], ["1", "2", "3"])


def test_a_city_that_dealt_enough_within_a_year_speaks_alone() -> None:
    others = as_deals(deals(9000, 9000, division=NINGBO, source="ningbo"))

    def province(*prices: int, newest: int = 1, every: int = 1) -> list[str]:
        city = deals(*prices, first_days_ago=newest, every_days=every)
        return numbers(looked(*as_deals(city), *others), "province")

    assert province(1, 1, 1, 1, 1) == []
    assert len(province(1, 1, 1, 1)) == 4 + 2
    assert len(province(1, 1, 1, 1, 1, every=0)) == 5 + 2
    assert province(1, 1, 1, 1, 1, newest=365) == []
    assert len(province(1, 1, 1, 1, 1, newest=366)) == 5 + 2


def allowances(vintage: int | None, source: str, **changes: Any) -> list[PricedDeal]:  # noqa: ANN401 - as `a_trade`
    """Return six allowance deals of a vintage."""
    return as_deals(
        an_allowance_trade(trade_no=str(day), source=source, traded_on=days_ago(day), vintage=vintage, **changes)
        for day in range(1, 7)
    )


def test_an_allowance_of_another_vintage_is_no_evidence_and_one_without_is() -> None:
    market = [*allowances(2025, "same"), *allowances(2024, "other"), *allowances(None, "unstated")]

    def sources(vintage: int | None) -> set[str]:
        found = looked(*market, subject=an_allowance(vintage=vintage))
        return {deal.source for made in found.city.items for deal in made.deals}

    assert sources(2025) == {"same", "unstated"}
    assert sources(None) == {"unstated"}


def test_a_discharge_right_has_no_vintage() -> None:
    assert numbers(looked(a_deal(1, vintage=2020))) == ["1"]


def test_groups_are_renamed_in_the_order_of_their_first_deal_and_nothing_else_of_the_parties_is_kept() -> None:
    rows = [
        a_deal(n, buyer_group=buyer, seller_group="a seller", traded_on=days_ago(20 - n))
        for n, buyer in enumerate(("zeta", "alpha", None, "zeta", "beta"))
    ]

    found = looked(*rows)

    assert [made.item.group for made in found.city.items] == ["1", "2", "3", "1", "4"]
    assert {deal.seller_group for made in found.city.items for deal in made.deals} == {None}
    assert "alpha" not in repr(found)


def test_the_newest_three_hundred_items_are_kept_and_the_newest_twenty_with_their_deals() -> None:
    rows = [a_deal(n, traded_on=days_ago(400 - n)) for n in range(400)]

    found = looked(*rows)

    assert numbers(found) == [str(n) for n in range(380, 400)]
    assert [item.on for item in found.city.history] == [days_ago(400 - n) for n in range(400 - ITEMS_KEPT, 380)]


def test_what_is_no_evidence_is_kept_with_its_reason_and_only_up_to_the_day() -> None:
    quarantined = SetAsideDeal(trade_no="q", source="test", traded_on=days_ago(3), code="amount_mismatch")
    later = replace(quarantined, traded_on=TODAY + timedelta(days=1))
    excluded = [a_deal(reason.value, exclusion=reason.value, traded_on=days_ago(2)) for reason in Exclusion]

    found = looked(a_deal(1), *excluded, set_aside=[quarantined, quarantined, later])

    assert [(row.trade_no, row.code) for row in found.excluded] == [
        ("q", "amount_mismatch"),
        *sorted((each.value, each.value) for each in Exclusion),
    ]


def test_of_too_many_exclusions_the_same_newest_are_kept_in_whatever_order_they_come() -> None:
    rows = [a_deal(f"{n:04}", exclusion="duplicate", traded_on=days_ago(n // 350)) for n in range(700)]

    kept = looked(*rows).excluded
    Random(1).shuffle(rows)

    assert len(kept) == ITEMS_KEPT
    assert looked(*rows).excluded == kept


def a_tariff(number: object, price: int, days: int, division: Division = SHAOXING) -> PricedDeal:
    """Return a published price as it is told: without a quantity or a term."""
    trade = a_trade(
        trade_no=str(number),
        kind=TradeKind.BENCHMARK_PRICE,
        price=a_price(str(price)),
        quantity=None,
        term_years=None,
        traded_on=days_ago(days),
        division=division,
    )
    return priced(trade, None, None)


def administered(*rows: PricedDeal) -> str | None:
    """Return the number of the administered price in force."""
    found = looked(*rows).administered
    return None if found is None else found.trade_no


def test_a_price_per_tonne_and_year_that_is_published_without_a_quantity_is_administered() -> None:
    assert a_tariff("t", 1000, 5).quantity.unit is Unit.T
    assert administered(a_tariff("t", 1000, 5)) == "t"


def test_the_newest_administered_price_of_the_city_is_in_force_else_the_province_s() -> None:
    old, new = a_tariff("old", 900, 50), a_tariff("new", 1000, 40)
    province = a_tariff("province", 2000, 5, Division("330000"))

    assert administered(old, new, province) == administered(province, new, old) == "new"
    assert administered(province) == "province"
    assert administered(a_tariff("another", 1, 5, NINGBO), province) in {"another", "province"}
    assert administered(a_tariff("abroad", 1, 5, ANHUI)) is None
    assert administered(a_deal(1)) is None


def test_of_two_administered_prices_of_one_day_the_lower_is_in_force() -> None:
    high, low = a_tariff("high", 2000, 5), a_tariff("low", 1000, 5)

    assert administered(high, low) == administered(low, high) == "low"


def peers_of(division: Division, days: range) -> list[PricedDeal]:
    """Return daily deals of another province."""
    return [a_deal(f"{division}-{n}", division=division, venue=division, traded_on=days_ago(n)) for n in days]


def own(newest: int, division: Division = SHAOXING, count: int = 6) -> list[PricedDeal]:
    """Return daily deals of the own province up to so many days ago."""
    return [a_deal(f"own-{division}-{n}", division=division, traded_on=days_ago(newest + n)) for n in range(count)]


def test_other_provinces_are_looked_at_only_where_the_own_newest_deal_is_over_twenty_weekdays_old() -> None:
    abroad = [*peers_of(FUJIAN, range(90)), *own(0, NINGBO)]

    for newest, asked in ((28, False), (30, True)):
        assert bool(looked(*own(newest), peers=abroad).peers) is asked
        assert needs_peers(a_subject(), Market(deals=own(newest)), TODAY, NOW) is asked


def test_another_city_s_fresh_deal_does_not_keep_other_provinces_from_being_asked() -> None:
    market = Market(deals=[*own(60), *own(0, NINGBO)])

    assert needs_peers(a_subject(), market, TODAY, NOW)
    assert set(looked(*market.deals, peers=peers_of(FUJIAN, range(90))).peers) == {Division("350000")}


def test_fresh_deals_of_another_basis_or_vintage_do_not_either() -> None:
    of_2024 = allowances(2024, "fresh")
    old = [replace(deal, traded_on=deal.traded_on - timedelta(days=90)) for deal in allowances(2025, "old")]

    assert needs_peers(an_allowance(vintage=2025), Market(deals=[*old, *of_2024]), TODAY, NOW)
    assert needs_peers(a_subject(), Market(deals=[*own(60), a_deal("x", basis=Basis.PER_TONNE_PERMANENT)]), TODAY, NOW)
    assert not needs_peers(a_subject(), Market(deals=[]), TODAY, NOW)


def test_a_province_is_no_peer_of_itself_nor_are_deals_that_are_no_evidence() -> None:
    abroad = [
        *own(0, NINGBO),
        *[replace(deal, exclusion="duplicate") for deal in peers_of(FUJIAN, range(90))],
        *[replace(deal, known_at=NOW + timedelta(days=1)) for deal in peers_of(ANHUI, range(90))],
    ]

    assert looked(*own(60), peers=abroad).peers == {}


def test_of_each_peer_the_newest_items_are_kept_and_as_many_up_to_the_own_newest() -> None:
    [items] = looked(*own(100), peers=peers_of(FUJIAN, range(300))).peers.values()

    assert [item.on for item in items] == [
        *(days_ago(n) for n in range(100 + PEER_ITEMS - 1, 99, -1)),
        *(days_ago(n) for n in range(PEER_ITEMS - 1, -1, -1)),
    ]
