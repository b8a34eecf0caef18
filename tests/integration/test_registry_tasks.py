"""A province without an interface: the freeze is a task, a clerk answers, and a second person confirms."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any

import psycopg
import pytest

from api.house import House
from api.jobs.registry_orders import carry_out_order
from domain.ports.registry import RegistryUnavailable
from integrations.database.engine import make_engine
from integrations.database.unit_of_work import unit_of_work
from integrations.registry_manual.client import ManualRegistry
from tests.builders import NOW, TODAY
from tests.database_session import Database
from tests.integration.business import Business, open_for_business, yuan

FIRST, SECOND, OFFICER = "authority.zhejiang", "authority.second", "bank-a.officer"
EXECUTED = {
    "outcome": "executed",
    "reference": "绍环登2026-1",
    "on": TODAY.isoformat(),
    "receipt": {"sha256": "1" * 64, "title": "登记回执"},
}
REFUSED = {**EXECUTED, "outcome": "refused", "reference": None, "reason": "材料不全"}


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


def steps(business: Business, pledge: str) -> None:
    """Let the worker take every open order of a pledge one step further, by hand instead of over an interface."""

    async def act() -> None:
        engine = make_engine(business.database.worker_url, pool_size=3)
        try:
            async with business.worker_house() as house:
                manual = ManualRegistry(partial(unit_of_work, engine, None), business.registry, lambda: NOW)
                by_hand: House = replace(house, registry=manual)
                rows = business.sql("select id from registry_orders where pledge_id = %s", pledge)
                for (order_id,) in rows:
                    await carry_out_order(by_hand, order_id)
        finally:
            await engine.dispose()

    asyncio.run(act())


def freezing(business: Business) -> tuple[str, dict[str, Any]]:
    """Bring a pledge to where its freeze waits in the queue, and return it with its task."""
    right = business.verified()
    pledge = business.approvable({right: "10"}, [business.loan()])
    business.act("bank-a.approver", pledge, "approve-loan", {"amount": yuan("40000.00"), "rate": "0.0345"})
    business.act("enterprise.shaoxing", pledge, "confirm", expected=202)
    steps(business, pledge)
    tasks = business.get(FIRST, "/v1/registry-tasks?status=open")["items"]
    (task,) = [each for each in tasks if each["contract_no"] == pledge]
    return pledge, task


def test_the_order_takes_the_answer_only_once_a_second_person_has_confirmed_it(business: Business) -> None:
    pledge, task = freezing(business)
    path = f"/v1/registry-tasks/{task['id']}"
    assert (task["kind"], task["quantity"]["amount"], task["expected_version"]) == ("freeze", "10.000000", 1)

    assert business.post(FIRST, f"{path}/confirm", {}, 409)["code"] == "task_cannot_move"
    answered = business.post(FIRST, f"{path}/answer", EXECUTED, 200)
    steps(business, pledge)
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "freezing"
    refusal = business.post(FIRST, f"{path}/confirm", {}, 403)
    assert (refusal["code"], answered["state"]) == ("same_person", "answered")

    confirmed = business.post(SECOND, f"{path}/confirm", {}, 200)
    waiting = "select count(*) from procrastinate_jobs where task_name = 'carry_out_order' and args ->> 'order_id' = %s"
    assert business.sql(waiting, task["order_id"])[0][0] >= 2
    steps(business, pledge)

    told = business.get(OFFICER, f"/v1/pledges/{pledge}")
    (entry,) = [each for each in told["registrations"] if each["register"] == "emission_registry"]
    assert (told["status"], entry["reference"]) == ("active", "绍环登2026-1")
    assert entry["registered_at"] == "2026-11-21T10:00:00.000+08:00"
    assert (confirmed["confirmed_by"], confirmed["answer"]["answered_by"]) == (SECOND, FIRST)
    evidence = business.sql("select evidence_sha256 from registry_orders where id = %s", task["order_id"])
    assert evidence == [("1" * 64,)]
    assert business.post(SECOND, f"{path}/confirm", {}, 409)["code"] == "task_cannot_move"


def test_a_confirmed_refusal_returns_the_pledge_to_where_it_was(business: Business) -> None:
    pledge, task = freezing(business)
    path = f"/v1/registry-tasks/{task['id']}"

    business.post(FIRST, f"{path}/answer", REFUSED, 200)
    business.post(SECOND, f"{path}/confirm", {}, 200)
    steps(business, pledge)

    told = business.get(OFFICER, f"/v1/pledges/{pledge}")
    assert (told["status"], told["reason"]) == ("confirmed", "REFUSED_BY_CLERK")


def test_a_second_person_who_disagrees_returns_the_task(business: Business) -> None:
    _, task = freezing(business)
    path = f"/v1/registry-tasks/{task['id']}"
    business.post(FIRST, f"{path}/answer", EXECUTED, 200)
    assert business.post(SECOND, f"{path}/answer", REFUSED, 409)["code"] == "task_cannot_move"

    assert business.post(FIRST, f"{path}/return", {"reason": "x"}, 403)["code"] == "same_person"
    returned = business.post(SECOND, f"{path}/return", {"reason": "回执编号有误"}, 200)

    assert (returned["state"], returned["answer"], returned["version"]) == ("open", None, 3)
    business.post(SECOND, f"{path}/answer", EXECUTED, 200)
    assert business.post(FIRST, f"{path}/confirm", {}, 200)["state"] == "confirmed"


def test_an_answer_is_of_a_day_between_the_task_and_today_and_says_what_its_outcome_needs(business: Business) -> None:
    _, task = freezing(business)
    path = f"/v1/registry-tasks/{task['id']}/answer"

    for day in ("2026-11-20", "2026-11-22"):
        assert business.post(FIRST, path, {**EXECUTED, "on": day}, 422)["code"] == "invalid_date"
    assert business.post(FIRST, path, {**EXECUTED, "reference": None}, 422)["errors"]
    assert business.post(FIRST, path, {**REFUSED, "reason": None}, 422)["errors"]


def test_the_queue_is_the_authoritys_and_nobody_elses(business: Business) -> None:
    _, task = freezing(business)

    assert business.post(OFFICER, f"/v1/registry-tasks/{task['id']}/answer", EXECUTED, 403)["code"] == "forbidden"
    assert business.get("platform.ops", "/v1/registry-tasks")["items"] == []
    business.get("platform.ops", f"/v1/registry-tasks/{task['id']}", 404)
    business.post("platform.ops", f"/v1/registry-tasks/{task['id']}/answer", EXECUTED, 404)


def test_the_database_itself_refuses_a_confirmation_by_the_clerk_who_answered(business: Business) -> None:
    _, task = freezing(business)
    business.post(FIRST, f"/v1/registry-tasks/{task['id']}/answer", EXECUTED, 200)

    with pytest.raises(psycopg.errors.CheckViolation):
        business.sql("update registry_tasks set confirmed_by = answered_by where id = %s", task["id"])


def test_without_statements_a_question_finds_no_answer(business: Business) -> None:
    manual = ManualRegistry(lambda: None, None, lambda: NOW)  # type: ignore[arg-type,return-value]  # never opened

    with pytest.raises(RegistryUnavailable):
        asyncio.run(manual.daily_balances("anhui", TODAY))
