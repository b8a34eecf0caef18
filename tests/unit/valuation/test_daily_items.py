"""What one venue says on one day."""

from dataclasses import replace
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.market.priced_deals import PricedDeal
from domain.market.trades import TradeKind
from domain.valuation.daily_items import DailyItem, collected, is_near, merged
from tests.unit.valuation.random_series import an_item
from tests.unit.valuation.subjects import a_deal

YUAN = 10**6
TONNE = 10**9


def one(*deals: PricedDeal) -> DailyItem:
    """Return the only item that some deals make."""
    [made] = collected(deals)
    assert [made.item] == list(
        merged(DailyItem(d.traded_on, d.unit_price, d.volume, d.venue, d.buyer_group or "", d.kind) for d in deals)
    )
    return made.item


@pytest.mark.parametrize(
    ("deals", "price", "tonnes"),
    [
        ([(4000, 10)], 4000, 10),
        ([(4000, 10), (4100, 10)], 4000, 20),
        ([(4000, 10), (4100, 11)], 4100, 21),
        ([(4000, 1), (4100, 1), (4200, 1)], 4100, 3),
        ([(4000, 1), (4100, 1), (4200, 1), (4300, 1)], 4100, 4),
    ],
    ids=["alone", "the lower of two alike", "the heavier of two", "the middle of three", "the lower middle of four"],
)
def test_deals_of_one_day_are_one_item_at_their_lower_volume_weighted_median(
    deals: list[tuple[int, int]], price: int, tonnes: int
) -> None:
    found = one(*(a_deal(number, *deal) for number, deal in enumerate(deals)))

    assert (found.price, found.volume) == (price * YUAN, tonnes * TONNE)


@pytest.mark.parametrize("tonnes", [1, 5, 10])
def test_a_wash_beside_a_genuine_deal_up_to_its_size_changes_nothing_of_the_day(tonnes: int) -> None:
    assert one(a_deal(1), a_deal(2, 12000, tonnes)) == one(a_deal(1))


def test_a_wash_larger_than_the_day_is_the_day() -> None:
    assert one(a_deal(1), a_deal(2, 12000, 11)).price == 12000 * YUAN


@pytest.mark.parametrize(("price", "near"), [(5000, True), (3200, True), (5001, False), (3199, False)])
def test_deals_count_with_their_volume_within_a_quarter_of_their_day_s_price(price: int, near: bool) -> None:
    assert one(a_deal(1, tonnes=100), a_deal(2, price)).volume == (110 if near else 100) * TONNE
    assert is_near(price * YUAN, an_item(0, 4000)) is near


@pytest.mark.parametrize(
    "changes",
    [
        {"venue": "another"},
        {"buyer_group": "another"},
        {"kind": TradeKind.BLOCK},
        {"traded_on": a_deal(1).traded_on.replace(day=2)},
    ],
    ids=["venue", "group", "weight of kind", "day"],
)
def test_another_venue_group_weight_of_kind_or_day_makes_another_item(changes: dict[str, Any]) -> None:
    assert len(collected([a_deal(1), a_deal(2, **changes)])) == 2


def test_kinds_of_one_weight_are_one_item() -> None:
    assert len(collected([a_deal(1), a_deal(2, kind=TradeKind.LISTED), a_deal(3, kind=TradeKind.AGREEMENT)])) == 1


def test_the_counterparty_is_the_buyer_and_the_seller_only_where_the_buyer_is_withheld() -> None:
    same_buyer = [a_deal(number, buyer_group="b", seller_group=str(number)) for number in range(3)]
    same_seller = [a_deal(number, buyer_group=str(number), seller_group="s") for number in range(3)]
    withheld = [a_deal(number, seller_group="s") for number in range(3)]

    assert [len(collected(deals)) for deals in (same_buyer, same_seller, withheld)] == [1, 3, 1]


def test_of_one_day_the_cheapest_item_is_the_newest() -> None:
    items = [an_item(1, price, venue=str(price)) for price in (70, 90, 80)]

    for order in permutations(items):
        assert [item.price // YUAN for item in merged(order)] == [90, 80, 70]


def test_items_come_oldest_first_with_their_deals_by_number() -> None:
    deals = [a_deal(3), a_deal(1), a_deal(2, traded_on=a_deal(1).traded_on.replace(day=2))]

    assert [[deal.trade_no for deal in made.deals] for made in collected(deals)] == [["1", "3"], ["2"]]


@st.composite
def days_of_deals(draw: st.DrawFn) -> list[PricedDeal]:
    """Draw deals of a few days, venues, groups and kinds, many of them alike."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(1, 3),
                st.sampled_from([3000, 4000, 4100, 12000]),
                st.integers(1, 3),
                st.sampled_from(["SX", "NB"]),
                st.sampled_from([None, "a", "b"]),
                st.sampled_from([TradeKind.LISTED, TradeKind.BLOCK]),
            ),
            min_size=1,
            max_size=12,
        )
    )
    return [
        a_deal(number, price, tonnes, traded_on=a_deal(1).traded_on.replace(day=day), venue=venue, kind=kind)
        if group is None
        else a_deal(
            number,
            price,
            tonnes,
            traded_on=a_deal(1).traded_on.replace(day=day),
            venue=venue,
            kind=kind,
            buyer_group=group,
        )
        for number, (day, price, tonnes, venue, group, kind) in enumerate(rows)
    ]


@settings(max_examples=150)
@given(days_of_deals(), st.randoms(use_true_random=False))
def test_the_order_of_the_deals_is_irrelevant(deals: list[PricedDeal], random: Random) -> None:
    shuffled = random.sample(deals, k=len(deals))

    assert collected(shuffled) == collected(deals)


@settings(max_examples=150)
@given(days_of_deals())
def test_no_item_s_price_is_one_that_nobody_paid_nor_its_volume_more_than_was_dealt(deals: list[PricedDeal]) -> None:
    for made in collected(deals):
        assert made.item.price in {deal.unit_price for deal in made.deals}
        assert 0 < made.item.volume <= sum(deal.volume for deal in made.deals)


@settings(max_examples=150)
@given(days_of_deals())
def test_what_groups_are_called_is_irrelevant(deals: list[PricedDeal]) -> None:
    names = {None: None, "a": "zz", "b": "0"}
    renamed = [replace(deal, buyer_group=names[deal.buyer_group]) for deal in deals]

    assert [[deal.trade_no for deal in made.deals] for made in collected(renamed)] == [
        [deal.trade_no for deal in made.deals] for made in collected(deals)
    ]
