"""Revaluation through the real doors: what a price does to a pledge, and who is told of it, once."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

import pytest

from domain.values.money import Money
from domain.values.pollutants import Pollutant
from tests.builders import HOLDER, TODAY
from tests.database_session import Database
from tests.integration.business import Business, a_pledge_body, open_for_business, quantity, yuan
from tests.integration.revaluation_scene import (
    APPROVER,
    AUTHORITY,
    ENTERPRISE,
    OFFICER,
    OTHER_OFFICER,
    Place,
    days_later,
    everything_written,
    kinds,
    level,
    revalue,
    snapshots,
    the_item,
    told,
)
from tests.openapi_truth import OpenapiTruth

UNCONFIRMED: Final = "successor_unconfirmed"


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        document = opened.get(OFFICER, "/openapi.json")
        opened._http.event_hooks["response"].append(OpenapiTruth(document).check)
        opened.consent(ENTERPRISE, HOLDER, "bank-a")
        yield opened


def test_a_price_that_falls_calls_for_cover_once_and_one_that_recovers_cures_it(business: Business) -> None:
    place = Place(business)
    [pledge], _ = place.lent()
    revalue(business)
    assert (level(business, pledge), kinds(business, pledge), snapshots(business, pledge)) == ("ok", [], [])

    low = place.deals("1300.00", days_ago=0)
    revalue(business)
    revalue(business)
    [(kind, data)] = told(business, OFFICER, pledge)
    coverage = business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")
    assert (kind, data["from"], data["to"], coverage["level"]) == ("coverage.call", "ok", "call", "call")
    assert (data["shortfall"], data["loan_to_value"]) == (coverage["shortfall"], coverage["loan_to_value"])
    assert Decimal(data["shortfall"]["amount"]) > 0

    place.corrected(low, "4000.00")
    revalue(business)
    revalue(business)
    assert kinds(business, pledge) == ["call", "cured"]
    assert (level(business, pledge), len(snapshots(business, pledge))) == ("ok", 2)


def test_what_a_revaluation_writes_is_what_a_valuation_of_today_says(business: Business) -> None:
    place = Place(business)
    [pledge], _ = place.lent()
    place.deals("3800.00", days_ago=0)

    revalue(business)

    item = the_item(business, pledge)
    asked = {"right_id": item["right_id"], "quantity": quantity("10.000000")}
    today = business.post(OFFICER, "/v1/valuations", asked, 201)
    [kept] = snapshots(business, pledge)
    for name in ("market_value", "collateral_value"):
        assert item[name] == kept[name] == today[name]
    for name in ("unit_value", "loan_to_value_cap", "confidence_level", "tier"):
        assert kept[name] == today[name]
    assert (kept["as_of"], kept["stale"], kept["unpriced"]) == (TODAY.isoformat(), False, None)
    assert item["adopted_value"] == kept["adopted_value"] == item["collateral_value"]


def test_where_nothing_changed_nothing_is_written(business: Business) -> None:
    place = Place(business)
    [pledge], _ = place.lent()
    place.deals("3800.00", days_ago=0)
    revalue(business)
    version = business.get(OFFICER, f"/v1/pledges/{pledge}")["version"]
    before = everything_written(business)

    revalue(business)

    assert everything_written(business) == before
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["version"] == version
    [(pledges, changed, finished)] = business.sql(
        "select pledges, changed, finished_at is not null from revaluation_runs order by sequence desc limit 1"
    )
    assert (pledges > 0, changed, finished) == (True, 0, True)


def test_a_price_that_nobody_deals_at_is_told_to_be_stale_once_until_the_next_deal(business: Business) -> None:
    place = Place(business)
    place.lent()
    name = f"price:discharge_right:COD:{place.division}:-:per_tonne_year:mass_per_year"
    revalue(business)
    assert told(business, OFFICER, name, "price.") == []

    for days in (40, 41):
        revalue(business, days_later(days))
    [(kind, data)] = told(business, OFFICER, name, "price.")
    newest = TODAY - timedelta(days=10)
    assert (kind, data["newest_on"], data["weekdays"]) == ("price.stale", newest.isoformat(), 36)
    assert told(business, ENTERPRISE, name, "price.") == [(kind, data)]
    assert told(business, OTHER_OFFICER, name, "price.") == []

    place.deals("4000.00", days_ago=0)
    revalue(business, days_later(1))
    assert len(told(business, OFFICER, name, "price.")) == 1
    for days in (40, 41):
        revalue(business, days_later(days))
    assert len(told(business, OFFICER, name, "price.")) == 2


def test_without_evidence_a_pledge_is_unpriced_and_never_worth_nothing(business: Business) -> None:
    place = Place(business)
    [pledge], _ = place.lent()

    for _ in range(2):
        revalue(business, days_later(800))

    assert kinds(business, pledge) == ["unpriced"]
    coverage = business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")
    assert (coverage["level"], coverage["collateral_value"], coverage["shortfall"]) == ("unpriced", None, None)
    [kept] = snapshots(business, pledge)
    assert (kept["unpriced"], kept["stale"], kept["market_value"]) == ("no_price_evidence", True, None)
    item = the_item(business, pledge)
    assert (item["market_value"], item["collateral_value"], item["adopted_value"]) == (None, None, None)


def test_a_right_that_is_over_has_no_value_whatever_its_price(business: Business) -> None:
    place = Place(business)
    reasons = {
        "update rights set status = 'expired' where id = %s": "right_expired",
        "update rights set valid_to = '2026-12-05' where id = %s": "right_expired",
        "update rights set status = 'pending_reconfirmation' where id = %s": UNCONFIRMED,
        "update rights set valid_from = '2025-06-01', as_of = '2025-12-31 15:59Z' where id = %s": UNCONFIRMED,
        "update rights set status = 'revoked' where id = %s": "right_revoked",
        "update right_balances set quantity = 0, overtaken = taken where right_id = %s": "right_reduced",
    }
    pledges = {statement: place.lent()[0][0] for statement in reasons}
    for statement, pledge in pledges.items():
        business.sql(statement, the_item(business, pledge)["right_id"])

    revalue(business)

    found = {statement: snapshots(business, pledge) for statement, pledge in pledges.items()}
    assert {statement: each["unpriced"] for statement, [each] in found.items()} == reasons
    assert {tuple(kinds(business, pledge)) for pledge in pledges.values()} == {("unpriced",)}


def test_a_right_that_its_registry_confirmed_after_the_roll_over_keeps_its_value(business: Business) -> None:
    place = Place(business)
    [pledge], _ = place.lent()
    right = the_item(business, pledge)["right_id"]
    business.sql("update rights set valid_from = '2025-06-01', as_of = '2025-12-31 16:00Z' where id = %s", right)

    revalue(business)

    assert kinds(business, pledge) == []


def test_pledges_of_one_loan_stand_or_fall_together_and_each_is_told(business: Business) -> None:
    place = Place(business)
    pledges, _ = place.lent("50000.00", pieces=2)

    place.deals("1300.00", days_ago=0)
    revalue(business)

    assert [kinds(business, pledge) for pledge in pledges] == [["call"], ["call"]]
    [first, second] = [told(business, OFFICER, pledge)[0][1] for pledge in pledges]
    assert first == second


def test_a_level_is_told_to_the_parties_of_the_debt_alone(business: Business) -> None:
    place = Place(business)
    [pledge], _ = place.lent()

    place.deals("1300.00", days_ago=0)
    revalue(business)

    assert kinds(business, pledge, OFFICER) == kinds(business, pledge, ENTERPRISE) == ["call"]
    assert kinds(business, pledge, AUTHORITY) == kinds(business, pledge, OTHER_OFFICER) == []
    assert snapshots(business, pledge, AUTHORITY) == snapshots(business, pledge, ENTERPRISE) != []
    assert business.get(OTHER_OFFICER, f"/v1/pledges/{pledge}/valuations", 404)["code"] == "not_found"


def test_no_banks_private_deals_reach_anothers_pledge_nor_its_own_beside_what_all_are_told(business: Business) -> None:
    place = Place(business)
    [pledge], _ = place.lent()
    before = the_item(business, pledge)

    place.deals("9.00", days_ago=0, client=OTHER_OFFICER)
    place.deals("9.00", days_ago=0, client=OFFICER)
    revalue(business)

    assert the_item(business, pledge) == before


def test_a_bank_that_submitted_on_its_own_deals_is_revalued_on_them(business: Business) -> None:
    place, told_to_nobody_else = Place(business, price=None), Pollutant.NH3N
    place.deals("4000.00", days_ago=10, client=OFFICER, pollutant=told_to_nobody_else)
    loan = business.loan()
    body = a_pledge_body({place.right(told_to_nobody_else): "10"}, [loan], workflow="hubei")
    pledge = business.post(OFFICER, "/v1/pledges", body, 201)["id"]
    business.act(OFFICER, pledge, "submit")
    business.act(APPROVER, pledge, "approve-loan", {"amount": yuan("40000.00"), "rate": "0.0345"}, 202)
    business.work()
    assert business.event(loan, "disbursed", "40000.00")[0] == 201

    place.deals("1300.00", days_ago=0, client=OFFICER, pollutant=told_to_nobody_else)
    place.deals("9.00", days_ago=0, client=OTHER_OFFICER, pollutant=told_to_nobody_else)
    revalue(business)

    assert kinds(business, pledge) == ["call"]
    assert snapshots(business, pledge)[0]["tier"] == 1


def test_a_bank_s_lower_appraisal_stays_lower_and_is_never_raised(business: Business) -> None:
    place = Place(business)
    [pledge], _ = place.lent()
    right = the_item(business, pledge)["right_id"]
    appraisal = {
        "kind": "internal",
        "value": yuan("100000.00"),
        "as_of": TODAY.isoformat(),
        "valid_until": (TODAY + timedelta(days=180)).isoformat(),
        "appraiser": {"name": "甲银行押品中心"},
        "report": {"sha256": "ab" * 32},
        "quantity": quantity("10.000000"),
    }
    made = business.post(OFFICER, f"/v1/rights/{right}/appraisals", appraisal, 201)["id"]
    business.post(APPROVER, f"/v1/rights/{right}/appraisals/{made}/approve", {}, 200)
    share = Fraction(100_000, 160_000)

    place.deals("4400.00", days_ago=0)
    revalue(business)

    item = the_item(business, pledge)
    assert Decimal(item["market_value"]["amount"]) > 160_000
    lowered = share * 160_000 / Fraction(item["market_value"]["amount"]) * Fraction(item["collateral_value"]["amount"])
    assert item["adopted_value"] == yuan(Money.floor(lowered).wire())
