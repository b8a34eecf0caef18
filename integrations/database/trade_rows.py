"""A trade's row in the table, translated by hand in one place: columns from values, and values from columns."""

from decimal import Decimal
from typing import Any

from domain.market.priced_deals import PricedDeal, priced
from domain.market.quarantine import Quarantine, QuarantineCode
from domain.market.told import ToldTrade, TradeStatus
from domain.market.trades import Basis, Trade, TradeKind
from domain.ports.market import StoredTrade
from domain.values.identifiers import Division, Uscc
from domain.values.instruments import Instrument
from domain.values.money import Money
from domain.values.pollutants import Pollutant
from domain.values.price import Period, Price, Tax
from domain.values.quantity import Quantity, Unit

_MILLIONTH = Decimal("0.000001")
_KINDS = {kind.value: kind for kind in TradeKind}
_BASES = {basis.value: basis for basis in Basis}
_UNITS = {unit.value: unit for unit in Unit}
"""Ten thousand rows are read for one valuation: looking a word up costs a fifth of asking its enumeration."""

_TRADE_COLUMNS = (
    "trade_no", "revises", "traded_on", "venue", "division", "instrument", "pollutant", "vintage", "kind", "quantity",
    "unit", "price_amount", "price_unit", "price_period", "price_tax", "term_years", "amount",
)  # fmt: skip


def trade_columns(trade: Trade | None) -> dict[str, object]:
    """Return what a row tells, column by column; nothing but none for a row that could not be read."""
    if trade is None:
        return dict.fromkeys(_TRADE_COLUMNS)
    price = trade.price
    return {
        "trade_no": trade.trade_no,
        "revises": trade.revises,
        "traded_on": trade.traded_on,
        "venue": trade.venue,
        "division": trade.division,
        "instrument": trade.instrument.value,
        "pollutant": trade.pollutant.value,
        "vintage": trade.vintage,
        "kind": trade.kind.value,
        "quantity": None if trade.quantity is None else trade.quantity.amount,
        "unit": None if trade.quantity is None else trade.quantity.unit.value,
        "price_amount": None if price is None else price.amount,
        "price_unit": None if price is None else price.per_unit.value,
        "price_period": None if price is None else price.per_period.value,
        "price_tax": None if price is None else price.tax.value,
        "term_years": trade.term_years,
        "amount": None if trade.amount is None else trade.amount.amount,
    }


def believed_columns(told: ToldTrade) -> dict[str, object]:
    """Return where a row stands, and what one unit of it cost where it was ever believed."""
    quarantine = told.quarantine
    deal = None if told.trade is None or told.accepted_from is None else priced(told.trade, None, None, told.exclusion)
    return {
        "status": told.status.value,
        "code": None if quarantine is None else quarantine.code.value,
        "detail_zh": None if quarantine is None else quarantine.detail_zh,
        "detail_en": None if quarantine is None else quarantine.detail_en,
        "former_code": told.former_code,
        "accepted_from": told.accepted_from,
        "accepted_until": told.accepted_until,
        "superseded_by": told.superseded_by,
        "superseded_at": told.superseded_at,
        "duplicate_of": told.duplicate_of,
        "exclusion": None if deal is None else deal.exclusion,
        "basis": None if deal is None else deal.basis.value,
        "unit_price": None if deal is None else deal.unit_price,
        "volume": None if deal is None else deal.volume,
    }


def trade_of(row: Any, *, seller: str | None = None, buyer: str | None = None) -> Trade:  # noqa: ANN401 - a row of either driver
    """Return the trade of a row that could be read; its parties are none unless handed in."""
    return Trade(
        trade_no=row.trade_no,
        source=row.source,
        traded_on=row.traded_on,
        known_at=row.known_at,
        venue=row.venue,
        division=Division(row.division),
        instrument=Instrument(row.instrument),
        pollutant=Pollutant(row.pollutant),
        vintage=row.vintage,
        kind=TradeKind(row.kind),
        quantity=None if row.quantity is None else Quantity(row.quantity, Unit(row.unit)),
        price=None
        if row.price_amount is None
        else Price(row.price_amount, Unit(row.price_unit), Period(row.price_period), Tax(row.price_tax)),
        term_years=row.term_years,
        amount=None if row.amount is None else Money(row.amount),
        seller=None if seller is None else Uscc(seller),
        buyer=None if buyer is None else Uscc(buyer),
        revises=row.revises,
    )


def told_of(row: Any, *, own: bool) -> ToldTrade:  # noqa: ANN401 - asyncpg's row with seller and buyer
    """Return a row as it stands; the parties only where the caller told it."""
    parties = {"seller": row.seller, "buyer": row.buyer} if own else {}
    return ToldTrade(
        id=row.id,
        own=own,
        source=row.source,
        content_sha256=row.content_sha256,
        trade=None if row.trade_no is None else trade_of(row, **parties),
        status=TradeStatus(row.status),
        quarantine=None if row.code is None else Quarantine(QuarantineCode(row.code), row.detail_zh, row.detail_en),
        former_code=row.former_code,
        accepted_from=row.accepted_from,
        accepted_until=row.accepted_until,
        superseded_by=row.superseded_by,
        superseded_at=row.superseded_at,
        exclusion=row.exclusion,
        duplicate_of=row.duplicate_of,
    )


def deal_of(row: Any) -> PricedDeal:  # noqa: ANN401 - asyncpg's row
    """Return a believed row as the valuation reads it; a tariff without a quantity speaks of one unit."""
    return PricedDeal(
        trade_no=row.trade_no,
        source=row.source,
        traded_on=row.traded_on,
        known_at=row.accepted_from,
        venue=row.venue,
        division=Division(row.division),
        kind=_KINDS[row.kind],
        vintage=row.vintage,
        basis=_BASES[row.basis],
        unit_price=int(row.unit_price),
        quantity=Quantity(Decimal(1), _UNITS[row.price_unit])
        if row.quantity is None
        else Quantity(row.quantity, _UNITS[row.unit]),
        volume=int(row.volume),
        seller_group=row.seller_group,
        buyer_group=row.buyer_group,
        exclusion=row.exclusion,
    )


def stored_of(row: Any) -> StoredTrade:  # noqa: ANN401 - SQLAlchemy's row
    """Return a row as it is shown."""
    return StoredTrade(
        id=row.id,
        status=row.status,
        code=row.code,
        detail_zh=row.detail_zh,
        detail_en=row.detail_en,
        source=row.source,
        row=row.row,
        received_at=row.received_at,
        unit_value=None if row.unit_price is None else row.unit_price * _MILLIONTH,
        basis=row.basis,
        known_at=row.known_at,
        accepted_from=row.accepted_from,
        accepted_until=row.accepted_until,
        superseded_by=row.superseded_by,
        exclusion=row.exclusion,
    )
