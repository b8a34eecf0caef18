"""Money for a pledged right without a default is the pledgee's first: it pays, or lies deposited and counts."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import HOLDER, TODAY
from tests.database_session import Database
from tests.integration.amendment_scene import APPROVER, ENTERPRISE, OFFICER, Watch, a_lent_pledge
from tests.integration.business import Business, open_for_business, quantity, yuan
from tests.integration.vigil import registry_acts, verify, watch
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


def told(business: Business, pledge: str, amount: str, expected: int = 201, **different: object) -> Any:  # noqa: ANN401 - any JSON answer
    """Let the officer tell of money that came in."""
    body = {
        "kind": "buy_back",
        "amount": yuan(amount),
        "received_on": TODAY.isoformat(),
        "reference": "回购款-1",
        "apply": "prepay",
        **different,
    }
    return business.post(OFFICER, f"/v1/pledges/{pledge}/compensations", body, expected)


def decide(
    business: Business, compensation: dict[str, Any], verb: str = "approve", expected: int = 200, client: str = APPROVER
) -> Any:  # noqa: ANN401 - any JSON answer
    """Let the second person decide."""
    path = f"/v1/pledges/{compensation['pledge_id']}/compensations/{compensation['id']}/{verb}"
    return business.post(client, path, {"reason": "有误"} if verb == "reject" else {}, expected)


def owed(business: Business, loan: str) -> str:
    return str(business.get(OFFICER, f"/v1/loans/{loan}")["owed"]["total"]["amount"])


def test_money_pays_what_is_owed_before_its_day_and_what_is_left_is_the_pledgors(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, _, loan = lent
    first = told(business, pledge, "15000.00")
    assert owed(business, loan) == "40000.00"  # nothing is paid on one person's word
    paid = decide(business, first)
    assert (paid["status"], paid["surplus"], paid["deposited"]) == ("approved", yuan("0.00"), yuan("0.00"))
    assert [(line["loan_id"], line["principal"]) for line in paid["lines"]] == [(loan, yuan("15000.00"))]
    assert owed(business, loan) == "25000.00"  # 40,000 - 15,000

    rest = decide(business, told(business, pledge, "30000.00", reference="回购款-2"))

    assert owed(business, loan) == "0.00"
    assert rest["surplus"] == yuan("5000.00")  # 30,000 - 25,000


def test_a_deposit_counts_in_the_coverage_at_its_face_until_it_pays(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, _, loan = lent
    before = business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")
    deposit = decide(business, told(business, pledge, "3000.00", kind="insurance", apply="deposit"))
    after = business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")
    for value in ("collateral_value", "market_value"):
        assert Decimal(after[value]["amount"]) == Decimal(before[value]["amount"]) + 3000
    assert (after["outstanding"], owed(business, loan)) == (before["outstanding"], "40000.00")

    applied = decide(business, deposit, "end-deposit")

    assert (applied["status"], applied["deposited"], owed(business, loan)) == ("applied", yuan("0.00"), "37000.00")
    assert business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")["collateral_value"] == before["collateral_value"]
    assert decide(business, applied, "end-deposit", 409)["code"] == "compensation_cannot_move"


def test_a_deposit_goes_back_to_the_pledgor_once_the_pledge_has_ended(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, _, loan = lent
    deposit = decide(business, told(business, pledge, "3000.00", apply="deposit"))
    assert business.event(loan, "settled", "40000.00")[0] == 201
    business.act(OFFICER, pledge, "release", {"reason": "claim_extinguished"}, 202)
    business.act(APPROVER, pledge, "release/approve", expected=202)
    business.work()

    returned = decide(business, deposit, "end-deposit")

    assert (returned["status"], returned["surplus"]) == ("returned", yuan("3000.00"))


def test_what_the_registry_took_leaves_the_item_and_what_stays_keeps_its_rank(
    business: Business, lent: tuple[str, str, str]
) -> None:
    pledge, right, _ = lent
    registry_acts(business, right, "reduce", "44")  # 50 - 44 = 6 of the pledged 10
    verify(business, right)
    watched = Watch(business, pledge, kept=(right,))

    answer = decide(business, told(business, pledge, "16000.00"))
    assert answer["lost"] == "4.000000"
    watched.work()
    watch(business)

    item = business.get(OFFICER, f"/v1/pledges/{pledge}")
    assert (item["items"][0]["quantity"]["amount"], item["impairments"]) == ("6.000000", [])
    assert watched.frozen(right) == 6
    (amendment,) = business.get(OFFICER, f"/v1/pledges/{pledge}/amendments")["items"]
    assert (amendment["kind"], amendment["status"], amendment["note"]) == ("partial_release", "effective", answer["id"])


def test_where_others_rank_on_the_right_each_gets_the_part_of_what_it_has_lost_and_no_more(business: Business) -> None:
    business.consent(ENTERPRISE, HOLDER, "bank-b")
    right = business.verified()
    first = business.active({right: "20"}, [business.loan()])
    foreign = business.draft({right: "25"}, pledgee="bank-b")
    business.act(ENTERPRISE, foreign, "submit")
    registry_acts(business, right, "reduce", "32")  # 18 left: by rank the first has lost 2 of its 20, the other all
    verify(business, right)

    assert told(business, first, "1000.00", 409)["code"] == "shares_unknown"
    whole = {"amount": yuan("128000.00"), "quantity": quantity("32")}
    refusal = told(business, first, "8000.01", 409, whole=whole)
    assert (refusal["code"], refusal["part"]) == ("share_exceeds_loss", yuan("8000.00"))  # 128,000 x 2 / 32
    assert told(business, first, "8000.00", whole=whole)["lost"] == "2.000000"


def test_two_persons_one_reference_and_an_active_pledge(business: Business, lent: tuple[str, str, str]) -> None:
    pledge, _, loan = lent
    first = told(business, pledge, "1.00")
    assert told(business, pledge, "1.00", 409)["code"] == "compensation_known"
    assert decide(business, first, client=OFFICER, expected=403)["code"] == "same_person"
    assert decide(business, first, client="bank-b.approver", expected=404)["code"] == "not_found"
    business.get(FOREIGNER, f"/v1/pledges/{pledge}/compensations/{first['id']}", 404)
    assert business.get(ENTERPRISE, f"/v1/pledges/{pledge}/compensations")["items"] == [first]
    assert decide(business, first, "reject")["status"] == "rejected"
    assert decide(business, first, expected=409)["code"] == "compensation_cannot_move"
    assert owed(business, loan) == "40000.00"
    later = told(business, pledge, "1.00", 422, reference="R", received_on="2099-01-01")
    assert later["code"] == "invalid_date"
    draft = business.draft({business.verified(): "1"}, [business.loan()])
    assert told(business, draft, "1.00", 409)["code"] == "not_active"
