"""What a registry or a court does by itself: the right follows, each pledge on it is told, and nothing is mended."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from domain.values.identifiers import RegistryNo, Uscc
from domain.values.quantity import Quantity, Unit
from tests.builders import HOLDER, tonnes
from tests.database_session import Database
from tests.integration.business import HUANGSHI, Business, open_for_business, yuan
from tests.integration.vigil import events, kinds, registry_acts, revalue, verify, watch
from tests.openapi_truth import OpenapiTruth

ENTERPRISE, OFFICER, AUTHORITY = "enterprise.shaoxing", "bank-a.officer", "authority.zhejiang"
CONCERNED: Final = sorted([HOLDER, AUTHORITY, "bank-a"])


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        opened._http.event_hooks["response"].append(OpenapiTruth(opened.get(OFFICER, "/openapi.json")).check)
        opened.consent(ENTERPRISE, HOLDER, "bank-a")
        yield opened


@pytest.fixture
def pledged(business: Business) -> tuple[str, str, str]:
    """Return a right, an active pledge of ten of its fifty, and the loan that it secures."""
    right, loan = business.verified(), business.loan()
    return right, business.active({right: "10"}, [loan]), loan


def draw(business: Business, loan: str, amount: str = "1000.00") -> tuple[int, Any]:
    """Let the bank pay some of a loan out."""
    status, answer = business.event(loan, "disbursed", amount)
    return status, answer.get("code")


@pytest.mark.parametrize(
    ("act", "kind", "event"),
    [
        ("revoke", "right_revoked", "right.revoked"),
        ("suspend", "right_suspended", "right.changed"),
    ],
)
def test_a_pledge_is_told_what_befell_its_right_and_stays_what_it_is(
    business: Business, pledged: tuple[str, str, str], act: str, kind: str, event: str
) -> None:
    right, pledge, loan = pledged
    before = business.get(OFFICER, f"/v1/pledges/{pledge}")
    assert before["impairments"] == []
    assert draw(business, loan)[0] == 201

    registry_acts(business, right, act)
    verify(business, right)

    after = business.get(OFFICER, f"/v1/pledges/{pledge}")
    assert [each["kind"] for each in after["impairments"]] == [kind]
    assert (after["status"], after["registrations"]) == ("active", before["registrations"])
    assert after["version"] == before["version"] + 1
    assert {"code": "unimpaired", "met": False, "at": None} in after["conditions"]
    assert draw(business, loan) == (409, "not_active")
    assert [told for told in events(business, right) if told[0] == event] == [(event, CONCERNED)]
    assert [told for told, _ in events(business, pledge)].count("pledge.impaired") == 1


def test_what_has_no_value_any_more_is_unpriced_and_never_worth_nothing(
    business: Business, pledged: tuple[str, str, str]
) -> None:
    right, pledge, _loan = pledged
    registry_acts(business, right, "revoke")
    verify(business, right)
    revalue(business)

    coverage = business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")
    assert (coverage["level"], coverage["collateral_value"], coverage["shortfall"]) == ("unpriced", None, None)


def test_an_impairment_ends_when_the_registry_says_so_and_is_told_once_each_way(
    business: Business, pledged: tuple[str, str, str]
) -> None:
    right, pledge, loan = pledged
    registry_acts(business, right, "suspend")
    verify(business, right)
    verify(business, right)
    registry_acts(business, right, "reinstate")
    verify(business, right)
    verify(business, right)

    assert kinds(business, pledge) == []
    told = [kind for kind, _ in events(business, pledge) if "impair" in kind]
    assert told == ["pledge.impaired", "pledge.impairment_ended"]
    assert [kind for kind, _ in events(business, right)].count("right.changed") == 2
    assert draw(business, loan)[0] == 201


def test_a_reduction_is_lost_by_rank_the_latest_registered_first(business: Business) -> None:
    right = business.verified()
    early, late = (
        business.active({right: "20"}, [business.loan()]),
        business.active({right: "25"}, [business.loan()]),
    )

    registry_acts(business, right, "reduce", "3")
    verify(business, right)
    assert (kinds(business, early), kinds(business, late)) == ([], [])  # 47 are left for 45

    registry_acts(business, right, "reduce", "9")
    verify(business, right)
    assert kinds(business, early) == []
    assert _loss(business, late) == {"rank": 2, "pledged": "25.000000", "lost": "7.000000"}  # 38 - 20 = 18 of 25

    registry_acts(business, right, "reduce", "20")
    verify(business, right)
    assert _loss(business, early) == {"rank": 1, "pledged": "20.000000", "lost": "2.000000"}  # 18 of 20
    assert _loss(business, late) == {"rank": 2, "pledged": "25.000000", "lost": "25.000000"}
    assert {business.get(OFFICER, f"/v1/pledges/{each}")["status"] for each in (early, late)} == {"active"}


def test_coverage_counts_what_a_rank_has_left_and_no_unit_twice(business: Business) -> None:
    right = business.verified()
    early, late = (business.active({right: "20"}, [business.loan()]) for _ in range(2))
    alone = business.active({business.verified(): "10"}, [business.loan()])
    revalue(business)
    whole = _value(business, early)
    assert _value(business, late) == whole

    registry_acts(business, right, "reduce", "20")
    verify(business, right)
    revalue(business)

    assert _value(business, early) == whole  # 20 of the 30 that are left
    assert _value(business, late) == _value(business, alone)  # 10 of its 20


def test_a_release_gives_its_place_to_those_behind_it(business: Business) -> None:
    right = business.verified()
    early, late = (business.active({right: "20"}, [business.loan()]) for _ in range(2))
    registry_acts(business, right, "reduce", "20")
    verify(business, right)
    assert kinds(business, late) == ["right_reduced"]

    business.act(OFFICER, early, "release", {"reason": "waived"}, expected=202)
    business.act("bank-a.approver", early, "release/approve", expected=202)
    business.work()
    watch(business)

    assert kinds(business, late) == []
    assert business.available(right) == "10.000000"


def test_a_seizure_that_is_known_stops_the_money_at_once_and_takes_nothing_from_the_rank(
    business: Business, pledged: tuple[str, str, str]
) -> None:
    right, pledge, loan = pledged
    order = {"kind": "judicial", "quantity": {"amount": "5", "unit": "t/a"}, "reference": "R", "reason": "保全"}
    hold = business.post(AUTHORITY, f"/v1/rights/{right}/holds", order, 201)["id"]

    assert draw(business, loan) == (409, "not_active")  # before any job has run
    watch(business)
    (impairment,) = business.get(OFFICER, f"/v1/pledges/{pledge}")["impairments"]
    assert (impairment["kind"], impairment["reference"]) == ("right_seized", hold)
    assert (impairment["quantity"]["amount"], impairment["loss_by_rank"]) == ("5.000000", [])

    business.post(AUTHORITY, f"/v1/rights/{right}/holds/{hold}/lift", {"reason": "解除", "reference": "R"}, 200)
    watch(business)
    assert kinds(business, pledge) == []
    assert draw(business, loan)[0] == 201


def test_a_pledge_that_comes_after_a_seizure_is_told_of_it_too(business: Business) -> None:
    right, loan = business.verified(), business.loan()
    order = {"kind": "judicial", "quantity": {"amount": "5", "unit": "t/a"}, "reference": "R", "reason": "保全"}
    business.post(AUTHORITY, f"/v1/rights/{right}/holds", order, 201)
    watch(business)

    pledge = business.active({right: "10"}, [loan])
    watch(business)

    assert kinds(business, pledge) == ["right_seized"]
    assert draw(business, loan) == (409, "not_active")


def test_what_a_registry_freezes_beyond_the_free_reaches_the_pledges_from_the_last_rank(business: Business) -> None:
    right = business.verified()
    early, late = (business.active({right: "20"}, [business.loan()]) for _ in range(2))
    registry_acts(business, right, "court_order", "10")
    verify(business, right)
    assert (kinds(business, early), kinds(business, late)) == ([], [])  # it took what was free

    registry_acts(business, right, "court_order", "15")
    verify(business, right)

    assert (kinds(business, early), kinds(business, late)) == ([], ["right_overtaken"])
    (impairment,) = business.get(OFFICER, f"/v1/pledges/{late}")["impairments"]
    assert impairment["quantity"]["amount"] == "15.000000"  # 20 + 20 + 25 taken of 50


def test_a_right_that_went_to_another_holder_is_followed_although_the_asker_is_refused(
    business: Business, pledged: tuple[str, str, str]
) -> None:
    right, pledge, loan = pledged
    registry_acts(business, right, "transfer", holder_uscc=Uscc(HUANGSHI), holder_name="黄石示例铸造有限公司")

    assert verify(business, right, 409)["code"] == "holder_mismatch"

    assert kinds(business, pledge) == ["right_transferred"]
    assert draw(business, loan) == (409, "not_active")
    told = [parties for kind, parties in events(business, right) if kind == "right.changed"]
    assert told == [sorted([HOLDER, HUANGSHI, AUTHORITY, "bank-a"])]


def test_a_unit_that_converts_is_followed_and_one_that_does_not_is_a_case(
    business: Business, pledged: tuple[str, str, str]
) -> None:
    right, pledge, loan = pledged
    number = RegistryNo(business.sql("select registry_no from rights where id = %s", right)[0][0])
    _retell(business, number, Quantity(Decimal(48_000), Unit.KG_PER_YEAR))
    _freezes_in(business, number, Unit.KG_PER_YEAR)
    verify(business, right)
    assert business.get(ENTERPRISE, f"/v1/rights/{right}")["quantity"] == {"amount": "48.000000", "unit": "t/a"}
    assert kinds(business, pledge) == []

    _retell(business, number, Quantity(Decimal(48), Unit.T_PER_DAY))
    _freezes_in(business, number, Unit.T_PER_DAY)
    assert verify(business, right, 409)["code"] == "unit_changed"

    assert business.get(ENTERPRISE, f"/v1/rights/{right}")["quantity"] == {"amount": "48.000000", "unit": "t/a"}
    (case,) = [
        each for each in business.get(AUTHORITY, "/v1/reconciliation/cases")["items"] if each["right_id"] == right
    ]
    assert (case["kind"], case["ours"]["unit"], case["theirs_live"]["unit"]) == ("unit_differs", "t/a", "t/d")
    assert kinds(business, pledge) == ["registry_differs"]
    assert draw(business, loan) == (409, "not_active")


def test_a_freeze_that_is_withheld_because_the_right_changed_has_others_told(business: Business) -> None:
    right = business.verified()
    first = business.active({right: "10"}, [business.loan()])
    second = business.approvable({right: "10"}, [business.loan()])
    business.act("bank-a.approver", second, "approve-loan", {"amount": yuan("40000.00"), "rate": "0.0345"})
    registry_acts(business, right, "revoke")
    business.act(ENTERPRISE, second, "confirm", expected=202)
    business.work()
    watch(business)

    assert business.get(OFFICER, f"/v1/pledges/{second}")["status"] == "confirmed"
    assert kinds(business, first) == ["right_revoked"]


def _loss(business: Business, pledge: str) -> Any:  # noqa: ANN401 - any JSON answer
    (impairment,) = business.get(OFFICER, f"/v1/pledges/{pledge}")["impairments"]
    (loss,) = impairment["loss_by_rank"]
    return loss


def _value(business: Business, pledge: str) -> Decimal:
    return Decimal(business.get(OFFICER, f"/v1/pledges/{pledge}")["items"][0]["collateral_value"]["amount"])


def _retell(business: Business, number: RegistryNo, quantity: Quantity) -> None:
    entry = business.registry._entries["zhejiang", number]
    told = replace(entry, quantity=quantity, frozen=Quantity.zero(quantity.unit), version=entry.version + 1)
    business.registry._entries["zhejiang", number] = told


def _freezes_in(business: Business, number: RegistryNo, unit: Unit) -> None:
    """Let the registry count what it froze of a right in another unit too."""
    amount = tonnes("10").to(Unit.KG_PER_YEAR).amount if unit is Unit.KG_PER_YEAR else Decimal(10)
    for index, each in enumerate(business.registry.executed):
        if each.order.registry_no == number:
            order = replace(each.order, quantity=Quantity(amount, unit))
            business.registry.executed[index] = replace(each, order=order)
