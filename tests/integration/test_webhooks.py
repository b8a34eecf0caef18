"""Webhooks through the product's doors: registered, read, changed, re-keyed, replayed, deleted; secrets told once."""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from api.jobs.webhooks import deliver_webhook
from tests.database_session import Database
from tests.fakes.webhook_receiver import Receiver, receiving, verify_private, verify_shared
from tests.integration.business import Business, open_for_business

OFFICER, APPROVER, STRANGER = "bank-a.officer", "bank-a.approver", "bank-b.officer"
HOLDER = "enterprise.shaoxing"
URL = "http://127.0.0.1:9/in"
SECRET = "whsec_" + "QUJD" * 8


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


def registered(business: Business, client: str = OFFICER, **different: object) -> dict[str, Any]:
    """Register an endpoint."""
    body = {"url": URL, "event_types": ["pledge.*"], **different}
    answer: dict[str, Any] = business.post(client, "/v1/webhooks", body, 201)
    return answer


def asked(business: Business, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
    """Send a request of the first bank's officer without an idempotency key."""
    told = {"Authorization": business.authorization(OFFICER), **headers}
    return business._http.request(method, business.base_url + path, json=body, headers=told)


def delivered(business: Business, webhook_id: str) -> None:
    """Run an endpoint's job as the worker does."""

    async def run() -> None:
        async with business.worker_house() as house:
            try:
                await deliver_webhook(house, webhook_id)
            finally:
                await house.webhooks.aclose()  # type: ignore[attr-defined]  # the sender that the business was given

    asyncio.run(run())


def test_a_pledges_story_reaches_the_bank_signed_with_the_secret_that_was_told_once(business: Business) -> None:
    with receiving(Receiver()) as receiver:
        webhook = registered(business, url=receiver.url)
        right = business.verified()
        pledge = business.draft({right: "1"})
        business.act(HOLDER, pledge, "submit")
        business.act(HOLDER, pledge, "withdraw")
        delivered(business, webhook["id"])
    told = [(each.told["type"], each.told["subject"]) for each in receiver.taken]
    assert told == [("pledge.submitted", pledge), ("pledge.withdrawn", pledge)]
    assert all(verify_shared(webhook["secret"], each) for each in receiver.taken)
    assert all(verify_private(webhook["keys"][0]["public_key"], each) for each in receiver.taken)
    page = business.get(OFFICER, f"/v1/webhooks/{webhook['id']}/deliveries")
    kept = [
        (each["event"]["type"], each["status"], each["attempts"], each["response_status"]) for each in page["items"]
    ]
    assert kept == [
        ("pledge.withdrawn", "delivered", 1, 200),
        ("pledge.submitted", "delivered", 1, 200),
    ]
    fed = {event["id"]: event["type"] for event in business.get(OFFICER, "/v1/events?limit=200")["items"]}
    assert all(fed[each["event"]["id"]] == each["event"]["type"] for each in page["items"])


def test_the_secret_is_in_no_later_answer_and_nowhere_in_the_database(business: Business) -> None:
    webhook = registered(business, secret=SECRET)
    assert webhook["secret"] == SECRET
    read = asked(business, "GET", f"/v1/webhooks/{webhook['id']}").text + asked(business, "GET", "/v1/webhooks").text
    assert "whsec_" not in read
    rows = business.sql("select to_jsonb(w)::text from webhook_keys w")
    rows += business.sql("select convert_from(body, 'UTF8') from idempotency_keys where strpos(route, 'webhooks') > 0")
    raw = "ABC" * 8
    for (row,) in [*rows, *business.sql("select details::text from audit_entries")]:
        assert "whsec_" not in row
        assert SECRET.removeprefix("whsec_") not in row
        assert raw not in row


def test_the_same_key_gets_the_same_secret_again(business: Business) -> None:
    key, body = secrets.token_hex(16), {"url": URL, "event_types": ["*"]}
    first, again = (business.call(OFFICER, "POST", "/v1/webhooks", body, key) for _ in range(2))
    assert first == again
    assert first[1]["secret"].startswith("whsec_")


def test_another_bank_finds_none_of_it(business: Business) -> None:
    webhook = registered(business)
    absent = f"whk_{'0' * 32}"
    for method, path in (
        ("GET", ""),
        ("GET", "/deliveries"),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/rotate-secret"),
        ("POST", f"/deliveries/delivery_{'0' * 32}/replay"),
    ):
        body = {"enabled": False} if method == "PATCH" else {} if method == "POST" else None
        answers = [
            business._http.request(
                method,
                f"{business.base_url}/v1/webhooks/{each}{path}",
                json=body,
                headers={"Authorization": business.authorization(STRANGER), "Idempotency-Key": secrets.token_hex(16)},
            )
            for each in (webhook["id"], absent)
        ]
        told = [{**answer.json(), "request_id": ""} for answer in answers]
        assert [answer.status_code for answer in answers] == [404, 404], path
        assert told[0] == told[1]
    listed = business.get(STRANGER, "/v1/webhooks")["items"]
    assert webhook["id"] not in {each["id"] for each in listed}
    assert business.get(APPROVER, f"/v1/webhooks/{webhook['id']}")["url"] == URL


def test_a_webhook_is_changed_under_its_version_and_deleted_once(business: Business) -> None:
    webhook = registered(business)
    path = f"/v1/webhooks/{webhook['id']}"
    assert asked(business, "GET", path).headers["etag"] == '"1"'
    change = {"event_types": ["loan.repaid"], "enabled": False, "description": "核心系统"}
    changed = asked(business, "PATCH", path, change, **{"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    told = changed.json()
    assert (told["status"], told["disabled_reason"], told["event_types"]) == ("disabled", "by_owner", ["loan.repaid"])
    assert asked(business, "PATCH", path, {"enabled": True}, **{"If-Match": '"1"'}).status_code == 412
    assert asked(business, "PATCH", path, {"enabled": True}).json()["status"] == "enabled"
    assert asked(business, "DELETE", path, **{"If-Match": '"1"'}).status_code == 412
    gone = asked(business, "DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert [asked(business, method, path).status_code for method in ("GET", "DELETE")] == [404, 404]
    trail = business.sql("select action from audit_entries where subject = %s order by sequence", webhook["id"])
    assert [action for (action,) in trail] == [
        "webhook.created",
        "webhook.changed",
        "webhook.changed",
        "webhook.deleted",
    ]


def test_a_rotation_tells_the_new_secret_and_until_when_the_former_signs(business: Business) -> None:
    webhook = registered(business)
    path = f"/v1/webhooks/{webhook['id']}/rotate-secret"
    rotated = business.post(OFFICER, path, {"overlap_hours": 96}, 200)
    assert rotated["secret"] not in {webhook["secret"], None}
    assert [key["expires_at"] for key in rotated["keys"]] == [None, "2026-11-25T10:00:00.000+08:00"]
    assert business.post(OFFICER, path, {}, 409)["code"] == "former_secret_live"
    assert business.post(OFFICER, path, {"overlap_hours": 71}, 422)["errors"][0]["pointer"] == "#/overlap_hours"


@pytest.mark.parametrize(
    ("different", "pointer", "code"),
    [
        ({"url": "http://169.254.169.254/latest"}, "#/url", "invalid_webhook_url"),
        ({"url": "https://2130706433/"}, "#/url", "invalid_webhook_url"),
        ({"url": "https://user:pass@8.8.8.8/"}, "#/url", "invalid_webhook_url"),
        ({"url": "https://8.8.8.8:8443/"}, "#/url", "invalid_webhook_url"),
        ({"url": "x" * 3000}, "#/url", None),
        ({"event_types": []}, "#/event_types", None),
        ({"event_types": ["pledge"]}, "#/event_types/0", None),
        ({"event_types": ["Pledge.Active"]}, "#/event_types/0", None),
        ({"event_types": ["*.*"]}, "#/event_types/0", None),
        ({"secret": "whsec_short"}, "#/secret", None),
        ({"secret": "QUJD" * 8}, "#/secret", None),
        ({"secret": "whsec_" + "Q" * 31 + "!"}, "#/secret", None),
    ],
)
def test_what_can_be_no_webhook_is_refused_at_its_place(
    business: Business, different: dict[str, object], pointer: str, code: str | None
) -> None:
    body = {"url": URL, "event_types": ["*"], **different}
    refusal = business.post(OFFICER, "/v1/webhooks", body, 422)
    assert [error["pointer"] for error in refusal["errors"]] == [pointer]
    assert code in {None, refusal["code"]}
    assert "127.0.0.1" not in json.dumps(refusal)


def test_an_address_is_judged_again_when_it_is_changed(business: Business) -> None:
    webhook = registered(business)
    answer = asked(business, "PATCH", f"/v1/webhooks/{webhook['id']}", {"url": "http://10.0.0.1/"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_webhook_url")
    assert business.get(OFFICER, f"/v1/webhooks/{webhook['id']}")["url"] == URL


def test_an_enterprise_and_an_authority_manage_none(business: Business) -> None:
    for client in (HOLDER, "authority.zhejiang", "exchange.zhejiang"):
        assert business.call(client, "GET", "/v1/webhooks")[0] == 403


def test_a_tenant_has_so_many_webhooks_and_no_more(business: Business) -> None:
    made = [business.call(STRANGER, "POST", "/v1/webhooks", {"url": URL, "event_types": ["*"]})[0] for _ in range(21)]
    assert made == [201] * 20 + [409]
    first = business.get(STRANGER, "/v1/webhooks?limit=15")
    second = business.get(STRANGER, f"/v1/webhooks?limit=15&cursor={first['next_cursor']}")
    assert len({each["id"] for each in (*first["items"], *second["items"])}) == 20


def test_a_delivery_is_replayed_through_the_door(business: Business) -> None:
    with receiving(Receiver()) as receiver:
        webhook = registered(business, url=receiver.url, event_types=["pledge.submitted"])
        pledge = business.draft({business.verified(): "1"})
        business.act(HOLDER, pledge, "submit")
        delivered(business, webhook["id"])
        path = f"/v1/webhooks/{webhook['id']}/deliveries"
        [delivery] = business.get(OFFICER, f"{path}?status=delivered")["items"]
        replayed = business.post(OFFICER, f"{path}/{delivery['id']}/replay", {}, 202)
        assert (replayed["status"], replayed["replays"]) == ("pending", 1)
        assert business.post(OFFICER, f"{path}/{delivery['id']}/replay", {}, 409)["code"] == "delivery_pending"
        delivered(business, webhook["id"])
    assert [each.headers["webhook-id"] for each in receiver.taken] == [delivery["event"]["id"]] * 2
    assert business.get(OFFICER, f"{path}?status=dead")["items"] == []
    assert business.call(OFFICER, "GET", f"{path}?status=lost")[0] == 422
