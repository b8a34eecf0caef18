"""Reconciliation through the real doors: file, live answer and our books, and who is told of what differs."""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Final

import pytest

from api.jobs.reconciliation import give_up, reconcile_registry, request_daily_runs
from domain.ports.registry import RegistryUnavailable
from domain.values.identifiers import RegistryNo
from integrations.database.engine import make_engine
from integrations.database.unit_of_work import unit_of_work
from tests.builders import HOLDER, TODAY, a_right, tonnes
from tests.database_session import Database
from tests.filled_database import ENTERPRISE as HOLDER_ACTOR
from tests.filled_database import as_told
from tests.integration.business import Business, open_for_business
from tests.integration.vigil import LATER, events, forget_freezes, kinds, registry_acts, watch
from tests.openapi_truth import OpenapiTruth

OFFICER, AUTHORITY, OPS, ENTERPRISE = "bank-a.officer", "authority.zhejiang", "platform.ops", "enterprise.shaoxing"
RIGHTS: Final = 300
DIFFERENCE: Final = "reconciliation.difference"


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        opened._http.event_hooks["response"].append(OpenapiTruth(opened.get(OFFICER, "/openapi.json")).check)
        for bank in ("bank-a", "bank-b"):
            opened.consent(ENTERPRISE, HOLDER, bank)
        yield opened


def run(business: Business, client: str = OPS, registry: str = "zhejiang") -> Any:  # noqa: ANN401 - any JSON answer
    """Reconcile with a registry and return what came of it."""
    asked = business.post(client, "/v1/reconciliation/runs", {"registry": registry}, 202)
    watch(business)
    return business.get(client, f"/v1/reconciliation/runs/{asked['id']}")


def cases(business: Business, client: str = OPS, state: str | None = None) -> list[dict[str, Any]]:
    """Return the cases that a client sees."""
    narrowed = "" if state is None else f"&state={state}"
    items: list[dict[str, Any]] = business.get(client, f"/v1/reconciliation/cases?limit=200{narrowed}")["items"]
    return items


def many(business: Business, registry: str, count: int) -> list[str]:
    """Let a registry have so many rights, and us keep them, and return their ids."""
    told = [
        as_told(a_right(registry=registry, registry_no=RegistryNo(f"PWQ-{registry.upper()}-{place:04d}")))
        for place in range(count)
    ]
    for right in told:
        business.know(right)
    return asyncio.run(_kept(business, told))


async def _kept(business: Business, told: list[Any]) -> list[str]:
    engine = make_engine(business.database.app_url, pool_size=1)
    try:
        async with unit_of_work(engine, HOLDER_ACTOR) as uow:
            ids = [await uow.rights.record_verified(right, right.as_of) for right in told]
            await uow.commit()
            return ids
    finally:
        await engine.dispose()


def test_one_right_in_a_hundred_changed_behind_our_back_is_found_by_the_next_run_and_no_other(
    business: Business,
) -> None:
    rights = many(business, "ningxia", RIGHTS)
    assert (run(business, registry="ningxia")["rights"], cases(business)) == (RIGHTS, [])

    dice = random.Random(20261121)
    changed = dice.sample(rights, RIGHTS // 100)
    for right, kind in zip(changed, ("revoke", "reduce", "court_order"), strict=True):
        number = RegistryNo(business.sql("select registry_no from rights where id = %s", right)[0][0])
        business.registry.change("ningxia", number, kind, quantity=tonnes("5"))
    found = run(business, registry="ningxia")

    assert (found["status"], found["rights"], found["differences"], found["moved"]) == ("done", RIGHTS, 3, 0)
    assert {case["right_id"]: case["kind"] for case in cases(business)} == dict(
        zip(changed, ("status_differs", "quantity_differs", "frozen_more"), strict=True)
    )
    again = run(business, registry="ningxia")
    assert (again["differences"], len(cases(business))) == (0, 3)  # what was entered is equal now


def test_a_difference_is_told_to_the_bank_that_it_affects_and_to_no_other(business: Business) -> None:
    right = business.verified()
    pledge = business.active({right: "10"}, [business.loan()])
    registry_acts(business, right, "revoke")

    assert run(business)["differences"] >= 1

    assert [parties for kind, parties in events(business, right) if kind == DIFFERENCE] == [["bank-a"]]
    assert kinds(business, pledge) == ["right_revoked"]
    assert [case["right_id"] for case in cases(business, OFFICER)].count(right) == 1
    assert cases(business, "bank-b.officer") == []
    assert right in {case["right_id"] for case in cases(business, AUTHORITY)}


def test_a_freeze_that_the_registry_has_lost_is_denied_kept_and_stops_the_money(business: Business) -> None:
    right, loan = business.verified(), business.loan()
    pledge = business.active({right: "10"}, [loan])
    ((number,),) = business.sql("select registry_no from rights where id = %s", right)
    forget_freezes(business, RegistryNo(number))

    run(business)

    (case,) = [each for each in cases(business) if each["right_id"] == right]
    assert (case["kind"], case["ours"]["frozen"], case["theirs_live"]["frozen"]) == (
        "frozen_less",
        "10.000000",
        "0.000000",
    )
    assert business.available(right) == "40.000000"  # our books keep what was confirmed
    assert kinds(business, pledge) == ["registry_differs"]
    assert business.event(loan, "disbursed", "1000.00")[0] == 409
    run(business)
    assert len([each for each in cases(business) if each["right_id"] == right]) == 1
    assert [kind for kind, _ in events(business, right)].count(DIFFERENCE) == 1


def test_what_moved_since_the_file_was_written_agrees_live_and_is_nobodys_case(business: Business) -> None:
    right = business.verified()
    whole = business.registry.daily_balances

    async def yesterdays(registry: str, on: object) -> Any:  # noqa: ANN401 - a file
        file = await whole(registry, TODAY)
        return replace(file, rows=tuple(replace(row, version=row.version + 7) for row in file.rows))

    before = len(cases(business))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(business.registry), "daily_balances", lambda _self, registry, on: yesterdays(registry, on))
        found = run(business)

    assert found["moved"] >= 1
    assert len(cases(business)) == before
    assert right not in {case["right_id"] for case in cases(business)}


def test_a_case_has_an_owner_and_an_end_and_then_changes_no_more(business: Business) -> None:
    right = business.verified()
    pledge = business.active({right: "10"}, [business.loan()])
    forget_freezes(business, RegistryNo(business.sql("select registry_no from rights where id = %s", right)[0][0]))
    run(business)
    (case,) = [each for each in cases(business, state="open") if each["right_id"] == right]
    assert case["owner"] == AUTHORITY
    path = f"/v1/reconciliation/cases/{case['id']}"

    assert business.post(OPS, f"{path}/acknowledge", {"owner": "张三"}, 200)["owner"] == "张三"
    assert right in {each["right_id"] for each in cases(business, state="acknowledged")}
    ended = business.post(AUTHORITY, f"{path}/resolve", {"note": "登记机构已恢复冻结"}, 200)
    watch(business)

    assert (ended["state"], ended["note"]) == ("resolved", "登记机构已恢复冻结")
    assert kinds(business, pledge) == []
    for verb, body in (("acknowledge", {"owner": "李四"}), ("resolve", {"note": "x"})):
        assert business.post(OPS, f"{path}/{verb}", body, 409)["code"] == "case_resolved"
    run(business)
    assert kinds(business, pledge) == ["registry_differs"]  # what is not mended is a case again


def test_who_may_ask_and_settle(business: Business) -> None:
    for client in (OFFICER, ENTERPRISE, "exchange.zhejiang"):
        assert business.call(client, "POST", "/v1/reconciliation/runs", {"registry": "zhejiang"})[0] == 403
        nowhere = "/v1/reconciliation/cases/case_" + "0" * 32
        assert business.call(client, "POST", f"{nowhere}/resolve", {"note": "x"})[0] == 403
    assert business.call(AUTHORITY, "POST", "/v1/reconciliation/runs", {"registry": "hubei"})[0] == 404
    assert run(business, AUTHORITY)["status"] == "done"


def test_a_registry_that_does_not_answer_leaves_the_run_open_until_it_is_given_up(business: Business) -> None:
    asked = business.post(OPS, "/v1/reconciliation/runs", {"registry": "nowhere"}, 202)
    business.sql("delete from procrastinate_jobs where task_name = 'reconcile_registry'")

    with pytest.raises(RegistryUnavailable):
        asyncio.run(_with_house(business, lambda house: reconcile_registry(house, asked["id"])))
    assert business.get(OPS, f"/v1/reconciliation/runs/{asked['id']}")["status"] == "pending"
    asyncio.run(_with_house(business, lambda house: give_up(house, asked["id"], "silent")))

    ended = business.get(OPS, f"/v1/reconciliation/runs/{asked['id']}")
    assert (ended["status"], ended["failure"]) == ("failed", "silent")


def test_every_night_each_registry_is_asked_for(business: Business) -> None:
    business.sql("delete from procrastinate_jobs where task_name = 'reconcile_registry'")

    asyncio.run(_with_house(business, request_daily_runs))

    asked = business.sql("select lock from procrastinate_jobs where task_name = 'reconcile_registry' order by 1")
    assert asked == [("reconciliation:ningxia",), ("reconciliation:zhejiang",)]


async def _with_house(business: Business, act: Callable[..., Any]) -> None:
    async with business.worker_house(LATER) as house:
        await act(house)
