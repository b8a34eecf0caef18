"""The human queue: who is called for what, who ends it, and what the figures of operation say."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.jobs.registry_orders import carry_out_order
from domain.pledges.registry_orders import STUCK_AFTER_ATTEMPTS
from domain.ports.registry import RegistryOrder
from tests.builders import HOLDER
from tests.database_session import Database
from tests.fakes.registry import FakeRegistry
from tests.integration.business import Business, open_for_business, quantity
from tests.openapi_truth import OpenapiTruth

OFFICER, APPROVER, ENTERPRISE, OPS = "bank-a.officer", "bank-a.approver", "enterprise.shaoxing", "platform.ops"


@pytest.fixture(scope="module")
def opened(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as lent:
        lent._http.event_hooks["response"].append(OpenapiTruth(lent.get(OFFICER, "/openapi.json")).check)
        yield lent


@pytest.fixture
def business(opened: Business) -> Iterator[Business]:
    yield opened
    opened.registry._faults.clear()
    opened.work()


def silent(business: Business, pledge: str) -> str:
    """Let the registry be silent about a pledge's open order until a person is called, and return the order."""
    [(order,)] = business.sql(
        "select id from registry_orders where pledge_id = %s and state not in ('executed', 'refused')", pledge
    )
    business.registry.arm("any", "error", 2)
    business.sql("update registry_orders set attempts = %s where id = %s", STUCK_AFTER_ATTEMPTS, order)

    async def step() -> None:
        async with business.worker_house() as house:
            await carry_out_order(house, order)

    asyncio.run(step())
    business.registry._faults.clear()
    return str(order)


def queue(business: Business, pledge: str, client: str = OPS) -> list[dict[str, Any]]:
    """Return the exceptions about a pledge that a client sees."""
    items = business.get(client, "/v1/exceptions?limit=200")["items"]
    return [each for each in items if each["pledge_id"] == pledge]


def work(business: Business, client: str, exception: str, verb: str, body: object, expected: int = 200) -> Any:  # noqa: ANN401 - any JSON answer
    """Send a command on an exception."""
    return business.post(client, f"/v1/exceptions/{exception}/{verb}", body, expected)


def a_release(business: Business) -> str:
    """Return a pledge whose release is ordered by two persons."""
    pledge = business.active({business.verified(): "10"}, [business.loan()])
    business.act(OFFICER, pledge, "release", {"reason": "waived"}, 202)
    business.act(APPROVER, pledge, "release/approve", expected=202)
    return pledge


def events_of(business: Business, pledge: str) -> list[str]:
    """Return the types of a pledge's events."""
    return [each for (each,) in business.sql("select type from events where subject = %s order by at", pledge)]


def test_a_silent_release_calls_a_person_once_and_only_the_answer_ends_it(business: Business) -> None:
    pledge = a_release(business)
    order = silent(business, pledge)
    silent(business, pledge)

    [alarm] = queue(business, pledge)
    assert (alarm["kind"], alarm["order_id"], alarm["registry"]) == ("release_silent", order, "zhejiang")
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "exception"
    assert work(business, OPS, alarm["id"], "acknowledge", {"owner": "值班员"})["owner"] == "值班员"
    assert work(business, OPS, alarm["id"], "annotate", {"note": "已电话联系"})["notes"][0]["by"] == OPS
    assert work(business, OPS, alarm["id"], "resolve", {"note": "了结"}, 409)["code"] == "exception_stands"

    business.work()

    [ended] = queue(business, pledge)
    assert (ended["state"], ended["resolved_by"]) == ("resolved", None)
    assert {"exception.opened", "exception.resolved", "pledge.released"} <= set(events_of(business, pledge))


def test_a_silent_order_of_an_amendment_calls_a_person_too(business: Business) -> None:
    first, second = business.verified(), business.verified()
    business.consent(ENTERPRISE, HOLDER, "bank-a")
    pledge = business.active({first: "10"}, [business.loan()])
    body = {"kind": "top_up", "items": [{"right_id": second, "quantity": quantity("1")}]}
    path = f"/v1/pledges/{pledge}/amendments"
    amendment = business.post(OFFICER, path, body, 201)["id"]
    business.post(ENTERPRISE, f"{path}/{amendment}/consent", {}, 200)
    answer = business.post(APPROVER, f"{path}/{amendment}/approve", {}, 202)
    assert answer["expected_by"] is not None

    silent(business, pledge)

    [alarm] = queue(business, pledge, OFFICER)
    assert (alarm["kind"], alarm["state"]) == ("amendment_silent", "open")
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "active"
    business.work()
    assert business.get(OFFICER, f"{path}/{amendment}")["status"] == "effective"
    assert queue(business, pledge, OFFICER)[0]["state"] == "resolved"


def test_a_refused_release_is_ended_by_two_persons(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    pledge = a_release(business)
    with monkeypatch.context() as patch:
        patch.setattr(FakeRegistry, "_refusal_of_release", _refuse)
        business.work()
    [alarm] = queue(business, pledge)
    assert (alarm["kind"], alarm["reason"], alarm["two_persons"]) == ("release_refused", "NOT_BENEFICIARY", True)

    assert work(business, OFFICER, alarm["id"], "confirm", {}, 409)["code"] == "exception_cannot_move"
    assert work(business, OFFICER, alarm["id"], "resolve", {"note": "已更正"})["state"] == "resolving"
    assert work(business, OFFICER, alarm["id"], "confirm", {}, 403)["code"] == "same_person"
    ended = work(business, APPROVER, alarm["id"], "confirm", {})

    assert (ended["state"], ended["resolved_by"], ended["confirmed_by"]) == ("resolved", OFFICER, APPROVER)
    assert work(business, OPS, alarm["id"], "annotate", {"note": "x"}, 409)["code"] == "exception_cannot_move"


def test_the_queue_shows_a_bank_its_own_and_strangers_nothing(business: Business) -> None:
    pledge = a_release(business)
    silent(business, pledge)
    [alarm] = queue(business, pledge, APPROVER)

    assert queue(business, pledge, "bank-b.officer") == []
    business.get("bank-b.officer", f"/v1/exceptions/{alarm['id']}", 404)
    assert work(business, "bank-b.officer", alarm["id"], "annotate", {"note": "x"}, 404)["code"] == "not_found"
    business.get(ENTERPRISE, "/v1/exceptions", 403)
    [one] = business.get(OPS, "/v1/exceptions?state=open&limit=1")["items"]
    assert one["state"] == "open"
    business.get(OPS, "/v1/exceptions?state=gone", 422)


def test_a_stale_version_takes_nothing(business: Business) -> None:
    pledge = a_release(business)
    silent(business, pledge)
    [alarm] = queue(business, pledge)
    headers = {
        "Authorization": business.authorization(OPS),
        "Idempotency-Key": "stale-version-takes-nothing",
        "If-Match": '"7"',
    }

    url = f"{business.base_url}/v1/exceptions/{alarm['id']}/acknowledge"
    assert business._http.post(url, json={"owner": "x"}, headers=headers).status_code == 412


def test_the_figures_tell_orders_exceptions_jobs_and_closures_and_name_no_tenant(business: Business) -> None:
    pledge = a_release(business)
    silent(business, pledge)
    business.sql("insert into registry_closures (id, registry, since) values ('closure_1', 'hubei', now())")

    answer = figures(business, OPS)

    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    unknown = ("greenlien_registry_orders", ("kind", "release"), ("registry", "zhejiang"), ("state", "unknown"))
    assert samples[unknown] == 1
    assert samples["greenlien_exceptions_open", ("kind", "release_silent")] == 1
    assert samples["greenlien_registry_closed", ("registry", "hubei")] == 1
    assert samples["greenlien_jobs_waiting", ("task", "carry_out_order")] >= 1
    ((alarms, orders),) = business.sql("select (select count(*) from alarms), (select count(*) from registry_orders)")
    assert samples[("greenlien_exception_rate_per_1000_orders",)] == pytest.approx(1000 * alarms / orders)
    assert not any(name in answer.text for name in ("bank-a", "enterprise", "pledge_", "right_"))
    business.sql("delete from registry_closures")


def test_the_figures_are_for_operations_alone(business: Business) -> None:
    assert [figures(business, client).status_code for client in (OFFICER, ENTERPRISE, "authority.zhejiang")] == [
        403
    ] * 3
    assert business._http.get(f"{business.base_url}/metrics").status_code == 401


def figures(business: Business, client: str) -> httpx.Response:
    """Ask for the figures of operation."""
    return business._http.get(f"{business.base_url}/metrics", headers={"Authorization": business.authorization(client)})


def _refuse(_: FakeRegistry, __: RegistryOrder) -> str:
    return "NOT_BENEFICIARY"
