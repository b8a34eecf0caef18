"""Trades: as they were told, where each stands, and what of them was believed at a moment.

Every statement says itself whose rows it may read, although row level security says it again: a background job reads
under the worker's role, which sees the rows of all, and must not hold one bank's rows against another's.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, insert, literal, or_, select, text, tuple_, update

from domain.market.judging import Judgement
from domain.market.priced_deals import PricedDeal, apart_from_public
from domain.market.told import SentTrade, ToldTrade
from domain.market.trades import Trade
from domain.ports.market import SetAside, StoredTrade, TradeFilter
from domain.values.actors import Actor
from domain.values.identifiers import Division, Uscc
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from integrations.database import trade_statements
from integrations.database.connection import Connection, Prepared
from integrations.database.tables import TRADE_PARTIES, TRADES
from integrations.database.trade_rows import believed_columns, deal_of, stored_of, told_of, trade_columns, trade_of

LOCK = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")
ADD = Prepared(insert(TRADES))
ADD_PARTIES = Prepared(insert(TRADE_PARTIES))
GROUP_COLUMNS = ("seller_group", "buyer_group")
SIGNIFICANT_DIGITS = 2
"""How many digits of a division name a province; four name a city."""


class DatabaseMarketTrades:
    """Keep trades; the actor is the sender of what is added."""

    def __init__(self, connection: Connection, actor: Actor | None) -> None:
        """Read and write on a connection for an actor."""
        self._connection = connection
        self._sender = None if actor is None else actor.tenant

    async def lock(self, sources: Iterable[str], trades: Iterable[Trade], *, shared: bool) -> None:
        """Take the names in one order, so that two batches never wait for each other; a twin finds our rows."""
        names = {json.dumps(["trades", self._sender, source]) for source in sources}
        owner = None if shared else self._sender
        names |= {json.dumps(["market", owner, trade.instrument, trade.pollutant]) for trade in trades}
        for name in sorted(names):
            await self._connection.execute(LOCK, {"name": name})

    async def told_about(self, rows: Sequence[SentTrade], holders: Iterable[Uscc]) -> Sequence[ToldTrade]:
        """Return what these rows must be held against, oldest first, each once."""
        found: dict[str, Any] = {}
        for statement, values in trade_statements.around(rows, sorted(holders)):
            for row in await self._connection.rows(statement, {**values, "sender": self._sender}):
                found[row.id] = row
        ordered = sorted(found.values(), key=lambda row: (row.received_at, row.id))
        return [told_of(row, own=row.sent_by == self._sender) for row in ordered]

    async def keep(
        self,
        judgement: Judgement,
        groups: Mapping[str, tuple[str | None, str | None]],
        received_at: datetime,
        *,
        shared: bool,
    ) -> None:
        """Write the older rows first: what is superseded makes room for what takes its place."""
        for told in judgement.changed:
            values = {**believed_columns(told), **trade_columns(told.trade)}
            if told.id in groups:
                values |= dict(zip(GROUP_COLUMNS, groups[told.id], strict=True))
            await self._connection.execute(update(TRADES).where(TRADES.c.id == told.id).values(values))
        lines = [
            {
                **trade_columns(told.trade),
                **believed_columns(told),
                **dict(zip(GROUP_COLUMNS, groups.get(told.id, (None, None)), strict=True)),
                "id": told.id,
                "sent_by": self._sender,
                "shared": shared,
                "source": sent.source,
                "row": dict(sent.row),
                "content_sha256": sent.content_sha256,
                "known_at": received_at,
                "received_at": received_at,
            }
            for told, sent in judgement.added
        ]
        if lines:
            await self._connection.run_each(ADD, lines)
        parties = [
            {"trade_id": told.id, "sent_by": self._sender, "seller": trade.seller, "buyer": trade.buyer}
            for told, _ in judgement.added
            if (trade := told.trade) is not None and (trade.seller is not None or trade.buyer is not None)
        ]
        if parties:
            await self._connection.run_each(ADD_PARTIES, parties)

    async def page(self, wanted: TradeFilter, after: str | None, limit: int) -> Sequence[StoredTrade]:
        """Return visible rows, newest first; the words of a quarantine are its sender's alone."""
        own = TRADES.c.sent_by == self._sender
        shown = [column for column in TRADES.c if column.name not in {"detail_zh", "detail_en"}]
        words = [case((own, TRADES.c[name]), else_=None).label(name) for name in ("detail_zh", "detail_en")]
        chosen = select(*shown, *words).where(self._visible(), *_asked(wanted))
        chosen = chosen.order_by(TRADES.c.received_at.desc(), TRADES.c.id.desc()).limit(limit)
        if after is not None:
            last = select(TRADES.c.received_at, TRADES.c.id).where(TRADES.c.id == after)
            chosen = chosen.where(tuple_(TRADES.c.received_at, TRADES.c.id) < last.scalar_subquery())
        return [stored_of(row) for row in await self._rows(chosen)]

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
        """Return what was believed at `known_at`; parties stay with the sender and are none here."""
        wanted = select(TRADES).where(
            self._visible(shared_only=shared_only),
            TRADES.c.instrument == instrument.value,
            TRADES.c.pollutant == pollutant.value,
            func.left(TRADES.c.division, SIGNIFICANT_DIGITS) == province[:SIGNIFICANT_DIGITS],
            TRADES.c.traded_on >= since,
            TRADES.c.accepted_from <= known_at,
            or_(TRADES.c.accepted_until.is_(None), TRADES.c.accepted_until > known_at),
            TRADES.c.exclusion.is_distinct_from("duplicate"),
        )
        return [trade_of(row) for row in await self._rows(wanted)]

    async def priced(
        self,
        instrument: Instrument,
        pollutant: Pollutant,
        province: Division | None,
        since: date,
        known_at: datetime,
        *,
        shared_only: bool = False,
    ) -> Sequence[PricedDeal]:
        """Return what was believed at `known_at`, straight from the columns."""
        scope = self._scope(instrument, pollutant, province, since, known_at)
        sender = None if shared_only else self._sender
        rows = await self._connection.rows(trade_statements.PRICED, {**scope, "sender": sender})
        public = [deal_of(row) for row in rows if row.shared]
        own = [deal_of(row) for row in rows if not row.shared]
        return [*public, *apart_from_public(own, public)] if own else public

    async def set_aside(
        self, instrument: Instrument, pollutant: Pollutant, province: Division | None, since: date, known_at: datetime
    ) -> Sequence[SetAside]:
        """Return what was quarantined at `known_at`."""
        scope = self._scope(instrument, pollutant, province, since, known_at)
        rows = await self._connection.rows(trade_statements.SET_ASIDE, {**scope, "sender": self._sender})
        return [SetAside(trade_no=r.trade_no, source=r.source, traded_on=r.traded_on, code=r.code) for r in rows]

    async def own_deals(self, instrument: Instrument, known_at: datetime) -> int:
        """Return how many of the caller's own deals were believed at `known_at`."""
        wanted = (
            select(func.count())
            .select_from(TRADES)
            .where(
                TRADES.c.sent_by == literal(self._sender),
                TRADES.c.instrument == instrument.value,
                TRADES.c.exclusion.is_(None),
                TRADES.c.accepted_from <= known_at,
                or_(TRADES.c.accepted_until.is_(None), TRADES.c.accepted_until > known_at),
            )
        )
        return int((await self._connection.execute(wanted)).scalar() or 0)

    def _visible(self, *, shared_only: bool = False) -> ColumnElement[bool]:
        told_to_all = and_(TRADES.c.shared, TRADES.c.accepted_from.is_not(None))
        return told_to_all if shared_only else or_(TRADES.c.sent_by == literal(self._sender), told_to_all)

    @staticmethod
    def _scope(
        instrument: Instrument, pollutant: Pollutant, province: Division | None, since: date, known_at: datetime
    ) -> dict[str, object]:
        return {
            "instrument": instrument.value,
            "pollutant": pollutant.value,
            "province": None if province is None else province[:SIGNIFICANT_DIGITS],
            "since": since,
            "known_at": known_at,
        }

    async def _rows(self, wanted: Select[Any]) -> Sequence[Row[Any]]:
        return (await self._connection.execute(wanted)).all()


def _asked(wanted: TradeFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter; a division is that of everything within it."""
    equal = {
        "status": wanted.status,
        "source": wanted.source,
        "pollutant": wanted.pollutant,
        "instrument": wanted.instrument,
        "kind": wanted.kind,
        "code": wanted.code,
    }
    conditions: list[ColumnElement[bool]] = [
        TRADES.c[name] == str(value) for name, value in equal.items() if value is not None
    ]
    if wanted.division is not None and (place := wanted.division.rstrip("0")):
        digits = len(wanted.division) - 2 * ((len(wanted.division) - len(place)) // 2)
        conditions.append(func.left(TRADES.c.division, digits) == wanted.division[:digits])
    if wanted.since is not None:
        conditions.append(TRADES.c.traded_on >= wanted.since)
    if wanted.until is not None:
        conditions.append(TRADES.c.traded_on <= wanted.until)
    return conditions
