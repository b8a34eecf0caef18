"""Daily items: what one venue said on one day, which is as much as one deal can ever say.

The subtle thing is what a second deal on the same day is worth. Two deals of one day, venue and counterparty group are
one item: its price is the *lower* of their volume-weighted medians, its volume that of the deals within a quarter of
that price. A wash trade of half the day's volume at three times the price, slipped in beside a genuine one, therefore
changes nothing at all, neither the price nor what the day weighs. Listed deals are kept apart from blocks and
government sales, which buy another quantity at another price.

The counterparty group is the buyer's, because the buyer pays the price; the seller's where only that is known, and
none where the source withholds both.

Source: house method 4; issue 3 (one item per day, venue and counterparty group).

>>> morning = DailyItem(date(2026, 11, 20), 58_000_000, 10 * 10**9, "national", "", TradeKind.LISTED)
>>> wash = DailyItem(date(2026, 11, 20), 174_000_000, 5 * 10**9, "national", "", TradeKind.LISTED)
>>> [(item.price, item.volume) for item in merged([wash, morning])]
[(58000000, 10000000000)]
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Final

from domain.market.priced_deals import PricedDeal
from domain.market.trades import TradeKind

HALF_WEIGHT: Final = frozenset({TradeKind.BLOCK, TradeKind.GOVERNMENT_AUCTION, TradeKind.GOVERNMENT_SALE})
"""Kinds whose price is of another quantity or another buyer; they count half (a judgement, house method 6)."""

NEAR: Final = (5, 4)
"""Deals of a day count with their volume if they are within this ratio of its price, up or down."""


@dataclass(frozen=True, slots=True, order=True)
class DailyItem:
    """One price of one day: millionths of a yuan per unit, billionths of a unit; the group is empty where unknown."""

    on: date
    price: int
    volume: int
    venue: str
    group: str
    kind: TradeKind

    @property
    def counts_half(self) -> bool:
        """Tell whether the item's kind counts half."""
        return self.kind in HALF_WEIGHT


@dataclass(frozen=True, slots=True)
class Collected:
    """An item with the deals that it was made of."""

    item: DailyItem
    deals: tuple[PricedDeal, ...]


def merged(items: Iterable[DailyItem]) -> tuple[DailyItem, ...]:
    """Return one item for each day, venue, group and weight of kind, oldest first; the order of input is irrelevant."""
    together: dict[tuple[date, str, str, bool], list[DailyItem]] = {}
    for item in items:
        together.setdefault((item.on, item.venue, item.group, item.kind in HALF_WEIGHT), []).append(item)
    return tuple(sorted((_one(same) for same in together.values()), key=_oldest_first))


def collected(deals: Iterable[PricedDeal]) -> tuple[Collected, ...]:
    """Return the items of deals, oldest first, in an order that neither the deals' order nor the groups' names touch.

    The items keep the ids of their groups; each has its deals by source and number.
    """
    together: dict[tuple[date, str, str, bool], list[PricedDeal]] = {}
    for deal in deals:
        together.setdefault(item_of(deal), []).append(deal)
    made = [_collected(same) for same in together.values()]
    made.sort(key=_by_first_deal)
    return tuple(made)


def group_of(deal: PricedDeal) -> str:
    """Return the deal's counterparty group, empty where the source withholds both parties."""
    return deal.buyer_group or deal.seller_group or ""


def item_of(deal: PricedDeal) -> tuple[date, str, str, bool]:
    """Return which item a deal belongs to: its day, venue, group and weight of kind."""
    return deal.traded_on, deal.venue, group_of(deal), deal.kind in HALF_WEIGHT


def _collected(same: list[PricedDeal]) -> Collected:
    """Return the item of the deals of one day, venue, group and weight of kind."""
    if len(same) > 1:
        same.sort(key=_BY_NUMBER)
    item = _one(
        [
            DailyItem(deal.traded_on, deal.unit_price, deal.volume, deal.venue, group_of(deal), deal.kind)
            for deal in same
        ]
    )
    return Collected(item, tuple(same))


def is_near(price: int, item: DailyItem) -> bool:
    """Tell whether a deal's price is near enough to its day's to count with its volume."""
    over, under = NEAR
    return price * under <= item.price * over and item.price * under <= price * over


def _by_first_deal(made: Collected) -> tuple[date, int, int, str, str, str, str]:
    item, first = made.item, made.deals[0]
    return item.on, -item.price, item.volume, item.venue, item.kind.value, first.source, first.trade_no


def _one(same: Sequence[DailyItem]) -> DailyItem:
    """Return one item at the lower volume-weighted median price; its kind is that of the first deal at that price."""
    if len(same) == 1:
        return same[0]
    in_order = sorted(same)
    whole = sum(item.volume for item in in_order)
    reached = 0
    for item in in_order:
        reached += item.volume
        if 2 * reached >= whole:
            near = sum(other.volume for other in in_order if is_near(other.price, item))
            return DailyItem(item.on, item.price, near, item.venue, item.group, item.kind)
    message = "no item of nothing"
    raise ValueError(message)


def _oldest_first(item: DailyItem) -> tuple[date, int, int, str, str, str]:
    """Sort by day; of one day, the dearest first, so that the newest item is the cheapest of its day."""
    return item.on, -item.price, item.volume, item.venue, item.group, item.kind.value


_BY_NUMBER = attrgetter("source", "trade_no", "unit_price", "volume")
