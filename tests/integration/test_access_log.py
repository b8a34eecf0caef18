"""The log: one line a request, who asked for what; and nothing that was said stands in a log or a stranger's answer."""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from structlog.testing import capture_logs

from api import edge
from api.permissions import PATIENCE
from tests.builders import HOLDER
from tests.database_session import Database
from tests.fakes.inside import Inside
from tests.integration.business import Business, a_loan_body, a_pledge_body, yuan
from tests.integration.inside_business import business_inside

OFFICER, STRANGER = "bank-a.officer", "bank-b.officer"
LISTS = ("rights", "pledges", "events", "market/trades", "policies/valuation", "valuations/due", "reconciliation/cases")


@pytest.fixture(scope="module")
def opened(
    new_database: Callable[[], AbstractContextManager[Database]],
) -> Iterator[tuple[Business, Inside]]:
    with new_database() as database, business_inside(database) as made:
        yield made


def test_every_request_leaves_one_line_and_no_more(opened: tuple[Business, Inside]) -> None:
    business, inside = opened
    with capture_logs() as logged:
        told = [
            inside.ask("GET", "/v1/pledges?limit=3", {"Authorization": business.authorization(OFFICER)}),
            inside.ask("GET", "/v1/loans/loan_" + "0" * 32, {"Authorization": business.authorization(OFFICER)}),
            inside.ask("GET", "/v1/pledges"),
            inside.ask("GET", "/nowhere"),
            inside.ask("GET", "/v1/pledges?q=" + "x" * 9000),
        ]
    lines = [each for each in logged if each["event"] == "request"]

    assert [(each["client"], each["route"], each["status"]) for each in lines] == [
        (OFFICER, "/v1/pledges", 200),
        (OFFICER, "/v1/loans/{loan_id}", 404),
        (None, "/v1/pledges", 401),
        (None, lines[3]["route"], 404),
        (None, None, 414),
    ]
    assert [each["request_id"] for each in lines] == [each.header("x-request-id") for each in told]
    assert all(each["ms"] >= 0 and each["method"] == "GET" for each in lines)


def test_nothing_that_is_secret_or_another_s_stands_in_a_log_or_in_a_stranger_s_answer(
    opened: tuple[Business, Inside],
) -> None:
    business, inside = opened
    said = {place: f"canary{place}{secrets.token_hex(8)}" for place in ("purpose", "contract", "title", "key", "owner")}
    token = business.authorization(OFFICER)
    with capture_logs() as logged:
        right = business.verified()
        business.consent("enterprise.shaoxing", HOLDER, "bank-a")
        body = a_loan_body("12345.67", purpose=said["purpose"], contract_no=said["contract"])
        assert business.call(OFFICER, "POST", "/v1/loans", body, said["key"])[0] == 201
        loan = business.loan("31313.13")
        secured = {"amount": yuan("31313.13"), "kind": "ordinary"}
        pledge = business.post(OFFICER, "/v1/pledges", a_pledge_body({right: "3"}, [loan], secured=secured), 201)["id"]
        document = {"kind": "other", "title": said["title"], "sha256": "ab" * 32}
        business.post(OFFICER, f"/v1/pledges/{pledge}/documents", document, 201)
        business.call(OFFICER, "POST", "/v1/loans", {"borrower_uscc": said["owner"]})
        business.call(OFFICER, "POST", f"/v1/pledges/{pledge}/reject", {"reason": said["owner"]})
        inside.ask("GET", "/v1/pledges", {"Authorization": token + "x"})
        heard = [
            inside.ask("GET", f"/v1/{each}", {"Authorization": business.authorization(STRANGER)}) for each in LISTS
        ]
        heard += [
            inside.ask("GET", f"/v1/{each}", {"Authorization": business.authorization(STRANGER)})
            for each in (f"pledges/{pledge}", f"loans/{loan}", f"pledges/{pledge}/documents", f"rights/{right}")
        ]

    lines = json.dumps(logged, default=str, ensure_ascii=False)
    answers = b"".join(each.body for each in heard).decode()
    hidden = [*said.values(), token.removeprefix("Bearer ")[-40:], "31313.13", "ab" * 32]
    assert len([each for each in logged if each["event"] == "request"]) >= 15
    assert [each for each in hidden if each in lines] == []
    assert [each for each in [*hidden, pledge, loan, right] if each in answers] == []


def test_a_request_that_takes_too_long_is_ended_and_leaves_nothing(
    opened: tuple[Business, Inside], monkeypatch: pytest.MonkeyPatch
) -> None:
    business, inside = opened
    pledge = business.draft({business.verified(): "1"})

    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(edge, "REQUEST_SECONDS_MAX", 0.05)
    monkeypatch.setattr("api.routes.pledges.conditions_for", never)
    told = inside.ask("GET", f"/v1/pledges/{pledge}", {"Authorization": business.authorization(OFFICER)})
    monkeypatch.undo()

    assert (told.status, json.loads(told.body)["code"]) == (503, "busy")
    assert told.header("retry-after") == "1"
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["id"] == pledge


def test_a_request_may_take_ten_seconds_an_upload_a_minute_and_a_long_poll_half_of_one() -> None:
    assert edge._patience_seconds({"body": "json"}) == 10
    assert edge._patience_seconds({"body": "upload"}) == edge._patience_seconds({"body": "json_or_upload"}) == 60
    assert edge._patience_seconds({"body": "none", PATIENCE: 30}) == 30
