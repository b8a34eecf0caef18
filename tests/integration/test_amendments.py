"""Amendments of a pledge: what is added is frozen before anything is released, and what stays keeps its rank."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from functools import partial

import pytest

from domain.ports.registry import RegistryOrder
from domain.values.identifiers import RegistryNo
from tests.builders import HOLDER, TODAY, tonnes
from tests.database_session import Database
from tests.fakes.registry import FakeRegistry
from tests.integration.amendment_scene import (
    APPROVER,
    ENTERPRISE,
    OFFICER,
    Watch,
    a_lent_pledge,
    agreed,
    decide,
    parts,
    propose,
    read,
)
from tests.integration.business import HUANGSHI, Business, at_once, open_for_business, quantity
from tests.openapi_truth import OpenapiTruth

FOREIGNER = "bank-b.officer"


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


def items_of(business: Business, pledge: str) -> dict[str, str]:
    items = business.get(OFFICER, f"/v1/pledges/{pledge}")["items"]
    return {item["right_id"]: item["quantity"]["amount"] for item in items}


def holds_of(business: Business, pledge: str) -> list[tuple[str, Decimal]]:
    return business.sql(
        "select right_id, quantity from holds where reference = %s and state = 'posted' order by right_id, id", pledge
    )


def test_a_top_up_is_frozen_in_addition_and_improves_the_coverage(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, right, _ = lent
    before = business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")
    more = business.verified()
    watch = Watch(business, pledge, kept=(right,))

    amendment = agreed(business, pledge, kind="top_up", items=parts(**{more: "5"}))
    watch.look()
    assert (amendment["status"], amendment["number"]) == ("registering", 1)
    assert items_of(business, pledge) == {right: "10.000000"}  # what is not frozen yet secures nothing
    watch.work()

    effective = read(business, amendment)
    assert (effective["status"], watch.looks > 2) == ("effective", True)
    assert [(each["kind"], each["right_id"]) for each in effective["entries"]] == [("freeze", more)]
    assert items_of(business, pledge) == {right: "10.000000", more: "5.000000"}
    after = business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")
    assert Decimal(after["collateral_value"]["amount"]) > Decimal(before["collateral_value"]["amount"])
    kinds = business.sql("select kind, occasion from certificates where pledge_id = %s order by issued_at", pledge)
    assert ("amendment", "1") in kinds


def test_a_further_quantity_of_a_pledged_right_joins_its_item_and_is_released_with_it(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, right, loan = lent
    watch = Watch(business, pledge, kept=(right,))

    agreed(business, pledge, kind="top_up", items=parts(**{right: "5"}))
    watch.work()

    assert items_of(business, pledge) == {right: "15.000000"}
    assert holds_of(business, pledge) == [(right, Decimal(15))]
    assert watch.frozen(right) == 15
    assert business.available(right) == "35.000000"
    assert business.event(loan, "settled", "40000.00")[0] == 201
    business.act(OFFICER, pledge, "release", {"reason": "claim_extinguished"}, 202)
    business.act(APPROVER, pledge, "release/approve", expected=202)
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "released"
    assert (watch.frozen(right), business.available(right)) == (Decimal(0), "50.000000")


def test_a_hold_of_123_taken_in_part_for_100_gives_23_back(business: Business) -> None:
    right = business.verified(quantity=tonnes("200"))
    loan = business.loan()
    pledge = business.active({right: "123"}, [loan])
    assert business.event(loan, "disbursed", "40000.00")[0] == 201
    assert business.available(right) == "77.000000"
    watch = Watch(business, pledge, kept=(right,))

    agreed(business, pledge, kind="partial_release", items=parts(**{right: "23"}))
    assert business.available(right) == "77.000000"  # nothing is free before the registry has released it
    watch.work()

    assert items_of(business, pledge) == {right: "100.000000"}
    assert holds_of(business, pledge) == [(right, Decimal(100))]
    assert (watch.frozen(right), business.available(right)) == (Decimal(100), "100.000000")  # 77 + 23


def test_what_the_debt_needs_is_not_released(business: Business, lent: tuple[str, str, str]) -> None:
    pledge, right, loan = lent
    refusal = propose(business, pledge, 409, kind="partial_release", items=parts(**{right: "9"}))
    assert refusal["code"] == "release_breaks_coverage"
    assert refusal["first_uncovered_on"] >= TODAY.isoformat()

    assert business.event(loan, "repaid", "39000.00")[0] == 201
    assert propose(business, pledge, kind="partial_release", items=parts(**{right: "9"}))["number"] == 1


def test_two_amendments_that_rely_on_each_other_are_not_both_approved(business: Business) -> None:
    loan, rights = business.loan(), [business.verified(), business.verified()]
    first, second = (business.active({right: "10"}, [loan]) for right in rights)
    assert business.event(loan, "disbursed", "40000.00")[0] == 201
    asked = [
        propose(business, pledge, kind="partial_release", items=parts(**{right: "9.5"}))
        for pledge, right in ((first, rights[0]), (second, rights[1]))
    ]
    for amendment in asked:
        decide(business, ENTERPRISE, amendment, "consent")

    decide(business, APPROVER, asked[0], "approve", expected=202)
    refusal = decide(business, APPROVER, asked[1], "approve", expected=409)

    assert refusal["code"] == "release_breaks_coverage"  # although the registry has not released the first yet
    business.work()


def test_a_substitute_is_frozen_before_the_old_right_is_released(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, old, _ = lent
    new = business.verified()
    watch = Watch(business, pledge, kept=(), either=((old, new),))

    amendment = agreed(business, pledge, kind="substitute", items=parts(**{new: "12"}), released=parts(**{old: "10"}))
    watch.work()

    assert read(business, amendment)["status"] == "effective"
    assert [each["kind"] for each in read(business, amendment)["entries"]] == ["freeze", "release"]
    assert items_of(business, pledge) == {new: "12.000000"}
    assert [watch.frozen(each) for each in (old, new)] == [Decimal(0), Decimal(12)]
    assert business.available(old) == "50.000000"
    ordered = [effect.order.kind.value for effect in business.registry.executed if effect.order.contract_no == pledge]
    assert ordered == ["freeze", "freeze", "release"]


@pytest.mark.parametrize("fault", ["lose_reply", "error", "garbage", "duplicate", "late", "closed"])
def test_whatever_the_registry_does_each_order_of_an_amendment_takes_effect_once(
    business: Business, lent: tuple[str, str, str], fault: str
) -> None:
    pledge, old, _ = lent
    new = business.verified()
    watch = Watch(business, pledge, kept=(), either=((old, new),))
    amendment = agreed(business, pledge, kind="substitute", items=parts(**{new: "12"}), released=parts(**{old: "10"}))
    for operation in ("freeze", "release"):
        business.registry.arm(operation, fault)
    watch.work()

    assert read(business, amendment)["status"] == "effective"
    ordered = [effect.order.kind.value for effect in business.registry.executed if effect.order.contract_no == pledge]
    assert ordered == ["freeze", "freeze", "release"]


def test_of_two_amendments_proposed_at_once_one_waits(business: Business, lent: tuple[str, str, str]) -> None:
    pledge, _, _ = lent
    bodies = [{"kind": "top_up", "items": parts(**{business.verified(): "5"})} for _ in range(2)]
    path = f"/v1/pledges/{pledge}/amendments"
    answers = at_once(*(partial(business.call, OFFICER, "POST", path, body) for body in bodies))
    assert sorted(status for status, _ in answers) == [201, 409]
    assert {answer.get("code") for _, answer in answers} == {None, "amendment_pending"}


def test_a_substitute_that_the_registry_refuses_leaves_everything_as_it_was(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, old, _ = lent
    good, bad = business.verified(), business.verified()
    watch = Watch(business, pledge, kept=(old,))
    amendment = agreed(
        business,
        pledge,
        kind="substitute",
        items=parts(**{good: "10", bad: "10"}),
        released=parts(**{old: "10"}),
    )
    ((number,),) = business.sql("select registry_no from rights where id = %s", bad)
    business.registry.change("zhejiang", RegistryNo(number), "suspend")
    watch.work()

    refused = read(business, amendment)
    assert refused["status"] == "refused"
    assert refused["reason"]
    assert items_of(business, pledge) == {old: "10.000000"}
    assert [watch.frozen(each) for each in (good, bad, old)] == [Decimal(0), Decimal(0), Decimal(10)]
    assert business.available(good) == "50.000000"
    seen = business.sql("select right_id from right_viewers where tenant = 'bank-a'")
    assert not {good, bad} & {right for (right,) in seen}


def test_a_release_that_the_registry_refuses_after_the_freeze_is_a_person_s_to_settle(
    business: Business, lent: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pledge, old, _ = lent
    new = business.verified()
    amendment = agreed(business, pledge, kind="substitute", items=parts(**{new: "12"}), released=parts(**{old: "10"}))
    with monkeypatch.context() as patch:
        patch.setattr(FakeRegistry, "_refusal_of_release", _always("NOT_BENEFICIARY"))
        business.work()

    stuck = read(business, amendment)
    assert (stuck["status"], stuck["reason"]) == ("exception", "NOT_BENEFICIARY")
    assert items_of(business, pledge) == {old: "10.000000", new: "12.000000"}  # both stay frozen
    assert propose(business, pledge, 409, kind="top_up", items=parts(**{new: "1"}))["code"] == "amendment_pending"
    decide(business, OFFICER, amendment, "approve", expected=403)
    decide(business, APPROVER, amendment, "approve", expected=202)
    business.work()
    assert read(business, amendment)["status"] == "effective"
    assert items_of(business, pledge) == {new: "12.000000"}


def test_while_one_is_pending_no_other_begins_and_nothing_is_released(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, _, _ = lent
    more = business.verified()
    first = propose(business, pledge, kind="top_up", items=parts(**{more: "5"}))

    again = propose(business, pledge, 409, kind="top_up", items=parts(**{more: "5"}))
    assert (again["code"], again["number"]) == ("amendment_pending", 1)
    assert business.act(OFFICER, pledge, "release", {"reason": "waived"}, 409)["code"] == "amendment_pending"
    assert decide(business, OFFICER, first, "withdraw")["status"] == "withdrawn"
    assert propose(business, pledge, kind="top_up", items=parts(**{more: "5"}))["number"] == 2


def test_nothing_is_approved_without_each_pledgor_nor_by_who_proposed_it(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, _, _ = lent
    amendment = propose(business, pledge, kind="top_up", items=parts(**{business.verified(): "5"}))

    missing = decide(business, APPROVER, amendment, "approve", expected=409)
    assert (missing["code"], missing["pledgors"]) == ("consent_missing", [HOLDER])
    assert decide(business, "enterprise.huangshi", amendment, "consent", expected=404)["code"] == "not_found"
    assert decide(business, OFFICER, amendment, "consent", expected=403)["code"] == "forbidden"
    agreed_once = decide(business, ENTERPRISE, amendment, "consent")
    assert decide(business, ENTERPRISE, amendment, "consent") == agreed_once
    assert decide(business, OFFICER, amendment, "approve", expected=403)["code"] == "same_person"
    assert decide(business, ENTERPRISE, amendment, "approve", expected=403)["code"] == "forbidden"
    rejected = decide(business, ENTERPRISE, amendment, "reject", {"reason": "不同意"})
    assert (rejected["status"], rejected["reason"]) == ("rejected", "不同意")
    assert decide(business, APPROVER, amendment, "approve", expected=409)["code"] == "amendment_cannot_move"


def test_another_bank_sees_no_amendment(business: Business, lent: tuple[str, str, str]) -> None:
    pledge, _, _ = lent
    amendment = propose(business, pledge, kind="top_up", items=parts(**{business.verified(): "5"}))
    business.get(FOREIGNER, f"/v1/pledges/{pledge}/amendments", 404)
    business.get(FOREIGNER, f"/v1/pledges/{pledge}/amendments/{amendment['id']}", 404)
    for verb in ("approve", "withdraw"):
        assert decide(business, FOREIGNER, amendment, verb, expected=404)["code"] == "not_found"
    listed = business.get(ENTERPRISE, f"/v1/pledges/{pledge}/amendments")["items"]
    assert [each["id"] for each in listed] == [amendment["id"]]


def test_a_successor_takes_the_place_of_a_right_whose_plan_period_is_over(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, old, _ = lent
    successor = business.verified()
    body = {"kind": "replace_right", "right_id": old, "successor_id": successor, "quantity": quantity("8")}
    assert propose(business, pledge, 422, **body)["errors"][0]["pointer"] == "#/right_id"  # it is in force
    business.sql("update rights set status = 'pending_reconfirmation' where id = %s", old)
    watch = Watch(business, pledge, kept=(), either=((old, successor),))

    amendment = agreed(business, pledge, **body)
    watch.work()

    assert read(business, amendment)["status"] == "effective"
    assert items_of(business, pledge) == {successor: "8.000000"}
    links = business.sql("select predecessor_id, successor_id from rights where id in (%s, %s)", old, successor)
    assert sorted(links, key=str) == sorted([(None, successor), (old, None)], key=str)


def test_what_does_not_belong_to_a_kind_is_an_invalid_payload(business: Business, lent: tuple[str, str, str]) -> None:
    pledge, right, loan = lent
    for body in (
        {"kind": "top_up"},
        {"kind": "top_up", "items": parts(**{right: "1"}), "loan_id": loan},
        {"kind": "determine", "on": TODAY.isoformat()},
        {"kind": "refinance", "loan_id": loan},
        {"kind": "change_party", "former_uscc": HOLDER},
        {"kind": "transfer_of_claim"},
        {"kind": "transfer_of_claim", "transferee": "bank-b", "name": "示例"},
    ):
        assert propose(business, pledge, 422, **body)["status"] == 422


def test_what_is_not_there_cannot_be_added_or_given_up(business: Business, lent: tuple[str, str, str]) -> None:
    pledge, right, _ = lent
    foreign = business.verified("enterprise.huangshi", holder_uscc=HUANGSHI)
    assert propose(business, pledge, 404, kind="top_up", items=parts(**{foreign: "1"}))["code"] == "not_found"
    refusal = propose(business, pledge, 409, kind="top_up", items=parts(**{right: "41"}))
    assert (refusal["code"], refusal["available"]["amount"]) == ("quantity_unavailable", "40.000000")
    more = propose(business, pledge, 422, kind="partial_release", items=parts(**{right: "10.5"}))
    assert more["errors"][0]["pointer"] == "#/items/0"
    whole = propose(business, pledge, 422, kind="partial_release", items=parts(**{right: "10"}))
    assert whole["code"] == "invalid_items"


def test_only_an_active_pledge_is_amended(business: Business) -> None:
    right = business.verified()
    pledge = business.draft({right: "10"}, [business.loan()])
    refusal = propose(business, pledge, 409, kind="top_up", items=parts(**{right: "1"}))
    assert (refusal["code"], refusal["unmet"]) == ("not_active", ["active"])


def _always(reason: str) -> Callable[[FakeRegistry, RegistryOrder], str]:
    def refuse(_registry: FakeRegistry, _order: RegistryOrder) -> str:
        return reason

    return refuse
