"""The market as a valuation reads it: what was believed at a moment, and what of it is looked at.

The subtle thing is that an appraisal keeps what it looked at, so that it can be made again on another machine: the
newest twenty items with their deals, the items before them up to three hundred, what other provinces need to tell their
move, and what was set aside. Counterparty groups are renamed in the order of their first deal: their ids are nobody's
business, and the method only asks which are the same.

Source: issue 3 (recomputing from the stored inputs is byte-identical); house method 1 to 4.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from operator import attrgetter
from typing import Final

from domain.market.priced_deals import Exclusion, PricedDeal
from domain.market.trades import TradeKind
from domain.valuation.daily_items import Collected, DailyItem, collected, item_of
from domain.valuation.estimate import DAYS_MIN, ERROR_FROM, ERRORS, ITEMS_MIN
from domain.valuation.series import STEPS, WINDOW_DAYS, WINDOW_ITEMS
from domain.valuation.subject import Subject
from domain.values.identifiers import Division, city_of, province_of
from domain.values.quantity import UnitKind
from domain.values.weekdays import weekdays_between

KINDS: Final = frozenset(
    {
        TradeKind.ENTERPRISE_TRADE,
        TradeKind.GOVERNMENT_AUCTION,
        TradeKind.GOVERNMENT_SALE,
        TradeKind.LISTED,
        TradeKind.BLOCK,
        TradeKind.AGREEMENT,
    }
)
"""Kinds of deal that are evidence; each of them bought the right itself at a price someone paid."""

MASS_KINDS: Final = frozenset({UnitKind.MASS, UnitKind.MASS_PER_YEAR})

LOOK_BACK_DAYS: Final = 5 * 365
"""How far before the day of the valuation deals are handed in."""

ITEMS_KEPT: Final = 300
"""How many of its newest items a series keeps: what the mean error and the newest window look at, and some more."""

CITY_SPEAKS_DAYS: Final = 365
"""So long a city speaks alone after its newest deal."""

PEER_ITEMS: Final = 60
MOVEMENT_FROM_WEEKDAYS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAsideDeal:
    """A deal in scope that is no evidence, with the reason's code."""

    trade_no: str
    source: str
    traded_on: date
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What was believed at a moment, as the valuation reads it.

    `deals` are of the right's province, of its instrument and pollutant, whatever their kind, basis and vintage;
    `peers` the same of other provinces; `set_aside` what was quarantined; `own_deals` how many deals the
    lender has brought.
    """

    deals: Sequence[PricedDeal]
    peers: Sequence[PricedDeal] = ()
    set_aside: Sequence[SetAsideDeal] = ()
    own_deals: int = 0


@dataclass(frozen=True, slots=True)
class Tiered:
    """A tier's newest items with their deals, and the items before them, both oldest first.

    Groups are named in the order of their appearance.
    """

    items: tuple[Collected, ...] = ()
    history: tuple[DailyItem, ...] = ()

    @property
    def daily(self) -> tuple[DailyItem, ...]:
        """Return all items, oldest first."""
        return (*self.history, *(made.item for made in self.items))

    @property
    def deal_count(self) -> int:
        """Return how many deals and older items there are."""
        return len(self.history) + sum(len(made.deals) for made in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the method looks at, and an appraisal keeps; the province is empty where the city speaks alone.

    `administered` is the administered price in force; `peers` are other provinces' items, where they are asked.
    """

    city: Tiered
    province: Tiered
    administered: PricedDeal | None
    peers: Mapping[Division, tuple[DailyItem, ...]]
    excluded: tuple[SetAsideDeal, ...]
    own_deals: int


def look_at(subject: Subject, market: Market, as_of: date, known_at: datetime) -> Looked:
    """Return what of a market the method looks at, whatever the order of its deals."""
    deals = sorted(
        filter(_scope(subject, as_of, known_at), market.deals),
        key=attrgetter("traded_on", "source", "trade_no"),
        reverse=True,
    )
    city = city_of(subject.division)
    sold = [deal for deal in deals if deal.exclusion is None]
    no_sales = [deal for deal in deals if deal.exclusion is not None]
    own = _tiered(deal for deal in sold if city_of(deal.division) == city)
    province = Tiered() if speaks(own.daily, as_of) else _tiered(sold)
    told = [_aside(deal) for deal in no_sales[:ITEMS_KEPT]]
    aside = {row for row in (*market.set_aside, *told) if row.traded_on <= as_of}
    newest = {each.daily[-1].on for each in (own, province) if each.daily}
    return Looked(
        city=own,
        province=province,
        administered=_administered(no_sales, city),
        peers=_peers(subject, market, as_of, known_at, sorted(on for on in newest if asks_peers(on, as_of))),
        excluded=tuple(sorted(aside, key=_BY_DAY)[-ITEMS_KEPT:]),
        own_deals=market.own_deals,
    )


def speaks(items: Sequence[DailyItem], as_of: date) -> bool:
    """Tell whether a city speaks alone: it has enough items on enough days, and has not been silent for a year."""
    if not items or (as_of - items[-1].on).days > CITY_SPEAKS_DAYS:
        return False
    recent = [item.on for item in items if (items[-1].on - item.on).days < WINDOW_DAYS]
    return len(recent) >= ITEMS_MIN and len(set(recent)) >= DAYS_MIN


def asks_peers(newest: date, as_of: date) -> bool:
    """Tell whether other provinces are asked: the own newest deal is older than twenty weekdays."""
    return weekdays_between(newest, as_of) > MOVEMENT_FROM_WEEKDAYS


def needs_peers(subject: Subject, market: Market, as_of: date, known_at: datetime) -> bool:
    """Tell whether other provinces may be asked, before what is looked at is known: the city's newest deal is old.

    Deals of the province's other cities, of other vintages or on another basis do not answer for the city's.
    """
    city = city_of(subject.division)
    sold = [deal for deal in filter(_scope(subject, as_of, known_at), market.deals) if deal.exclusion is None]
    near = [deal.traded_on for deal in sold if city_of(deal.division) == city]
    return bool(sold) and (not near or asks_peers(max(near), as_of))


def _tiered(newest_first: Iterable[PricedDeal]) -> Tiered:
    """Return the newest items of deals that come newest first, whole days at a time."""
    kept: list[PricedDeal] = []
    items: set[tuple[date, str, str, bool]] = set()
    day: date | None = None
    for deal in newest_first:
        if deal.traded_on != day:
            if len(items) >= ITEMS_KEPT:
                break
            day = deal.traded_on
        items.add(item_of(deal))
        kept.append(deal)
    made = collected(kept)[-ITEMS_KEPT:]
    names: dict[str, str] = {"": ""}
    renamed = [_renamed(each, names) for each in made]
    return Tiered(tuple(renamed[-WINDOW_ITEMS:]), tuple(each.item for each in renamed[:-WINDOW_ITEMS]))


def _renamed(made: Collected, names: dict[str, str]) -> Collected:
    """Return an item under its group's name; what its deals knew of their parties is not kept."""
    name = names.setdefault(made.item.group, str(len(names)))
    if not name and not any(deal.seller_group for deal in made.deals):
        return made
    deals = tuple(replace(deal, seller_group=None, buyer_group=name or None) for deal in made.deals)
    return Collected(replace(made.item, group=name), deals)


def _administered(no_sales: Iterable[PricedDeal], city: Division) -> PricedDeal | None:
    """Return the administered price in force: the newest of the city, else of the province; of one day the lowest."""
    told = [deal for deal in no_sales if deal.exclusion == Exclusion.BENCHMARK_PRICE]
    near = [deal for deal in told if city_of(deal.division) == city] or told
    return max(near, key=lambda deal: (deal.traded_on, -deal.unit_price, deal.source, deal.trade_no), default=None)


def _peers(
    subject: Subject, market: Market, as_of: date, known_at: datetime, since: Sequence[date]
) -> Mapping[Division, tuple[DailyItem, ...]]:
    """Return of each other province its newest items, and as many up to each day asked about as a level needs."""
    if not since:
        return {}
    home = province_of(subject.division)
    of_each: dict[Division, list[PricedDeal]] = {}
    for deal in filter(_scope(subject, as_of, known_at, anywhere=True), market.peers):
        province = province_of(deal.division)
        if province != home and deal.exclusion is None:
            of_each.setdefault(province, []).append(deal)
    peers = {}
    for province in sorted(of_each):
        names: dict[str, str] = {"": ""}
        items = [_renamed(made, names).item for made in collected(of_each[province])]
        cuts = [0, *(sum(item.on <= day for item in items) for day in since), len(items)]
        peers[province] = tuple(
            item for first, last in pairwise(cuts) for item in items[max(first, last - PEER_ITEMS) : last]
        )
    return peers


def _aside(deal: PricedDeal) -> SetAsideDeal:
    return SetAsideDeal(trade_no=deal.trade_no, source=deal.source, traded_on=deal.traded_on, code=str(deal.exclusion))


def _scope(
    subject: Subject, as_of: date, known_at: datetime, *, anywhere: bool = False
) -> Callable[[PricedDeal], bool]:
    """Return the question whether a deal was known and is of the subject's kind, in its province or anywhere."""
    basis, carbon, unit_kind = subject.basis, subject.instrument.is_carbon, subject.quantity.unit.kind
    province = "" if anywhere else province_of(subject.division)[:2]
    vintages = {None, subject.vintage}

    def holds(deal: PricedDeal) -> bool:
        return (
            deal.traded_on <= as_of
            and deal.known_at <= known_at
            and deal.basis is basis
            and deal.division.startswith(province)
            and (not carbon or deal.vintage in vintages)
            and (deal.exclusion is not None or deal.kind in KINDS)
            and (deal.quantity.unit.kind is unit_kind or _is_tariff(deal, unit_kind))
        )

    return holds


def _is_tariff(deal: PricedDeal, unit_kind: UnitKind) -> bool:
    """Tell whether it is an administered price per tonne, which speaks of tonnes a year: its basis says which."""
    return deal.exclusion == Exclusion.BENCHMARK_PRICE and {unit_kind, deal.quantity.unit.kind} <= MASS_KINDS


_BY_DAY = attrgetter("traded_on", "source", "trade_no", "code")

assert ERRORS + max(WINDOW_ITEMS, STEPS) + ERROR_FROM <= ITEMS_KEPT, "the mean error sees whole windows and steps"
