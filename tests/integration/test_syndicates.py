"""Several banks with an agent through the real doors: the others accept and read, the agent alone acts."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from tests.builders import HOLDER
from tests.database_session import Database
from tests.integration.business import Business, a_pledge_body, open_for_business, quantity, yuan
from tests.integration.enforcing import a_sale, act, running
from tests.openapi_truth import OpenapiTruth

ENTERPRISE, OFFICER, APPROVER = "enterprise.shaoxing", "bank-a.officer", "bank-a.approver"
THEIR_OFFICER, THEIR_APPROVER = "bank-b.officer", "bank-b.approver"


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        document = opened.get(OFFICER, "/openapi.json")
        opened._http.event_hooks["response"].append(OpenapiTruth(document).check)
        opened.consent(ENTERPRISE, HOLDER, "bank-a")
        yield opened


def shares(own: tuple[int, int] = (2, 3), theirs: tuple[int, int] = (1, 3), bank: str = "bank-b") -> dict[str, Any]:
    part = {"numerator": theirs[0], "denominator": theirs[1]}
    return {
        "agent_share": {"numerator": own[0], "denominator": own[1]},
        "participants": [{"bank": bank, "share": part}],
    }


def a_shared_draft(business: Business, loans: list[str], client: str = OFFICER) -> tuple[str, str]:
    right = business.verified()
    body = a_pledge_body({right: "10"}, loans, syndicate=shares())
    return str(business.post(client, "/v1/pledges", body, 201)["id"]), right


def active(business: Business, pledge: str, right: str) -> None:
    business.act(THEIR_APPROVER, pledge, "syndicate/accept")
    business.act(ENTERPRISE, pledge, "submit")
    verified = [{"right_id": right, "quantity": quantity("10")}]
    business.act("authority.zhejiang", pledge, "verify-quantities", {"items": verified})
    business.act(APPROVER, pledge, "approve-loan", {"amount": yuan("40000.00"), "rate": "0.0345"})
    business.act(ENTERPRISE, pledge, "confirm", expected=202)
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "active"


def test_a_pledge_is_submitted_only_once_each_participant_s_approver_has_accepted(business: Business) -> None:
    pledge, _ = a_shared_draft(business, [])
    refusal = business.act(ENTERPRISE, pledge, "submit", expected=409)
    assert (refusal["code"], refusal["waiting"]) == ("syndicate_incomplete", ["bank-b"])

    assert business.act(THEIR_OFFICER, pledge, "syndicate/accept", expected=403)["code"] == "forbidden"
    assert business.act(APPROVER, pledge, "syndicate/accept", expected=403)["code"] == "forbidden"  # the agent
    accepted = business.act(THEIR_APPROVER, pledge, "syndicate/accept")["syndicate"]
    assert accepted["agent"] == "bank-a"
    assert accepted["participants"][0]["accepted_by"] == THEIR_APPROVER
    assert business.act(THEIR_APPROVER, pledge, "syndicate/accept")["syndicate"] == accepted
    assert business.act(ENTERPRISE, pledge, "submit")["status"] == "submitted"


@pytest.mark.parametrize(
    "wrong",
    [
        shares((1, 3), (1, 3)),
        shares((333333, 1000000), (2, 3)),
        shares(bank="enterprise.shaoxing"),
        shares(bank="bank-a"),
        shares(bank="nobody"),
    ],
)
def test_shares_that_do_not_make_exactly_one_or_of_no_other_bank_are_refused(
    business: Business, wrong: dict[str, Any]
) -> None:
    body = a_pledge_body({business.verified(): "10"}, [], syndicate=wrong)
    assert business.post(OFFICER, "/v1/pledges", body, 422)["code"] == "invalid_shares"


def test_a_participant_reads_the_pledge_its_coverage_history_and_certificate_and_nothing_else(
    business: Business,
) -> None:
    loan, private = business.loan(), business.loan()
    pledge, right = a_shared_draft(business, [loan])
    business.get(THEIR_OFFICER, f"/v1/loans/{loan}", 404)  # not before it has accepted
    active(business, pledge, right)
    assert business.event(loan, "disbursed", "40000.00")[0] == 201

    seen = business.get(THEIR_OFFICER, f"/v1/pledges/{pledge}")
    assert seen["coverage"]["outstanding"] == yuan("40000.00")
    assert business.get(THEIR_OFFICER, f"/v1/pledges/{pledge}/coverage") == seen["coverage"] | {
        "as_of": seen["coverage"]["as_of"]
    }
    actions = [entry["action"] for entry in business.get(THEIR_OFFICER, f"/v1/pledges/{pledge}/history")["items"]]
    assert {"pledge.drafted", "pledge.share_accepted", "pledge.freeze_executed"} <= set(actions)
    assert pledge in [each["id"] for each in business.get(THEIR_OFFICER, "/v1/pledges")["items"]]
    assert business.get(THEIR_OFFICER, f"/v1/loans/{loan}")["id"] == loan

    business.get(THEIR_OFFICER, f"/v1/loans/{private}", 404)
    business.get(THEIR_OFFICER, f"/v1/rights/{right}", 404)
    business.get(THEIR_OFFICER, f"/v1/rights/{right}/appraisals", 404)
    other = business.active({business.verified(): "10"}, [private])
    business.get(THEIR_OFFICER, f"/v1/pledges/{other}", 404)


def test_only_the_agent_acts(business: Business) -> None:
    loan = business.loan()
    pledge, right = a_shared_draft(business, [loan])
    assert business.act(THEIR_OFFICER, pledge, "withdraw", expected=403)["code"] == "forbidden"
    active(business, pledge, right)
    refused = [
        (THEIR_OFFICER, "release", {"reason": "waived"}),
        (THEIR_APPROVER, "approve-loan", {"amount": yuan("1.00"), "rate": "0.01"}),
        (THEIR_OFFICER, "amendments", {"kind": "add_loan", "loan_id": loan}),
        (THEIR_OFFICER, "enforcements", {"route": "auction", "reserve_price": yuan("1.00"), "notice_days": 1}),
        (THEIR_OFFICER, "document-demands", {"kinds": ["other"]}),
    ]
    for client, verb, body in refused:
        status, answer = business.call(client, "POST", f"/v1/pledges/{pledge}/{verb}", body)
        assert (status, answer["code"]) in {(403, "forbidden"), (403, "release_not_authorised")}, verb
    event = {"type": "repaid", "principal": yuan("1.00"), "on": "2026-11-21", "reference": "x"}
    assert business.call(THEIR_OFFICER, "POST", f"/v1/loans/{loan}/events", event)[0] in {403, 404}


def test_the_certificate_names_the_agent_and_the_participants_with_their_shares(business: Business) -> None:
    pledge, right = a_shared_draft(business, [])
    active(business, pledge, right)
    ((statement,),) = business.sql("select statement from certificates where pledge_id = %s", pledge)
    named = [(member["role"], member["share"]) for member in statement["syndicate"]]
    assert named == [("agent", "2/3"), ("participant", "1/3")]
    assert statement["syndicate"][0]["uscc"] == statement["pledgee"]["uscc"]


def test_the_proceeds_of_a_disposal_are_divided_by_the_shares_to_the_fen(business: Business) -> None:
    loan = business.loan()
    pledge, right = a_shared_draft(business, [loan])
    active(business, pledge, right)
    assert business.event(loan, "disbursed", "40000.00")[0] == 201
    assert business.event(loan, "accelerated", None)[0] == 201
    enforcement = running(business, pledge, reserve_price=yuan("30000.00"))
    sale = a_sale(price="3000.001", total="30000.01", claims=[{"loan_id": loan}])
    act(business, OFFICER, pledge, enforcement, "result", sale, 202)
    business.work()

    told = business.get(THEIR_OFFICER, f"/v1/pledges/{pledge}/enforcements/{enforcement}")
    assert told["status"] == "settled"
    assert told["division"]["method"] == "largest_remainder"
    assert told["division"]["divided"] == yuan("30000.01")
    members = [(each["bank"], each["paid"]["amount"], each["extra_fen"]) for each in told["division"]["members"]]
    # 3,000,001 fen: two thirds are 2,000,000 and 2/3, one third 1,000,000 and 1/3; the fen that is left goes to 2/3
    assert members == [("bank-a", "20000.01", True), ("bank-b", "10000.00", False)]
