"""Evidence: which deals speak for the price of a right, and with what weight.

The subtle thing is forgetting. A deal leaves the window when it is more than 365 days old, and a low price that leaves
would lift the median: the right would gain value because nothing happened. So `panels` returns what the evidence was on
each day since the newest deal on which some of it was lost; the appraisal takes the most careful of them, and time
without a new deal can only lower a value. For the same reason age is counted from the newest deal of a panel.

Deals of the right's own city are used where there are enough (three, on three days), else those of its province: a
province's mean moves with the mix of its cities. Benchmark prices, charges, leases and buy-backs are never evidence.

Source: issue 2 (365 days), house method (cap of 25 % each, tiers, age from the newest item).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Final

from domain.errors import DomainError
from domain.market.screening import screen
from domain.market.trades import Trade, TradeKind, basis, in_force, unit_value, volume
from domain.valuation.subject import Subject
from domain.values.daycount import days_between
from domain.values.decimals import round_half_even
from domain.values.identifiers import Division, city_of, province_of
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity

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

WINDOW_DAYS: Final = 365
LOOK_BACK_DAYS: Final = 2 * WINDOW_DAYS
"""How far before the day of the valuation deals must be handed in: a newest deal a year old looks back another year."""

DEALS_MIN: Final = 3
DEAL_DAYS_MIN: Final = 3
WEIGHT_PARTS: Final = 4
"""No deal weighs more than one part in so many."""

BILLIONTHS: Final = 10**9
PRINTED_PLACES: Final = 6


class Tier(IntEnum):
    """How near the evidence is to the right."""

    CITY = 1
    PROVINCE = 2


@dataclass(eq=False)
class NoPriceEvidence(DomainError):
    """Refuse to value what too few deals speak for; counts are of deals in the last 365 days."""

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
    """One deal as evidence: yuan per tonne-year (per tonne) and its share of the whole weight, both exact.

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


@dataclass(frozen=True, slots=True)
class Panel:
    """The evidence of one tier on one day, oldest first; `shares` are the same weights as whole numbers."""

    tier: Tier
    items: tuple[EvidenceItem, ...]
    shares: tuple[int, ...]

    @property
    def newest(self) -> date:
        """Return the day of the newest deal."""
        return self.items[-1].traded_on

    @property
    def weighted(self) -> list[tuple[Fraction, int]]:
        """Return the unit values with their shares."""
        return [(item.unit_value, share) for item, share in zip(self.items, self.shares, strict=True)]


def gather(
    subject: Subject, trades: Iterable[Trade], as_of: date, known_at: datetime
) -> tuple[Tier, tuple[EvidenceItem, ...]]:
    """Return the evidence of a day with its tier, oldest first; raises NoPriceEvidence."""
    panel = panels(subject, trades, as_of, known_at)[-1]
    return panel.tier, panel.items


def panels(subject: Subject, trades: Iterable[Trade], as_of: date, known_at: datetime) -> tuple[Panel, ...]:
    """Return the evidence on the day of the newest deal, on each later day that lost a deal, and so on `as_of` (last).

    `known_at` hides what we did not know at that moment.

    Raises:
        NoPriceEvidence: neither city nor province has enough deals in the 365 days up to `as_of`.
    """
    pool = _pool(subject, trades, as_of, known_at)
    if _panel(subject, pool, as_of) is None:
        recent = _within_window(pool, as_of)
        raise NoPriceEvidence(
            instrument=subject.instrument,
            pollutant=subject.pollutant,
            division=subject.division,
            as_of=as_of,
            deals_in_city=len(_in_city(subject, recent)),
            deals_in_province=len(recent),
            deals_needed=DEALS_MIN,
        )
    newest = pool[-1].trade.traded_on
    days = [newest, *sorted({deal.leaves_on for deal in pool if newest < deal.leaves_on <= as_of})]
    return tuple(panel for day in days if (panel := _panel(subject, pool, day)) is not None)


def capped_shares(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return shares in proportion to `sizes` (above zero), none above a quarter of their sum.

    What is cut off one goes to the others in proportion. Fewer than five are all alike, because with fewer than four a
    quarter each would not make a whole.
    """
    parts = min(WEIGHT_PARTS, len(sizes))
    capped: set[int] = set()
    while True:
        total = sum(size for index, size in enumerate(sizes) if index not in capped)
        left = parts - len(capped)
        above = {index for index, size in enumerate(sizes) if index not in capped and size * left > total}
        if not above:
            return tuple(total if index in capped else size * left for index, size in enumerate(sizes))
        capped |= above


@dataclass(frozen=True, slots=True)
class _Deal:
    """A usable deal with what its price and quantity come to; the size is its volume in whole billionths."""

    trade: Trade
    quantity: Quantity
    unit_value: Fraction
    size: int

    @property
    def leaves_on(self) -> date:
        """Return the first day on which the deal is too old."""
        return self.trade.traded_on + timedelta(days=WINDOW_DAYS + 1)

    @property
    def order(self) -> tuple[date, str, str, Fraction, int, datetime]:
        """Return what sorts deals; a source's number is enough unless two tenants named a source alike."""
        trade = self.trade
        return trade.traded_on, trade.source, trade.trade_no, self.unit_value, self.size, trade.known_at


def _pool(subject: Subject, trades: Iterable[Trade], as_of: date, known_at: datetime) -> tuple[_Deal, ...]:
    """Return every usable deal of the province, oldest first, in an order that the input's order does not touch."""
    known = in_force(trade for trade in trades if trade.known_at <= known_at)
    usable = [
        _Deal(trade, trade.quantity, unit_value(trade), int(volume(trade.quantity) * BILLIONTHS))
        for trade in known
        if trade.quantity is not None and _speaks_for(subject, trade) and screen(trade, as_of) is None
    ]
    return tuple(sorted(usable, key=lambda deal: deal.order))


def _speaks_for(subject: Subject, trade: Trade) -> bool:
    return (
        trade.kind in KINDS
        and trade.instrument is subject.instrument
        and trade.pollutant is subject.pollutant
        and province_of(trade.division) == province_of(subject.division)
        and basis(trade) is subject.basis
        and trade.price is not None
        and trade.price.prices(subject.quantity.unit)
        and (not subject.instrument.is_carbon or trade.vintage in {None, subject.vintage})
    )


def _panel(subject: Subject, pool: Sequence[_Deal], day: date) -> Panel | None:
    recent = _within_window(pool, day)
    for tier, deals in ((Tier.CITY, _in_city(subject, recent)), (Tier.PROVINCE, recent)):
        if len(deals) >= DEALS_MIN and len({deal.trade.traded_on for deal in deals}) >= DEAL_DAYS_MIN:
            return _weighed(tier, deals)
    return None


def _within_window(pool: Sequence[_Deal], day: date) -> list[_Deal]:
    return [deal for deal in pool if day < deal.leaves_on]


def _in_city(subject: Subject, deals: Sequence[_Deal]) -> list[_Deal]:
    city = city_of(subject.division)
    return [deal for deal in deals if city_of(deal.trade.division) == city]


def _weighed(tier: Tier, deals: Sequence[_Deal]) -> Panel:
    """Weigh each deal by its volume, which falls in a straight line to nothing over a year of age."""
    newest = deals[-1].trade.traded_on
    ages = [days_between(deal.trade.traded_on, newest) for deal in deals]
    shares = capped_shares([deal.size * (WINDOW_DAYS + 1 - age) for deal, age in zip(deals, ages, strict=True)])
    whole = sum(shares)
    items = (_item(deal, Fraction(share, whole)) for deal, share in zip(deals, shares, strict=True))
    return Panel(tier, tuple(items), shares)


def _item(deal: _Deal, weight: Fraction) -> EvidenceItem:
    trade = deal.trade
    return EvidenceItem(
        trade_no=trade.trade_no,
        source=trade.source,
        traded_on=trade.traded_on,
        venue=trade.venue,
        kind=trade.kind,
        division=trade.division,
        vintage=trade.vintage,
        quantity=deal.quantity,
        unit_value=deal.unit_value,
        weight=weight,
    )
