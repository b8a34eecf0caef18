"""A registry is closed for twelve hours: callers are told when to expect it, orders wait, and then all are executed."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from api.jobs.registry_orders import carry_out_order
from domain.pledges.opening import Opening, windows_of
from domain.pledges.registry_orders import STUCK_AFTER_ATTEMPTS
from tests.builders import NOW
from tests.database_session import Database
from tests.integration.business import Business, open_for_business, yuan
from tests.openapi_truth import OpenapiTruth

OFFICER, APPROVER, ENTERPRISE = "bank-a.officer", "bank-a.approver", "enterprise.shaoxing"
MORNING: Final = NOW
"""Saturday, 21 November 2026, ten o'clock in Shanghai."""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SATURDAY: Final = Opening(closed=windows_of("Sat 10:00-22:00"))
REOPENED: Final = "2026-11-21T22:00:00.000+08:00"
TEN_MINUTES_LATER: Final = "2026-11-21T22:10:00.000+08:00"
OPEN: Final = "select id from registry_orders where state not in ('executed', 'refused') order by id"


@dataclass
class Clock:
    """The clock of the business and of the registry."""

    at: datetime = MORNING

    def __call__(self) -> datetime:
        return self.at


CLOCK: Final = Clock()


@pytest.fixture(scope="module")
def opened(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database, CLOCK) as lent:
        lent._http.event_hooks["response"].append(OpenapiTruth(lent.get(OFFICER, "/openapi.json")).check)
        yield lent


@pytest.fixture
def business(opened: Business) -> Iterator[Business]:
    CLOCK.at = MORNING
    yield opened
    opened.openings.clear()
    opened.registry._faults.clear()
    opened.registry.closed_until = None
    CLOCK.at = MORNING
    opened.work()
    opened.sql("delete from registry_closures")


def step(business: Business) -> None:
    """Let the worker try every open order once."""

    async def steps() -> None:
        async with business.worker_house() as house:
            for (order_id,) in business.sql(OPEN):
                await carry_out_order(house, order_id)

    asyncio.run(steps())


def confirmable(business: Business, amount: str = "1") -> str:
    """Bring a pledge to where its pledgor confirms it, and return its id."""
    pledge = business.approvable({business.verified(): amount}, [business.loan("100.00")])
    business.act(APPROVER, pledge, "approve-loan", {"amount": yuan("100.00"), "rate": "0.0345"})
    return pledge


def confirm(business: Business, pledge: str) -> httpx.Response:
    """Let the pledgor confirm, which orders the freeze, and return the whole answer."""
    headers = {"Authorization": business.authorization(ENTERPRISE), "Idempotency-Key": f"confirm-{pledge}"}
    return business._http.post(f"{business.base_url}/v1/pledges/{pledge}/confirm", json={}, headers=headers)


def read(business: Business, pledge: str) -> Any:  # noqa: ANN401 - any JSON answer
    """Read a pledge as its bank."""
    return business.get(OFFICER, f"/v1/pledges/{pledge}")


def jobs_of(business: Business, order_id: str) -> list[datetime]:
    """Return when the order's next steps are due, and forget them."""
    rows = business.sql(
        "delete from procrastinate_jobs where task_name = 'carry_out_order' and args ->> 'order_id' = %s"
        " returning scheduled_at",
        order_id,
    )
    return [at for (at,) in rows]


def test_twenty_orders_wait_out_a_scheduled_closure_and_are_all_executed_after_it(business: Business) -> None:
    pledges = [confirmable(business) for _ in range(20)]
    business.openings["zhejiang"] = SATURDAY
    CLOCK.at = MORNING + MINUTE

    for pledge in pledges:
        answer = confirm(business, pledge)
        assert (answer.status_code, answer.json()["status"]) == (202, "freezing")
        assert answer.json()["expected_by"] >= REOPENED
        assert answer.headers["Retry-After"] == "300"

    business.registry.executed.clear()
    business.registry.arm("any", "error", 1000)
    for hours in (1, 6, 11):
        CLOCK.at = MORNING + hours * HOUR
        step(business)
    assert len(business.registry._faults) == 1000, "not one message, not even a question, was sent"
    assert business.sql(
        "select distinct state, attempts from registry_orders where round = 1 and state = 'recorded'"
    ) == [("recorded", 0)]
    business.registry._faults.clear()
    CLOCK.at = MORNING + 12 * HOUR
    step(business)

    assert len(business.registry.executed) == 20
    assert {read(business, pledge)["status"] for pledge in pledges} == {"active"}
    assert business.get("platform.ops", "/v1/exceptions")["items"] == []


def test_an_order_put_off_comes_again_when_it_opens(business: Business) -> None:
    pledge = confirmable(business)
    business.openings["zhejiang"] = SATURDAY
    confirm(business, pledge)
    [(order,)] = business.sql("select id from registry_orders where pledge_id = %s", pledge)
    jobs_of(business, order)

    step(business)

    assert jobs_of(business, order) == [MORNING + 12 * HOUR]


def test_a_declared_closure_is_told_to_everybody_who_orders_until_the_registry_answers(business: Business) -> None:
    first, second = confirmable(business), confirmable(business)
    assert confirm(business, first).json()["expected_by"] < REOPENED
    business.registry.closed_until = MORNING + 12 * HOUR
    business.registry.arm("any", "closed", 100)
    step(business)

    told = confirm(business, second).json()
    assert told["expected_by"] >= REOPENED
    assert read(business, first)["expected_by"] >= REOPENED
    for hours in (2, 7, 11):
        CLOCK.at = MORNING + hours * HOUR
        step(business)
        assert read(business, first)["status"] == "freezing"
    assert business.sql("select count(*), max(until) from registry_closures where ended_at is null") == [
        (1, MORNING + 12 * HOUR)
    ]

    business.registry._faults.clear()
    step(business)
    assert {read(business, each)["status"] for each in (first, second)} == {"active"}
    assert read(business, first)["expected_by"] is None
    assert business.sql("select ended_at is not null from registry_closures") == [(True,)]


def test_a_closure_without_an_end_is_told_without_an_estimate(business: Business) -> None:
    pledge = confirmable(business)
    confirm(business, pledge)
    business.registry.arm("any", "closed", 5)
    step(business)

    told = read(business, pledge)

    assert told["expected_by"] is None
    assert told["estimate"]["reason"] == "closed_without_end"


def test_a_closed_registry_calls_nobody_however_long_it_is(business: Business) -> None:
    pledge = confirmable(business)
    confirm(business, pledge)
    business.registry.arm("any", "closed", 1000)

    for _ in range(STUCK_AFTER_ATTEMPTS + 2):
        step(business)

    assert read(business, pledge)["status"] == "freezing"
    assert business.get(OFFICER, "/v1/exceptions")["items"] == []


def test_what_little_was_seen_is_assumed_and_a_bank_measures_on_its_own_orders(business: Business) -> None:
    business.sql("update registry_orders set created_at = created_at - interval '60 days'")
    pledge = confirmable(business)
    few = confirm(business, pledge).json()
    assert (few["estimate"]["basis"], few["expected_by"]) == ("assumed", "2026-11-21T10:10:00.000+08:00")
    step(business)

    for minutes in range(1, 6):
        each = confirmable(business)
        CLOCK.at = MORNING
        confirm(business, each)
        CLOCK.at = MORNING + minutes * MINUTE
        step(business)
    CLOCK.at = MORNING
    pledge = confirmable(business)
    seen = confirm(business, pledge).json()

    assert seen["estimate"]["basis"] == "measured"
    assert (seen["estimate"]["orders_seen"], seen["estimate"]["p90_seconds"]) == (6, 300)
    assert seen["expected_by"] == "2026-11-21T10:05:00.000+08:00"


def test_a_release_is_expected_once_the_second_person_has_ordered_it(business: Business) -> None:
    pledge = business.active({business.verified(): "1"}, [business.loan("100.00")], "100.00")
    first = business.act(OFFICER, pledge, "release", {"reason": "waived"}, 202)
    business.openings["zhejiang"] = SATURDAY
    second = business.act(APPROVER, pledge, "release/approve", expected=202)

    assert (first["expected_by"], first["estimate"]) == (None, None)
    assert second["estimate"]["reason"] is None
    assert second["expected_by"] >= REOPENED
