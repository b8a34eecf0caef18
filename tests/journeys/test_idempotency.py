"""Idempotency keys: a command happens once for its key, whoever repeats it and however many at once."""

import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.journeys.company import Company, yuan

TWINS = 16
CONTRACT = "contract_no"


def _contract(ensemble: Company) -> dict[str, object]:
    return {
        "borrower_uscc": ensemble.uscc_of("enterprise.shaoxing"),
        CONTRACT: f"I-{secrets.token_hex(8)}",
        "kind": "term",
        "principal": yuan("1000.00"),
        "rate": {"kind": "fixed", "value": "0.034500"},
        "start": "2026-01-05",
        "end": "2027-01-05",
        "repayment": "bullet",
        "purpose": "设备改造",
    }


def _post(ensemble: Company, path: str, body: object, key: str, client: str = "bank-a.officer") -> httpx.Response:
    return ensemble.call(client, "POST", path, body, {"Idempotency-Key": key})


@pytest.mark.parametrize("key", ["", "fifteen-letters", "has a space in it", "k" * 256])
def test_a_command_without_a_usable_key_is_refused_before_anything_else_of_it_is_read(
    ensemble: Company, key: str
) -> None:
    answer = _post(ensemble, "/v1/loans", _contract(ensemble), key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


def test_a_repeated_command_gets_the_same_bytes_and_says_that_they_are_a_replay(ensemble: Company) -> None:
    body, key = _contract(ensemble), secrets.token_hex(16)

    first, second = (_post(ensemble, "/v1/loans", body, key) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first.headers["ETag"] == second.headers["ETag"]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"


def test_a_repeated_business_refusal_is_the_same_refusal_even_when_the_reason_is_gone(ensemble: Company) -> None:
    right = ensemble.fresh_right("10")
    taker, late = ensemble.draft(right, "8"), ensemble.draft(right, "8")
    assert ensemble.command("enterprise.shaoxing", taker, "submit").status_code == 200
    path, key = f"/v1/pledges/{late['id']}/submit", secrets.token_hex(16)

    first = _post(ensemble, path, {}, key, "enterprise.shaoxing")
    assert ensemble.command("enterprise.shaoxing", taker, "withdraw").status_code == 200
    again = _post(ensemble, path, {}, key, "enterprise.shaoxing")

    assert (first.status_code, first.json()["code"]) == (409, "quantity_unavailable")
    assert (again.status_code, again.content) == (409, first.content)
    assert again.headers["Content-Type"] == "application/problem+json"
    assert _post(ensemble, path, {}, secrets.token_hex(16), "enterprise.shaoxing").status_code == 200


def test_a_key_that_came_with_another_body_is_refused(ensemble: Company) -> None:
    body, key = _contract(ensemble), secrets.token_hex(16)
    assert _post(ensemble, "/v1/loans", body, key).status_code == 201

    answer = _post(ensemble, "/v1/loans", {**body, "purpose": "其他"}, key)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_a_key_that_came_with_another_address_is_refused(ensemble: Company) -> None:
    right = ensemble.fresh_right("10")
    one, other = ensemble.draft(right, "1"), ensemble.draft(right, "1")
    key = secrets.token_hex(16)
    assert _post(ensemble, f"/v1/pledges/{one['id']}/submit", {}, key, "enterprise.shaoxing").status_code == 200

    answer = _post(ensemble, f"/v1/pledges/{other['id']}/submit", {}, key, "enterprise.shaoxing")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_a_key_stands_for_its_own_client_only(ensemble: Company) -> None:
    key, mine, theirs = secrets.token_hex(16), _contract(ensemble), _contract(ensemble)

    answers = [_post(ensemble, "/v1/loans", mine, key), _post(ensemble, "/v1/loans", theirs, key, "bank-b.officer")]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json()[CONTRACT] for answer in answers] == [mine[CONTRACT], theirs[CONTRACT]]


@pytest.mark.parametrize("wrong", [{"kind": "gift"}, {"unknown": 1}, {"principal": yuan("1.001")}])
def test_an_invalid_payload_uses_no_key_up(ensemble: Company, wrong: dict[str, object]) -> None:
    body, key = _contract(ensemble), secrets.token_hex(16)

    assert _post(ensemble, "/v1/loans", {**body, **wrong}, key).status_code == 422

    answer = _post(ensemble, "/v1/loans", body, key)
    assert (answer.status_code, answer.headers.get("Idempotency-Replayed")) == (201, None)


def test_sixteen_twins_at_once_have_one_effect_and_one_answer(ensemble: Company) -> None:
    right = ensemble.fresh_right("10")
    body, key = ensemble.application(right, "3"), secrets.token_hex(16)

    drafts = _at_once(ensemble, "/v1/pledges", body, key)
    made = {answer.content for answer in drafts if answer.status_code == 201}
    [draft] = made
    pledge = _post(ensemble, "/v1/pledges", body, key, "enterprise.shaoxing").json()

    submits = _at_once(ensemble, f"/v1/pledges/{pledge['id']}/submit", {}, secrets.token_hex(16))
    trail = ensemble.ok("enterprise.shaoxing", "GET", f"/v1/pledges/{pledge['id']}/history")["items"]
    left = ensemble.ok("enterprise.shaoxing", "GET", f"/v1/rights/{right['id']}")["available"]

    assert len({answer.content for answer in submits if answer.status_code == 200}) == 1
    assert pledge["id"].encode() in draft
    assert [entry["action"] for entry in trail] == ["pledge.drafted", "pledge.submitted"]
    assert left["amount"] == "7.000000"


def _at_once(ensemble: Company, path: str, body: object, key: str) -> list[httpx.Response]:
    """Send the same command from many threads; whoever meets a twin still running is told so."""
    ensemble.token("enterprise.shaoxing")
    with ThreadPoolExecutor(TWINS) as pool:
        answers = list(pool.map(lambda _: _post(ensemble, path, body, key, "enterprise.shaoxing"), range(TWINS)))
    codes = Counter((answer.status_code, answer.json().get("code")) for answer in answers)
    in_flight = codes.pop((409, "idempotency_key_in_flight"), 0)
    assert len(codes) == 1, codes
    assert codes.total() + in_flight == TWINS
    replayed = [answer for answer in answers if "Idempotency-Replayed" in answer.headers]
    assert len(replayed) == codes.total() - 1
    return answers


def test_a_replayed_verification_gives_the_same_bytes_without_asking_the_registry_again(ensemble: Company) -> None:
    right = ensemble.fresh_right("10")
    body = {name: right[name] for name in ("registry", "registry_no")} | {"holder_uscc": right["holder"]["uscc"]}
    key = secrets.token_hex(16)
    first = _post(ensemble, "/v1/rights/verifications", body, key, "enterprise.shaoxing")
    ensemble.control.change("zhejiang", right["registry_no"], "suspend").raise_for_status()

    again = _post(ensemble, "/v1/rights/verifications", body, key, "enterprise.shaoxing")
    asked = _post(ensemble, "/v1/rights/verifications", body, secrets.token_hex(16), "enterprise.shaoxing")

    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert asked.json()["rights"][0]["status"] == "suspended"
