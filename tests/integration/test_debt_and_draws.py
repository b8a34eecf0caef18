"""What is owed of a loan through the real doors, and what that does to coverage and to the next draw."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import HOLDER, NOW, TODAY
from tests.database_session import Database
from tests.integration.business import Business, a_pledge_body, open_for_business, yuan
from tests.integration.vigil import revalue
from tests.openapi_truth import OpenapiTruth

ENTERPRISE, OFFICER, APPROVER = "enterprise.shaoxing", "bank-a.officer", "bank-a.approver"


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        document = opened.get(OFFICER, "/openapi.json")
        opened._http.event_hooks["response"].append(OpenapiTruth(document).check)
        opened.consent(ENTERPRISE, HOLDER, "bank-a")
        yield opened


def priced(business: Business, pledge: str, price: str, units: int = 8000, limit: str = "0.5") -> None:
    """Let every item be worth so many units at a price, of which a share may be lent."""
    value = units * Decimal(price)
    lent = value * Decimal(limit)
    business.sql(
        "update pledge_items set market_value = %s, collateral_value = %s, adopted_value = %s, loan_to_value_cap = %s"
        " where pledge_id = %s",
        value,
        lent,
        lent,
        Decimal(limit),
        pledge,
    )


def coverage_of(business: Business, pledge: str) -> Any:  # noqa: ANN401 - any JSON answer
    return business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")


def test_a_fallen_price_leaves_600000_uncovered_and_blocks_the_draw_until_it_is_back(business: Business) -> None:
    loan = business.loan("1000000.00", kind="credit_line")
    pledge = business.active({business.verified(): "10"}, [loan], "40000.00")
    business.sql("update pledges set approved_amount = 1000000 where id = %s", pledge)
    priced(business, pledge, "250")
    assert business.event(loan, "disbursed", "999999.99")[0] == 201
    assert business.event(loan, "disbursed", "0.01")[0] == 201  # exactly half is no breach
    assert (coverage_of(business, pledge)["level"], coverage_of(business, pledge)["shortfall"]) == ("ok", yuan("0.00"))

    priced(business, pledge, "100")
    short = coverage_of(business, pledge)
    assert short["outstanding"] == yuan("1000000.00")
    assert short["loan_to_market_value"] == "1.250000"  # 1,000,000 / (8,000 x 100)
    assert short["shortfall"] == yuan("600000.00")  # 1,000,000 - 8,000 x 100 x 50 %
    assert business.event(loan, "repaid", "500000.00")[0] == 201
    status, refusal = business.event(loan, "disbursed", "1.00")
    assert (status, refusal["code"], refusal["unmet"]) == (409, "not_active", ["coverage_sufficient"])

    priced(business, pledge, "250")
    assert coverage_of(business, pledge)["level"] == "ok"
    assert business.event(loan, "disbursed", "500000.00")[0] == 201
    assert business.event(loan, "disbursed", "0.01")[1]["code"] == "loan_event_conflict"  # the line's limit


def test_a_repayment_brings_the_coverage_back(business: Business) -> None:
    loan = business.loan("40000.00")
    pledge = business.active({business.verified(): "10"}, [loan])
    assert business.event(loan, "disbursed", "30000.00")[0] == 201
    priced(business, pledge, "5")  # 40,000, of which 20,000 may be lent
    assert coverage_of(business, pledge)["shortfall"] == yuan("10000.00")
    assert business.event(loan, "disbursed", "1.00")[1]["unmet"] == ["coverage_sufficient"]
    assert business.event(loan, "repaid", "10000.01")[0] == 201
    assert coverage_of(business, pledge)["shortfall"] == yuan("0.00")
    assert business.event(loan, "disbursed", "0.01")[0] == 201
    assert business.event(loan, "disbursed", "0.01")[1]["unmet"] == ["coverage_sufficient"]


def test_a_right_without_a_value_carries_no_draw(business: Business) -> None:
    loan = business.loan()
    pledge = business.active({business.verified(): "10"}, [loan])
    business.sql("update pledge_items set market_value = null, adopted_value = null where pledge_id = %s", pledge)
    assert coverage_of(business, pledge)["level"] == "unpriced"
    assert business.event(loan, "disbursed", "1.00")[1]["unmet"] == ["coverage_sufficient"]


def test_a_line_is_drawn_again_after_it_was_repaid_and_a_loan_is_not(business: Business) -> None:
    line, loan = business.loan(kind="credit_line"), business.loan()
    for each in (line, loan):
        business.active({business.verified(): "10"}, [each])
        assert business.event(each, "disbursed", "40000.00")[0] == 201
        assert business.event(each, "repaid", "40000.00")[0] == 201
    assert business.event(line, "disbursed", "40000.00")[0] == 201
    assert business.event(loan, "disbursed", "0.01")[1]["code"] == "loan_event_conflict"


def test_interest_accrues_from_the_contract_s_rate_and_counts_in_the_coverage(business: Business) -> None:
    since = TODAY - timedelta(days=36)
    loan = business.loan("40000.00", start=since.isoformat(), rate={"kind": "fixed", "value": "0.100000"})
    pledge = business.active({business.verified(): "10"}, [loan])
    assert business.event(loan, "disbursed", "36000.00", on=since.isoformat())[0] == 201

    owed = business.get(OFFICER, f"/v1/loans/{loan}")["owed"]
    assert (owed["interest"], owed["total"]) == (yuan("360.00"), yuan("36360.00"))  # 36,000 x 10 % x 36 / 360
    assert coverage_of(business, pledge)["outstanding"] == yuan("36360.00")
    assert business.event(loan, "repaid", None, interest=yuan("360.00"))[0] == 201
    assert coverage_of(business, pledge)["outstanding"] == yuan("36000.00")


def test_a_contract_s_surcharge_and_a_told_fee_are_owed_and_bar_the_release(business: Business) -> None:
    since = TODAY - timedelta(days=10)
    terms = {"start": since.isoformat(), "rate": {"kind": "fixed", "value": "0.100000"}, "overdue_surcharge": "0.5"}
    loan = business.loan("36000.00", **terms)
    pledge = business.active({business.verified(): "10"}, [loan], "36000.00")
    assert business.event(loan, "disbursed", "36000.00", on=since.isoformat())[0] == 201
    assert business.event(loan, "accelerated", None, on=since.isoformat(), fee=yuan("20.00"))[0] == 201

    owed = business.get(OFFICER, f"/v1/loans/{loan}")["owed"]
    assert (owed["interest"], owed["penalty"], owed["fees"]) == (yuan("100.00"), yuan("50.00"), yuan("20.00"))
    assert business.event(loan, "repaid", "36000.00")[0] == 201
    refusal = business.act(OFFICER, pledge, "release", {"reason": "claim_extinguished"}, 409)
    assert (refusal["code"], refusal["outstanding"]) == ("debt_outstanding", yuan("20.00"))
    assert business.event(loan, "settled", None)[0] == 201
    business.act(OFFICER, pledge, "release", {"reason": "claim_extinguished"}, 202)


def test_the_contract_s_stricter_level_calls_and_names_the_day(business: Business) -> None:
    terms = {"call_above": "0.500000", "cure_working_days": 3}
    right, loan = business.verified(), business.loan()
    body = a_pledge_body({right: "10"}, [loan], coverage_terms=terms)
    pledge = business.post(ENTERPRISE, "/v1/pledges", body, 201)["id"]
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["coverage_terms"]["call_above"] == "0.500000"
    business.act(ENTERPRISE, pledge, "submit")
    items = [{"right_id": right, "quantity": {"amount": "10", "unit": "t/a"}}]
    business.act("authority.zhejiang", pledge, "verify-quantities", {"items": items})
    business.act(APPROVER, pledge, "approve-loan", {"amount": yuan("40000.00"), "rate": "0.0345"})
    business.act(ENTERPRISE, pledge, "confirm", expected=202)
    business.work()
    assert business.event(loan, "disbursed", "40000.00")[0] == 201
    value = coverage_of(business, pledge)
    assert Decimal(value["loan_to_value"]) > Decimal("0.5")
    assert (value["level"], value["due_on"]) == ("call", "2026-11-25")  # Monday, Tuesday, Wednesday
    revalue(business, NOW)
    told = business.sql("select action from audit_entries where subject = %s and action like 'coverage.%%'", pledge)
    assert told == [("coverage.call",)]


@pytest.mark.parametrize("terms", [{"call_above": "0"}, {"warning_above": "0.9", "call_above": "0.8"}])
def test_a_contract_s_levels_rise(business: Business, terms: dict[str, str]) -> None:
    body = a_pledge_body({business.verified(): "1"}, coverage_terms=terms)
    assert business.post(ENTERPRISE, "/v1/pledges", body, 422)["status"] == 422
