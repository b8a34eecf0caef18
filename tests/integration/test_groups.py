"""Several pledges, loans and pledgors that hang together: no value counts twice, a third party speaks for itself."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal

import pytest

from domain.values.identifiers import Division
from tests.builders import HOLDER
from tests.database_session import Database
from tests.integration.business import HUANGSHI, Business, a_pledge_body, open_for_business, quantity, yuan
from tests.openapi_truth import OpenapiTruth

ENTERPRISE, OTHER, OFFICER, APPROVER = "enterprise.shaoxing", "enterprise.huangshi", "bank-a.officer", "bank-a.approver"
APPROVAL = {"amount": yuan("40000.00"), "rate": "0.0345"}


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        opened._http.event_hooks["response"].append(OpenapiTruth(opened.get(OFFICER, "/openapi.json")).check)
        opened.consent(ENTERPRISE, HOLDER, "bank-a")
        opened.consent(OTHER, HUANGSHI, "bank-a")
        yield opened


def worth(business: Business, pledge: str) -> Decimal:
    """Return what a pledge's own items carry."""
    items = business.get(OFFICER, f"/v1/pledges/{pledge}")["items"]
    return sum((Decimal(item["adopted_value"]["amount"]) for item in items), Decimal(0))


def test_one_loan_with_two_pledges_is_owed_once_and_each_pledge_is_counted_once(business: Business) -> None:
    loan = business.loan()
    first = business.active({business.verified(): "10"}, [loan])
    second = business.active({business.verified(): "5"}, [loan])
    assert business.event(loan, "disbursed", "40000.00")[0] == 201
    whole = worth(business, first) + worth(business, second)
    for pledge in (first, second):
        coverage = business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")
        assert coverage["outstanding"] == yuan("40000.00")
        assert Decimal(coverage["collateral_value"]["amount"]) == whole


def test_a_chain_of_loans_and_pledges_is_one_group_whose_every_value_counts_once(business: Business) -> None:
    one, two = business.loan("10000.00"), business.loan("20000.00")
    left = business.active({business.verified(): "10"}, [one], "10000.00")
    middle = business.active({business.verified(): "10"}, [one, two], "30000.00")
    right = business.active({business.verified(): "10"}, [two], "20000.00")
    for loan, amount in ((one, "10000.00"), (two, "20000.00")):
        assert business.event(loan, "disbursed", amount)[0] == 201
    whole = sum(worth(business, pledge) for pledge in (left, middle, right))
    told = {
        business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")["collateral_value"]["amount"]
        for pledge in (left, middle, right)
    }
    assert told == {f"{whole:.2f}"}
    owed = business.get(OFFICER, f"/v1/pledges/{left}/coverage")["outstanding"]
    assert owed == yuan("30000.00")  # 10,000 of the one and 20,000 of the other, though the left pledge names only one


def test_a_pledge_of_another_group_adds_nothing(business: Business) -> None:
    loan, other = business.loan(), business.loan()
    pledge = business.active({business.verified(): "10"}, [loan])
    before = business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")["collateral_value"]
    business.active({business.verified(): "10"}, [other])
    assert business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")["collateral_value"] == before


def test_other_security_carries_what_the_rights_do_not_and_no_more(business: Business) -> None:
    loan = business.loan("1000000.00")
    right = business.verified()
    house = [{"kind": "mortgage", "description": "厂房", "value": yuan("990000.00")}]
    pledge = business.approvable({right: "10"}, [loan], other_security=house)
    approval = {"amount": yuan("1000000.00"), "rate": "0.0345"}
    business.act(APPROVER, pledge, "approve-loan", approval)
    alone = business.approvable({business.verified(): "10"}, [business.loan("1000000.00")])
    assert business.act(APPROVER, alone, "approve-loan", approval, 409)["code"] == "loan_exceeds_collateral"


def test_a_line_is_drawn_in_parts_up_to_its_limit_and_each_part_is_owed(business: Business) -> None:
    line = business.loan("30000.00", kind="credit_line")
    pledge = business.active({business.verified(): "10"}, [line], "30000.00")
    for part, owed in (("10000.00", "10000.00"), ("15000.00", "25000.00"), ("5000.00", "30000.00")):
        assert business.event(line, "disbursed", part)[0] == 201
        assert business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")["outstanding"] == yuan(owed)
    assert business.event(line, "disbursed", "0.01")[1]["code"] == "loan_event_conflict"


def test_the_bank_led_workflow_freezes_a_third_party_s_right_only_after_that_party_has_agreed(
    business: Business,
) -> None:
    loan = business.loan()  # owed by the enterprise of Shaoxing
    theirs = business.verified(OTHER, holder_uscc=HUANGSHI, division=Division("420202"))
    body = a_pledge_body({theirs: "10"}, [loan], pledgors=[HUANGSHI], workflow="hubei")
    pledge = business.post(OFFICER, "/v1/pledges", body, 201)["id"]
    assert business.act(OTHER, pledge, "third-party-consent", expected=409)["code"] == "pledge_cannot_move"
    business.act(OFFICER, pledge, "submit")
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["third_party_pledgors"] == [HUANGSHI]

    refusal = business.act(APPROVER, pledge, "approve-loan", APPROVAL, 409)
    assert (refusal["code"], refusal["waiting"]) == ("third_party_unconfirmed", [HUANGSHI])
    business.act(OFFICER, pledge, "third-party-consent", expected=403)
    business.act(ENTERPRISE, pledge, "third-party-consent", expected=404)  # the borrower is no party of this pledge
    business.act(OTHER, pledge, "third-party-consent")
    business.act(APPROVER, pledge, "approve-loan", APPROVAL, 202)
    business.work()
    told = business.get(OFFICER, f"/v1/pledges/{pledge}")
    assert (told["status"], told["confirmed_by"], told["borrower"]) == ("active", [HUANGSHI], HOLDER)


def test_a_corrected_application_asks_the_third_party_again(business: Business) -> None:
    theirs = business.verified(OTHER, holder_uscc=HUANGSHI, division=Division("420202"))
    body = a_pledge_body({theirs: "10"}, [business.loan()], pledgors=[HUANGSHI], workflow="hubei")
    pledge = business.post(OFFICER, "/v1/pledges", body, 201)["id"]
    business.act(OFFICER, pledge, "submit")
    business.act(OTHER, pledge, "third-party-consent")
    business.act(OFFICER, pledge, "request-correction", {"reason": "数量有误"})
    business.act(OFFICER, pledge, "submit")
    assert business.act(APPROVER, pledge, "approve-loan", APPROVAL, 409)["code"] == "third_party_unconfirmed"


def test_who_secures_his_own_debt_is_no_third_party_and_needs_not_agree(business: Business) -> None:
    right = business.verified()
    body = a_pledge_body({right: "10"}, [business.loan()], workflow="hubei")
    pledge = business.post(OFFICER, "/v1/pledges", body, 201)["id"]
    assert business.act(OFFICER, pledge, "submit")["third_party_pledgors"] == []
    business.act(APPROVER, pledge, "approve-loan", APPROVAL, 202)


def test_zhejiang_s_workflow_waits_for_the_third_party_s_confirmation_and_names_it(business: Business) -> None:
    right = business.verified()
    loan = business.loan(borrower_uscc=HUANGSHI)
    pledge = business.post(OFFICER, "/v1/pledges", a_pledge_body({right: "10"}, [loan]), 201)["id"]
    business.act(OFFICER, pledge, "submit")
    verified = {"items": [{"right_id": right, "quantity": quantity("10")}]}
    business.act("authority.zhejiang", pledge, "verify-quantities", verified)
    approved = business.act(APPROVER, pledge, "approve-loan", APPROVAL)
    assert (approved["status"], approved["third_party_pledgors"]) == ("loan_approved", [HOLDER])
    business.act(OTHER, pledge, "confirm", expected=404)
    business.act(ENTERPRISE, pledge, "confirm", expected=202)
