"""A registry calls the product: it is heard, once, and nothing but a question follows from what it says.

The caller is the simulated registry's own; who answers the questions is a registry in memory. Time stands still.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from api.bodies import RAW_BYTES_MAX
from api.jobs.proofs import prune_proofs
from api.jobs.registry_orders import carry_out_order
from domain.pledges.opening import Opening, windows_of
from domain.use_cases.hear_callback import REMEMBERED
from integrations.registry import wire
from integrations.registry.callers import Caller, Manner, Told, told_of_opening, told_of_order, told_of_right
from integrations.registry.wire import Direction
from tests.builders import NOW
from tests.database_session import Database
from tests.integration.business import CALLBACK_SECRET, Business, open_for_business, yuan
from tests.openapi_truth import OpenapiTruth

OFFICER, APPROVER, ENTERPRISE = "bank-a.officer", "bank-a.approver", "enterprise.shaoxing"
HEARD: Final = [Told(200, proven=True)]
REFUSED: Final = [Told(401, proven=False)]
SECOND: Final = timedelta(seconds=1)
SATURDAY: Final = Opening(closed=windows_of("Sat 10:00-22:00"))
PROBE: Final = "/v1/registries/zhejiang/callbacks"


@dataclass
class Clock:
    """The clock of the business and of the registry."""

    at: datetime = NOW

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
    CLOCK.at = NOW
    yield opened
    opened.openings.clear()
    opened.registry._faults.clear()
    opened.work()
    opened.sql("delete from procrastinate_jobs")


def call(
    business: Business, body: dict[str, object], manner: Manner = Manner.TRUE, registry: str = "zhejiang"
) -> Sequence[Told]:
    """Let a registry call the product."""

    async def called() -> Sequence[Told]:
        caller = Caller("greenlien", CALLBACK_SECRET, CLOCK)
        caller.call_at(business.base_url)
        try:
            return await caller.tell(registry, body, manner)
        finally:
            await caller.aclose()

    return asyncio.run(called())


def step(business: Business, order_id: str) -> None:
    """Let the worker take an order's next step, as if it were due."""

    async def stepped() -> None:
        business.sql("delete from procrastinate_jobs where args ->> 'order_id' = %s", order_id)
        async with business.worker_house() as house:
            await carry_out_order(house, order_id)

    asyncio.run(stepped())


def due(business: Business, order_id: str) -> list[datetime]:
    """Return when the steps of an order come that are waiting."""
    rows = business.sql(
        "select scheduled_at from procrastinate_jobs where task_name = 'carry_out_order' and status = 'todo'"
        " and args ->> 'order_id' = %s order by id",
        order_id,
    )
    return [at for (at,) in rows]


def recorded(business: Business) -> tuple[str, str]:
    """Return a pledge and its freeze, ordered and not sent."""
    pledge = business.approvable({business.verified(): "1"}, [business.loan("100.00")])
    business.act(APPROVER, pledge, "approve-loan", {"amount": yuan("100.00"), "rate": "0.0345"})
    business.act(ENTERPRISE, pledge, "confirm", expected=202)
    [(order_id,)] = business.sql("select id from registry_orders where pledge_id = %s", pledge)
    return pledge, str(order_id)


def silent(business: Business) -> tuple[str, str]:
    """Return a pledge and its freeze, which was executed without our learning it."""
    pledge, order_id = recorded(business)
    business.registry.arm("freeze", "lose_reply")
    step(business, order_id)
    [later] = due(business, order_id)
    assert later > CLOCK.at
    return pledge, order_id


def state(business: Business) -> list[Any]:
    """Return all that a callback might have changed, but for the jobs and what was heard."""
    return [
        business.sql(f"select * from {table} order by id")
        for table in ("registry_orders", "pledges", "holds", "audit_entries", "events", "rights")
    ]


def test_a_true_callback_shortens_the_waiting(business: Business) -> None:
    pledge, order_id = silent(business)

    assert call(business, told_of_order(order_id)) == HEARD

    assert due(business, order_id) == [NOW]
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "freezing", "it asks before it believes"
    step(business, order_id)
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "active"


def test_what_was_hastened_goes_before_all_that_waits_for_the_same_right(business: Business) -> None:
    _, order_id = silent(business)
    business.sql(
        "insert into procrastinate_jobs (id, queue_name, task_name, lock, args, status, scheduled_at)"
        " select -id, queue_name, 'another', lock, '{}', 'todo', now() + interval '1 hour' from procrastinate_jobs"
    )
    assert call(business, told_of_order(order_id)) == HEARD

    business.sql("update procrastinate_jobs set scheduled_at = now() where scheduled_at = %s", NOW)
    [(worker,)] = business.sql("insert into procrastinate_workers default values returning id")
    [(taken,)] = business.sql("select args ->> 'order_id' from procrastinate_fetch_job_v2(null, %s)", worker)
    assert taken == order_id


def test_a_callback_while_the_step_runs_makes_one_that_follows_it(business: Business) -> None:
    _, order_id = silent(business)
    business.sql("update procrastinate_jobs set status = 'doing'")

    for _ in range(3):
        assert call(business, told_of_order(order_id)) == HEARD

    assert due(business, order_id) == [NOW]


def test_a_lie_changes_nothing_and_costs_a_question(business: Business) -> None:
    pledge, order_id = recorded(business)
    business.registry.arm("freeze", "late")
    business.registry.arm("query", "error")
    step(business, order_id)
    before = state(business)

    assert call(business, told_of_order(order_id)) == HEARD
    assert state(business) == before
    step(business, order_id)

    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "freezing"
    [(told,)] = business.sql("select state from registry_orders where id = %s", order_id)
    assert told == "accepted", "only its own answer to a question counts"


def test_a_registry_cannot_speak_of_what_it_has_not_been_sent(business: Business) -> None:
    _, order_id = recorded(business)
    jobs = business.sql("select * from procrastinate_jobs order by id")

    assert call(business, told_of_order(order_id)) == HEARD

    assert business.sql("select * from procrastinate_jobs order by id") == jobs


@pytest.mark.parametrize("manner", [Manner.FORGED, Manner.LATE])
def test_what_is_forged_or_played_again_late_changes_nothing_at_all(manner: Manner, business: Business) -> None:
    _, order_id = silent(business)
    jobs, before = due(business, order_id), state(business)
    heard = business.sql("select count(*) from heard_callbacks")

    assert call(business, told_of_order(order_id), manner) == REFUSED

    assert (due(business, order_id), state(business)) == (jobs, before)
    assert business.sql("select count(*) from heard_callbacks") == heard


def test_a_message_is_heard_once_and_answered_alike_each_time(business: Business) -> None:
    _, order_id = silent(business)
    [(before,)] = business.sql("select count(*) from heard_callbacks")
    message = signed(told_of_order(order_id))

    first = send(business, *message)
    step(business, order_id)
    business.sql("update registry_orders set state = 'unknown' where id = %s", order_id)
    second = send(business, *message)

    assert (first.status_code, first.content) == (second.status_code, second.content) == (200, first.content)
    assert due(business, order_id) == [], "the second was not heard"
    assert business.sql("select count(*) from heard_callbacks") == [(before + 1,)]
    business.sql("update registry_orders set state = 'executed' where id = %s", order_id)


def test_the_same_message_many_times_at_once_makes_one_step(business: Business) -> None:
    _, order_id = silent(business)
    business.sql("delete from procrastinate_jobs")

    async def storm() -> list[int]:
        headers, content = signed(told_of_order(order_id))
        async with httpx.AsyncClient(trust_env=False) as line:
            sent = [line.post(business.base_url + PROBE, headers=headers, content=content) for _ in range(8)]
            return [answer.status_code for answer in await asyncio.gather(*sent)]

    assert asyncio.run(storm()) == [200] * 8
    assert due(business, order_id) == [NOW]


def test_what_is_not_ours_or_another_registry_s_is_passed_over_with_the_same_answer(business: Business) -> None:
    _, order_id = silent(business)
    jobs = business.sql("select * from procrastinate_jobs order by id")

    for subject in ("order_" + "0" * 32, "x", "a\x00b", "x" * 64):
        assert call(business, told_of_order(subject)) == HEARD
        assert call(business, told_of_right(subject)) == HEARD
    assert call(business, told_of_order(order_id), registry="hubei") == HEARD

    assert business.sql("select * from procrastinate_jobs order by id") == jobs


def test_a_right_that_is_said_to_have_changed_is_compared_once(business: Business) -> None:
    right = business.verified()
    [(number,)] = business.sql("select registry_no from rights where id = %s", right)
    before = state(business)

    for _ in range(2):
        assert call(business, told_of_right(number)) == HEARD

    wanted = "select args ->> 'right_id', scheduled_at from procrastinate_jobs where task_name = 'compare_right'"
    assert business.sql(wanted) == [(right, NOW)]
    assert state(business) == before


def test_a_registry_that_is_open_again_is_asked_about_all_that_waits_for_it(business: Business) -> None:
    orders = [silent(business)[1], silent(business)[1]]

    assert call(business, told_of_opening(), registry="hubei") == HEARD
    assert all(at > NOW for order_id in orders for at in due(business, order_id))
    assert call(business, told_of_opening()) == HEARD

    assert [due(business, order_id) for order_id in orders] == [[NOW], [NOW]]


def test_a_callback_during_a_scheduled_closure_waits_for_its_end(business: Business) -> None:
    pledge, order_id = silent(business)
    right = business.verified()
    [(number,)] = business.sql("select registry_no from rights where id = %s", right)
    business.openings["zhejiang"] = SATURDAY
    CLOCK.at = NOW + timedelta(hours=1)
    business.sql("delete from procrastinate_jobs")

    assert call(business, told_of_order(order_id)) == HEARD
    assert call(business, told_of_right(number)) == HEARD

    opens = NOW + timedelta(hours=12)
    assert business.sql("select distinct scheduled_at from procrastinate_jobs") == [(opens,)]
    business.registry.arm("any", "error", 9)
    step(business, order_id)
    assert len(business.registry._faults) == 9, "not even a question was sent"
    business.registry._faults.clear()
    CLOCK.at = opens
    step(business, order_id)
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "active"


def test_whatever_is_wrong_is_one_refusal(business: Business) -> None:
    headers, content = signed(told_of_opening())
    old, kept = signed(told_of_opening(), NOW - timedelta(seconds=wire.SKEW_SECONDS_MAX + 1))
    reflected, _ = signed(told_of_opening(), direction=Direction.REQUEST)
    cases = [
        (PROBE, headers, content + b" "),
        (PROBE, {}, content),
        (PROBE, {**headers, wire.HEADER_SIGN: "0" * 64}, content),
        (PROBE, {**headers, wire.HEADER_SIGN: "\u00e9".encode("latin-1").decode("latin-1")}, content),
        (PROBE, old, kept),
        (PROBE, reflected, content),
        ("/v1/registries/hubei/callbacks", headers, content),
        ("/v1/registries/nowhere/callbacks", headers, content),
        ("/v1/registries/%00/callbacks", headers, content),
        (PROBE, headers, b""),
        (PROBE, headers, b"\xff\xfe" * 100),
        (PROBE, headers, secrets.token_bytes(RAW_BYTES_MAX)),
        (PROBE, {**headers, "Authorization": business.authorization(OFFICER)}, b"{}"),
    ]
    told = set()
    for path, sent, body in cases:
        encoded = {name.encode(): value.encode("latin-1") for name, value in sent.items()}
        answer = business._http.post(business.base_url + path, headers=encoded, content=body)
        problem = answer.json()
        assert problem.pop("request_id") == answer.headers["X-Request-Id"]
        said = {
            name: value
            for name, value in answer.headers.items()
            if name not in {"x-request-id", "date", "content-length"}
        }
        told.add((answer.status_code, json.dumps(problem, sort_keys=True), json.dumps(said, sort_keys=True)))

    [(status, problem_text, headers_text)] = told
    assert status == 401
    assert json.loads(problem_text)["code"] == "callback_refused"
    assert json.loads(headers_text)["www-authenticate"] == "Pwq-Sign"


def test_more_than_a_notification_is_not_read(business: Business) -> None:
    headers, _ = signed(told_of_opening())

    answer = business._http.post(business.base_url + PROBE, headers=headers, content=b"x" * (RAW_BYTES_MAX + 1))

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_what_was_heard_is_forgotten_after_a_day(business: Business) -> None:
    call(business, told_of_opening())

    async def prune(at: datetime) -> None:
        async with business.worker_house(at) as house:
            await prune_proofs(house)

    asyncio.run(prune(NOW + REMEMBERED))
    assert business.sql("select count(*) > 0 from heard_callbacks") == [(True,)]
    asyncio.run(prune(NOW + REMEMBERED + timedelta(days=1)))
    assert business.sql("select count(*) from heard_callbacks") == [(0,)]


def signed(
    body: dict[str, object], at: datetime = NOW, direction: Direction = Direction.NOTIFICATION
) -> tuple[dict[str, str], bytes]:
    """Return a message of Zhejiang's registry as it travels."""
    message_id, stamp, path = secrets.token_hex(16), wire.write_time(at), wire.notification_path("zhejiang")
    content = wire.write_request(message_id, "greenlien", stamp, body)
    sign = wire.sign(CALLBACK_SECRET, direction, path, stamp, message_id, content)
    return {wire.HEADER_REQUEST: message_id, wire.HEADER_TIMESTAMP: stamp, wire.HEADER_SIGN: sign}, content


def send(business: Business, headers: dict[str, str], content: bytes) -> httpx.Response:
    """Send a message."""
    return business._http.post(business.base_url + PROBE, headers=headers, content=content)
