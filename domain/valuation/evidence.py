"""Evidence: which believed deals speak for the price of a right, tier by tier, and why the others do not.

Tier 1 are deals of the right's own city, pollutant, instrument and vintage; tier 2 those of its province. A province's
mean moves with the mix of its cities, so it is asked only where the city has too few deals or none for a year. Tier 3,
other regions, is never a level: where the own evidence is older than twenty weekdays, it is moved by the median move
of at least three other provinces since, and only down. Tier 4, an administered price, speaks where nobody dealt, and
caps a market of fewer than twelve trading days in half a year; it is never a floor.

The subtle thing is time. What falls back to a lower tier keeps the most careful of what the tiers said (the lowest
value, the highest haircut), so that silence alone never raises a value. A method that looks at the newest three hundred
items and nothing else can be replayed from what it looked at.

Source: house method 2; issue 3 (tiers). Benchmark prices, charges, leases and buy-backs are never deals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from operator import attrgetter
from typing import Final

from domain.errors import DomainError
from domain.market.priced_deals import PricedDeal
from domain.market.trades import TradeKind
from domain.valuation.daily_items import Collected, DailyItem, is_near
from domain.valuation.estimate import (
    EXACTING,
    ITEMS_MIN,
    MILLION,
    Estimate,
    TooFewItems,
    estimate_of,
    moved,
    movement,
)
from domain.valuation.market import Looked, SetAsideDeal, asks_peers
from domain.valuation.series import Series
from domain.valuation.subject import Subject
from domain.values.decimals import round_half_even
from domain.values.identifiers import Division
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity

PEERS_MIN: Final = 3
ADMINISTERED_DAYS_MAX: Final = 730
FOREVER: Final = 10**6
PRINTED_PLACES: Final = 6


class Tier(IntEnum):
    """How near the evidence is to the right."""

    CITY = 1
    PROVINCE = 2
    MOVEMENT = 3
    ADMINISTERED = 4


@dataclass(eq=False)
class NoPriceEvidence(DomainError):
    """Refuse to value what too few deals speak for; counts are of usable deals up to the day, whatever their age."""

    code = "no_price_evidence"

    instrument: Instrument
    pollutant: Pollutant
    division: Division
    as_of: date
    deals_in_city: int
    deals_in_province: int
    deals_needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceItem:
    """One deal as evidence: yuan per tonne-year (per tonne) and its share of the whole weight, exact.

    The printed figures are rounded to six decimals, the nearest even: printed weights need not sum to one exactly.
    """

    trade_no: str
    source: str
    traded_on: date
    venue: str
    kind: TradeKind
    division: Division
    vintage: int | None
    quantity: Quantity
    unit_value: Fraction
    weight: Fraction

    @property
    def printed_unit_value(self) -> Decimal:
        """Return the unit value with six decimals."""
        return round_half_even(self.unit_value, PRINTED_PLACES)

    @property
    def printed_weight(self) -> Decimal:
        """Return the weight with six decimals."""
        return round_half_even(self.weight, PRINTED_PLACES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the tiers say; the first estimate is the one that is shown, and all of them bind.

    `history` are the older items, which told how wrong a level is; `unit_values` are the estimates' own, each moved as
    other provinces moved since its newest item; `moved_by` is that move of the lowest of them in billionths of a
    logarithm, zero or below, none where they were not asked; `administered` the yuan per unit of the administered price
    in force, none where there is none or where it does not bind.
    """

    tier: Tier
    estimates: tuple[Estimate, ...]
    items: tuple[EvidenceItem, ...]
    exclusions: tuple[SetAsideDeal, ...]
    unit_values: tuple[Decimal, ...] = ()
    history: tuple[DailyItem, ...] = ()
    moved_by: int | None = None
    administered: Decimal | None = None
    administered_on: date | None = None
    peers: Mapping[Division, int] = field(default_factory=dict)


def gather(subject: Subject, looked: Looked, as_of: date) -> Evidence:
    """Return what the deals looked at say about a subject on a day.

    Raises:
        NoPriceEvidence: neither city nor province has enough deals, and no administered price is in force.
    """
    tiers = {Tier.CITY: looked.city, Tier.PROVINCE: looked.province}
    speaking = _speaking({tier: Series(each.daily) for tier, each in tiers.items() if each.daily}, as_of)
    administered = looked.administered
    if not speaking or (as_of - speaking[0][1].newest_on).days > ADMINISTERED_DAYS_MAX:
        if administered is None or (as_of - administered.traded_on).days > ADMINISTERED_DAYS_MAX:
            raise NoPriceEvidence(
                instrument=subject.instrument,
                pollutant=subject.pollutant,
                division=subject.division,
                as_of=as_of,
                deals_in_city=looked.city.deal_count,
                deals_in_province=max(looked.city.deal_count, looked.province.deal_count),
                deals_needed=ITEMS_MIN,
            )
        return _of_administered(looked, administered, speaking)
    tier, estimate = speaking[0]
    moves = [_moves(looked.peers, found) for _, found in speaking]
    values = _moved_values(speaking, moves)
    lowest = moves[values.index(min(values))]
    moved_by = _median_move(lowest)
    items, unused = _items(tiers[tier].items, estimate)
    caps = administered is not None and any(found.is_thin for _, found in speaking)
    return Evidence(
        tier=tier if moved_by is None else Tier.MOVEMENT,
        estimates=tuple(found for _, found in speaking),
        unit_values=values,
        items=items,
        history=tiers[tier].history,
        exclusions=tuple(sorted((*looked.excluded, *unused), key=_BY_DAY)),
        moved_by=moved_by,
        administered=_yuan(administered.unit_price) if administered is not None and caps else None,
        administered_on=administered.traded_on if administered is not None and caps else None,
        peers=lowest if moved_by is not None else {},
    )


def _speaking(series: Mapping[Tier, Series], as_of: date) -> list[tuple[Tier, Estimate]]:
    """Return the estimates that bind, the one to show first: of several the province's, which has the newer deals."""
    found: dict[Tier, Estimate] = {}
    for tier, each in series.items():
        try:
            found[tier] = estimate_of(each, as_of, silent_days_max=FOREVER)
        except TooFewItems:
            continue
    return sorted(found.items(), reverse=True)


def _moves(peers: Mapping[Division, tuple[DailyItem, ...]], own: Estimate) -> dict[Division, int]:
    """Return how far each other province moved since an estimate's newest item, where it was dealt since."""
    if not asks_peers(own.newest_on, own.as_of):
        return {}
    moves = {}
    for province, items in sorted(peers.items()):
        if items and items[-1].on > own.newest_on:
            by = movement(Series(items), own.newest_on, own.as_of)
            if by is not None:
                moves[province] = by
    return moves


def _median_move(moves: Mapping[Division, int]) -> int | None:
    """Return the lower median of other provinces' moves, zero at most; none where too few of them moved."""
    return min(0, sorted(moves.values())[(len(moves) - 1) // 2]) if len(moves) >= PEERS_MIN else None


def _moved_values(
    speaking: Sequence[tuple[Tier, Estimate]], moves: Sequence[Mapping[Division, int]]
) -> tuple[Decimal, ...]:
    """Return each estimate's unit value as other provinces moved since; all bind, or time alone would lift one."""
    return tuple(
        moved(found.unit_value, by) if (by := _median_move(each)) else found.unit_value
        for (_, found), each in zip(speaking, moves, strict=True)
    )


def _of_administered(looked: Looked, price: PricedDeal, speaking: Sequence[tuple[Tier, Estimate]]) -> Evidence:
    item = EvidenceItem(
        trade_no=price.trade_no,
        source=price.source,
        traded_on=price.traded_on,
        venue=price.venue,
        kind=price.kind,
        division=price.division,
        vintage=price.vintage,
        quantity=price.quantity,
        unit_value=Fraction(price.unit_price, 10**6),
        weight=Fraction(1),
    )
    return Evidence(
        tier=Tier.ADMINISTERED,
        estimates=tuple(found for _, found in speaking),
        unit_values=_moved_values(speaking, [_moves(looked.peers, found) for _, found in speaking]),
        items=(item,),
        exclusions=tuple(
            row for row in looked.excluded if (row.source, row.trade_no) != (price.source, price.trade_no)
        ),
        administered=_yuan(price.unit_price),
        administered_on=price.traded_on,
    )


def _items(made: Sequence[Collected], estimate: Estimate) -> tuple[tuple[EvidenceItem, ...], tuple[SetAsideDeal, ...]]:
    """Return the deals of the window with their weights, and those too old or too far from the price of their day."""
    shares: dict[DailyItem, Fraction] = dict(estimate.window)
    items, aside = [], []
    for each in made:
        for deal in each.deals:
            if each.item in shares and is_near(deal.unit_price, each.item):
                items.append(_item(deal, shares[each.item] * Fraction(deal.volume, each.item.volume)))
            else:
                code = "far_from_its_day" if each.item in shares else "before_window"
                aside.append(
                    SetAsideDeal(trade_no=deal.trade_no, source=deal.source, traded_on=deal.traded_on, code=code)
                )
    return tuple(items), tuple(aside)


def _item(deal: PricedDeal, weight: Fraction) -> EvidenceItem:
    return EvidenceItem(
        trade_no=deal.trade_no,
        source=deal.source,
        traded_on=deal.traded_on,
        venue=deal.venue,
        kind=deal.kind,
        division=deal.division,
        vintage=deal.vintage,
        quantity=deal.quantity,
        unit_value=Fraction(deal.unit_price, 10**6),
        weight=weight,
    )


def _yuan(unit_price: int) -> Decimal:
    return EXACTING.divide(Decimal(unit_price), Decimal(MILLION))


_BY_DAY = attrgetter("traded_on", "source", "trade_no", "code")
