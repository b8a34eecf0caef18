"""The nitrogen market of a test: who tells of it, what is listed, and what a valuation reads at a moment."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from domain.market.priced_deals import PricedDeal
from domain.ports.market import SetAside
from domain.values.actors import Actor, Role
from domain.values.identifiers import Division
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from integrations.database.engine import make_engine
from integrations.database.unit_of_work import unit_of_work
from tests.builders import BANK_USCC, NOW
from tests.integration.business import OTHER_BANK_USCC, Business, a_deal, quantity

EXCHANGE, BANK_A, BANK_B, AUTHORITY = "exchange.zhejiang", "bank-a.officer", "bank-b.officer", "authority.zhejiang"
ZHEJIANG = Division("330000")
HOUR = timedelta(hours=1)
ACTORS = {
    EXCHANGE: Actor(client_id=EXCHANGE, tenant=EXCHANGE, role=Role.EXCHANGE, uscc=None, division=None),
    BANK_A: Actor(client_id=BANK_A, tenant="bank-a", role=Role.BANK_OFFICER, uscc=BANK_USCC, division=None),
    BANK_B: Actor(client_id=BANK_B, tenant="bank-b", role=Role.BANK_OFFICER, uscc=OTHER_BANK_USCC, division=None),
}


def send(business: Business, client: str, *rows: dict[str, object], source: str = "s") -> Any:  # noqa: ANN401 - any JSON answer
    """Let a client report rows of nitrogen, of which nobody has told anything yet."""
    trades = [{"pollutant": "NH3N", **row} for row in rows]
    return business.post(client, "/v1/market/trades", {"source": source, "trades": trades}, 200)


def a_row(number: int, price: str = "4000.00", **different: object) -> dict[str, object]:
    """Return an honest deal of one tonne of nitrogen."""
    return a_deal(number, price, **{"pollutant": "NH3N", "quantity": quantity("1.000000"), **different})


def listed(business: Business, client: str, query: str = "") -> list[dict[str, Any]]:
    """Return what a client is shown of the nitrogen market."""
    items = business.get(client, f"/v1/market/trades?pollutant=NH3N&limit=200{query}")["items"]
    return list(items)


def statuses(business: Business, client: str, query: str = "") -> dict[str, str]:
    """Return the status of each row that a client is shown, by its number."""
    return {row["trade"]["trade_no"]: row["status"] for row in listed(business, client, query)}


def an_hour_passes(business: Business) -> None:
    """Let everything told so far have been told an hour earlier."""
    moments = ("received_at", "known_at", "accepted_from", "accepted_until", "superseded_at")
    moved = ", ".join(f"{name} = {name} - interval '1 hour'" for name in moments)
    business.sql(f"update trades set {moved}")


def priced(
    business: Business,
    client: str | None,
    known_at: datetime = NOW,
    province: Division | None = ZHEJIANG,
    *,
    shared_only: bool = False,
) -> Sequence[PricedDeal]:
    """Return what a client's valuation reads at a moment; for nobody, what a background job does."""

    async def read() -> Sequence[PricedDeal]:
        url = business.database.app_url if client else business.database.worker_url
        engine = make_engine(url, pool_size=1)
        try:
            async with unit_of_work(engine, ACTORS[client] if client else None) as uow:
                scope = Instrument.DISCHARGE_RIGHT, Pollutant.NH3N, province, date(2020, 1, 1), known_at
                return await uow.trades.priced(*scope, shared_only=shared_only)
        finally:
            await engine.dispose()

    return asyncio.run(read())


def set_aside(business: Business, client: str, known_at: datetime = NOW) -> list[tuple[str, str]]:
    """Return number and code of what was quarantined at a moment, as a client may see it."""

    async def read() -> Sequence[SetAside]:
        engine = make_engine(business.database.app_url, pool_size=1)
        try:
            async with unit_of_work(engine, ACTORS[client]) as uow:
                scope = Instrument.DISCHARGE_RIGHT, Pollutant.NH3N, ZHEJIANG, date(2020, 1, 1), known_at
                return await uow.trades.set_aside(*scope)
        finally:
            await engine.dispose()

    return [(row.trade_no, row.code) for row in asyncio.run(read())]


def prices(deals: Sequence[PricedDeal]) -> dict[str, int]:
    """Return yuan by number of what is evidence."""
    return {deal.trade_no: deal.unit_price // 10**6 for deal in deals if deal.exclusion is None}
