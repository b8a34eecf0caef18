"""Where trades are kept: accepted, quarantined with their reason, or superseded by a revision; none disappears."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from domain.market.screening import Quarantine
from domain.market.trades import Trade
from domain.values.identifiers import Division
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTrade:
    """A row as sent: `row` as received, its digest, and the trade, none when the row could not be read."""

    source: str
    row: Mapping[str, object]
    content_sha256: str
    trade: Trade | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTrade:
    """A row as kept."""

    id: str
    status: str
    code: str | None
    detail_zh: str | None
    detail_en: str | None
    source: str
    row: Mapping[str, object]
    received_at: datetime


class MarketTrades(Protocol):
    """Keep trades."""

    async def lock_source(self, source: str) -> None:
        """Let nobody else of the caller's tenant take in trades of this source until the transaction ends."""
        ...

    async def known(self, source: str, content_sha256: str) -> StoredTrade | None:
        """Return the caller's own row of the same content, none when it is new."""
        ...

    async def accepted_under(self, source: str, trade_no: str) -> str | None:
        """Return the id of the caller's accepted trade of this number, none when there is none."""
        ...

    async def quarantined_under(self, source: str, trade_no: str) -> str | None:
        """Return the id of the caller's newest quarantined row of this number, none when there is none."""
        ...

    async def add(self, sent: SentTrade, quarantine: Quarantine | None, received_at: datetime, *, shared: bool) -> str:
        """Write a row and return its id."""
        ...

    async def supersede(self, trade_id: str) -> None:
        """Mark a row as superseded by a revision."""
        ...

    async def page(self, status: str | None, after: str | None, limit: int) -> Sequence[StoredTrade]:
        """Return up to `limit` visible rows, newest first, after one."""
        ...

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
        """Return the trades of a province that were accepted as of `known_at`, revisions known later left out.

        `shared_only` leaves out those that the caller alone may see.
        """
        ...
