"""Pledges under attack: what an applicant, a bank or a careless clerk may try over HTTP, and what must come of it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import psycopg
import pytest

from domain.values.identifiers import Division
from domain.values.pollutants import Pollutant
from integrations.database.postmaster import SUPERUSER
from tests.builders import HOLDER, TODAY
from tests.database_session import Database
from tests.integration.business import (
    HUANGSHI,
    Business,
    a_deal,
    a_loan_body,
    a_pledge_body,
    at_once,
    open_for_business,
    quantity,
    yuan,
)

ENTERPRISE, OTHER_ENTERPRISE = "enterprise.shaoxing", "enterprise.huangshi"
OFFICER, APPROVER, AUTHORITY = "bank-a.officer", "bank-a.approver", "authority.zhejiang"


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


def approve(business: Business, pledge: str, amount: str, **more: object) -> tuple[int, Any]:
    return business.call(
        APPROVER,
        "POST",
        f"/v1/pledges/{pledge}/approve-loan",
        {"amount": yuan(amount), "rate": "0.0345", **more},
    )


# Who sees what


def test_a_bank_reads_a_draft_to_it_before_it_may_see_the_right(business: Business) -> None:
    right = business.verified()

    pledge = business.draft({right: "10"})

    business.get("bank-a.officer", f"/v1/rights/{right}", 404)
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "draft"
    assert pledge in {each["id"] for each in business.get(OFFICER, "/v1/pledges")["items"]}
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["conditions"] == [
        {"code": "active", "met": False, "at": None},
        {"code": "unimpaired", "met": True, "at": None},
    ]


def test_a_pledgor_is_only_who_brings_a_right(business: Business) -> None:
    right = business.verified()

    body = a_pledge_body({right: "10"}, pledgors=[HOLDER, HUANGSHI])

    status, refusal = business.call(ENTERPRISE, "POST", "/v1/pledges", body)
    assert (status, refusal["code"]) == (422, "invalid_items")
    assert business.get(OTHER_ENTERPRISE, "/v1/pledges")["items"] == []


def test_one_pledgor_stands_once_in_the_list(business: Business) -> None:
    body = a_pledge_body({business.verified(): "10"}, pledgors=[HOLDER, HOLDER])

    assert business.call(ENTERPRISE, "POST", "/v1/pledges", body)[0] == 422


def test_who_does_not_see_the_loan_is_not_told_a_borrower_that_is_a_guess(business: Business) -> None:
    loan = business.loan(borrower_uscc=HUANGSHI)
    right = business.verified()
    business.consent(ENTERPRISE, HOLDER, "bank-a")
    body = a_pledge_body({right: "10"}, [loan])
    pledge = business.post(OFFICER, "/v1/pledges", body, 201)

    assert pledge["borrower"] == HUANGSHI
    assert business.get(ENTERPRISE, f"/v1/pledges/{pledge['id']}")["borrower"] is None


def test_a_banks_private_deals_stay_private_when_it_submits(business: Business) -> None:
    business.consent(ENTERPRISE, HOLDER, "bank-a")
    deals = [a_deal(number, trade_no=f"OWN-{number}", venue="bank") for number in range(5)]
    deals += [a_deal(number, trade_no=f"NH-{number}", venue="bank", pollutant="NH3N") for number in range(5)]
    business.post(OFFICER, "/v1/market/trades", {"source": "own", "trades": deals}, 200)
    seen = {}
    for pollutant in (Pollutant.COD, Pollutant.NH3N):
        right = business.verified(pollutant=pollutant)
        pledge = business.post(OFFICER, "/v1/pledges", a_pledge_body({right: "10"}), 201)["id"]
        valuation = business.act(OFFICER, pledge, "submit")["items"][0]["valuation_id"]
        status, evidence = business.call(ENTERPRISE, "GET", f"/v1/valuations/{valuation}/evidence")
        seen[pollutant] = status, {each["venue"] for each in evidence.get("items", [])}

    assert seen[Pollutant.COD] == (200, {"合成"})
    assert seen[Pollutant.NH3N] == (404, set())


# Quantities


def test_what_an_ended_pledge_held_comes_back_though_who_ends_it_cannot_see_the_right(business: Business) -> None:
    business.consent(ENTERPRISE, HOLDER, "bank-a")
    business.consent(OTHER_ENTERPRISE, HUANGSHI, "bank-a")
    mine = business.verified()
    theirs = business.verified(OTHER_ENTERPRISE, holder_uscc=HUANGSHI, division=Division("420202"))
    body = a_pledge_body({mine: "10", theirs: "20"}, pledgors=[HOLDER, HUANGSHI], workflow="hubei")
    pledge = business.post(OFFICER, "/v1/pledges", body, 201)["id"]
    business.act(OFFICER, pledge, "submit")
    assert business.available(theirs, OTHER_ENTERPRISE) == "30.000000"
    business.sql("update pledges set applicant = 'enterprise.shaoxing' where id = %s", pledge)

    business.act(ENTERPRISE, pledge, "withdraw")

    assert business.available(mine) == "50.000000"
    assert business.available(theirs, OTHER_ENTERPRISE) == "50.000000"


@pytest.mark.parametrize("amount", ["0", "-1", "0.000000"])
def test_nothing_and_less_than_nothing_cannot_be_pledged(business: Business, amount: str) -> None:
    body = a_pledge_body({business.verified(): amount})

    status, refusal = business.call(ENTERPRISE, "POST", "/v1/pledges", body)

    assert (status, refusal["code"]) == (422, "invalid_quantity")


def test_a_right_that_changed_hands_since_the_draft_is_not_held_for_the_old_holder(business: Business) -> None:
    right = business.verified()
    business.consent(OTHER_ENTERPRISE, HUANGSHI, "bank-a")
    pledge = business.draft({right: "10"})
    business.sql("update rights set holder_uscc = %s where id = %s", HUANGSHI, right)

    status, refusal = business.call(OFFICER, "POST", f"/v1/pledges/{pledge}/submit", {})

    assert (status, refusal["code"]) == (409, "right_not_pledgeable")
    assert business.available(right, OTHER_ENTERPRISE) == "50.000000"


def test_the_authority_is_not_told_one_right_twice(business: Business) -> None:
    right = business.verified()
    pledge = business.draft({right: "10"})
    business.act(ENTERPRISE, pledge, "submit")
    items = [{"right_id": right, "quantity": quantity(amount)} for amount in ("7", "10")]

    status, refusal = business.call(AUTHORITY, "POST", f"/v1/pledges/{pledge}/verify-quantities", {"items": items})

    assert (status, refusal["code"]) == (422, "invalid_items")


def test_one_authority_does_not_verify_what_lies_in_another_province(business: Business) -> None:
    business.consent(ENTERPRISE, HOLDER, "bank-a")
    business.consent(OTHER_ENTERPRISE, HUANGSHI, "bank-a")
    mine = business.verified()
    theirs = business.verified(OTHER_ENTERPRISE, holder_uscc=HUANGSHI, division=Division("420202"))

    body = a_pledge_body({mine: "10", theirs: "20"}, pledgors=[HOLDER, HUANGSHI])

    status, refusal = business.call(OFFICER, "POST", "/v1/pledges", body)
    assert (status, refusal["code"]) == (422, "invalid_items")


# The collateral check, and what may be paid out


@pytest.mark.parametrize("amount", ["0.00", "-5.00"])
def test_nothing_and_less_than_nothing_cannot_be_approved(business: Business, amount: str) -> None:
    pledge = business.approvable({business.verified(): "10"})

    status, refusal = approve(business, pledge, amount)

    assert (status, refusal["code"]) == (422, "invalid_money")


@pytest.mark.parametrize("rate", ["1000", "-0.01", "1.000001"])
def test_a_rate_is_a_fraction_per_year(business: Business, rate: str) -> None:
    pledge = business.approvable({business.verified(): "10"})

    assert approve(business, pledge, "40000.00", rate=rate)[0] == 422


def test_a_loan_whose_term_is_over_is_not_approved_unchecked(business: Business) -> None:
    past = business.loan("900000.00", start="2020-01-01", end="2021-01-01")
    pledge = business.approvable({business.verified(): "10"}, [past])

    status, refusal = approve(business, pledge, "900000.00")

    assert (status, refusal["code"]) == (409, "loan_exceeds_collateral")


def test_instalments_that_were_due_before_today_are_owed_today(business: Business) -> None:
    lines = [
        {"on": "2026-11-20", "amount": yuan("899999.00")},
        {"on": "2027-11-20", "amount": yuan("1.00")},
    ]
    loan = business.loan("900000.00", start="2020-01-01", repayment=lines)
    pledge = business.approvable({business.verified(): "10"}, [loan])

    status, refusal = approve(business, pledge, "900000.00")

    assert (status, refusal["code"], refusal["first_uncovered_on"]) == (
        409,
        "loan_exceeds_collateral",
        TODAY.isoformat(),
    )


def test_no_more_is_paid_out_than_was_approved(business: Business) -> None:
    loan = business.loan("900000.00")
    business.active({business.verified(): "10"}, [loan], "40000.00")

    status, refusal = business.event(loan, "disbursed", "40000.01")

    assert (status, refusal["code"]) == (409, "loan_event_conflict")
    assert business.event(loan, "disbursed", "40000.00")[0] == 201
    assert business.event(loan, "disbursed", "0.01")[0] == 409


def test_what_was_approved_for_two_loans_is_not_paid_out_on_the_longer_one_alone(business: Business) -> None:
    short, long = business.loan(), business.loan(end=date(2029, 6, 21).isoformat())
    business.active({business.verified(): "10"}, [short, long], "40000.00")

    assert business.event(long, "disbursed", "20000.01")[0] == 409
    assert business.event(long, "disbursed", "20000.00")[0] == 201


def test_a_pledge_on_its_way_out_carries_no_new_loan(business: Business) -> None:
    first, second = business.loan("30000.00"), business.loan("30000.00")
    leaving = business.active({business.verified(): "30"}, [first, second], "60000.00")
    staying = business.approvable({business.verified(): "1"}, [second])
    business.act(OFFICER, leaving, "release", {"reason": "waived"}, 202)
    business.act(APPROVER, leaving, "release/approve", expected=202)

    status, refusal = approve(business, staying, "30000.00")

    business.work()
    assert (status, refusal["code"]) == (409, "loan_exceeds_collateral")


def test_a_refused_freeze_is_ordered_again_on_what_is_approved_now(business: Business) -> None:
    business.consent(ENTERPRISE, HOLDER, "bank-a")
    right = business.verified()
    body = a_pledge_body({right: "10"}, [business.loan()], workflow="hubei")
    pledge = business.post(OFFICER, "/v1/pledges", body, 201)["id"]
    business.act(OFFICER, pledge, "submit")
    version = business.sql("select registry_version from rights where id = %s", right)[0][0]
    business.sql("update pledge_items set expected_version = %s where pledge_id = %s", version + 1, pledge)
    assert approve(business, pledge, "40000.00")[0] == 202
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "loan_approved"
    business.sql("update pledge_items set expected_version = %s where pledge_id = %s", version, pledge)

    assert approve(business, pledge, "40000.01")[1]["code"] == "invalid_loans"
    status, again = approve(business, pledge, "30000.00", rate="0.02")

    assert (status, again["status"]) == (202, "freezing")
    assert (again["approved_amount"]["amount"], again["approved_rate"]) == ("30000.00", "0.020000")
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "active"


# Money that moved


@pytest.mark.parametrize("kind", ["reversed", "repaid", "settled", "overdue"])
def test_no_debt_comes_into_being_but_by_a_disbursement(business: Business, kind: str) -> None:
    loan = business.loan()
    amount = "40000.00" if kind == "reversed" else "-40000.00"

    status, refusal = business.event(loan, kind, amount)

    assert status in {409, 422}, refusal
    assert business.get(OFFICER, f"/v1/loans/{loan}")["outstanding"]["amount"] == "0.00"


def test_a_reversal_undoes_no_more_than_was_done(business: Business) -> None:
    loan = business.loan()
    business.active({business.verified(): "10"}, [loan])
    assert business.event(loan, "disbursed", "40000.00")[0] == 201
    assert business.event(loan, "repaid", "10000.00")[0] == 201

    assert business.event(loan, "reversed", "10000.01")[0] == 409
    assert business.event(loan, "reversed", "10000.00")[1]["outstanding"]["amount"] == "40000.00"


def test_a_disbursement_that_bounced_may_be_paid_out_again(business: Business) -> None:
    loan = business.loan()
    business.active({business.verified(): "10"}, [loan])
    assert business.event(loan, "disbursed", "40000.00")[0] == 201
    assert business.event(loan, "reversed", "-40000.00")[1]["outstanding"]["amount"] == "0.00"

    assert business.event(loan, "disbursed", "40000.00")[1]["outstanding"]["amount"] == "40000.00"


def test_more_is_never_settled_than_is_owed(business: Business) -> None:
    assert business.event(business.loan(), "settled", "0.01")[0] == 409


def test_money_does_not_move_tomorrow(business: Business) -> None:
    loan = business.loan()
    business.active({business.verified(): "10"}, [loan])

    status, refusal = business.event(loan, "disbursed", "1.00", on="2026-11-22")

    assert (status, refusal["code"]) == (422, "invalid_date")


def test_nothing_is_paid_out_while_the_release_is_decided(business: Business) -> None:
    """The disbursement waits for whoever holds the pledge, and then sees what became of it."""
    loan = business.loan()
    pledge = business.active({business.verified(): "10"}, [loan])
    business.act(OFFICER, pledge, "release", {"reason": "claim_extinguished"}, 202)
    business.act(APPROVER, pledge, "release/approve", expected=202)

    status, refusal = business.event(loan, "disbursed", "1.00")

    business.work()
    assert (status, refusal["code"]) == (409, "not_active")


def test_a_loan_is_no_more_than_its_contract(business: Business) -> None:
    status, _ = business.call(OFFICER, "POST", "/v1/loans", a_loan_body("0.00"))

    assert status == 422


# When many come at once


def test_who_waits_too_long_for_another_is_told_to_come_back(business: Business) -> None:
    pledge = business.draft({business.verified(): "10"})
    with psycopg.connect(business.database.libpq(SUPERUSER)) as blocking:
        blocking.execute("select 1 from pledges where id = %s for update", [pledge])

        status, refusal = business.call(ENTERPRISE, "POST", f"/v1/pledges/{pledge}/withdraw", {}, key="k" * 16)

    assert (status, refusal["code"]) == (503, "busy")
    status, answer = business.call(ENTERPRISE, "POST", f"/v1/pledges/{pledge}/withdraw", {}, key="k" * 16)
    assert (status, answer["status"]) == (200, "withdrawn")


def test_the_same_trades_sent_twice_at_once_are_taken_in_once(business: Business) -> None:
    def send() -> tuple[int, dict[str, int]]:
        deals = [a_deal(number, trade_no=f"TWIN-{number}", quantity=quantity("3")) for number in range(30)]
        return business.call("exchange.zhejiang", "POST", "/v1/market/trades", {"source": "twins", "trades": deals})

    answers = at_once(*[send] * 4)

    assert [status for status, _ in answers] == [200] * 4, answers
    assert sum(answer["accepted"] for _, answer in answers) == 30
    assert sum(answer["duplicates"] for _, answer in answers) == 90


def test_a_quarantined_row_stays_its_senders_after_it_was_revised(business: Business) -> None:
    rows = [
        {**a_deal(1, trade_no="Q-1"), "price": None},
        a_deal(1, trade_no="Q-2", revises="Q-1"),
    ]
    business.post("exchange.zhejiang", "/v1/market/trades", {"source": "revised", "trades": rows}, 200)

    seen = business.get(OFFICER, "/v1/market/trades?limit=200")["items"]

    assert {"Q-1", "Q-2"} & {each["trade"]["trade_no"] for each in seen} == {"Q-2"}


def test_a_deal_corrected_under_its_own_number_is_no_evidence_beside_itself(business: Business) -> None:
    rows = [a_deal(number, trade_no=f"NEW-{number}", pollutant="TP", price="9000.00") for number in range(5)]
    rows += [
        a_deal(number, trade_no=f"NEW-{number}", revises=f"NEW-{number}", pollutant="TP", price="10.00")
        for number in range(5)
    ]
    for half in (rows[:5], rows[5:]):
        business.post("exchange.zhejiang", "/v1/market/trades", {"source": "corrected", "trades": half}, 200)
        business.sql("update trades set known_at = known_at - interval '1 hour' where source = 'corrected'")
    subject = {
        "instrument": "discharge_right",
        "pollutant": "TP",
        "division": "330602",
        "quantity": quantity("1"),
        "valid_from": "2026-11-21",
        "valid_to": "2031-11-21",
    }

    valuation = business.post(ENTERPRISE, "/v1/valuations", {"subject": subject}, 201)

    assert valuation["evidence_count"] == 5
    assert valuation["unit_value"] == "10.000000"
