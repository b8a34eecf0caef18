"""A server without bearer tokens: the whole main job by proofs alone, and what a thief of a token cannot do."""

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from api.__main__ import main
from api.jobs.proofs import prune_proofs
from api.routes.identity import ASSERTION_TYPE
from domain.ports.order_signatures import HEADER
from integrations import system_clock
from integrations.identity.dpop import sign_proof
from integrations.identity.keys import generate_key, save_key
from integrations.identity.order_signatures import JoseOrderSignatures
from integrations.identity.tokens import sign_client_assertion
from tests.builders import HOLDER, TODAY
from tests.database_session import Database
from tests.fakes.edge_app import ISSUER
from tests.integration.proving import PROXY_SECRET, ProvingBusiness, another_worker, open_with_proofs

OFFICER, APPROVER = "bank-a.officer", "bank-a.approver"
TARGET = ISSUER + "/v1/loans/loan_" + "0" * 32
PATH = TARGET.removeprefix(ISSUER)


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[ProvingBusiness]:
    with new_database() as database, open_with_proofs(database) as opened:
        yield opened


def proof(business: ProvingBusiness, token: str | None, client: str = OFFICER, **different: Any) -> str:  # noqa: ANN401 - whatever a proof says
    asked = {"method": "GET", "target": TARGET, "now": system_clock.now(), **different}
    return sign_proof(business.keys[client], token=token, **asked)


def read(base_url: str, *headers: tuple[str, str]) -> httpx.Response:
    return httpx.get(base_url + PATH, headers=list(headers), trust_env=False)


def refused(answer: httpx.Response, code: str = "unauthenticated") -> str:
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    return answer.headers["www-authenticate"]


def form(business: ProvingBusiness, client: str = OFFICER) -> dict[str, str]:
    assertion = sign_client_assertion(business.keys[client], client, ISSUER, system_clock.now())
    kinds = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
    return {**kinds, "client_assertion": assertion}


def obtain(business: ProvingBusiness, *headers: tuple[str, str], client: str = OFFICER) -> httpx.Response:
    url = business.base_url + "/oauth/token"
    return httpx.post(url, data=form(business, client), headers=list(headers), trust_env=False)


def test_the_main_job_runs_by_proofs_alone(business: ProvingBusiness) -> None:
    right = business.verified()
    business.consent("enterprise.shaoxing", HOLDER, "bank-a")
    loan = business.loan()
    pledge = business.active({right: "10.000000"}, [loan])

    assert business.event(loan, "disbursed", "40000.00")[0] in {201, 409}
    business.event(loan, "repaid", "40000.00", on=TODAY.isoformat())
    business.act(OFFICER, pledge, "release", {"reason": "waived"}, 202)
    refused_to_the_same = business.call(OFFICER, "POST", f"/v1/pledges/{pledge}/release/approve", {})
    assert (refused_to_the_same[0], refused_to_the_same[1]["code"]) == (403, "same_person")
    business.act(APPROVER, pledge, "release/approve", expected=202)
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "released"


def test_a_token_is_bound_to_the_key_of_its_proof(business: ProvingBusiness) -> None:
    sent = proof(business, None, method="POST", target=ISSUER + "/oauth/token")
    reply = obtain(business, ("DPoP", sent)).json()

    claims = jwt.decode(reply["access_token"], options={"verify_signature": False})
    assert reply["token_type"] == "DPoP"
    assert claims["cnf"] == {"jkt": business.keys[OFFICER].key_id}
    assert claims["obtained_by"] == business.keys[OFFICER].key_id


def test_a_plain_bearer_token_is_neither_issued_nor_taken(business: ProvingBusiness) -> None:
    unproven = obtain(business)
    assert (unproven.status_code, unproven.json()["error"]) == (400, "invalid_dpop_proof")
    token = business.authorization(OFFICER).removeprefix("Bearer ")

    assert refused(read(business.base_url, ("Authorization", f"Bearer {token}")), "proof_required").startswith("DPoP")


def test_a_bad_or_repeated_proof_obtains_no_token_and_uses_no_assertion_up(business: ProvingBusiness) -> None:
    def at_the_endpoint(**different: Any) -> tuple[str, str]:  # noqa: ANN401 - whatever a proof says
        return "DPoP", proof(business, None, **{"method": "POST", "target": ISSUER + "/oauth/token", **different})

    good, fields = at_the_endpoint(), form(business)
    late = system_clock.now() - timedelta(seconds=70)
    for bad in (
        [at_the_endpoint(method="GET")],
        [at_the_endpoint(target=business.base_url + "/oauth/token")],
        [at_the_endpoint(now=late)],
        [at_the_endpoint(), at_the_endpoint()],
        [("DPoP", "x")],
    ):
        answer = httpx.post(business.base_url + "/oauth/token", data=fields, headers=bad, trust_env=False)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")
    url = business.base_url + "/oauth/token"
    assert httpx.post(url, data=fields, headers=[good], trust_env=False).status_code == 200

    assert obtain(business, good).json()["error"] == "invalid_dpop_proof"


def test_a_stolen_token_is_worth_nothing_without_its_key(business: ProvingBusiness) -> None:
    token = business.client(OFFICER).token()
    thief = ("DPoP", proof(business, token, "bank-b.officer"))
    caught = ("DPoP", proof(business, token, target=ISSUER + "/v1/pledges"))

    assert "invalid_token" in refused(read(business.base_url, ("Authorization", f"DPoP {token}"), thief))
    assert "invalid_dpop_proof" in refused(read(business.base_url, ("Authorization", f"DPoP {token}"), caught))
    refused(read(business.base_url, ("Authorization", f"DPoP {token}")), "proof_required")
    refused(read(business.base_url, ("Authorization", f"Bearer {token}")), "proof_required")
    own = ("DPoP", proof(business, token))
    assert read(business.base_url, ("Authorization", f"DPoP {token}"), own).status_code == 404


def test_a_proof_is_good_once_in_whichever_worker(business: ProvingBusiness) -> None:
    token = business.client(OFFICER).token()
    headers = ("Authorization", f"DPoP {token}"), ("DPoP", proof(business, token))

    with another_worker(business) as other:
        assert read(other, *headers).status_code == 404
        assert "invalid_dpop_proof" in refused(read(other, *headers))
        assert "invalid_dpop_proof" in refused(read(business.base_url, *headers))


def test_a_suspended_client_is_refused_at_once_and_gets_no_token(business: ProvingBusiness) -> None:
    client = "bank-b.approver"
    assert business.call(client, "GET", "/v1/pledges")[0] == 200
    business.post("platform.security", f"/v1/clients/{client}/suspend", {"reason": "离职"}, 200)

    assert business.call(client, "GET", "/v1/pledges")[0] == 401
    sent = ("DPoP", proof(business, None, client, method="POST", target=ISSUER + "/oauth/token"))
    assert obtain(business, sent, client=client).json()["error"] == "invalid_client"


def test_revoking_a_key_reaches_the_tokens_that_it_obtained(business: ProvingBusiness) -> None:
    client = "exchange.zhejiang"
    assert business.call(client, "GET", "/v1/market/trades")[0] == 200
    path = f"/v1/clients/{client}/keys/{business.keys[client].key_id}/revoke"
    business.post("platform.security", path, {"reason": "遗失"}, 200)

    assert business.call(client, "GET", "/v1/market/trades")[0] == 401
    sent = ("DPoP", proof(business, None, client, method="POST", target=ISSUER + "/oauth/token"))
    assert obtain(business, sent, client=client).json()["error"] == "invalid_client"


def test_a_token_bound_to_a_certificate_needs_it_from_the_proxy(business: ProvingBusiness) -> None:
    certificate = ("Client-Cert", ":" + base64.b64encode(b"one").decode() + ":")
    other = ("Client-Cert", ":" + base64.b64encode(b"two").decode() + ":")
    proxy = ("Greenlien-Proxy-Secret", PROXY_SECRET.decode())
    reply = obtain(business, certificate, proxy).json()
    bearer = ("Authorization", f"Bearer {reply['access_token']}")

    assert reply["token_type"] == "Bearer"
    assert obtain(business, certificate).json()["error"] == "invalid_dpop_proof"
    assert read(business.base_url, bearer, certificate, proxy).status_code == 404
    refused(read(business.base_url, bearer, other, proxy))
    refused(read(business.base_url, bearer, certificate), "proof_required")


def test_proofs_that_nobody_would_take_any_more_are_forgotten(business: ProvingBusiness) -> None:
    business.call(OFFICER, "GET", "/v1/pledges")
    [(before,)] = business.sql("select count(*) from used_proofs")
    business.sql(
        "update used_proofs set expires_at = now() - interval '1 hour' where ctid = (select min(ctid) from used_proofs)"
    )

    async def prune() -> int:
        async with business.worker_house(system_clock.now()) as house:
            return await prune_proofs(house)

    assert asyncio.run(prune()) == 1
    assert business.sql("select count(*) from used_proofs") == [(before - 1,)]


def test_the_metadata_says_that_proofs_are_taken(business: ProvingBusiness) -> None:
    told = httpx.get(business.base_url + "/.well-known/oauth-authorization-server", trust_env=False).json()

    assert told["dpop_signing_alg_values_supported"] == ["ES256"]
    assert told["tls_client_certificate_bound_access_tokens"] is True


def test_an_order_goes_out_signed_over_its_exact_bytes_and_address(business: ProvingBusiness) -> None:
    seen: list[httpx.Request] = []
    client = business.client(OFFICER)
    client.http.event_hooks = {"request": [seen.append]}
    body = b'{"reason": "waived"}'

    client.request("POST", "/v1/pledges/x/release?a=1&b=排污", body, order=True)

    orders, keys = JoseOrderSignatures(), [business.order_keys[OFFICER].public_jwk]
    order = orders.verify(seen[-1].headers[HEADER], seen[-1].content, keys)
    orders.require_meant_for(order, "POST", ISSUER + seen[-1].url.raw_path.decode(), system_clock.now())
    client.http.event_hooks = {}


class TestTheCommandLine:
    """`python -m api call`, in this process."""

    @pytest.fixture
    def keys(self, business: ProvingBusiness, tmp_path: Path) -> list[str]:
        save_key(business.keys[OFFICER], tmp_path / "token.pem")
        save_key(business.order_keys[OFFICER], tmp_path / "order.pem")
        files = ["--key", str(tmp_path / "token.pem"), "--order-key", str(tmp_path / "order.pem")]
        return [*files, "--base-url", business.base_url]

    def test_a_reading_prints_status_and_body_apart_and_exits_0(
        self, keys: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["call", OFFICER, "get", "/v1/pledges?limit=1", *keys]) == 0

        told = capsys.readouterr()
        assert told.err == "HTTP 200 OK\n"
        assert json.loads(told.out)["items"] is not None

    def test_an_order_from_a_file_and_a_refusal_exits_by_its_class(
        self, keys: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "order.json").write_text('{"reason": "waived"}', encoding="utf-8")
        path = f"/v1/pledges/pledge_{'0' * 32}/release"

        assert main(["call", OFFICER, "POST", path, "--json", str(tmp_path / "order.json"), "--order", *keys]) == 4

        told = capsys.readouterr()
        assert told.err.startswith("HTTP 404")
        assert json.loads(told.out)["code"] == "not_found"

    def test_the_same_idempotency_key_gets_the_same_answer(
        self, business: ProvingBusiness, keys: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        business.consent("enterprise.shaoxing", HOLDER, "bank-a")
        body = {"by": "uscc", "value": HOLDER}
        (tmp_path / "search.json").write_text(json.dumps(body), encoding="utf-8")
        command = ["call", OFFICER, "POST", "/v1/searches", "--json", str(tmp_path / "search.json")]
        told = []
        for _ in range(2):
            assert main([*command, "--idempotency-key", "k" * 32, *keys]) == 0
            told.append(capsys.readouterr().out)

        assert told[0] == told[1]

    def test_another_key_is_no_client(
        self, business: ProvingBusiness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        save_key(generate_key(), tmp_path / "other.pem")
        command = ["call", OFFICER, "GET", "/v1/pledges", "--key", str(tmp_path / "other.pem")]

        assert main([*command, "--base-url", business.base_url]) == 4
        [*_, answer] = capsys.readouterr().out.splitlines()  # the server's log of this process stands before it
        assert json.loads(answer)["error"] == "invalid_client"

    @pytest.mark.parametrize(
        "command",
        [
            ["call", "nobody", "GET", "/v1/pledges", "--base-url", "http://127.0.0.1:9"],
            ["call", OFFICER, "GET", "v1/pledges", "--base-url", "http://127.0.0.1:9"],
        ],
    )
    def test_a_wrong_command_line_exits_2(self, command: list[str]) -> None:
        assert main(command) == 2

    def test_where_nothing_answers_it_exits_1(self, keys: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["call", OFFICER, "GET", "/v1/pledges", *keys[:-1], "http://127.0.0.1:9"]) == 1
        assert "no answer" in capsys.readouterr().err
