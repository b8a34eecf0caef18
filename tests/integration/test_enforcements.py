"""A pledge in default, behind the real doors: proposed, approved, prepared, sold, and every fen accounted for."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final

import pytest

from domain.values.identifiers import RegistryNo, Uscc
from tests.builders import BANK_USCC, HOLDER, TODAY
from tests.database_session import Database
from tests.integration.business import HUANGSHI, Business, at_once, open_for_business, quantity, yuan

OFFICER, APPROVER, AUTHORITY = "bank-a.officer", "bank-a.approver", "authority.zhejiang"
ENTERPRISE: Final = "enterprise.shaoxing"
FIRM: Final = Uscc("91420100DEM000310G")
ON: Final = TODAY.isoformat()
PAPER: Final = {"document": {"title": "公函"}, "on": ON}


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


def a_default(business: Business, amount: str = "10.000000", principal: str = "40000.00") -> tuple[str, str, str]:
    """Return a pledge, its right and its loan, which has been paid out and called."""
    right = business.verified()
    loan = business.loan(principal)
    pledge = business.active({right: amount}, [loan], principal)
    assert business.event(loan, "disbursed", principal)[0] == 201
    assert business.event(loan, "accelerated", None)[0] == 201
    return pledge, right, loan


def proposed(business: Business, pledge: str, route: str = "auction", **more: object) -> str:
    """Return an enforcement as the officer proposes it."""
    path = f"/v1/pledges/{pledge}/enforcements"
    return str(business.post(OFFICER, path, {"route": route, **more}, 201)["id"])


def act(
    business: Business,
    client: str,
    pledge: str,
    enforcement: str,
    verb: str,
    body: object = None,
    expected: int = 200,
) -> Any:  # noqa: ANN401 - any JSON answer
    """Send a command on an enforcement."""
    path = f"/v1/pledges/{pledge}/enforcements/{enforcement}/{verb}"
    return business.post(client, path, body or {}, expected)


def meet_all(business: Business, pledge: str, enforcement: str) -> None:
    """Let everybody say that what is theirs to say is so."""
    path = f"/v1/pledges/{pledge}/enforcements/{enforcement}"
    who = {"pledgee": OFFICER, "authority": AUTHORITY, "pledgor": ENTERPRISE}
    for condition in business.get(OFFICER, path)["conditions"]:
        act(business, who[condition["by"]], pledge, enforcement, f"conditions/{condition['code']}/met", PAPER)


def running(business: Business, pledge: str, route: str = "auction", **more: object) -> str:
    """Return an enforcement that two persons want and of which every condition is met."""
    enforcement = proposed(business, pledge, route, **more)
    act(business, APPROVER, pledge, enforcement, "approve")
    meet_all(business, pledge, enforcement)
    return enforcement


def a_sale(
    amount: str = "10.000000", price: str = "5000", total: str = "50000.00", **more: object
) -> dict[str, object]:
    """Return a sale of everything to a firm, on the wire."""
    winner = {"buyer_uscc": HUANGSHI, "quantity": quantity(amount), "unit_price": price, "amount": yuan(total)}
    return {"on": ON, "reference": "拍卖成交确认书1号", "winners": [winner], **more}


def lines(enforcement: dict[str, Any]) -> dict[str, str]:
    """Return what each part of the distribution pays."""
    return {line["part"]: line["paid"]["amount"] for line in enforcement["distribution"]["lines"]}


def ordered(business: Business, pledge: str) -> list[str]:
    """Return what the registry has executed for a pledge."""
    return [each.order.kind.value for each in business.registry.executed if each.order.contract_no == pledge]


# The whole way


def test_a_pledge_in_default_is_sold_transferred_and_paid_out_and_the_surplus_is_the_pledgors(
    business: Business,
) -> None:
    pledge, right, loan = a_default(business)
    enforcement = running(business, pledge, reserve_price=yuan("45000.00"))
    claims = [{"loan_id": loan, "interest": yuan("690.00"), "penalty": yuan("10.00")}]
    costs = [{"description": "拍卖佣金", "amount": yuan("500.00")}]

    answer = act(business, OFFICER, pledge, enforcement, "result", a_sale(claims=claims, costs=costs), 202)
    assert answer["status"] == "settling"
    business.work()

    told = business.get(OFFICER, f"/v1/pledges/{pledge}/enforcements/{enforcement}")
    assert told["status"] == "settled"
    assert lines(told) == {
        "enforcement_costs": "500.00",
        "interest": "690.00",
        "penalty": "10.00",
        "principal": "40000.00",
        "surplus": "8800.00",
    }
    assert told["distribution"]["shortfall"]["amount"] == "0.00"
    assert business.get(OFFICER, f"/v1/loans/{loan}")["outstanding"]["amount"] == "0.00"
    final = business.get(OFFICER, f"/v1/pledges/{pledge}")
    assert (final["status"], final["custody"]) == ("disposed", "out")
    assert [entry["status"] for entry in final["registrations"] if entry["register"] == "emission_registry"] == [
        "discharged"
    ]
    seller = business.get(ENTERPRISE, f"/v1/rights/{right}")
    assert (seller["quantity"]["amount"], seller["available"]["amount"]) == ("40.000000", "40.000000")
    bought = business.registry._entries["zhejiang", RegistryNo(f"GH-{business.registry.executed[-1].registry_ref}")]
    assert (bought.holder_uscc, bought.quantity.wire()) == (HUANGSHI, "10.000000")
    assert ordered(business, pledge) == ["freeze", "transfer"]
    events = [row[0] for row in business.sql("select type from events where subject = %s order by at", pledge)]
    assert {"pledge.enforcing", "pledge.disposed", "enforcement.settled", "transfer.executed"} <= set(events)


def test_two_buyers_share_one_freeze_and_a_shortfall_stays_owed(business: Business) -> None:
    pledge, right, loan = a_default(business)
    enforcement = running(business, pledge)
    winners = [
        {"buyer_uscc": HUANGSHI, "quantity": quantity("4"), "unit_price": "3000", "amount": yuan("12000.00")},
        {"buyer_uscc": FIRM, "quantity": quantity("6"), "unit_price": "3000.5", "amount": yuan("18003.00")},
    ]

    act(business, OFFICER, pledge, enforcement, "result", {**a_sale(), "winners": winners}, 202)
    business.work()

    told = business.get(ENTERPRISE, f"/v1/pledges/{pledge}/enforcements/{enforcement}")
    assert told["status"] == "settled"
    assert told["distribution"]["shortfall"]["amount"] == "9997.00"
    assert business.get(OFFICER, f"/v1/loans/{loan}")["outstanding"]["amount"] == "9997.00"
    assert business.available(right) == "40.000000"
    assert business.sql("select state, quantity from holds where reference = %s", pledge)[0][0] == "released"


def test_what_is_not_needed_goes_back_to_the_pledgor_and_what_is_needed_is_not_left_unsold(business: Business) -> None:
    pledge, right, _ = a_default(business)
    enforcement = running(business, pledge)

    refusal = act(business, OFFICER, pledge, enforcement, "result", a_sale("7", total="35000.00"), 409)
    assert refusal["code"] == "unsold_remainder"
    act(business, OFFICER, pledge, enforcement, "result", a_sale("8.000001", "5000", "40000.00"), 202)
    business.work()

    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "disposed"
    right_now = business.get(ENTERPRISE, f"/v1/rights/{right}")
    assert (right_now["quantity"]["amount"], right_now["available"]["amount"]) == ("41.999999", "41.999999")
    assert ordered(business, pledge) == ["freeze", "transfer", "release"]


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
    assert [each["id"] for each in business.get(OFFICER, path)["items"]] == [by_officer, by_approver]


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


@pytest.mark.parametrize(
    ("buyer", "code"), [(BANK_USCC, "buyer_not_eligible"), (HOLDER, "buyer_not_eligible")], ids=["bank", "holder"]
)
def test_neither_the_bank_nor_the_holder_buys(business: Business, buyer: str, code: str) -> None:
    pledge, _, _ = a_default(business)
    enforcement = running(business, pledge)
    winner = {"buyer_uscc": buyer, "quantity": quantity("10"), "unit_price": "5000", "amount": yuan("50000.00")}

    refusal = act(business, OFFICER, pledge, enforcement, "result", {**a_sale(), "winners": [winner]}, 409)

    assert refusal["code"] == code
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "enforcing"


@pytest.mark.parametrize(
    "sale",
    [
        a_sale(total="50000.01"),
        a_sale("10.000001", total="50000.01"),
        {**a_sale(), "claims": [{"loan_id": "loan_" + "0" * 32}]},
    ],
    ids=["a wrong sum", "more than is pledged", "another's loan"],
)
def test_a_result_that_does_not_agree_with_itself_is_invalid(business: Business, sale: dict[str, object]) -> None:
    pledge, _, _ = a_default(business)
    enforcement = running(business, pledge)

    assert act(business, OFFICER, pledge, enforcement, "result", sale, 422)["code"] == "invalid_sale"


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

    for value in ("42000.00", "41000.00"):
        body = {
            "kind": "external",
            "value": yuan(value),
            "quantity": quantity("10"),
            "as_of": ON,
            "valid_until": "2027-05-20",
            "appraiser": {"name": "评估公司"},
            "report": {"sha256": "0" * 64},
        }
        made = business.post(OFFICER, f"/v1/rights/{right}/appraisals", body, 201)["id"]
        business.post(APPROVER, f"/v1/rights/{right}/appraisals/{made}/approve", {}, 200)
        if value == "42000.00":
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


# The registry's silence and refusal


@pytest.mark.parametrize("fault", ["lose_reply", "error", "garbage", "late", "closed", "slow"])
def test_a_transfer_takes_effect_once_whatever_becomes_of_its_answer(business: Business, fault: str) -> None:
    pledge, right, loan = a_default(business)
    enforcement = running(business, pledge)
    act(business, OFFICER, pledge, enforcement, "result", a_sale(), 202)

    business.registry.arm("transfer", fault)
    business.work()

    assert ordered(business, pledge) == ["freeze", "transfer"]
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "disposed"
    assert business.get(OFFICER, f"/v1/loans/{loan}")["outstanding"]["amount"] == "0.00"
    assert business.available(right) == "40.000000"


def test_a_registry_that_has_transferred_and_then_tells_nothing_of_the_right_is_asked_until_it_does(
    business: Business,
) -> None:
    pledge, right, _ = a_default(business)
    enforcement = running(business, pledge)
    act(business, OFFICER, pledge, enforcement, "result", a_sale(), 202)

    business.registry.arm("lookup", "error", times=2)
    business.work()

    assert business.available(right) == "40.000000"
    assert ordered(business, pledge) == ["freeze", "transfer"]


def test_a_transfer_that_the_registry_refuses_brings_the_sale_back_and_frees_nothing(business: Business) -> None:
    pledge, right, loan = a_default(business)
    number = business.sql("select registry_no from rights where id = %s", right)[0][0]
    enforcement = running(business, pledge, reserve_price=yuan("45000.00"))
    act(business, OFFICER, pledge, enforcement, "result", a_sale(), 202)

    business.registry.change("zhejiang", number, "suspend")
    business.work()

    told = business.get(OFFICER, f"/v1/pledges/{pledge}/enforcements/{enforcement}")
    assert told["status"] == "running"
    assert [(each["outcome"], each["reserve_price"]["amount"]) for each in told["rounds"]] == [
        ("transfer_refused", "45000.00"),
        (None, "45000.00"),
    ]
    assert told["distribution"] is None
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "enforcing"
    assert business.available(right) == "40.000000"
    assert business.get(OFFICER, f"/v1/loans/{loan}")["outstanding"]["amount"] == "40000.00"
    business.registry.change("zhejiang", number, "reinstate")
    act(business, OFFICER, pledge, enforcement, "result", a_sale(), 202)
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "disposed"


def test_a_sale_half_of_which_was_refused_calls_a_person_and_is_ordered_again(business: Business) -> None:
    first, second = business.verified(), business.verified()
    loan = business.loan()
    pledge = business.active({first: "5.000000", second: "5.000000"}, [loan])
    business.event(loan, "disbursed", "40000.00")
    business.event(loan, "accelerated", None)
    enforcement = running(business, pledge)
    half = {"buyer_uscc": HUANGSHI, "quantity": quantity("5"), "unit_price": "4200", "amount": yuan("21000.00")}
    winners = [{**half, "right_id": right} for right in (first, second)]
    number = business.sql("select registry_no from rights where id = %s", second)[0][0]
    business.registry.change("zhejiang", number, "suspend")
    act(business, OFFICER, pledge, enforcement, "result", {**a_sale(), "winners": [half]}, 422)
    act(business, OFFICER, pledge, enforcement, "result", {**a_sale(), "winners": winners}, 202)
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "exception"
    assert (business.available(first), business.available(second)) == ("45.000000", "45.000000")

    business.registry.change("zhejiang", number, "reinstate")
    act(business, OFFICER, pledge, enforcement, "transfer", expected=202)
    business.work()

    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "disposed"
    assert business.get(OFFICER, f"/v1/loans/{loan}")["outstanding"]["amount"] == "0.00"
    assert ordered(business, pledge) == ["freeze"] * 2 + ["transfer"] * 2


def test_a_transfer_nobody_answers_for_hours_calls_a_person_and_ends_well_all_the_same(business: Business) -> None:
    pledge, _, _ = a_default(business)
    enforcement = running(business, pledge)
    act(business, OFFICER, pledge, enforcement, "result", a_sale(), 202)
    business.sql("update registry_orders set attempts = 59 where pledge_id = %s and state = 'recorded'", pledge)

    business.registry.arm("transfer", "error")
    business.registry.arm("query", "error")
    business.work()

    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "disposed"
    history = business.get(OFFICER, f"/v1/pledges/{pledge}/history")["items"]
    assert "pledge.order_stuck" in [entry["action"] for entry in history]
