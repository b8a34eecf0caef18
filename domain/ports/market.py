"""Where trades are kept: accepted, quarantined with their reason, or superseded by a revision; none disappears."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from domain.market.groups import Affiliation
from domain.market.judging import Judgement
from domain.market.priced_deals import PricedDeal
from domain.market.told import SentTrade, ToldTrade, TradeStatus
from domain.market.trades import Trade, TradeKind
from domain.values.identifiers import Division, Uscc
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant

__all__ = [
    "Affiliations",
    "MarketTrades",
    "SentTrade",
    "SetAside",
    "StoredTrade",
    "TradeFilter",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTrade:
    """A row as kept; the details of a quarantine are none where another told the row.

    `unit_value` is yuan on the row's `basis`, with six decimals; both are none where the row was never believed.
    """

    id: str
    status: str
    code: str | None
    detail_zh: str | None
    detail_en: str | None
    source: str
    row: Mapping[str, object]
    received_at: datetime
    unit_value: Decimal | None
    basis: str | None
    known_at: datetime
    accepted_from: datetime | None
    accepted_until: datetime | None
    superseded_by: str | None
    exclusion: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A row that was quarantined at a moment, and why."""

    trade_no: str
    source: str
    traded_on: date
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeFilter:
    """Which rows to list; none asks for any. `division` takes everything that lies in it, `since` and `until` too."""

    status: TradeStatus | None = None
    source: str | None = None
    division: Division | None = None
    pollutant: Pollutant | None = None
    instrument: Instrument | None = None
    kind: TradeKind | None = None
    code: str | None = None
    since: date | None = None
    until: date | None = None


class MarketTrades(Protocol):
    """Keep trades."""

    async def lock(self, sources: Iterable[str], trades: Iterable[Trade], *, shared: bool) -> None:
        """Let nobody else take in what these rows might be held against, until the transaction ends.

        That is rows of the caller's own sources and, of the same instrument and pollutant, what everybody is told.
        """
        ...

    async def told_about(self, rows: Sequence[SentTrade], holders: Iterable[Uscc]) -> Sequence[ToldTrade]:
        """Return, oldest first, what the caller may know that these rows must be held against.

        His own rows of their contents and numbers; believed rows of the same day, market and quantity; his own rows
        near those days in which one of `holders` sold, who are the parties of the rows and their groups.
        """
        ...

    async def keep(
        self,
        judgement: Judgement,
        groups: Mapping[str, tuple[str | None, str | None]],
        received_at: datetime,
        *,
        shared: bool,
    ) -> None:
        """Write the new rows, and where the older ones now stand; `groups` are those of seller and buyer by row id."""
        ...

    async def page(self, wanted: TradeFilter, after: str | None, limit: int) -> Sequence[StoredTrade]:
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
        """Return the trades of a province that were believed at `known_at`, without what is excluded.

        `shared_only` leaves out those that the caller alone may see.
        """
        ...

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
        """Return what was believed at `known_at`, in a province or, for none, in the whole country.

        Rows that are no evidence are among them and say why. A deal that the caller keeps for himself and that
        everybody is told as well is excluded as a duplicate, whichever came first. Without a caller, and with
        `shared_only`, it is what everybody is told. In no order of importance.
        """
        ...

    async def set_aside(
        self, instrument: Instrument, pollutant: Pollutant, province: Division | None, since: date, known_at: datetime
    ) -> Sequence[SetAside]:
        """Return the rows that were quarantined at `known_at` and that the caller may see, by day and number.

        A row without a day, market or place is in no scope and is not among them.
        """
        ...

    async def own_deals(self, instrument: Instrument, known_at: datetime) -> int:
        """Return how many deals of an instrument the caller's own tenant had brought and we believed at a moment."""
        ...


class Affiliations(Protocol):
    """Keep which enterprises belong together."""

    async def add(self, affiliation: Affiliation, replaces: str | None) -> None:
        """Write a link of the caller's, in the place of an earlier one of his, if it replaces one."""
        ...

    async def standing(self, party_a: Uscc, party_b: Uscc, since: date) -> Affiliation | None:
        """Return the caller's own link of two enterprises from a day, none when there is none."""
        ...

    async def around(self, parties: Iterable[Uscc]) -> Sequence[Affiliation]:
        """Return every link, of any time, that leads from these parties to anybody, directly or through others.

        Those of the caller's tenant and those that count for everybody.
        """
        ...

    async def group_ids(self, holders: Iterable[Uscc]) -> Mapping[Uscc, str]:
        """Return the opaque ids that the caller's tenant has for these holders, made now where there was none."""
        ...

    async def page(self, uscc: Uscc | None, after: str | None, limit: int) -> Sequence[Affiliation]:
        """Return up to `limit` links that the caller may see, newest first, after one."""
        ...
