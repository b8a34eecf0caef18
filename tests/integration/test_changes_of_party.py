"""A pledge changes hands: the claim goes to another bank, or another enterprise takes a pledgor's place by law.

The watch looks at every commit of the worker: nothing is unfrozen for a moment, and every entry keeps its reference and
its time.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import RegistryOrder
from domain.values.identifiers import RegistryNo
from tests.builders import BANK_USCC, HOLDER, TODAY
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
from tests.integration.business import HUANGSHI, OTHER_BANK_USCC, Business, open_for_business, yuan
from tests.openapi_truth import OpenapiTruth

TAKER, TAKERS_OFFICER, SUCCESSOR = "bank-b.approver", "bank-b.officer", "enterprise.huangshi"
SUCCESSOR_NAME = "黄石示例铸造有限公司"


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


def offered(business: Business, pledge: str) -> Any:  # noqa: ANN401 - any JSON answer
    """Let the first bank propose to transfer its claim to the second."""
    return propose(business, pledge, kind="transfer_of_claim", transferee="bank-b")


def accepted(business: Business, pledge: str) -> Any:  # noqa: ANN401 - any JSON answer
    """Let both banks sign; the registry has been ordered."""
    amendment = offered(business, pledge)
    decide(business, TAKER, amendment, "accept")
    return decide(business, APPROVER, amendment, "approve", expected=202)


def parties_at_registry(business: Business, right: str) -> set[tuple[str, str]]:
    """Return holder and beneficiary of every freeze on a right by the registry's own ledger."""
    ((number,),) = business.sql("select registry_no from rights where id = %s", right)
    effects = [each for each in business.registry.executed if each.order.registry_no == number]
    freezes = {each.registry_ref for each in effects if each.order.kind is OrderKind.FREEZE}
    return {FakeRegistry.parties_of([each for each in effects if each.freeze_ref == freeze]) for freeze in freezes}


def succeeded(business: Business, right: str) -> None:
    """Let the registry enter the successor of a merger, and let the bank find it there."""
    ((registry, number),) = business.sql("select registry, registry_no from rights where id = %s", right)
    business.registry.change(registry, RegistryNo(number), "transfer", holder_uscc=HUANGSHI, holder_name=SUCCESSOR_NAME)
    body = {"registry": registry, "registry_no": number, "holder_uscc": HUANGSHI}
    business.post(SUCCESSOR, "/v1/rights/verifications", body, 200)


def test_a_claim_goes_to_another_bank_with_its_pledge_and_no_right_is_unfrozen_for_a_moment(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, right, loan = lent
    agreed(business, pledge, kind="top_up", items=parts(**{right: "5"}))  # a second freeze of the same right
    business.work()
    watch = Watch(business, pledge, kept=(right,))
    before = business.get(OFFICER, f"/v1/pledges/{pledge}")

    amendment = accepted(business, pledge)
    watch.look()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["pledgee"] == "bank-a"  # until the registry has done it
    watch.work()

    after = business.get(TAKERS_OFFICER, f"/v1/pledges/{pledge}")
    assert (after["status"], after["pledgee"], watch.looks > 2) == ("active", "bank-b", True)
    assert after["registrations"] == before["registrations"]  # the same references, the same times
    assert after["items"] == before["items"]
    assert parties_at_registry(business, right) == {(HOLDER, OTHER_BANK_USCC)}
    kinds = [each.order.kind for each in business.registry.executed if each.order.contract_no == pledge]
    assert kinds == [OrderKind.FREEZE, OrderKind.FREEZE, OrderKind.AMEND, OrderKind.AMEND]
    told = business.get(TAKERS_OFFICER, f"/v1/pledges/{pledge}/amendments/{amendment['id']}")
    assert (told["status"], [each["kind"] for each in told["entries"]]) == ("effective", ["amend", "amend"])
    assert business.get(TAKERS_OFFICER, f"/v1/loans/{loan}")["outstanding"] == yuan("40000.00")
    assert business.sql("select type from loan_events where loan_id = %s order by sequence", loan)[-1] == ("assigned",)


def test_afterwards_the_old_bank_sees_its_own_past_and_the_new_one_everything_that_it_needs(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, right, loan = lent
    amendment = accepted(business, pledge)
    business.work()

    for path in (f"/v1/pledges/{pledge}", f"/v1/pledges/{pledge}/coverage", f"/v1/loans/{loan}"):
        assert business.get(OFFICER, path, 404)["code"] == "not_found"
        business.get(TAKERS_OFFICER, path)
    item = business.get(TAKERS_OFFICER, f"/v1/pledges/{pledge}")["items"][0]
    business.get(TAKERS_OFFICER, f"/v1/valuations/{item['valuation_id']}")
    business.get(TAKERS_OFFICER, f"/v1/rights/{right}")
    assert read(business, amendment)["status"] == "effective"
    past = [each["action"] for each in business.get(OFFICER, f"/v1/pledges/{pledge}/history")["items"]]
    assert (past[0], past[-1]) == ("pledge.drafted", "amendment.effective")

    status, answer = business.call(TAKERS_OFFICER, "POST", f"/v1/loans/{loan}/events", _repaid("40000.00"))
    assert status == 201, answer
    business.act(TAKERS_OFFICER, pledge, "release", {"reason": "claim_extinguished"}, 202)
    business.act(TAKER, pledge, "release/approve", expected=202)
    business.work()
    assert business.get(TAKERS_OFFICER, f"/v1/pledges/{pledge}")["status"] == "released"
    assert past == [each["action"] for each in business.get(OFFICER, f"/v1/pledges/{pledge}/history")["items"]]
    assert business.call(OFFICER, "POST", f"/v1/pledges/{pledge}/release", {"reason": "waived"})[0] == 404


def test_the_debtor_and_the_pledgor_are_told_of_the_transfer_and_not_asked(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, _, loan = lent
    amendment = offered(business, pledge)
    assert decide(business, ENTERPRISE, amendment, "accept", expected=403)["code"] == "forbidden"
    decide(business, TAKER, amendment, "accept")
    decide(business, APPROVER, amendment, "approve", expected=202)
    business.work()
    told = business.sql("select type from events where subject in (%s, %s) and %s = any(parties)", pledge, loan, HOLDER)
    assert {("amendment.effective",), ("loan.assigned",)} <= set(told)


def test_both_banks_sign_and_a_bank_that_is_not_offered_the_claim_has_no_say(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, _, _ = lent
    amendment = offered(business, pledge)
    missing = decide(business, APPROVER, amendment, "approve", expected=409)
    assert (missing["code"], missing["transferee"]) == ("acceptance_missing", "bank-b")
    assert decide(business, TAKERS_OFFICER, amendment, "accept", expected=403)["code"] == "forbidden"
    assert decide(business, APPROVER, amendment, "accept", expected=404)["code"] == "not_found"
    business.get(TAKERS_OFFICER, f"/v1/pledges/{pledge}", 404)  # not before it is the bank's own
    assert decide(business, TAKER, amendment, "approve", expected=404)["code"] == "not_found"
    rejected = decide(business, TAKER, amendment, "reject", {"reason": "不予受让"})
    assert (rejected["status"], rejected["reason"]) == ("rejected", "不予受让")
    other = offered(business, pledge)
    assert decide(business, TAKER, other, "accept") == decide(business, TAKER, other, "accept")
    assert decide(business, OFFICER, other, "approve", expected=403)["code"] == "same_person"
    assert decide(business, OFFICER, other, "withdraw")["status"] == "withdrawn"


def test_what_the_registry_refuses_in_part_is_amended_back_and_the_pledge_stays_the_old_banks(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    rights, loan = [business.verified(), business.verified()], business.loan()
    pledge = business.active(dict.fromkeys(rights, "10"), [loan])
    watch = Watch(business, pledge, kept=tuple(rights))
    amendment = accepted(business, pledge)
    ((number,),) = business.sql("select registry_no from rights where id = %s", rights[1])
    usual = FakeRegistry._refusal_of_amendment

    def refuse(registry: FakeRegistry, order: RegistryOrder) -> str | None:
        return "SUSPENDED" if order.registry_no == number else usual(registry, order)

    with monkeypatch.context() as patch:
        patch.setattr(FakeRegistry, "_refusal_of_amendment", refuse)
        watch.work()

    refused = read(business, amendment)
    assert (refused["status"], refused["reason"]) == ("refused", "SUSPENDED")
    assert [each["kind"] for each in refused["entries"]] == ["amend", "undone"]
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["pledgee"] == "bank-a"
    assert {each for right in rights for each in parties_at_registry(business, right)} == {(HOLDER, BANK_USCC)}
    business.get(TAKERS_OFFICER, f"/v1/pledges/{pledge}", 404)


@pytest.mark.parametrize("fault", ["lose_reply", "garbage", "duplicate", "late"])
def test_whatever_becomes_of_the_registrys_answer_a_freeze_is_amended_once(
    business: Business, lent: tuple[str, str, str], fault: str
) -> None:
    pledge, right, _ = lent
    watch = Watch(business, pledge, kept=(right,))
    accepted(business, pledge)
    business.registry.arm("amend", fault)
    watch.work()
    assert business.get(TAKERS_OFFICER, f"/v1/pledges/{pledge}")["pledgee"] == "bank-b"
    orders = [each.order for each in business.registry.executed if each.order.contract_no == pledge]
    assert [order.kind for order in orders] == [OrderKind.FREEZE, OrderKind.AMEND]


def test_the_claims_of_a_maximum_amount_are_not_transferred_before_they_are_determined(business: Business) -> None:
    right, loan = business.verified(), business.loan(kind="credit_line")
    secured = {"amount": yuan("50000.00"), "kind": "maximum_amount", "claims_from": TODAY.isoformat()}
    pledge = business.approvable({right: "10"}, [loan], secured=secured)
    business.act(APPROVER, pledge, "approve-loan", {"amount": yuan("40000.00"), "rate": "0.0345"})
    business.act(ENTERPRISE, pledge, "confirm", expected=202)
    business.work()

    refusal = propose(business, pledge, 409, kind="transfer_of_claim", transferee="bank-b")
    assert refusal["code"] == "claims_not_determined"
    fixed = propose(business, pledge, kind="determine", event="no_new_claims", on=TODAY.isoformat())
    decide(business, APPROVER, fixed, "approve")
    assert offered(business, pledge)["status"] == "proposed"


def test_a_claim_that_another_pledge_secures_as_well_is_not_torn_from_it(business: Business) -> None:
    loan = business.loan()
    first, second = (business.active({business.verified(): "10"}, [loan]) for _ in range(2))
    refusal = propose(business, first, 409, kind="transfer_of_claim", transferee="bank-b")
    assert (refusal["code"], refusal["pledges"]) == ("claim_secured_elsewhere", [second])


@pytest.mark.parametrize("transferee", ["bank-a", "enterprise.huangshi", "nobody"])
def test_a_claim_goes_to_another_bank_only(business: Business, lent: tuple[str, str, str], transferee: str) -> None:
    refusal = propose(business, lent[0], 422, kind="transfer_of_claim", transferee=transferee)
    assert refusal["errors"][0]["pointer"] == "#/transferee"


def test_an_agent_does_not_transfer_the_claim_of_a_syndicate(business: Business, lent: tuple[str, str, str]) -> None:
    no_word = {"accepted_by": None, "accepted_at": None, "share": "1/2"}
    members = [{**no_word, "tenant": bank, "uscc": BANK_USCC, "name": bank} for bank in ("bank-a", "bank-b")]
    business.sql("update pledges set syndicate = %s where id = %s", json.dumps(members), lent[0])
    refusal = propose(business, lent[0], 422, kind="transfer_of_claim", transferee="bank-b")
    assert refusal["errors"][0]["pointer"] == "#/kind"


def test_a_contract_number_that_the_new_bank_has_already_gets_the_loans_id_behind_it(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, _, loan = lent
    ((number,),) = business.sql("select contract_no from loans where id = %s", loan)
    taken = {**business.get(OFFICER, f"/v1/loans/{loan}"), "contract_no": number}
    body = {
        name: taken[name] for name in ("borrower_uscc", "contract_no", "kind", "principal", "start", "end", "purpose")
    }
    rate = {"kind": "fixed", "value": "0.034500"}
    business.post(TAKERS_OFFICER, "/v1/loans", {**body, "rate": rate, "repayment": "bullet"}, 201)
    accepted(business, pledge)
    business.work()
    assert business.get(TAKERS_OFFICER, f"/v1/loans/{loan}")["contract_no"] == f"{number}-{loan}"


def test_the_successor_of_a_merger_takes_the_pledgors_place_once_the_registry_has_entered_it(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, right, loan = lent
    wanted: dict[str, Any] = {
        "kind": "change_party",
        "former_uscc": HOLDER,
        "successor_uscc": HUANGSHI,
        "name": SUCCESSOR_NAME,
    }
    unconfirmed = propose(business, pledge, 409, **wanted)
    assert (unconfirmed["code"], unconfirmed["right_id"]) == ("successor_unconfirmed", right)
    succeeded(business, right)
    watch = Watch(business, pledge, kept=(right,))

    amendment = propose(business, pledge, **wanted)
    decide(business, APPROVER, amendment, "approve", expected=202)
    watch.work()

    assert read(business, amendment)["status"] == "effective"
    told = business.get(SUCCESSOR, f"/v1/pledges/{pledge}")
    assert told["pledgors"] == [HUANGSHI]
    assert business.get(OFFICER, f"/v1/loans/{loan}")["borrower_uscc"] == HUANGSHI
    assert parties_at_registry(business, right) == {(HUANGSHI, BANK_USCC)}
    business.get(ENTERPRISE, f"/v1/pledges/{pledge}", 404)
    assert business.event(loan, "settled", "40000.00")[0] == 201
    business.act(OFFICER, pledge, "release", {"reason": "claim_extinguished"}, 202)
    business.act(APPROVER, pledge, "release/approve", expected=202)
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "released"


def test_a_new_name_of_a_pledgor_takes_effect_as_the_registry_tells_it(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, right, _ = lent
    ((registry, number),) = business.sql("select registry, registry_no from rights where id = %s", right)
    wanted: dict[str, Any] = {
        "kind": "change_party",
        "former_uscc": HOLDER,
        "successor_uscc": HOLDER,
        "name": "绍兴示例新名有限公司",
    }
    early = propose(business, pledge, 409, **wanted)
    assert early["code"] == "successor_unconfirmed"
    business.registry.change(
        registry, RegistryNo(number), "transfer", holder_uscc=HOLDER, holder_name="绍兴示例新名有限公司"
    )
    business.post(
        ENTERPRISE,
        "/v1/rights/verifications",
        {"registry": registry, "registry_no": number, "holder_uscc": HOLDER},
        200,
    )
    amendment = propose(business, pledge, **wanted)
    assert decide(business, APPROVER, amendment, "approve")["status"] == "effective"


def _repaid(amount: str) -> dict[str, object]:
    return {"type": "settled", "on": TODAY.isoformat(), "reference": "结清", "principal": yuan(amount)}
