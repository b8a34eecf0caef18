"""Several pledgors, a release that the registry refuses, and what a pledgee sees of a right afterwards."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from domain.ports.registry import RegistryOrder
from tests.builders import HOLDER
from tests.database_session import Database
from tests.fakes.registry import FakeRegistry
from tests.integration.business import HUANGSHI, Business, a_pledge_body, open_for_business, quantity, yuan
from tests.openapi_truth import OpenapiTruth

ENTERPRISE, OTHER, OFFICER, APPROVER = "enterprise.shaoxing", "enterprise.huangshi", "bank-a.officer", "bank-a.approver"
AUTHORITY = "authority.zhejiang"


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        document = opened.get(OFFICER, "/openapi.json")
        opened._http.event_hooks["response"].append(OpenapiTruth(document).check)
        yield opened


def test_the_freeze_waits_for_the_last_of_several_pledgors(business: Business) -> None:
    for client, uscc in ((ENTERPRISE, HOLDER), (OTHER, HUANGSHI)):
        business.consent(client, uscc, "bank-a")
    items = {business.verified(): "5", business.verified(OTHER, holder_uscc=HUANGSHI): "5"}
    body = a_pledge_body(items, [business.loan()], pledgors=[HOLDER, HUANGSHI], pledgee=None)
    pledge = business.post(OFFICER, "/v1/pledges", body, 201)["id"]
    business.act(OFFICER, pledge, "submit")
    told = [{"right_id": right, "quantity": quantity(amount)} for right, amount in items.items()]
    business.act(AUTHORITY, pledge, "verify-quantities", {"items": told})
    business.act(APPROVER, pledge, "approve-loan", {"amount": yuan("40000.00"), "rate": "0.0345"})

    once = business.act(OTHER, pledge, "confirm")
    assert (once["status"], once["confirmed_by"]) == ("loan_approved", [HUANGSHI])
    assert business.act(OTHER, pledge, "confirm")["status"] == "loan_approved"
    assert business.sql("select count(*) from registry_orders where pledge_id = %s", pledge) == [(0,)]
    both = business.act(ENTERPRISE, pledge, "confirm", expected=202)
    assert (both["status"], both["confirmed_by"]) == ("freezing", [HUANGSHI, HOLDER])
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "active"


def test_what_one_pledgor_confirmed_does_not_stand_for_other_terms(business: Business) -> None:
    for client, uscc in ((ENTERPRISE, HOLDER), (OTHER, HUANGSHI)):
        business.consent(client, uscc, "bank-a")
    items = {business.verified(): "5", business.verified(OTHER, holder_uscc=HUANGSHI): "5"}
    body = a_pledge_body(items, [business.loan()], pledgors=[HOLDER, HUANGSHI], pledgee=None)
    pledge = business.post(OFFICER, "/v1/pledges", body, 201)["id"]
    told = [{"right_id": right, "quantity": quantity(amount)} for right, amount in items.items()]
    for amount in ("40000.00", "39000.00"):
        business.act(OFFICER, pledge, "submit")
        business.act(AUTHORITY, pledge, "verify-quantities", {"items": told})
        business.act(APPROVER, pledge, "approve-loan", {"amount": yuan(amount), "rate": "0.0345"})
        if amount == "40000.00":
            business.act(OTHER, pledge, "confirm")
            assert business.act(OFFICER, pledge, "request-correction", {"reason": "金额"})["confirmed_by"] == []
    assert business.act(ENTERPRISE, pledge, "confirm")["confirmed_by"] == [HOLDER]


@pytest.fixture
def refused(business: Business, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Return a pledge of two rights whose release the registry has refused, and one of the rights."""
    right = business.verified()
    pledge = business.active({right: "5", business.verified(): "5"}, [business.loan()])
    _ordered(business, pledge)
    with monkeypatch.context() as patch:
        patch.setattr(FakeRegistry, "_refusal_of_release", _refuse)
        business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "exception"
    return pledge, right


def test_a_refused_release_is_ordered_again_by_two_persons(business: Business, refused: tuple[str, str]) -> None:
    pledge, right = refused
    early = business.act(APPROVER, pledge, "release/approve", expected=409)
    assert early["code"] == "pledge_cannot_move"  # the first order is used up
    _ordered(business, pledge)
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "released"
    assert business.available(right) == "50.000000"


def test_a_refused_release_is_cancelled_while_the_registry_holds_everything(
    business: Business, refused: tuple[str, str]
) -> None:
    pledge, _ = refused
    business.act(ENTERPRISE, pledge, "release/cancel", expected=403)
    restored = business.act(APPROVER, pledge, "release/cancel")
    assert (restored["status"], restored["release"], restored["reason"]) == ("active", None, None)
    assert restored["perfection"]["control"] == "registered"
    assert business.act(OFFICER, pledge, "release/cancel", expected=409)["code"] == "pledge_cannot_move"
    _ordered(business, pledge)
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "released"


def test_what_is_released_in_part_is_not_cancelled_and_only_the_rest_is_ordered_again(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    rights = [business.verified(), business.verified()]
    pledge = business.active(dict.fromkeys(rights, "5"), [business.loan()])
    _ordered(business, pledge)
    ((number,),) = business.sql("select registry_no from rights where id = %s", rights[0])
    lawful = FakeRegistry._refusal_of_release
    with monkeypatch.context() as patch:
        patch.setattr(
            FakeRegistry,
            "_refusal_of_release",
            lambda registry, order: "NOT_BENEFICIARY" if order.registry_no == number else lawful(registry, order),
        )
        business.work()

    assert business.act(OFFICER, pledge, "release/cancel", expected=409)["code"] == "pledge_cannot_move"
    _ordered(business, pledge)
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "released"
    kinds = [effect.order.kind.value for effect in business.registry.executed if effect.order.contract_no == pledge]
    assert kinds == ["freeze", "freeze", "release", "release"]


def test_an_order_to_release_is_taken_back_before_it_is_approved(business: Business) -> None:
    pledge = business.active({business.verified(): "10"}, [business.loan()])
    business.act(OFFICER, pledge, "release", {"reason": "waived"}, 202)
    assert business.act(APPROVER, pledge, "release/cancel")["release"] is None
    assert business.act(APPROVER, pledge, "release/approve", expected=409)["code"] == "pledge_cannot_move"


def test_releasing_twice_is_refused_by_name(business: Business) -> None:
    pledge = business.active({business.verified(): "10"}, [business.loan()])
    _ordered(business, pledge)
    for _ in range(2):  # while the registry has the word, and after it has spoken
        again = business.act(OFFICER, pledge, "release", {"reason": "waived"}, 409)
        approved = business.act(APPROVER, pledge, "release/approve", expected=409)
        assert {again["code"], approved["code"]} == {"pledge_cannot_move"}
        business.work()
    assert business.sql("select count(*) from registry_orders where pledge_id = %s and kind = 'release'", pledge) == [
        (1,)
    ]


def test_a_former_pledgee_no_longer_sees_the_right(business: Business) -> None:
    shown, kept = business.verified(), business.verified()
    first = business.active({shown: "5", kept: "5"}, [business.loan()])
    second = business.active({kept: "10"}, [business.loan()])
    business.sql("update authorizations set revoked_at = now()")
    assert business.get(OFFICER, f"/v1/rights/{shown}")["id"] == shown

    _ordered(business, first)
    business.work()

    business.get(OFFICER, f"/v1/rights/{shown}", 404)
    assert business.get(OFFICER, f"/v1/rights/{kept}")["id"] == kept  # the second pledge lives
    assert business.get(OFFICER, f"/v1/pledges/{first}")["status"] == "released"
    _ordered(business, second)
    business.work()
    business.get(OFFICER, f"/v1/rights/{kept}", 404)


def test_a_pledgee_whose_application_fell_no_longer_sees_the_right(business: Business) -> None:
    business.sql("update authorizations set revoked_at = now()")
    right = business.verified()
    pledge = business.draft({right: "5"})
    business.act(ENTERPRISE, pledge, "submit")
    assert business.get(OFFICER, f"/v1/rights/{right}")["id"] == right
    business.act(ENTERPRISE, pledge, "withdraw")
    business.get(OFFICER, f"/v1/rights/{right}", 404)


def _ordered(business: Business, pledge: str) -> None:
    """Let two persons order the release."""
    business.act(OFFICER, pledge, "release", {"reason": "waived"}, 202)
    business.act(APPROVER, pledge, "release/approve", expected=202)


def _refuse(_registry: FakeRegistry, _order: RegistryOrder) -> str:
    return "NOT_BENEFICIARY"
