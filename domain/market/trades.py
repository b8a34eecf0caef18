"""A deal as its source tells it, and what it says about the value of one unit of a right.

The subtle thing is the period of a price. "4500 yuan per tonne and year" and "22500 yuan per tonne for five years" are
the same deal, and public notices mix the two up by a factor of five. A price therefore always carries its period, and
`unit_value` brings every price to one of three bases that are never compared with one another.

Source: contract section 4; the arithmetic of the Jingde deal (Anhui, 2024-11: 21.648 t/a at 4500 yuan per tonne and
year for five years, 487,080 yuan).

>>> from domain.values.quantity import Unit
>>> price = Price(Decimal(22500), Unit.T, Period.TERM)
>>> value_per_unit(price, Decimal(5))
Fraction(4500, 1)
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from domain.values.identifiers import Division, Uscc
from domain.values.instruments import Instrument
from domain.values.money import Money
from domain.values.pollutants import Pollutant
from domain.values.price import Period, Price
from domain.values.quantity import Quantity


class TradeKind(StrEnum):
    """What kind of deal a price comes from (contract section 4)."""

    ENTERPRISE_TRADE = "enterprise_trade"
    GOVERNMENT_AUCTION = "government_auction"
    GOVERNMENT_SALE = "government_sale"
    LISTED = "listed"
    BLOCK = "block"
    AGREEMENT = "agreement"
    BENCHMARK_PRICE = "benchmark_price"
    CHARGE = "charge"
    LEASE = "lease"
    BUY_BACK = "buy_back"


TARIFFS: Final = frozenset({TradeKind.BENCHMARK_PRICE, TradeKind.CHARGE})
"""Administered prices: published without a quantity or a term, because nobody bought anything yet."""


class Basis(StrEnum):
    """What a unit value is yuan per; values on different bases never meet."""

    PER_TONNE_YEAR = "per_tonne_year"
    PER_TONNE_PERMANENT = "per_tonne_permanent"
    PER_TONNE_CO2E = "per_tonne_co2e"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One deal or published price.

    `traded_on` is the day of the deal, `known_at` the moment from which we knew it. `quantity`, `price`, `term_years`
    and `amount` are none where the source does not state them. `revises` is the `trade_no` of the same source that this
    row replaces. `seller` and `buyer` are none where the source withholds them.
    """

    trade_no: str
    source: str
    traded_on: date
    known_at: datetime
    venue: str
    division: Division
    instrument: Instrument
    pollutant: Pollutant
    vintage: int | None
    kind: TradeKind
    quantity: Quantity | None
    price: Price | None
    term_years: Decimal | None
    amount: Money | None
    seller: Uscc | None
    buyer: Uscc | None
    revises: str | None


def volume(quantity: Quantity) -> Fraction:
    """Return a quantity in tonnes (waste water: in its own unit), exactly."""
    return Fraction(quantity.amount) * quantity.unit.size


def value_per_unit(price: Price, term_years: Decimal | None) -> Fraction:
    """Return yuan per tonne: of one year where a term is stated for a whole-term price, else as quoted; exact.

    A one-off price of a right with a stated term is the price of that term.
    """
    quoted = Fraction(price.amount) / price.per_unit.size
    if price.per_period is Period.YEAR or term_years is None:
        return quoted
    return quoted / Fraction(term_years)


def basis(trade: Trade) -> Basis | None:
    """Return what the deal's unit value is yuan per; none where the price and its term do not say."""
    if trade.price is None:
        return None
    period = trade.price.per_period
    if trade.instrument.is_carbon:
        return Basis.PER_TONNE_CO2E if period is Period.ONE_OFF else None
    if period is Period.ONE_OFF and trade.term_years is None:
        return Basis.PER_TONNE_PERMANENT
    if period is Period.TERM and trade.term_years is None:
        return None
    return Basis.PER_TONNE_YEAR


def unit_value(trade: Trade) -> Fraction:
    """Return yuan per tonne and year, per tonne for good, or per tCO2e, as `basis(trade)` says; exact.

    Raises:
        ValueError: the deal has no price on a known basis; such a deal does not pass `screen`.
    """
    if trade.price is None or basis(trade) is None:
        message = f"trade {trade.trade_no} has no price on a known basis: screen it first"
        raise ValueError(message)
    return value_per_unit(trade.price, None if trade.instrument.is_carbon else trade.term_years)


def in_force(trades: Iterable[Trade]) -> tuple[Trade, ...]:
    """Return the deals that no other row of their own source replaces, each once, in no order of importance.

    A row is dropped by its replacement even if the replacement is itself unusable: its source no longer stands by it.
    A row that revises its own number replaces what was known under that number before it.
    """
    distinct = dict.fromkeys(trades)
    replaced = {
        (trade.source, trade.revises)
        for trade in distinct
        if trade.revises is not None and trade.revises != trade.trade_no
    }
    renewed: dict[tuple[str, str], datetime] = {}
    for trade in distinct:
        if trade.revises == trade.trade_no:
            name = trade.source, trade.trade_no
            renewed[name] = max(trade.known_at, renewed.get(name, trade.known_at))
    return tuple(
        trade
        for trade in distinct
        if (name := (trade.source, trade.trade_no)) not in replaced
        and (name not in renewed or (trade.known_at, trade.revises == trade.trade_no) >= (renewed[name], True))
    )
