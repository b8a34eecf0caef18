"""What the tests of revaluation share: a city with prices of its own, pledges in it, and what was told of them."""

import asyncio
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from api.jobs.revaluation import revalue_pledges
from domain.values.identifiers import Division
from domain.values.pollutants import Pollutant
from tests.builders import NOW, TODAY
from tests.integration.business import Business, a_deal, quantity

ENTERPRISE, OFFICER, APPROVER = "enterprise.shaoxing", "bank-a.officer", "bank-a.approver"
AUTHORITY, EXCHANGE, OTHER_OFFICER = "authority.zhejiang", "exchange.zhejiang", "bank-b.officer"
CITIES: Final = count(1)


class Place:
    """A city of its own in Zhejiang, so that no test moves another's prices."""

    def __init__(self, business: Business, *, price: str | None = "4000.00") -> None:
        """Deal six times at a price, ten days ago and before, unless at none."""
        self.business = business
        self.division = f"33{next(CITIES) + 20:02d}00"
        self._numbers = count()
        if price is not None:
            self.deals(price, days_ago=10)

    def deals(self, price: str, *, days_ago: int, client: str = EXCHANGE, **more: object) -> list[str]:
        """Report six deals at a price on consecutive days and return their numbers."""
        names = [f"{self.division}-{next(self._numbers)}" for _ in range(6)]
        self._report(client, [(name, price, days_ago + 5 - index, more) for index, name in enumerate(names)])
        return names

    def corrected(self, names: list[str], price: str) -> None:
        """Report that deals of today and the days before were at another price."""
        rows: list[tuple[str, str, int, dict[str, object]]] = [
            (f"{name}-bis", price, 5 - index, {"revises": name}) for index, name in enumerate(names)
        ]
        self._report(EXCHANGE, rows)

    def _report(self, client: str, rows: list[tuple[str, str, int, dict[str, object]]]) -> None:
        trades = [
            a_deal(
                0,
                price,
                **{
                    "trade_no": name,
                    "venue": f"场所 {self.division}",
                    "quantity": quantity("20.000000" if client == EXCHANGE else "21.000000"),
                    "division": self.division,
                    "traded_on": (TODAY - timedelta(days=days_ago)).isoformat(),
                    **more,
                },
            )
            for name, price, days_ago, more in rows
        ]
        body = {"source": "syn" if client == EXCHANGE else client, "trades": trades}
        answer = self.business.post(client, "/v1/market/trades", body, 200)
        assert answer["accepted"] == len(rows), answer

    def right(self, pollutant: Pollutant = Pollutant.COD) -> str:
        """Return a verified right in this city."""
        return self.business.verified(division=Division(self.division), pollutant=pollutant)

    def lent(self, amount: str = "40000.00", *, pieces: int = 1) -> tuple[list[str], str]:
        """Return active pledges of ten tonnes each for one loan, which is paid out."""
        loan = self.business.loan(amount)
        pledges = [self.business.active({self.right(): "10"}, [loan], amount) for _ in range(pieces)]
        status, answer = self.business.event(loan, "disbursed", amount)
        assert status == 201, answer
        return pledges, loan


def revalue(business: Business, at: datetime = NOW) -> None:
    async def run() -> None:
        async with business.worker_house(at) as house:
            await revalue_pledges(house)

    asyncio.run(run())


def days_later(days: int) -> datetime:
    return NOW + timedelta(days=days)


def told(business: Business, client: str, subject: str, kind: str = "coverage.") -> list[tuple[str, dict[str, Any]]]:
    """Return the events of a subject that a client sees, oldest first."""
    found: list[tuple[str, dict[str, Any]]] = []
    after = ""
    while items := business.get(client, f"/v1/events?limit=200{after}")["items"]:
        found += [(each["type"], each["data"]) for each in items if each["subject"] == subject]
        after = f"&after={items[-1]['id']}"
    return [(name, data) for name, data in found if name.startswith(kind)]


def kinds(business: Business, pledge: str, client: str = OFFICER) -> list[str]:
    return [name.removeprefix("coverage.") for name, _ in told(business, client, pledge)]


def level(business: Business, pledge: str) -> str:
    return str(business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")["level"])


def snapshots(business: Business, pledge: str, client: str = OFFICER) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = business.get(client, f"/v1/pledges/{pledge}/valuations")["items"]
    return items


def the_item(business: Business, pledge: str) -> dict[str, Any]:
    [item] = business.get(OFFICER, f"/v1/pledges/{pledge}")["items"]
    return dict(item)


def everything_written(business: Business) -> list[object]:
    """Return which rows there are of pledges, their values, levels and events, and who wrote each last."""
    tables = (
        "pledges",
        "pledge_items",
        "pledge_valuations",
        "coverage_levels",
        "stale_prices",
        "events",
        "audit_entries",
    )
    return [business.sql(f"select xmin::text, ctid::text from {table} order by 2") for table in tables]
