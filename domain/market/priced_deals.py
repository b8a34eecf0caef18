"""A believed deal as the valuation reads it: whole numbers, and why it may be no evidence although it is believed.

The subtle thing is that belief and evidence are two questions. A published charge is a true statement that nobody
doubts, and no price that anybody paid; a deal that two sources tell is true twice and happened once. Such rows are kept
and named by an exclusion, while what cannot be believed never gets here.

Source: contract section 4; issue 3 (charges, leases and buy-backs are no prices; a base price is never a floor).

>>> from domain.values.quantity import Unit
>>> from domain.values.price import Period
>>> normal_price(Price(Decimal(22500), Unit.T, Period.TERM), Decimal(5)), normal_volume(Quantity(Decimal(5), Unit.KG))
(4500000000, 5000000)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from domain.market.source_arithmetic import agree
from domain.market.trades import Basis, Trade, TradeKind, basis, value_per_unit, volume
from domain.values.identifiers import Division
from domain.values.price import Price
from domain.values.quantity import Quantity

MILLIONTHS: Final = 10**6
BILLIONTHS: Final = 10**9


class Exclusion(StrEnum):
    """Why a believed row is no evidence of what a right costs."""

    DUPLICATE = "duplicate"
    CHARGE = "charge"
    LEASE = "lease"
    BUY_BACK = "buy_back"
    BENCHMARK_PRICE = "benchmark_price"


NO_SALES: Final[Mapping[TradeKind, Exclusion]] = MappingProxyType(
    {
        TradeKind.BENCHMARK_PRICE: Exclusion.BENCHMARK_PRICE,
        TradeKind.CHARGE: Exclusion.CHARGE,
        TradeKind.LEASE: Exclusion.LEASE,
        TradeKind.BUY_BACK: Exclusion.BUY_BACK,
    }
)
"""Kinds of row in which nobody bought a right at a price that the market made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedDeal:
    """A believed deal on its basis.

    `unit_price` is in millionths of a yuan per tonne and year, per tonne for good or per tCO2e, the nearest even;
    `volume` in billionths of a tonne (waste water: of its own unit); both above zero. `known_at` is the moment from
    which we believed it. The groups are opaque and never shown; none where the source withholds its parties.
    """

    trade_no: str
    source: str
    traded_on: date
    known_at: datetime
    venue: str
    division: Division
    kind: TradeKind
    vintage: int | None
    basis: Basis
    unit_price: int
    quantity: Quantity
    volume: int
    seller_group: str | None
    buyer_group: str | None
    exclusion: str | None


def priced(trade: Trade, seller_group: str | None, buyer_group: str | None, exclusion: str | None = None) -> PricedDeal:
    """Return a screened trade as the valuation reads it; a published tariff without a quantity speaks of one unit.

    Raises:
        ValueError: the trade has no price on a known basis, or is too small to be told from nothing.
    """
    found = basis(trade)
    if trade.price is None or found is None:
        message = f"trade {trade.trade_no} has no price on a known basis: screen it first"
        raise ValueError(message)
    quantity = trade.quantity or Quantity(Decimal(1), trade.price.per_unit)
    unit_price, size = normal_price(trade.price, _years(trade)), normal_volume(quantity)
    if unit_price <= 0 or size <= 0:
        message = f"trade {trade.trade_no} is smaller than a millionth of a yuan or a billionth of a tonne"
        raise ValueError(message)
    return PricedDeal(
        trade_no=trade.trade_no,
        source=trade.source,
        traded_on=trade.traded_on,
        known_at=trade.known_at,
        venue=trade.venue,
        division=trade.division,
        kind=trade.kind,
        vintage=trade.vintage,
        basis=found,
        unit_price=unit_price,
        quantity=quantity,
        volume=size,
        seller_group=seller_group,
        buyer_group=buyer_group,
        exclusion=exclusion or NO_SALES.get(trade.kind),
    )


def normal_price(price: Price, term_years: Decimal | None) -> int:
    """Return millionths of a yuan on the basis of the price, the nearest even; `term_years` as in `value_per_unit`."""
    return round(value_per_unit(price, term_years) * MILLIONTHS)


def normal_volume(quantity: Quantity) -> int:
    """Return billionths of a tonne, exact: the smallest quantity, a millionth of a kilogram, is one of them."""
    return int(volume(quantity) * BILLIONTHS)


def apart_from_public(own: Sequence[PricedDeal], public: Sequence[PricedDeal]) -> list[PricedDeal]:
    """Return a bank's own deals, those excluded as duplicates that everybody is told as well.

    Which of the two came first does not matter, and each public deal excludes one at most; equal are day, quantity and
    basis, the venue or the division, and the price to 0.5 %.
    """
    free: dict[tuple[date, int, Basis], list[PricedDeal]] = {}
    for deal in public:
        if deal.exclusion is None:
            free.setdefault((deal.traded_on, deal.volume, deal.basis), []).append(deal)
    found = []
    for deal in sorted(own, key=lambda each: each.exclusion != Exclusion.DUPLICATE):
        near = free.get((deal.traded_on, deal.volume, deal.basis), [])
        twin = next((other for other in near if _alike(deal, other)), None)
        if twin is None or deal.exclusion not in {None, Exclusion.DUPLICATE}:
            found.append(deal)
            continue
        near.remove(twin)
        found.append(replace(deal, exclusion=Exclusion.DUPLICATE))
    return found


def _alike(deal: PricedDeal, other: PricedDeal) -> bool:
    in_one_place = deal.venue == other.venue or deal.division == other.division
    in_one_vintage = deal.vintage is None or other.vintage is None or deal.vintage == other.vintage
    return in_one_place and in_one_vintage and agree(Fraction(deal.unit_price), Fraction(other.unit_price))


def _years(trade: Trade) -> Decimal | None:
    return None if trade.instrument.is_carbon else trade.term_years
