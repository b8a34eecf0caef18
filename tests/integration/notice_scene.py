"""The business with a notice registry beside it: client, simulator, and the worker's steps when a test says so."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import httpx

from api.house import House
from api.jobs.notices import carry_out_notice, follow_notices, search_again
from integrations.notice_registry.client import HttpNoticeRegistry, NoticeEndpoint
from integrations.notice_registry.simulator import create_simulator
from tests.builders import NOW
from tests.fakes.loopback import serving
from tests.integration.business import Business

SECRET: Final = b"sixteen bytes or more"
OFFICER, ENTERPRISE = "bank-a.officer", "enterprise.shaoxing"
STEPS_MAX: Final = 20


@dataclass
class Clock:
    """The register's clock, which a test moves."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@dataclass
class NoticeScene:
    """The business, the register's address, and its clock."""

    business: Business
    base_url: str
    clock: Clock

    def active(self) -> tuple[str, str, str]:
        """Bring a pledge to active and return its id, its right's and its loan's."""
        business = self.business
        right, loan = business.verified(), business.loan()
        return business.active({right: "10"}, [loan]), right, loan

    def submitted(self) -> str:
        """Bring a pledge to submitted, where it may be published already, and return its id."""
        pledge = self.business.draft({self.business.verified(): "1"})
        self.business.act(ENTERPRISE, pledge, "submit")
        return pledge

    def order(self, pledge: str, verb: str, body: object, expected: int = 202, client: str = OFFICER) -> Any:  # noqa: ANN401 - any JSON answer
        """Order something of the register; an empty verb registers."""
        path = f"/v1/pledges/{pledge}/registrations" + (f"/notice-registry/{verb}" if verb else "")
        return self.business.post(client, path, body, expected)

    def register(self, pledge: str, months: int = 24, **different: object) -> Any:  # noqa: ANN401 - any JSON answer
        """Order an entry and let the register execute it."""
        self.order(pledge, "", {"register": "notice_registry", "term_months": months, **different})
        self.work()
        return self.entry(pledge)

    def entry(self, pledge: str, client: str = OFFICER) -> Any:  # noqa: ANN401 - any JSON answer
        """Read the entry, its orders and the newest search."""
        return self.business.get(client, f"/v1/pledges/{pledge}/registrations/notice-registry")

    def pledge(self, pledge: str) -> Any:  # noqa: ANN401 - any JSON answer
        """Read the pledge as its bank."""
        return self.business.get(OFFICER, f"/v1/pledges/{pledge}")

    def condition(self, pledge: str, code: str) -> Any:  # noqa: ANN401 - any JSON answer
        """Return whether a condition is met, none where it is not demanded."""
        return next((each["met"] for each in self.pledge(pledge)["conditions"] if each["code"] == code), None)

    def control(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON answer
        """Use the register's back door."""
        method = "GET" if body is None else "POST"
        with httpx.Client(trust_env=False) as http:
            return http.request(method, f"{self.base_url}/control/{path}", json=body).raise_for_status().json()

    def disarm(self) -> None:
        """Let the register behave."""
        with httpx.Client(trust_env=False) as http:
            http.delete(f"{self.base_url}/control/faults").raise_for_status()

    def work(self, at: datetime = NOW) -> None:
        """Carry out every open order at the register, and then the searches that wait."""
        self.inside(self._worked, at)

    def follow(self, at: datetime) -> int:
        """Let the night's job run at a moment."""
        return int(self.inside(follow_notices, at))

    def inside(self, act: Callable[[House], Awaitable[Any]], at: datetime = NOW) -> Any:  # noqa: ANN401 - whatever it returns
        """Run something in the worker's house with the register connected."""
        return asyncio.run(self._inside(act, at))

    async def _inside(self, act: Callable[[House], Awaitable[Any]], at: datetime) -> Any:  # noqa: ANN401 - whatever it returns
        endpoint = NoticeEndpoint(self.base_url, "greenlien", SECRET)
        registry = HttpNoticeRegistry(endpoint, timeout_seconds=3, now=self.clock)
        try:
            async with self.business.worker_house(at) as house:
                return await act(replace(house, notice_registry=registry))
        finally:
            await registry.aclose()

    async def _worked(self, house: House) -> None:
        for _ in range(STEPS_MAX):
            rows = self.business.sql("select id from notice_orders where state not in ('executed', 'refused')")
            if not rows:
                break
            for (order_id,) in rows:
                await carry_out_notice(house, order_id)
        waiting = "select args ->> 'pledge_id' from procrastinate_jobs where task_name = 'search_again'"
        for (pledge_id,) in self.business.sql(f"select distinct pledge from ({waiting}) as jobs (pledge)"):
            await search_again(house, pledge_id)
        self.business.sql("delete from procrastinate_jobs where task_name = 'search_again'")


@contextmanager
def notices(business: Business) -> Iterator[NoticeScene]:
    """Lend the scene."""
    clock = Clock()
    with serving(create_simulator(None, SECRET, clock)) as base_url:
        yield NoticeScene(business, base_url, clock)
