"""What must be surrendered is not pledged: an unknown obligation refuses, a known one is taken, a later one by rank."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity, Unit
from tests.builders import HOLDER
from tests.database_session import Database
from tests.integration.amendment_scene import parts, propose
from tests.integration.business import Business, a_deal, a_pledge_body, open_for_business, quantity
from tests.integration.vigil import revalue, watch
from tests.openapi_truth import OpenapiTruth

ENTERPRISE, OFFICER, AUTHORITY = "enterprise.shaoxing", "bank-a.officer", "authority.zhejiang"


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        document = opened.get(OFFICER, "/openapi.json")
        opened._http.event_hooks["response"].append(OpenapiTruth(document).check)
        opened.consent(ENTERPRISE, HOLDER, "bank-a")
        deals = [an_allowance_deal(number) for number in range(30)]
        told = opened.post("exchange.zhejiang", "/v1/market/trades", {"source": "cea", "trades": deals}, 200)
        assert told["accepted"] == len(deals), told
        yield opened


def an_allowance_deal(number: int) -> dict[str, object]:
    price = {"amount": "80.00", "currency": "CNY", "per_unit": "tCO2e", "per_period": "one_off", "tax": "unknown"}
    different = {
        "instrument": "carbon_allowance",
        "pollutant": "CO2E",
        "kind": "listed",
        "vintage": 2026,
        "price": price,
    }
    return {**a_deal(number, trade_no=f"CEA-{number}"), **different, "quantity": quantity("1000", "tCO2e")} | {
        "term_years": None
    }


def an_allowance(business: Business) -> str:
    return business.verified(
        instrument=Instrument.CARBON_ALLOWANCE,
        pollutant=Pollutant.CO2E,
        quantity=Quantity.parse("50", Unit.TCO2E),
        vintage=2026,
    )


def reserved(business: Business, right: str, amount: str, unit: str = "t/a") -> str:
    """Let the authority say what must be surrendered."""
    body = {"kind": "compliance", "quantity": quantity(amount, unit), "reference": "2026年度应清缴量", "reason": "履约"}
    return str(business.post(AUTHORITY, f"/v1/rights/{right}/holds", body, 201)["id"])


def a_draft(business: Business, right: str, amount: str) -> str:
    items = [{"right_id": right, "quantity": quantity(amount, "tCO2e")}]
    return str(business.post(ENTERPRISE, "/v1/pledges", {**a_pledge_body({}), "items": items}, 201)["id"])


def submitted(business: Business, pledge: str) -> tuple[int, Any]:
    return business.call(ENTERPRISE, "POST", f"/v1/pledges/{pledge}/submit", {})


def test_an_allowance_whose_obligation_nobody_has_told_is_not_pledged(business: Business) -> None:
    right = an_allowance(business)
    pledge = a_draft(business, right, "10")

    status, refusal = submitted(business, pledge)

    assert (status, refusal["code"]) == (409, "right_not_pledgeable")
    assert refusal["reasons"] == [{"code": "rule_unknown", "rule": "pledge.compliance_reserve_required"}]
    assert business.available(right) == "50.000000"
    active = business.active({business.verified(): "10"}, [business.loan()])
    added = propose(
        business, active, 409, kind="top_up", items=[{"right_id": right, "quantity": quantity("1", "tCO2e")}]
    )
    assert added["code"] == "right_not_pledgeable"


def test_no_more_is_pledged_than_the_reserve_leaves(business: Business) -> None:
    right = an_allowance(business)
    reserved(business, right, "40", "tCO2e")

    status, refusal = submitted(business, a_draft(business, right, "10.000001"))
    assert (status, refusal["code"], refusal["available"]["amount"]) == (409, "quantity_unavailable", "10.000000")

    status, answer = submitted(business, a_draft(business, right, "10"))
    assert (status, answer["status"]) == (200, "submitted"), answer
    assert business.available(right) == "0.000000"


def test_a_reserve_that_comes_later_takes_from_the_latest_rank_and_the_coverage_counts_it(business: Business) -> None:
    right = business.verified()
    early, late = (business.active({right: "20"}, [business.loan()]) for _ in range(2))
    revalue(business)
    whole = coverage(business, late)

    hold = reserved(business, right, "15")  # 50 - 15 = 35 for 20 and 20
    watch(business)
    revalue(business)

    assert business.get(OFFICER, f"/v1/pledges/{early}")["impairments"] == []
    (impairment,) = business.get(OFFICER, f"/v1/pledges/{late}")["impairments"]
    assert (impairment["kind"], impairment["quantity"]["amount"]) == ("compliance_reserve", "5.000000")
    assert impairment["loss_by_rank"] == [{"rank": 2, "pledged": "20.000000", "lost": "5.000000"}]
    assert coverage(business, early) == whole
    assert coverage(business, late) < whole

    lift = {"reason": "已清缴", "reference": "2026年度清缴完成"}
    business.post(AUTHORITY, f"/v1/rights/{right}/holds/{hold}/lift", lift, 200)
    watch(business)
    revalue(business)
    assert (business.get(OFFICER, f"/v1/pledges/{late}")["impairments"], coverage(business, late)) == ([], whole)


def test_a_top_up_beyond_the_reserve_is_refused(business: Business) -> None:
    right = business.verified()
    pledge = business.active({right: "10"}, [business.loan()])
    reserved(business, right, "35")
    refusal = propose(business, pledge, 409, kind="top_up", items=parts(**{right: "5.000001"}))
    assert (refusal["code"], refusal["available"]["amount"]) == ("quantity_unavailable", "5.000000")  # 50 - 10 - 35


def coverage(business: Business, pledge: str) -> float:
    return float(business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")["collateral_value"]["amount"])
