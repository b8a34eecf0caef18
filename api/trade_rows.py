"""A trade's row as sent, read as far as it can be: what cannot be read becomes a row without a trade, never an error.

`price` and its parts may be absent, because public notices leave them out; the screening then says what is missing. The
row is kept whole beside what was read; the parties are taken out of it, because the row of an exchange is shown to all.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from domain.errors import DomainError
from domain.market.trades import Trade, TradeKind
from domain.ports.market import SentTrade
from domain.values.decimals import parse_decimal
from domain.values.identifiers import Uscc, parse_division, parse_uscc
from domain.values.instruments import Instrument
from domain.values.money import Money
from domain.values.pollutants import Pollutant
from domain.values.price import Period, Price, Tax
from domain.values.quantity import Quantity, parse_unit
from domain.values.spelling import clean_text
from domain.values.time import parse_date

FIELDS: Final = frozenset({
    "trade_no", "traded_on", "known_at", "venue", "division", "instrument", "pollutant", "vintage", "kind", "quantity",
    "price", "term_years", "amount", "seller", "buyer", "revises",
})  # fmt: skip
PRICE_FIELDS: Final = frozenset({"amount", "currency", "per_unit", "per_period", "tax"})
PARTIES: Final = frozenset({"seller", "buyer"})
TEXT_LENGTH_MAX: Final = 120
TERM_YEARS_MAX: Final = 100
VINTAGES: Final = range(2000, 2101)


class _Unreadable(ValueError):
    """Say that a field is not what it must be."""


def sent_trade(source: str, row: Mapping[str, Any], received_at: datetime) -> SentTrade:
    """Return a row with its digest and the trade it tells; no trade where a required field is missing or unreadable."""
    content = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    try:
        trade = _trade(source, row, received_at)
    except (DomainError, ValueError):
        trade = None
    shown = {name: value for name, value in row.items() if name not in PARTIES}
    return SentTrade(source=source, row=shown, content_sha256=hashlib.sha256(content).hexdigest(), trade=trade)


def _trade(source: str, row: Mapping[str, Any], received_at: datetime) -> Trade:
    if not set(row) <= FIELDS:
        message = "an unknown field"
        raise _Unreadable(message)
    revises = row.get("revises")
    return Trade(
        trade_no=_text(row, "trade_no"),
        source=source,
        traded_on=parse_date(_text(row, "traded_on")),
        known_at=received_at,
        venue=_text(row, "venue"),
        division=parse_division(_text(row, "division")),
        instrument=Instrument(_text(row, "instrument")),
        pollutant=Pollutant(_text(row, "pollutant")),
        vintage=_vintage(row.get("vintage")),
        kind=TradeKind(_text(row, "kind")),
        quantity=_quantity(row.get("quantity")),
        price=_price(row.get("price")),
        term_years=_term(row.get("term_years")),
        amount=_money(row.get("amount")),
        seller=_party(row.get("seller")),
        buyer=_party(row.get("buyer")),
        revises=None if revises is None else _text(row, "revises"),
    )


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise _Unreadable(name)
    return clean_text(value, TEXT_LENGTH_MAX)


def _member(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str):
        raise _Unreadable(name)
    return found


def _quantity(value: object) -> Quantity | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"amount", "unit"}:
        message = "quantity"
        raise _Unreadable(message)
    return Quantity(parse_decimal(_member(value, "amount")), parse_unit(_member(value, "unit")))


def _price(value: object) -> Price | None:
    """Return the price; none where it lacks its unit or period, which the screening then says."""
    if value is None:
        return None
    if not isinstance(value, dict) or not set(value) <= PRICE_FIELDS or value.get("currency", "CNY") != "CNY":
        message = "price"
        raise _Unreadable(message)
    if any(value.get(name) is None for name in ("amount", "per_unit", "per_period")):
        return None
    tax = Tax(value.get("tax") or "unknown")
    return Price(
        parse_decimal(_member(value, "amount")),
        parse_unit(_member(value, "per_unit")),
        Period(_member(value, "per_period")),
        tax,
    )


def _term(value: object) -> Decimal | None:
    if value is None:
        return None
    if not isinstance(value, str):
        message = "term_years"
        raise _Unreadable(message)
    term = parse_decimal(value)
    if not 0 < term <= TERM_YEARS_MAX:
        message = "term_years"
        raise _Unreadable(message)
    return term


def _money(value: object) -> Money | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"amount", "currency"} or value["currency"] != "CNY":
        message = "amount"
        raise _Unreadable(message)
    return Money(parse_decimal(_member(value, "amount")))


def _vintage(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value not in VINTAGES:
        message = "vintage"
        raise _Unreadable(message)
    return value


def _party(value: object) -> Uscc | None:
    if value is None:
        return None
    if not isinstance(value, str):
        message = "party"
        raise _Unreadable(message)
    return parse_uscc(value)
