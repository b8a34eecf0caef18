"""Problem documents: every refusal is one, in the reader's language, with a code that never changes."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from tests.journeys.company import Company, item, yuan

NOWHERE = "pledge_" + "0" * 32
Refuse = Callable[[Company, Mapping[str, str]], httpx.Response]


def _on_business_grounds(ensemble: Company, headers: Mapping[str, str]) -> httpx.Response:
    right = ensemble.fresh_right("1")
    pledge = ensemble.draft(right, "5")
    return ensemble.call("enterprise.shaoxing", "POST", f"/v1/pledges/{pledge['id']}/submit", {}, headers)


REFUSALS: dict[str, tuple[int, str, Refuse]] = {
    "no such thing": (
        404,
        "not_found",
        lambda ensemble, headers: ensemble.call("bank-a.officer", "GET", f"/v1/pledges/{NOWHERE}", None, headers),
    ),
    "another role": (
        403,
        "forbidden",
        lambda ensemble, headers: ensemble.call("bank-a.officer", "GET", "/v1/audit", None, headers),
    ),
    "a wrong payload": (
        422,
        "invalid_payload",
        lambda ensemble, headers: ensemble.call("bank-a.officer", "POST", "/v1/valuations", {"what": 1}, headers),
    ),
    "a wrong query": (
        422,
        "invalid_query",
        lambda ensemble, headers: ensemble.call("bank-a.officer", "GET", "/v1/pledges?limit=0", None, headers),
    ),
    "too little left": (409, "quantity_unavailable", _on_business_grounds),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_told_in_the_reader_s_language_under_one_code(ensemble: Company, case: str) -> None:
    status, code, refuse = REFUSALS[case]

    answers = {language: refuse(ensemble, {"Accept-Language": language}) for language in ("zh-CN", "en", "fr")}
    told: dict[str, dict[str, Any]] = {language: answer.json() for language, answer in answers.items()}

    assert {(answer.status_code, answer.headers["content-type"]) for answer in answers.values()} == {
        (status, "application/problem+json")
    }
    assert {document["code"] for document in told.values()} == {code}
    assert {document["type"] for document in told.values()} == {f"urn:greenlien:problem:{code}"}
    assert told["zh-CN"]["title"] != told["en"]["title"] == told["fr"]["title"]
    assert not told["zh-CN"]["title"].isascii()
    assert told["en"]["detail"].isascii()
    assert [answer.headers["content-language"] for answer in answers.values()] == ["zh-CN", "en", "en"]


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_names_the_request_by_the_id_that_its_header_bears(ensemble: Company, case: str) -> None:
    answer = REFUSALS[case][2](ensemble, {})
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert answer.json()["status"] == answer.status_code


def test_every_wrong_place_of_a_payload_is_pointed_at(ensemble: Company) -> None:
    right = ensemble.fresh_right("1")
    wrong = ensemble.application(
        right,
        "1.0000001",
        secured={"amount": {"amount": "1,000", "currency": "EUR"}, "kind": "ordinary"},
        workflow="beijing",
        surprise=True,
    )
    answer = ensemble.call("enterprise.shaoxing", "POST", "/v1/pledges", wrong, {"Accept-Language": "zh-CN"})

    assert answer.status_code == 422
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {
        "#/items/0/quantity/amount",
        "#/secured/amount/amount",
        "#/secured/amount/currency",
        "#/workflow",
        "#/surprise",
    }
    assert not any(error["detail"].isascii() for error in answer.json()["errors"])


def test_an_amount_that_no_decimal_spells_has_a_code_of_its_own(ensemble: Company) -> None:
    right = ensemble.fresh_right("1")
    for amount in (12, 1.5, "１２", "1E+999999999", "01", "+1", " 1", "1."):
        body = ensemble.application(
            right, "1", items=[{**item(right, "1"), "quantity": {"amount": amount, "unit": "t/a"}}]
        )
        answer = ensemble.call("enterprise.shaoxing", "POST", "/v1/pledges", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_decimal"), amount


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing-here", 404, "not_found"),
        ("GET", "/", 404, "not_found"),
        ("GET", "/v1/pledges/../../etc/passwd", 404, "not_found"),
        ("DELETE", "/v1/pledges", 405, "method_not_allowed"),
        ("PUT", f"/v1/pledges/{NOWHERE}", 405, "method_not_allowed"),
        ("GET", "/v1/pledges?cursor=" + "x" * 9000, 414, "address_too_long"),
    ],
)
def test_what_reaches_no_route_is_a_problem_document_too(
    plain: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    answer = plain.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_order_that_names_money_of_another_currency_points_at_it(ensemble: Company) -> None:
    right = ensemble.fresh_right("1")
    pledge = ensemble.draft(right, "1")
    wrong = {"amount": {**yuan("1.00"), "currency": "USD"}, "rate": "0.034500"}
    answer = ensemble.call("bank-a.approver", "POST", f"/v1/pledges/{pledge['id']}/approve-loan", wrong)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/amount/currency"]
