"""Trades: accepted, quarantined or superseded, and what of them is evidence at a moment."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, func, insert, or_, select, text, tuple_, update

from domain.market.screening import Quarantine
from domain.market.trades import Trade, TradeKind
from domain.ports.market import SentTrade, StoredTrade
from domain.values.actors import Actor
from domain.values.identifiers import Division, new_id
from domain.values.instruments import Instrument
from domain.values.money import Money
from domain.values.pollutants import Pollutant
from domain.values.price import Period, Price, Tax
from domain.values.quantity import Quantity, Unit
from integrations.database.connection import Connection
from integrations.database.tables import TRADE_PARTIES, TRADES

LOCK_SOURCE = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")


class DatabaseMarketTrades:
    """Keep trades; the actor is the sender of what is added."""

    def __init__(self, connection: Connection, actor: Actor | None) -> None:
        """Read and write on a connection for an actor."""
        self._connection = connection
        self._sender = None if actor is None else actor.tenant

    async def lock_source(self, source: str) -> None:
        """Take the source for this transaction; a twin waits, and then finds our rows."""
        name = json.dumps(["trades", self._sender, source])
        await self._connection.execute(LOCK_SOURCE, {"name": name})

    async def known(self, source: str, content_sha256: str) -> StoredTrade | None:
        """Return the caller's own row of the same content, none when it is new."""
        wanted = select(TRADES).where(
            TRADES.c.sent_by == self._sender, TRADES.c.source == source, TRADES.c.content_sha256 == content_sha256
        )
        row = (await self._connection.execute(wanted)).first()
        return None if row is None else _stored(row)

    async def accepted_under(self, source: str, trade_no: str) -> str | None:
        """Return the id of the caller's accepted trade of this number."""
        return await self._newest(source, trade_no, "accepted")

    async def quarantined_under(self, source: str, trade_no: str) -> str | None:
        """Return the id of the caller's newest quarantined row of this number."""
        return await self._newest(source, trade_no, "quarantined")

    async def add(self, sent: SentTrade, quarantine: Quarantine | None, received_at: datetime, *, shared: bool) -> str:
        """Write a row and return its id."""
        trade_id = new_id("trade")
        trade = sent.trade
        values: dict[str, object] = {
            "id": trade_id,
            "sent_by": self._sender,
            "shared": shared,
            "source": sent.source,
            "known_at": received_at,
            "row": dict(sent.row),
            "content_sha256": sent.content_sha256,
            "status": "accepted" if quarantine is None else "quarantined",
            "code": None if quarantine is None else quarantine.code.value,
            "detail_zh": None if quarantine is None else quarantine.detail_zh,
            "detail_en": None if quarantine is None else quarantine.detail_en,
            "received_at": received_at,
        }
        await self._connection.execute(insert(TRADES).values({**values, **({} if trade is None else _values(trade))}))
        if trade is not None and (trade.seller is not None or trade.buyer is not None):
            parties = {"trade_id": trade_id, "sent_by": self._sender, "seller": trade.seller, "buyer": trade.buyer}
            await self._connection.execute(insert(TRADE_PARTIES).values(parties))
        return trade_id

    async def supersede(self, trade_id: str) -> None:
        """Mark a row as superseded by a revision."""
        await self._connection.execute(update(TRADES).where(TRADES.c.id == trade_id).values(status="superseded"))

    async def page(self, status: str | None, after: str | None, limit: int) -> Sequence[StoredTrade]:
        """Return visible rows, newest first."""
        wanted = select(TRADES).order_by(TRADES.c.received_at.desc(), TRADES.c.id.desc()).limit(limit)
        if after is not None:
            last = select(TRADES.c.received_at, TRADES.c.id).where(TRADES.c.id == after)
            wanted = wanted.where(tuple_(TRADES.c.received_at, TRADES.c.id) < last.scalar_subquery())
        if status is not None:
            wanted = wanted.where(TRADES.c.status == status)
        return [_stored(row) for row in (await self._connection.execute(wanted)).all()]

    async def evidence(
        self,
        instrument: Instrument,
        pollutant: Pollutant,
        province: Division,
        since: date,
        known_at: datetime,
        *,
        shared_only: bool = False,
    ) -> Sequence[Trade]:
        """Return what was accepted as of `known_at`.

        A row superseded since is among them, with its revision if known by then.
        """
        wanted = select(TRADES).where(
            TRADES.c.instrument == instrument.value,
            TRADES.c.pollutant == pollutant.value,
            func.left(TRADES.c.division, 2) == province[:2],
            TRADES.c.traded_on >= since,
            TRADES.c.known_at <= known_at,
            or_(TRADES.c.status == "accepted", and_(TRADES.c.status == "superseded", TRADES.c.code.is_(None))),
        )
        if shared_only:
            wanted = wanted.where(TRADES.c.shared)
        return [_trade(row) for row in (await self._connection.execute(wanted)).all()]

    async def _newest(self, source: str, trade_no: str, status: str) -> str | None:
        wanted = select(TRADES.c.id).where(
            TRADES.c.sent_by == self._sender,
            TRADES.c.source == source,
            TRADES.c.trade_no == trade_no,
            TRADES.c.status == status,
        )
        found: str | None = (
            await self._connection.execute(wanted.order_by(TRADES.c.received_at.desc()).limit(1))
        ).scalar()
        return found


def _values(trade: Trade) -> dict[str, object]:
    price = trade.price
    return {
        "trade_no": trade.trade_no,
        "revises": trade.revises,
        "traded_on": trade.traded_on,
        "known_at": trade.known_at,
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


def _trade(row: Row[Any]) -> Trade:
    """Translate a row; its parties stay with the sender and are none here."""
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
        seller=None,
        buyer=None,
        revises=row.revises,
    )


def _stored(row: Row[Any]) -> StoredTrade:
    return StoredTrade(
        id=row.id,
        status=row.status,
        code=row.code,
        detail_zh=row.detail_zh,
        detail_en=row.detail_en,
        source=row.source,
        row=row.row,
        received_at=row.received_at,
    )
