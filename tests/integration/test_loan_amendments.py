"""Amendments that touch a loan or the notice registry and no freeze: they take effect with the second signature."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.builders import HOLDER, TODAY
from tests.database_session import Database
from tests.integration.amendment_scene import (
    APPROVER,
    ENTERPRISE,
    OFFICER,
    Watch,
    a_lent_pledge,
    agreed,
    decide,
    propose,
    read,
)
from tests.integration.business import Business, open_for_business, yuan
from tests.integration.notice_scene import notices
from tests.openapi_truth import OpenapiTruth


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        document = opened.get(OFFICER, "/openapi.json")
        opened._http.event_hooks["response"].append(OpenapiTruth(document).check)
        opened.consent(ENTERPRISE, HOLDER, "bank-a")
        yield opened


@pytest.fixture
def lent(business: Business) -> tuple[str, str, str]:
    return a_lent_pledge(business)


def test_a_loan_is_extended_within_what_the_rights_carry_and_outlive(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, _, loan = lent
    end = "2028-06-21"
    extended = agreed(business, pledge, kind="loan_extension", loan_id=loan, end=end)
    assert extended["status"] == "effective"
    told = business.get(OFFICER, f"/v1/loans/{loan}")
    assert (told["end"], told["repayment"][0]["on"], told["outstanding"]) == (end, end, yuan("40000.00"))
    assert business.sql("select type from loan_events where loan_id = %s order by sequence", loan)[-1] == ("extended",)
    too_long = propose(business, pledge, 409, kind="loan_extension", loan_id=loan, end="2035-11-21")
    assert too_long["code"] in {"term_exceeds_validity", "loan_exceeds_collateral"}
    earlier = propose(business, pledge, 422, kind="loan_extension", loan_id=loan, end=TODAY.isoformat())
    assert earlier["errors"][0]["pointer"] == "#/end"


def test_a_refinancing_links_the_new_loan_and_repays_the_old_in_one_breath(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, right, loan = lent
    watch = Watch(business, pledge, kept=(right,))
    new = business.loan("45000.00")
    before = business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")["outstanding"]

    refinanced = agreed(business, pledge, kind="refinance", loan_id=loan, new_loan_id=new)
    watch.look()

    assert refinanced["status"] == "effective"
    assert set(business.get(OFFICER, f"/v1/pledges/{pledge}")["loans"]) == {loan, new}
    assert business.get(OFFICER, f"/v1/loans/{loan}")["outstanding"] == yuan("0.00")
    assert business.get(OFFICER, f"/v1/loans/{new}")["outstanding"] == yuan("40000.00")
    assert business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")["outstanding"] == before
    told = business.sql("select type from loan_events where loan_id = any(%s) order by sequence", [loan, new])
    assert sorted(kind for (kind,) in told) == ["disbursed", "disbursed", "refinanced", "repaid"]
    assert business.event(loan, "disbursed", "1.00")[1]["code"] == "loan_event_conflict"
    status, answer = business.event(new, "disbursed", "5000.00")
    assert (status, answer.get("code")) in {(201, None), (409, "not_active")}, answer


def test_a_further_loan_is_carried_with_those_before_it_or_not_at_all(business: Business) -> None:
    right, loan = business.verified(), business.loan("10000.00")
    pledge = business.active({right: "10"}, [loan], "10000.00")
    more, far_more = business.loan("15000.00"), business.loan("900000.00")

    refusal = propose(business, pledge, 409, kind="add_loan", loan_id=far_more)
    assert refusal["code"] == "loan_exceeds_collateral"
    agreed(business, pledge, kind="add_loan", loan_id=more)
    for each, amount in ((loan, "10000.00"), (more, "15000.00")):
        status, answer = business.event(each, "disbursed", amount)
        assert status == 201, answer
    assert business.event(more, "disbursed", "0.01")[1]["code"] == "loan_event_conflict"


def test_a_determined_maximum_amount_secures_no_further_draw(business: Business) -> None:
    right, loan = business.verified(), business.loan(kind="credit_line")
    secured = {"amount": yuan("50000.00"), "kind": "maximum_amount", "claims_from": TODAY.isoformat()}
    pledge = business.approvable({right: "10"}, [loan], secured=secured)
    business.act(APPROVER, pledge, "approve-loan", {"amount": yuan("40000.00"), "rate": "0.0345"})
    business.act(ENTERPRISE, pledge, "confirm", expected=202)
    business.work()
    assert business.event(loan, "disbursed", "10000.00")[0] == 201

    amendment = propose(business, pledge, kind="determine", event="seizure_known", on=TODAY.isoformat())
    assert decide(business, APPROVER, amendment, "approve")["status"] == "effective"  # by law: nobody is asked

    status, refusal = business.event(loan, "disbursed", "10000.00")
    assert (status, refusal["code"], refusal["unmet"]) == (409, "not_active", ["not_determined"])
    told = business.get(OFFICER, f"/v1/pledges/{pledge}")["determination"]
    assert told == {"on": TODAY.isoformat(), "event": "seizure_known"}
    again = propose(business, pledge, 422, kind="determine", event="other_by_law", on=TODAY.isoformat())
    assert again["code"] == "invalid_amendment"


def test_an_ordinary_claim_is_not_determined(business: Business, lent: tuple[str, str, str]) -> None:
    refusal = propose(business, lent[0], 422, kind="determine", event="other_by_law", on=TODAY.isoformat())
    assert (refusal["code"], refusal["errors"][0]["pointer"]) == ("invalid_amendment", "#/kind")


def test_a_renewal_waits_for_the_notice_registry_and_adds_to_the_current_last_day(business: Business) -> None:
    with notices(business) as scene:
        pledge, _, _ = scene.active()
        none_yet = propose(business, pledge, 409, kind="registration_renewal", term_months=12)
        assert none_yet["code"] == "registration_cannot_move"
        assert scene.register(pledge, 24)["entry"]["expires_on"] == TODAY.replace(year=2028).isoformat()

        amendment = propose(business, pledge, kind="registration_renewal", term_months=12)
        assert decide(business, APPROVER, amendment, "approve", expected=202)["status"] == "registering"
        scene.work()

        assert read(business, amendment)["status"] == "effective"
        assert scene.entry(pledge)["entry"]["expires_on"] == TODAY.replace(year=2029).isoformat()
