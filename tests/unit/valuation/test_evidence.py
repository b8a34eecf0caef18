"""Which deals speak for a price, and with what weight."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.market.trades import TradeKind
from domain.rights.rights import Tenure
from domain.valuation.evidence import KINDS, NoPriceEvidence, Tier, capped_shares, gather, panels
from domain.values.identifiers import Division
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.price import Period
from domain.values.quantity import Quantity, Unit
from tests.unit.market.deals import (
    KEQIAO,
    NINGBO,
    SHAOXING,
    TODAY,
    a_price,
    a_trade,
    an_allowance_trade,
    tonnes_a_year,
)
from tests.unit.valuation.subjects import NOW, a_subject, an_allowance, days_ago, deals


def numbers(*trades: Any, subject: Any = None, as_of: Any = TODAY) -> list[str]:  # noqa: ANN401 - shorthand
    """Return the numbers of the deals that are evidence, oldest first."""
    _, items = gather(subject or a_subject(), trades, as_of, NOW)
    return [item.trade_no for item in items]


THREE = deals(4000, 4100, 4200)
THREE_NUMBERS = ["1002", "1001", "1000"]


@pytest.mark.parametrize("kind", TradeKind)
def test_only_deals_that_bought_the_right_itself_are_evidence(kind: TradeKind) -> None:
    assert {
        TradeKind.ENTERPRISE_TRADE,
        TradeKind.GOVERNMENT_AUCTION,
        TradeKind.GOVERNMENT_SALE,
        TradeKind.LISTED,
        TradeKind.BLOCK,
        TradeKind.AGREEMENT,
    } == KINDS
    with_another = numbers(*THREE, a_trade(trade_no="x", kind=kind, traded_on=TODAY))

    assert ("x" in with_another) is (kind in KINDS)


@pytest.mark.parametrize(
    "changes",
    [
        {"pollutant": Pollutant.NOX},
        {"division": Division("341825")},
        {"price": a_price("18000", Period.ONE_OFF), "term_years": None},
        {"quantity": Quantity(Decimal(5), Unit.M3_PER_YEAR), "price": a_price("3", unit=Unit.M3_PER_YEAR)},
        {"traded_on": TODAY + timedelta(days=1)},
        {"known_at": NOW + timedelta(seconds=1)},
        {"price": None},
    ],
    ids=["pollutant", "province", "basis", "measure", "after the day", "not yet known", "quarantined"],
)
def test_a_deal_that_speaks_for_something_else_is_no_evidence(changes: dict[str, Any]) -> None:
    stranger = a_trade(**({"trade_no": "x", "traded_on": TODAY} | changes))

    assert numbers(*THREE, stranger) == THREE_NUMBERS


def test_a_deal_is_evidence_for_365_days_and_not_on_the_day_after() -> None:
    old = a_trade(trade_no="x", traded_on=days_ago(365))

    assert numbers(*THREE, old) == ["x", *THREE_NUMBERS]
    assert numbers(*THREE, old, as_of=TODAY + timedelta(days=1)) == THREE_NUMBERS


def test_a_deal_known_at_the_very_moment_is_known() -> None:
    assert "x" in numbers(*THREE, a_trade(trade_no="x", known_at=NOW))


def test_a_revision_counts_only_from_when_it_was_known() -> None:
    revision = a_trade(trade_no="x", revises="1000", traded_on=days_ago(1), known_at=NOW + timedelta(days=1))

    assert numbers(*THREE, revision) == THREE_NUMBERS
    _, later = gather(a_subject(), [*THREE, revision], TODAY, NOW + timedelta(days=1))
    assert [item.trade_no for item in later] == ["1002", "1001", "x"]


def test_the_right_s_own_city_speaks_first() -> None:
    province = deals(9000, 9100, 9200, division=NINGBO, source="ningbo")

    tier, items = gather(a_subject(division=KEQIAO), [*THREE, *province], TODAY, NOW)

    assert tier is Tier.CITY
    assert {item.division for item in items} == {SHAOXING}


def test_where_the_city_has_too_few_deals_its_province_speaks_with_them() -> None:
    province = deals(9000, 9100, 9200, division=NINGBO, source="ningbo")

    tier, items = gather(a_subject(), [*THREE[:2], *province], TODAY, NOW)

    assert tier is Tier.PROVINCE
    assert len(items) == 2 + 3


@pytest.mark.parametrize(
    "trades",
    [
        [],
        THREE[:2],
        deals(4000, 4100, 4200, every_days=0),
        deals(4000, 4100, 4200, division=Division("341825")),
        deals(4000, 4100, 4200, first_days_ago=364),
    ],
    ids=["none", "two", "three on one day", "another province", "one of three too old"],
)
def test_too_few_deals_are_no_evidence_and_never_a_value(trades: list[Any]) -> None:
    with pytest.raises(NoPriceEvidence) as refused:
        gather(a_subject(), trades, TODAY, NOW)

    assert refused.value.code == "no_price_evidence"
    assert refused.value.deals_needed == 3


def test_the_refusal_counts_what_there_is() -> None:
    with pytest.raises(NoPriceEvidence) as refused:
        gather(a_subject(), [*THREE[:1], a_trade(trade_no="x", division=NINGBO)], TODAY, NOW)

    assert (refused.value.deals_in_city, refused.value.deals_in_province) == (1, 2)


def test_a_right_for_good_is_priced_by_one_off_deals_alone() -> None:
    one_off = deals(18000, 18100, 18200, source="one-off")
    one_off = [
        a_trade(trade_no=t.trade_no, traded_on=t.traded_on, price=a_price("18000", Period.ONE_OFF), term_years=None)
        for t in one_off
    ]
    subject = a_subject(tenure=Tenure.PERMANENT, valid_to=None)

    _, items = gather(subject, [*THREE, *one_off], TODAY, NOW)

    assert {item.unit_value for item in items} == {Fraction(18000)}


def allowances(vintage: int | None, source: str) -> list[Any]:
    """Return three allowance deals of a vintage."""
    return [
        an_allowance_trade(trade_no=str(day), source=source, traded_on=days_ago(day), vintage=vintage)
        for day in (1, 2, 3)
    ]


def test_an_allowance_of_another_vintage_is_no_evidence_and_one_without_is() -> None:
    trades = [*allowances(2025, "same"), *allowances(2024, "other"), *allowances(None, "unstated")]

    _, items = gather(an_allowance(vintage=2025), trades, TODAY, NOW)
    assert {item.source for item in items} == {"same", "unstated"}

    _, items = gather(an_allowance(vintage=None), trades, TODAY, NOW)
    assert {item.source for item in items} == {"unstated"}


def test_a_credit_is_not_priced_by_allowances() -> None:
    with pytest.raises(NoPriceEvidence):
        gather(an_allowance(instrument=Instrument.CARBON_CREDIT), allowances(None, "allowances"), TODAY, NOW)


def test_a_weight_is_volume_falling_in_a_straight_line_with_age_from_the_newest_deal() -> None:
    trades = deals(4000, 4100, 4200, 4300, 4400, 4500, every_days=10)
    sizes = [10 * Fraction(366 - age, 366) for age in (50, 40, 30, 20, 10, 0)]

    _, items = gather(a_subject(), trades, TODAY, NOW)

    assert [item.weight for item in items] == [size / sum(sizes) for size in sizes]


def test_a_weight_counts_tonnes_and_not_figures() -> None:
    in_tonnes = deals(*[4000] * 6, quantity=tonnes_a_year("0.01"))
    in_kilograms = deals(*[4000] * 6, quantity=Quantity(Decimal(10), Unit.KG_PER_YEAR))

    weights = [gather(a_subject(), trades, TODAY, NOW)[1] for trades in (in_tonnes, in_kilograms)]

    assert [item.weight for item in weights[0]] == [item.weight for item in weights[1]]


def test_no_deal_weighs_more_than_a_quarter_however_large() -> None:
    trades = [*deals(*[4000] * 9), a_trade(trade_no="x", traded_on=TODAY, quantity=tonnes_a_year("1000000"))]

    _, items = gather(a_subject(), trades, TODAY, NOW)

    assert max(item.weight for item in items) == Fraction(1, 4)
    assert sum(item.weight for item in items) == 1


def test_what_is_cut_off_one_deal_goes_to_the_others_in_proportion() -> None:
    assert capped_shares([100, 2, 2, 2, 2, 1]) == (9, 2 * 3, 2 * 3, 2 * 3, 2 * 3, 1 * 3)
    assert Fraction(9, 9 + 4 * 6 + 3) == Fraction(1, 4)


def test_a_deal_lifted_over_the_cap_by_another_s_cut_is_cut_too() -> None:
    assert capped_shares([100, 20, 1, 1, 1]) == (3, 3, 1 * 2, 1 * 2, 1 * 2)
    assert Fraction(3, sum((3, 3, 2, 2, 2))) == Fraction(1, 4)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_up_to_four_deals_weigh_alike(count: int) -> None:
    assert len(set(capped_shares([10**n for n in range(count)]))) == 1


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=30))
def test_no_share_is_above_a_quarter_and_the_order_of_the_sizes_is_kept(sizes: list[int]) -> None:
    shares = capped_shares(sizes)

    assert all(0 < share * min(4, len(sizes)) <= sum(shares) for share in shares)
    in_order = [share for _, share in sorted(zip(sizes, shares, strict=True))]
    assert in_order == sorted(shares)


def test_printed_weights_are_the_nearest_of_six_decimals() -> None:
    _, items = gather(a_subject(), THREE, TODAY, NOW)

    assert {item.printed_weight for item in items} == {Decimal("0.333333")}
    assert items[0].printed_unit_value == Decimal("4200.000000")


def test_the_evidence_of_each_day_that_lost_a_deal_is_remembered_since_the_newest_deal() -> None:
    trades = deals(4000, 4100, 4200, 4300, 4400, first_days_ago=100, every_days=70)

    seen = panels(a_subject(), trades, TODAY, NOW)

    assert [len(panel.items) for panel in seen] == [5, 4]
    assert days_ago(100 + 4 * 70) < days_ago(365) <= days_ago(100 + 3 * 70)


def test_a_new_deal_ends_the_memory_of_what_was_lost_before_it() -> None:
    trades = [
        *deals(4000, 4100, 4200, 4300, 4400, first_days_ago=100, every_days=70),
        a_trade(trade_no="x", traded_on=TODAY),
    ]

    assert [len(panel.items) for panel in panels(a_subject(), trades, TODAY, NOW)] == [5]
