"""Existing pledges of a bank brought in through the real doors: the registry's word decides, and none is sent to it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import RegistryUnavailable
from tests.builders import HOLDER
from tests.database_session import Database
from tests.integration.business import HUANGSHI, OTHER_BANK_USCC, Business, open_for_business, quantity, yuan
from tests.integration.importing import (
    APPROVER,
    LONG_AGO,
    OFFICER,
    a_row,
    an_old_freeze,
    an_old_loan,
    an_old_right,
    brought_in,
    propose,
    take_in,
)
from tests.openapi_truth import OpenapiTruth


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        document = opened.get(OFFICER, "/openapi.json")
        opened._http.event_hooks["response"].append(OpenapiTruth(document).check)
        opened.consent("enterprise.shaoxing", HOLDER, "bank-a")
        yield opened


def balance(business: Business, number: str) -> tuple[str, str]:
    ((taken, holds),) = business.sql(
        "select b.taken, (select coalesce(sum(h.quantity), 0)::numeric(24, 6) from holds h where h.right_id = r.id"
        " and h.state in ('pending', 'posted')) from rights r join right_balances b on b.right_id = r.id"
        " where r.registry_no = %s",
        number,
    )
    return str(taken), str(holds)


def test_an_old_freeze_becomes_an_active_pledge_with_the_registry_s_reference_time_and_rank(business: Business) -> None:
    right = an_old_right(business)
    reference = an_old_freeze(business, right, "10")
    orders = len(business.registry.executed)

    batch = brought_in(business, a_row(right, reference, "10"))

    assert (batch["finished"], batch["totals"]["accepted"]) == (True, 1)
    pledge = business.get(OFFICER, f"/v1/pledges/{batch['rows'][0]['pledge_id']}")
    (emission,) = [each for each in pledge["registrations"] if each["register"] == "emission_registry"]
    assert pledge["status"] == "active"
    assert emission == {
        "register": "emission_registry",
        "status": "registered",
        "reference": reference,
        "registered_at": "2026-03-02T10:00:00.000+08:00",
        "rank": 1,
    }
    assert len(business.registry.executed) == orders  # never an order to the registry
    assert balance(business, right.registry_no) == ("10.000000", "10.000000")
    loan = business.get(OFFICER, f"/v1/loans/{pledge['loans'][0]}")
    assert (loan["principal"], loan["outstanding"]) == (yuan("100000.00"), yuan("60000.00"))
    assert (pledge["coverage"]["level"], pledge["coverage"]["outstanding"]) == ("unpriced", yuan("60000.00"))
    assert business.available(pledge["items"][0]["right_id"]) == "40.000000"


def test_a_batch_repeated_gives_duplicates_and_not_doubles(business: Business) -> None:
    right = an_old_right(business)
    row = a_row(right, an_old_freeze(business, right, "10"), "10")
    first, second = brought_in(business, row), brought_in(business, row)
    assert second["rows"][0] | {"outcome": "accepted"} == first["rows"][0]
    assert second["totals"] == {"pending": 0, "accepted": 0, "duplicate": 1, "quarantined": 0}
    assert balance(business, right.registry_no) == ("10.000000", "10.000000")
    assert take_in(business, first["id"]) == first  # the job twice is the job once


def test_nothing_is_asked_before_a_second_person_approves_and_one_who_put_it_forward_may_not(
    business: Business,
) -> None:
    right = an_old_right(business)
    batch = propose(business, a_row(right, an_old_freeze(business, right, "10"), "10"))
    assert take_in(business, batch)["rows"][0]["outcome"] == "pending"
    assert business.sql("select 1 from rights where registry_no = %s", right.registry_no) == []
    assert business.post(OFFICER, f"/v1/pledges/imports/{batch}/approve", {}, 403)["code"] == "same_person"
    assert business.post("bank-b.approver", f"/v1/pledges/imports/{batch}/approve", {}, 404)["code"] == "not_found"
    business.post(APPROVER, f"/v1/pledges/imports/{batch}/reject", {"reason": "台账有误"}, 200)
    assert business.post(APPROVER, f"/v1/pledges/imports/{batch}/approve", {}, 409)["code"] == "already_decided"
    assert take_in(business, batch)["rows"][0]["outcome"] == "pending"


CONTRADICTIONS = (
    ({"pledgor_uscc": HUANGSHI}, "holder_differs"),
    ({"registry_no": "NOWHERE-1"}, "right_not_found"),
    ({"registry_ref": "FAKE-NEVER"}, "freeze_not_found"),
    ({"quantity": quantity("9.999999")}, "quantity_differs"),
    ({"quantity": quantity("10000", "kg/a")}, "quantity_differs"),
    ({"registered_on": "2026-03-03"}, "registered_on_differs"),
    ({"rank": 2}, "rank_differs"),
    ({"registered_on": "2027-03-02"}, "future_dated"),
    ({"loans": [an_old_loan(outstanding=yuan("100000.01"))]}, "balance_exceeds_principal"),
    ({"loans": [an_old_loan(start="2027-03-02")]}, "invalid_repayment"),
)


def test_a_row_that_the_registry_contradicts_is_quarantined_with_its_code_and_changes_nothing(
    business: Business,
) -> None:
    right = an_old_right(business)
    reference = an_old_freeze(business, right, "10")
    others = an_old_right(business)
    of_another_bank = an_old_freeze(business, others, "10", beneficiary=OTHER_BANK_USCC)
    before = business.sql("select count(*) from pledges")

    for different, code in CONTRADICTIONS:
        (row,) = brought_in(business, a_row(right, reference, "10", **different))["rows"]
        assert (row["outcome"], row["code"]) == ("quarantined", code)
    (row,) = brought_in(business, a_row(others, of_another_bank, "10"))["rows"]
    assert (row["outcome"], row["code"], row["pledge_id"]) == ("quarantined", "beneficiary_differs", None)

    assert business.sql("select count(*) from pledges") == before
    good = brought_in(business, a_row(right, reference, "10"), a_row(right, "FAKE-NEVER", "1"))
    assert [each["outcome"] for each in good["rows"]] == ["accepted", "quarantined"]


def test_one_freeze_twice_in_a_batch_is_refused_whole(business: Business) -> None:
    right = an_old_right(business)
    row = a_row(right, "FAKE-1", "10")
    refusal = business.post(OFFICER, "/v1/pledges/imports", {"rows": [row, row]}, 422)
    assert (refusal["code"], refusal["errors"][0]["pointer"]) == ("invalid_batch", "#/rows/1/registry_ref")


def test_a_freeze_by_our_own_order_is_a_duplicate_and_what_it_takes_is_not_taken_twice(business: Business) -> None:
    right = business.verified()
    pledge = business.active({right: "10"}, [])
    ((number, reference),) = business.sql(
        "select r.registry_no, o.registry_ref from registry_orders o join rights r on r.id = o.right_id"
        " where o.pledge_id = %s",
        pledge,
    )
    old = business.registry._entries["zhejiang", number]
    today = business.clock().date().isoformat()
    (row,) = brought_in(business, a_row(old, reference, "10", registered_on=today))["rows"]
    assert (row["outcome"], row["pledge_id"]) == ("duplicate", pledge)
    assert balance(business, number) == ("10.000000", "10.000000")


def test_imported_and_own_pledges_rank_by_the_registry_s_time_and_share_one_right(business: Business) -> None:
    right = an_old_right(business)
    later = LONG_AGO + timedelta(days=30)
    first = an_old_freeze(business, right, "10")
    foreign = an_old_freeze(business, right, "5", LONG_AGO + timedelta(days=1), OTHER_BANK_USCC)
    second = an_old_freeze(business, right, "10", later)
    assert foreign
    rows = [
        a_row(right, second, "10", rank=3, registered_on=later.date().isoformat()),
        a_row(right, first, "10"),
    ]
    batch = brought_in(business, *rows)
    assert [each["outcome"] for each in batch["rows"]] == ["accepted", "accepted"], batch
    assert balance(business, right.registry_no) == ("25.000000", "25.000000")

    body = {"registry": right.registry, "registry_no": right.registry_no, "holder_uscc": HOLDER}
    right_id = business.post("enterprise.shaoxing", "/v1/rights/verifications", body, 200)["rights"][0]["id"]
    own = business.active({right_id: "25"}, [])
    ranks = []
    for pledge in (batch["rows"][1]["pledge_id"], batch["rows"][0]["pledge_id"], own):
        registrations = business.get(OFFICER, f"/v1/pledges/{pledge}")["registrations"]
        ranks.append(next(each["rank"] for each in registrations if each["register"] == "emission_registry"))
    assert ranks == [
        1,
        3,
        3,
    ]  # the registry told the third place of the second; our own order stands behind both of ours
    assert business.available(right_id) == "0.000000"


def test_two_old_pledges_of_one_loan_hang_together_and_the_loan_is_counted_once(business: Business) -> None:
    loan = an_old_loan()
    rights = [an_old_right(business), an_old_right(business)]
    rows = [a_row(right, an_old_freeze(business, right, "10"), "10", loans=[loan]) for right in rights]
    batch = brought_in(business, *rows)
    pledges = [business.get(OFFICER, f"/v1/pledges/{row['pledge_id']}") for row in batch["rows"]]
    assert pledges[0]["loans"] == pledges[1]["loans"]
    assert {pledge["coverage"]["outstanding"]["amount"] for pledge in pledges} == {"60000.00"}

    third = an_old_right(business)
    other_balance = {**loan, "outstanding": yuan("59999.99")}
    (row,) = brought_in(business, a_row(third, an_old_freeze(business, third, "10"), "10", loans=[other_balance]))[
        "rows"
    ]
    assert (row["outcome"], row["code"]) == ("quarantined", "loan_conflict")
    assert balance(business, third.registry_no) == ("10.000000", "10.000000")  # the registry's own hold stays


def test_a_registry_that_does_not_answer_stops_the_batch_where_it_is(business: Business) -> None:
    right, other = an_old_right(business), an_old_right(business)
    rows = [a_row(each, an_old_freeze(business, each, "10"), "10") for each in (right, other)]
    batch = propose(business, *rows)
    business.post(APPROVER, f"/v1/pledges/imports/{batch}/approve", {}, 202)
    business.registry.arm("lookup", "error")
    with pytest.raises(RegistryUnavailable):
        take_in(business, batch)
    assert business.get(OFFICER, f"/v1/pledges/imports/{batch}")["totals"]["pending"] == 2
    assert take_in(business, batch)["totals"]["accepted"] == 2


def test_a_pledge_brought_in_is_released_at_the_registry_under_its_old_reference(business: Business) -> None:
    right = an_old_right(business)
    reference = an_old_freeze(business, right, "10")
    pledge = brought_in(business, a_row(right, reference, "10", loans=[]))["rows"][0]["pledge_id"]
    business.act(OFFICER, pledge, "release", {"reason": "waived"}, 202)
    business.act(APPROVER, pledge, "release/approve", expected=202)
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "released"
    last = business.registry.executed[-1]
    assert (last.order.kind, last.freeze_ref) == (OrderKind.RELEASE, reference)
    assert balance(business, right.registry_no) == ("0.000000", "0.000000")


def test_an_unpriced_pledge_brought_in_carries_no_draw(business: Business) -> None:
    right = an_old_right(business)
    line = an_old_loan(kind="credit_line")
    pledge = brought_in(business, a_row(right, an_old_freeze(business, right, "10"), "10", loans=[line]))["rows"][0]
    loan = business.get(OFFICER, f"/v1/pledges/{pledge['pledge_id']}")["loans"][0]
    status, refusal = business.event(loan, "disbursed", "1.00")
    assert (status, refusal["code"]) == (409, "not_active")
