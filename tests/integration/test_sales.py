"""A pledged right that is sold: transferred whatever becomes of the registry's answers, and paid out to the fen."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.values.identifiers import RegistryNo
from tests.database_session import Database
from tests.fakes.registry import FakeRegistry
from tests.integration.business import HUANGSHI, Business, quantity, yuan
from tests.integration.enforcing import (
    APPROVER,
    ENTERPRISE,
    FIRM,
    OFFICER,
    a_default,
    a_sale,
    act,
    enforcing,
    lines,
    ordered,
    running,
)


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with enforcing(new_database) as opened:
        yield opened


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


# The registry's silence and refusal


@pytest.mark.parametrize("fault", ["lose_reply", "error", "late", "closed"])
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


def test_a_statement_that_is_older_than_the_transfer_is_not_taken_for_what_is_left(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    pledge, right, _ = a_default(business)
    enforcement = running(business, pledge)
    act(business, OFFICER, pledge, enforcement, "result", a_sale(), 202)
    fresh, asked = FakeRegistry.lookup_right, []

    async def yesterdays(registry: FakeRegistry, *names: Any, **numbers: Any) -> Any:  # noqa: ANN401 - any question
        asked.append(numbers)
        age = timedelta(days=1) if len(asked) < 3 else timedelta(0)
        return [replace(each, as_of=each.as_of - age) for each in await fresh(registry, *names, **numbers)]

    monkeypatch.setattr(FakeRegistry, "lookup_right", yesterdays)
    business.work()

    assert len(asked) == 3
    assert business.available(right) == "40.000000"
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "disposed"


def test_a_release_that_was_ordered_before_lapses_when_the_pledge_is_enforced(business: Business) -> None:
    pledge, _, _ = a_default(business)
    business.act(OFFICER, pledge, "release", {"reason": "waived"}, 202)

    enforcement = running(business, pledge)

    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["release"] is None
    act(business, OFFICER, pledge, enforcement, "end", {"reason": "x"})
    assert business.act(APPROVER, pledge, "release/approve", {}, 409)["code"] == "pledge_cannot_move"


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
