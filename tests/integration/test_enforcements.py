"""A pledge in default, behind the real doors: who may enforce it, what must be met first, what stops it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.builders import BANK_USCC, HOLDER
from tests.database_session import Database
from tests.integration.business import HUANGSHI, Business, at_once, quantity, yuan
from tests.integration.enforcing import (
    APPROVER,
    AUTHORITY,
    ENTERPRISE,
    OFFICER,
    ON,
    PAPER,
    a_default,
    a_sale,
    act,
    enforcing,
    lines,
    meet_all,
    proposed,
    running,
)


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with enforcing(new_database) as opened:
        yield opened


# Who, and when


def test_only_a_debt_in_default_is_enforced(business: Business) -> None:
    right = business.verified()
    loan = business.loan()
    pledge = business.active({right: "10.000000"}, [loan])
    business.event(loan, "disbursed", "40000.00")
    path = f"/v1/pledges/{pledge}/enforcements"

    assert business.post(OFFICER, path, {"route": "auction"}, 409)["code"] == "disposal_not_in_default"
    business.event(loan, "overdue", "1000.00")
    enforcement = proposed(business, pledge)
    assert business.post(OFFICER, path, {"route": "court"}, 409)["code"] == "enforcement_open"
    business.event(loan, "repaid", "1000.00")
    assert act(business, APPROVER, pledge, enforcement, "approve", expected=409)["code"] == "disposal_not_in_default"
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "active"


def test_a_second_person_of_the_bank_approves(business: Business) -> None:
    pledge, _, _ = a_default(business)
    path = f"/v1/pledges/{pledge}/enforcements"
    by_approver = business.post(APPROVER, path, {"route": "auction"}, 201)["id"]

    assert act(business, APPROVER, pledge, by_approver, "approve", expected=403)["code"] == "same_person"
    assert act(business, OFFICER, pledge, by_approver, "approve", expected=403)["code"] == "forbidden"
    act(business, OFFICER, pledge, by_approver, "end", {"reason": "改由客户经理发起"})
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "active"

    by_officer = proposed(business, pledge)
    assert act(business, APPROVER, pledge, by_officer, "approve")["status"] == "running"
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "enforcing"
    assert {each["id"] for each in business.get(OFFICER, path)["items"]} == {by_officer, by_approver}


def test_a_stranger_sees_nothing_of_it(business: Business) -> None:
    pledge, _, _ = a_default(business)
    enforcement = proposed(business, pledge)
    path = f"/v1/pledges/{pledge}/enforcements/{enforcement}"

    for client in ("bank-b.officer", "enterprise.huangshi"):
        assert business.get(client, path, 404)["code"] == "not_found"
        assert business.get(client, f"/v1/pledges/{pledge}/enforcements", 404)["code"] == "not_found"
    assert act(business, "bank-b.approver", pledge, enforcement, "approve", expected=404)["code"] == "not_found"
    other, _, _ = a_default(business)
    assert business.get(OFFICER, f"/v1/pledges/{other}/enforcements/{enforcement}", 404)["code"] == "not_found"


def test_two_who_approve_at_once_start_one_enforcement(business: Business) -> None:
    pledge, _, _ = a_default(business)
    enforcement = proposed(business, pledge)
    path = f"/v1/pledges/{pledge}/enforcements/{enforcement}/approve"

    answers = at_once(*(lambda: business.call(APPROVER, "POST", path, {}) for _ in range(4)))

    assert sorted(status for status, _ in answers) == [200, 409, 409, 409]


# What must be met first


def test_nothing_is_sold_before_every_condition_is_met_by_whom_it_is_to_be_met(business: Business) -> None:
    pledge, _, _ = a_default(business)
    enforcement = proposed(business, pledge)
    act(business, APPROVER, pledge, enforcement, "approve")

    told = business.get(OFFICER, f"/v1/pledges/{pledge}/enforcements/{enforcement}")
    codes = [condition["code"] for condition in told["conditions"]]
    assert codes == ["notice_to_pledgor", "surplus_certification", "authority_consent", "buyer_eligibility"]
    assert {condition["standing"] for condition in told["conditions"]} == {"unknown"}
    assert told["delay"] == {"days": 0, "unknown": codes}
    refusal = act(business, OFFICER, pledge, enforcement, "result", a_sale(), 409)
    assert (refusal["code"], refusal["unmet"]) == ("disposal_conditions_unmet", codes)

    consent = "conditions/authority_consent/met"
    assert act(business, OFFICER, pledge, enforcement, consent, PAPER, 403)["code"] == "forbidden"
    assert act(business, AUTHORITY, pledge, enforcement, "conditions/weather/met", PAPER, 404)["code"] == "not_found"
    met = act(business, AUTHORITY, pledge, enforcement, consent, PAPER)
    assert [each["met"] for each in met["conditions"]] == [False, False, True, False]
    again = act(business, AUTHORITY, pledge, enforcement, consent, PAPER, 409)
    assert again["code"] == "disposal_condition_conflict"


def test_a_notice_must_have_run_its_days(business: Business) -> None:
    pledge, _, _ = a_default(business)
    enforcement = running(business, pledge, notice_days=15)

    refusal = act(business, OFFICER, pledge, enforcement, "result", a_sale(), 409)

    assert refusal["unmet"] == ["notice_to_pledgor"]


def test_the_fee_of_a_free_right_goes_to_the_state_before_the_bank(business: Business) -> None:
    pledge, right, _ = a_default(business)
    business.sql("update rights set acquisition_basis = 'free' where id = %s", right)
    enforcement = proposed(business, pledge)
    act(business, APPROVER, pledge, enforcement, "approve")
    fee = "conditions/unpaid_fee_made_up/met"
    assert act(business, AUTHORITY, pledge, enforcement, fee, PAPER, 409)["code"] == "disposal_condition_conflict"
    act(business, AUTHORITY, pledge, enforcement, fee, {**PAPER, "amount": yuan("12000.00")})
    for code, who in (
        ("notice_to_pledgor", OFFICER),
        ("surplus_certification", AUTHORITY),
        ("authority_consent", AUTHORITY),
        ("buyer_eligibility", AUTHORITY),
    ):
        act(business, who, pledge, enforcement, f"conditions/{code}/met", PAPER)

    told = act(business, OFFICER, pledge, enforcement, "result", a_sale(), 202)

    assert lines(told)["fee_made_up"] == "12000.00"
    assert lines(told)["principal"] == "38000.00"
    assert told["distribution"]["shortfall"]["amount"] == "2000.00"


# Prices and buyers


def test_a_round_in_which_nobody_bought_is_kept_and_the_next_opens_lower_by_another_person(business: Business) -> None:
    pledge, _, _ = a_default(business)
    enforcement = running(business, pledge, reserve_price=yuan("60000.00"))
    assert act(business, OFFICER, pledge, enforcement, "result", a_sale(), 409)["code"] == "reserve_price_conflict"

    failed = {"outcome": "failed", "on": ON, "reference": "流拍公告1号"}
    act(business, OFFICER, pledge, enforcement, "result", failed)
    assert act(business, OFFICER, pledge, enforcement, "result", a_sale(), 409)["code"] == "enforcement_cannot_move"
    lower, higher = {"reserve_price": yuan("48000.00")}, {"reserve_price": yuan("60000.00")}
    assert act(business, OFFICER, pledge, enforcement, "rounds", lower, 403)["code"] == "same_person"
    assert act(business, APPROVER, pledge, enforcement, "rounds", higher, 409)["code"] == "reserve_price_conflict"
    act(business, APPROVER, pledge, enforcement, "rounds", lower)
    told = act(business, OFFICER, pledge, enforcement, "result", a_sale(), 202)

    assert [(each["number"], each["outcome"], each["reserve_price"]["amount"]) for each in told["rounds"]] == [
        (1, "failed", "60000.00"),
        (2, "sold", "48000.00"),
    ]


def test_neither_the_bank_nor_the_holder_buys_and_sums_agree(business: Business) -> None:
    pledge, _, _ = a_default(business)
    enforcement = running(business, pledge)

    for buyer in (BANK_USCC, HOLDER):
        winner = {"buyer_uscc": buyer, "quantity": quantity("10"), "unit_price": "5000", "amount": yuan("50000.00")}
        refusal = act(business, OFFICER, pledge, enforcement, "result", {**a_sale(), "winners": [winner]}, 409)
        assert refusal["code"] == "buyer_not_eligible"
    for sale in (
        a_sale(total="50000.01"),
        a_sale("10.000001", total="50000.01"),
        a_sale(claims=[{"loan_id": "loan_" + "0" * 32}]),
    ):
        assert act(business, OFFICER, pledge, enforcement, "result", sale, 422)["code"] == "invalid_sale"
    tomorrow = {**a_sale(), "on": "2026-11-22"}
    assert act(business, OFFICER, pledge, enforcement, "result", tomorrow, 422)["code"] == "invalid_date"
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "enforcing"


@pytest.mark.parametrize("amount", ["0", "-1", "999999999999999999"])
def test_extreme_amounts_are_refused_and_break_nothing(business: Business, amount: str) -> None:
    pledge, _, loan = a_default(business)
    enforcement = running(business, pledge)
    winner = {"buyer_uscc": HUANGSHI, "quantity": quantity("10"), "unit_price": "5000", "amount": yuan("50000.00")}
    told = {"creditor": "x", "reference": "x", "amount": yuan(amount)}
    cost = {"description": "x", "amount": yuan(amount)}
    bodies: list[dict[str, object]] = [
        a_sale(winners=[{**winner, "unit_price": amount}]),
        a_sale(winners=[{**winner, "amount": yuan(amount)}] * 50),
        a_sale(winners=[{**winner, "quantity": quantity(amount)}]),
        a_sale(winners=[{**winner, "right_id": "right_" + "0" * 32}]),
        a_sale(costs=[cost] * 50),
        a_sale(other_claims=[told] * 50, costs=[cost] * 50),
        a_sale(claims=[{"loan_id": loan, "interest": yuan(amount), "penalty": yuan("-0.01")}]),
    ]

    for body in bodies:
        path = f"/v1/pledges/{pledge}/enforcements/{enforcement}/result"
        status, answer = business.call(OFFICER, "POST", path, body)
        assert 400 <= status < 500, answer


def test_the_bank_takes_the_right_at_its_value_only_with_consent_after_the_default_and_an_appraisal(
    business: Business,
) -> None:
    pledge, right, _ = a_default(business)
    enforcement = proposed(business, pledge, "setoff_at_value")
    act(business, APPROVER, pledge, enforcement, "approve")
    agreement = "conditions/pledgor_agreement/met"
    early = {**PAPER, "on": "2026-11-20"}
    assert (
        act(business, ENTERPRISE, pledge, enforcement, agreement, early, 409)["code"] == "disposal_condition_conflict"
    )
    meet_all(business, pledge, enforcement)
    winner = {"buyer_uscc": BANK_USCC, "quantity": quantity("10"), "unit_price": "4100", "amount": yuan("41000.00")}
    sale = {**a_sale(), "winners": [winner]}
    refusal = act(business, OFFICER, pledge, enforcement, "result", sale, 409)
    assert refusal["unmet"] == ["appraisal_in_force"]

    for value, as_of in (("43000.00", "2026-11-20"), ("41000.00", ON)):
        body = {
            "kind": "external",
            "value": yuan(value),
            "quantity": quantity("10"),
            "as_of": as_of,
            "valid_until": "2027-05-20",
            "appraiser": {"name": "评估公司"},
            "report": {"sha256": "0" * 64},
        }
        made = business.post(OFFICER, f"/v1/rights/{right}/appraisals", body, 201)["id"]
        business.post(APPROVER, f"/v1/rights/{right}/appraisals/{made}/approve", {}, 200)
        if as_of != ON:
            refusal = act(business, OFFICER, pledge, enforcement, "result", sale, 409)
            assert refusal["unmet"] == ["price_at_appraised_value"]
    told = act(business, OFFICER, pledge, enforcement, "result", sale, 202)

    assert lines(told)["surplus"] == "1000.00"


# What stops it


def test_a_bankruptcy_stays_the_enforcement_and_nothing_is_sold_meanwhile(business: Business) -> None:
    pledge, _, _ = a_default(business)
    enforcement = running(business, pledge)
    why = {"reason": "法院裁定受理破产申请", "reference": "(2026)浙06破申1号"}

    act(business, AUTHORITY, pledge, enforcement, "stay", why)

    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "enforcement_stayed"
    assert act(business, OFFICER, pledge, enforcement, "result", a_sale(), 409)["code"] == "enforcement_cannot_move"
    lifted = act(business, OFFICER, pledge, enforcement, "lift-stay", {"reference": "(2026)浙06破1号之二"})
    assert [(each["reference"], each["lifted_reference"]) for each in lifted["stays"]] == [
        ("(2026)浙06破申1号", "(2026)浙06破1号之二")
    ]
    act(business, OFFICER, pledge, enforcement, "result", a_sale(), 202)
    assert act(business, AUTHORITY, pledge, enforcement, "stay", why, 409)["code"] == "enforcement_cannot_move"
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "disposed"


def test_a_debt_that_is_paid_ends_it_and_the_pledge_is_as_it_was(business: Business) -> None:
    pledge, right, loan = a_default(business)
    enforcement = running(business, pledge)
    business.event(loan, "settled", "40000.00")
    assert act(business, OFFICER, pledge, enforcement, "result", a_sale(), 409)["code"] == "disposal_not_in_default"

    act(business, OFFICER, pledge, enforcement, "end", {"reason": "债务已清偿"})

    told = business.get(OFFICER, f"/v1/pledges/{pledge}")
    assert (told["status"], told["custody"]) == ("active", "in")
    assert business.available(right) == "40.000000"
    assert act(business, OFFICER, pledge, enforcement, "end", {"reason": "再次"}, 409)["code"] == (
        "enforcement_cannot_move"
    )
