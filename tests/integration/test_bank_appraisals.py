"""A bank's own appraisals through its doors: two persons, one bank, and what they do to what it lends."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import psycopg
import pytest

from integrations.database.bootstrap import APP, WORKER
from tests.builders import HOLDER, TODAY
from tests.database_session import Database
from tests.integration.business import HUANGSHI, Business, a_pledge_body, open_for_business, quantity, yuan
from tests.openapi_truth import OpenapiTruth

ENTERPRISE, OFFICER, APPROVER = "enterprise.shaoxing", "bank-a.officer", "bank-a.approver"
OTHER_OFFICER, OTHER_APPROVER = "bank-b.officer", "bank-b.approver"
TABLES: Final = ("appraisals", "adopted_values", "bank_policies")


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        document = opened.get(OFFICER, "/openapi.json")
        opened._http.event_hooks["response"].append(OpenapiTruth(document).check)
        opened.consent(ENTERPRISE, HOLDER, "bank-a")
        opened.consent(ENTERPRISE, HOLDER, "bank-b")
        yield opened


def an_appraisal(value: str = "300000.00", **different: object) -> dict[str, Any]:
    """Return an external appraisal of the whole right as of today on the wire."""
    return {
        "kind": "external",
        "value": yuan(value),
        "as_of": TODAY.isoformat(),
        "valid_until": (TODAY + timedelta(days=180)).isoformat(),
        "appraiser": {"name": "浙江某资产评估有限公司", "uscc": HOLDER},
        "report": {"sha256": "ab" * 32, "title": "排污权评估报告", "number": "2026-117"},
        "method": "市场比较法",
        **different,
    }


def proposed(business: Business, right: str, body: object, client: str = OFFICER, kind: str = "appraisals") -> str:
    return str(business.post(client, f"/v1/rights/{right}/{kind}", body, 201)["id"])


def approved(business: Business, right: str, body: object, kind: str = "appraisals") -> str:
    made = proposed(business, right, body, kind=kind)
    answer = business.post(APPROVER, f"/v1/rights/{right}/{kind}/{made}/approve", {}, 200)
    assert answer["status"] == "approved"
    return made


def adopted(business: Business, right: str, client: str = OFFICER) -> dict[str, Any]:
    answer: dict[str, Any] = business.get(client, f"/v1/rights/{right}/adopted-value")
    return answer


def money(body: dict[str, str]) -> Decimal:
    return Decimal(body["amount"])


def test_an_appraisal_counts_once_a_second_person_of_the_bank_has_approved_it(business: Business) -> None:
    right = business.verified()
    ours = adopted(business, right)
    assert ours["adopted_value"] == ours["market_value"]

    made = business.post(OFFICER, f"/v1/rights/{right}/appraisals", an_appraisal(), 201)
    assert (made["status"], made["standing"], made["version"]) == ("proposed", "proposed", 1)
    assert made["quantity"] == quantity("50.000000")
    assert {**adopted(business, right), "appraisals": []} == ours

    business.post(APPROVER, f"/v1/rights/{right}/appraisals/{made['id']}/approve", {}, 200)
    now = adopted(business, right)
    assert now["adopted_value"] == yuan("300000.00")
    assert (now["source"], now["source_id"]) == ("appraisal", made["id"])
    assert now["due_on"] == made["valid_until"]
    assert [each["standing"] for each in now["appraisals"]] == ["in_force"]


def test_nobody_approves_his_own_nor_anybody_who_is_no_approver_nor_twice(business: Business) -> None:
    right = business.verified()
    made = proposed(business, right, an_appraisal())
    by_approver = proposed(business, right, an_appraisal(), APPROVER)
    path = f"/v1/rights/{right}/appraisals"

    assert business.post(OFFICER, f"{path}/{made}/approve", {}, 403)["code"] == "same_person"
    assert business.post(APPROVER, f"{path}/{by_approver}/approve", {}, 403)["code"] == "same_person"
    assert business.post(OFFICER, f"{path}/{by_approver}/reject", {"reason": "否"}, 403)["code"] == "forbidden"
    assert business.post(OTHER_APPROVER, f"{path}/{made}/approve", {}, 404)["code"] == "not_found"
    rejected = business.post(APPROVER, f"{path}/{made}/reject", {"reason": "报告缺页"}, 200)
    assert (rejected["status"], rejected["rejection"], rejected["decided_by"]) == ("rejected", "报告缺页", APPROVER)
    assert business.post(APPROVER, f"{path}/{made}/approve", {}, 409)["code"] == "already_decided"


def test_an_appraisal_is_its_bank_s_alone(business: Business) -> None:
    right = business.verified()
    made = approved(business, right, an_appraisal())
    path = f"/v1/rights/{right}/appraisals"

    assert [each["id"] for each in business.get(APPROVER, path)["items"]] == [made]
    assert business.get(OTHER_OFFICER, path)["items"] == []
    assert adopted(business, right, OTHER_OFFICER)["source"] == "valuation"
    assert business.get(ENTERPRISE, path, 403)["code"] == "forbidden"
    told = [
        event
        for client in (ENTERPRISE, OTHER_OFFICER)
        for event in business.get(client, "/v1/events?limit=200")["items"]
        if event["subject"] == made
    ]
    assert told == []


def test_a_bank_that_may_not_see_the_right_may_not_appraise_it(business: Business) -> None:
    right = business.verified("enterprise.huangshi", holder_uscc=HUANGSHI)

    assert business.post(OFFICER, f"/v1/rights/{right}/appraisals", an_appraisal(), 404)["code"] == "not_found"
    assert business.get(OFFICER, f"/v1/rights/{right}/adopted-value", 404)["code"] == "not_found"


@pytest.mark.parametrize(
    ("different", "code"),
    [
        ({"as_of": (TODAY + timedelta(days=1)).isoformat()}, "invalid_date"),
        ({"as_of": "2025-01-01", "valid_until": "2025-12-31"}, "invalid_date"),
        ({"valid_until": (TODAY - timedelta(days=1)).isoformat()}, "invalid_period"),
        ({"quantity": quantity("50.000001")}, "invalid_quantity"),
        ({"quantity": quantity("1", "tCO2e")}, "invalid_unit"),
        ({"value": yuan("0.00")}, "invalid_money"),
        ({"value": yuan("1.001")}, "invalid_money"),
        ({"report": {"sha256": "AB" * 32}}, "invalid_payload"),
    ],
)
def test_an_appraisal_that_cannot_be_true_is_refused(business: Business, different: dict[str, Any], code: str) -> None:
    right = business.verified()

    body = {**an_appraisal(), **different}
    assert business.post(OFFICER, f"/v1/rights/{right}/appraisals", body, 422)["code"] == code


def test_two_persons_may_adopt_another_value_than_the_lowest(business: Business) -> None:
    right = business.verified()
    low = approved(business, right, an_appraisal("100000.00"))
    body = {"value": yuan("500000.00"), "reason": "评估案例过时,按近期成交价采用"}
    made = proposed(business, right, body, kind="adopted-values")
    path = f"/v1/rights/{right}/adopted-values/{made}"
    assert adopted(business, right)["source_id"] == low

    assert business.post(OFFICER, f"{path}/approve", {}, 403)["code"] == "same_person"
    business.post(APPROVER, f"{path}/approve", {}, 200)
    told = adopted(business, right)
    assert told["adopted_value"] == yuan("500000.00")
    assert (told["source"], told["warnings"]) == ("adoption", ["adopted_above_lowest"])
    assert [each["id"] for each in business.get(OFFICER, f"/v1/rights/{right}/adopted-values")["items"]] == [made]


def test_a_valuation_and_an_appraisal_are_adopted_by_their_ids(business: Business) -> None:
    right = business.verified()
    low = approved(business, right, an_appraisal("100000.00"))
    valuation = business.post(OFFICER, "/v1/valuations", {"right_id": right}, 201)

    ours = proposed(business, right, {"valuation_id": valuation["id"], "reason": "采用系统估值"}, kind="adopted-values")
    [by_valuation] = business.get(OFFICER, f"/v1/rights/{right}/adopted-values")["items"]
    assert (by_valuation["id"], by_valuation["value"]) == (ours, valuation["market_value"])
    answer = business.post(
        OFFICER, f"/v1/rights/{right}/adopted-values", {"appraisal_id": low, "reason": "采用评估"}, 201
    )
    assert (answer["basis"], answer["value"]) == ("appraisal", yuan("100000.00"))


def test_an_appraisal_that_is_not_in_force_is_not_adopted(business: Business) -> None:
    right = business.verified()
    made = proposed(business, right, an_appraisal())
    path = f"/v1/rights/{right}/adopted-values"

    refused = business.post(OFFICER, path, {"appraisal_id": made, "reason": "采用"}, 409)
    assert (refused["code"], refused["standing"]) == ("appraisal_not_in_force", "proposed")
    other = business.verified()
    assert business.post(OFFICER, path.replace(right, other), {"appraisal_id": made, "reason": "采用"}, 404)
    two = {"appraisal_id": made, "value": yuan("1.00"), "reason": "采用"}
    assert business.post(OFFICER, path, two, 422)["code"] == "invalid_value"


def test_a_decision_on_a_version_that_has_passed_is_refused(business: Business) -> None:
    right = business.verified()
    made = proposed(business, right, an_appraisal())
    address = f"{business.base_url}/v1/rights/{right}/appraisals/{made}/approve"
    headers = {"Authorization": business.authorization(APPROVER), "Idempotency-Key": "k" * 16, "If-Match": '"7"'}

    assert business._http.post(address, json={}, headers=headers).status_code == 412


def test_a_pledge_carries_what_the_bank_adopts_when_the_bank_submits_it(business: Business) -> None:
    right = business.verified()
    whole = adopted(business, right)
    approved(business, right, an_appraisal(f"{money(whole['market_value']) / 2:.2f}"))
    draft = business.post(OFFICER, "/v1/pledges", a_pledge_body({right: "50"}), 201)

    [item] = business.act(OFFICER, draft["id"], "submit")["items"]

    half = money(item["collateral_value"]) / 2
    assert abs(money(item["adopted_value"]) - half) <= Decimal("0.01")
    assert item["market_value"] == whole["market_value"]


def test_an_enterprise_that_submits_learns_nothing_of_the_bank_s_appraisal(business: Business) -> None:
    right = business.verified()
    approved(business, right, an_appraisal("1000.00"))
    draft = business.draft({right: "50"})

    [item] = business.act(ENTERPRISE, draft, "submit")["items"]

    assert item["adopted_value"] == item["collateral_value"]


def test_no_more_is_lent_than_the_adopted_value_carries(business: Business) -> None:
    right = business.verified()
    approved(business, right, an_appraisal("4000.00"))
    pledge = business.approvable({right: "50"}, [business.loan("4000.00")])
    path = f"/v1/pledges/{pledge}/approve-loan"

    refused = business.post(APPROVER, path, {"amount": yuan("4000.00"), "rate": "0.0345"}, 409)
    assert refused["code"] == "loan_exceeds_collateral"
    assert money(refused["max_loan"]) < 3200  # 80 % at most of 4,000, which melt until the loan's end
    answer = business.post(APPROVER, path, {"amount": refused["max_loan"], "rate": "0.0345"}, 200)
    [item] = answer["items"]
    assert money(item["adopted_value"]) < 4000 < money(item["collateral_value"])


def test_an_appraisal_approved_later_lowers_the_coverage_of_a_living_pledge_at_once(business: Business) -> None:
    right, loan = business.verified(), business.loan("4000.00")
    pledge = business.active({right: "50"}, [loan], "4000.00")
    assert business.event(loan, "disbursed", "4000.00")[0] == 201
    before = business.get(OFFICER, f"/v1/pledges/{pledge}")
    assert before["coverage"]["level"] == "ok"

    approved(business, right, an_appraisal("3000.00"))

    after = business.get(OFFICER, f"/v1/pledges/{pledge}")
    assert after["coverage"]["level"] == "close_out"  # 4,000 are owed on what the bank now takes for 3,000
    assert money(after["coverage"]["collateral_value"]) < 3000
    assert after["version"] == before["version"] + 1
    history = business.get(OFFICER, f"/v1/pledges/{pledge}/history")["items"]
    assert history[-1]["action"] == "pledge.value_adopted"


def test_a_policy_holds_once_a_second_person_approves_and_its_margin_ends_loans_earlier(business: Business) -> None:
    right = business.verified(valid_to=TODAY + timedelta(days=400))
    terms = {"revaluation_months": 6, "liquidation_days": 30, "loan_end_margin_days": 60}
    before = business.get(OFFICER, "/v1/policies/valuation")
    assert before["in_force"] == {"revaluation_months": 12, "liquidation_days": 20, "loan_end_margin_days": None}

    made = business.post(OFFICER, "/v1/policies/valuation", terms, 201)["id"]
    assert business.post(OFFICER, f"/v1/policies/valuation/{made}/approve", {}, 403)["code"] == "same_person"
    business.post(APPROVER, f"/v1/policies/valuation/{made}/approve", {}, 200)

    assert business.get(APPROVER, "/v1/policies/valuation")["in_force"] == terms
    assert business.get(OTHER_OFFICER, "/v1/policies/valuation")["items"] == []
    pledge = business.approvable({right: "50"}, [business.loan("100.00")])  # ends in 365 days, the right in 400
    refused = business.call(
        APPROVER, "POST", f"/v1/pledges/{pledge}/approve-loan", {"amount": yuan("100.00"), "rate": "0.0345"}
    )[1]
    assert (refused["code"], refused["margin_days"]) == ("term_exceeds_validity", 60)
    back = business.post(OFFICER, "/v1/policies/valuation", {**before["in_force"], "revaluation_months": 6}, 201)["id"]
    business.post(APPROVER, f"/v1/policies/valuation/{back}/approve", {}, 200)


def test_what_must_be_valued_anew_is_listed_by_the_bank_s_policy_page_by_page(business: Business) -> None:
    rights = [business.verified() for _ in range(3)]
    for right in rights:
        business.act(ENTERPRISE, business.draft({right: "1"}), "submit")
    months = business.get(OFFICER, "/v1/policies/valuation")["in_force"]["revaluation_months"]
    year, month = divmod(TODAY.month - 1 + months, 12)
    due = TODAY.replace(year=TODAY.year + year, month=month + 1)

    def listed(client: str, on: str) -> list[dict[str, Any]]:
        found, cursor = [], ""
        while True:
            page = business.get(client, f"/v1/valuations/due?on={on}&limit=2{cursor}")
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    items = [item for item in listed(OFFICER, due.isoformat()) if item["right_id"] in rights]
    assert len(items) == 3
    assert {(item["due_on"], *item["reasons"]) for item in items} == {(due.isoformat(), "revaluation_due")}
    before = (due - timedelta(days=1)).isoformat()
    assert not [item for item in listed(OFFICER, before) if item["right_id"] in rights]
    assert listed(OTHER_OFFICER, due.isoformat()) == []


def test_an_expired_external_appraisal_makes_a_pledged_value_due(business: Business) -> None:
    right = business.verified()
    ends = TODAY + timedelta(days=5)
    approved(business, right, an_appraisal(valid_until=ends.isoformat()))
    business.act(ENTERPRISE, business.draft({right: "1"}), "submit")

    on = (ends + timedelta(days=1)).isoformat()
    items = business.get(OFFICER, f"/v1/valuations/due?on={on}")["items"]

    [item] = [item for item in items if item["right_id"] == right]
    assert (item["due_on"], item["reasons"]) == (ends.isoformat(), ["appraisal_expired"])
    assert not [i for i in business.get(OFFICER, f"/v1/valuations/due?on={ends}")["items"] if i["right_id"] == right]


def test_row_level_security_shows_a_bank_s_figures_to_no_other_role_or_tenant(business: Business) -> None:
    right = business.verified()
    approved(business, right, an_appraisal())
    proposed(business, right, {"value": yuan("1.00"), "reason": "采用"}, kind="adopted-values")
    business.post(OFFICER, "/v1/policies/valuation", {"revaluation_months": 1, "liquidation_days": 1}, 201)

    def seen(table: str, tenant: str, uscc: str) -> int:
        with psycopg.connect(business.database.libpq(APP)) as connection:
            connection.execute("select set_config('greenlien.tenant', %s, true)", [tenant])
            connection.execute("select set_config('greenlien.uscc', %s, true)", [uscc])
            row = connection.execute(f"select count(*) from {table}").fetchone()
            assert row is not None
            return int(row[0])

    for table in TABLES:
        assert seen(table, "bank-a", "") > 0
        for stranger, uscc in (("bank-b", ""), ("enterprise.shaoxing", HOLDER), ("", "")):
            assert seen(table, stranger, uscc) == 0


@pytest.mark.parametrize("role", [APP, WORKER])
@pytest.mark.parametrize(("table", "column"), [("appraisals", "value"), ("adopted_values", "reason")])
def test_what_was_put_forward_can_be_rewritten_by_no_serving_role(
    business: Business, role: str, table: str, column: str
) -> None:
    with psycopg.connect(business.database.libpq(role)) as connection:
        connection.execute("select set_config('greenlien.tenant', 'bank-a', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"update {table} set {column} = {column}")
    with psycopg.connect(business.database.libpq(role)) as connection:
        connection.execute("select set_config('greenlien.tenant', 'bank-a', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"delete from {table}")


def test_the_database_itself_refuses_one_person_s_approval_of_his_own(business: Business) -> None:
    proposed(business, business.verified(), an_appraisal())
    with pytest.raises(psycopg.errors.CheckViolation):
        business.sql(
            "update appraisals set status = 'approved', decided_by = proposed_by, decided_at = now()"
            " where status = 'proposed'"
        )
