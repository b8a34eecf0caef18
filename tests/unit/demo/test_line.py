"""The demonstration's line: anything that is not as said beforehand ends it, and says where."""

from dataclasses import dataclass

import httpx
import pytest

from api.commands.signing_client import SigningClient
from api.demo.line import Line, Raw, Speaker, Surprise


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Speaks as an actor without proving anything."""

    actor: str
    client: httpx.Client
    order_key: None = None

    def request(self, method: str, path: str, body: bytes | None = None, *, order: bool = False) -> httpx.Response:
        headers = {"Actor": self.actor, "Order": str(order)}
        return self.client.request(method, path, content=body, headers=headers)

    def token(self) -> str:
        return f"token of {self.actor}"

    def target(self, path: str) -> str:
        return path

    def proof(self, method: str, target: str, token: str | None) -> str:
        return f"{method} {target} {token}"


def _of(client: httpx.Client) -> Line:
    return Line(client, lambda actor: _Speaker(actor, client), step="4 (the workflow)")


def test_the_official_client_is_what_an_actor_speaks_by() -> None:
    official: type[Speaker] = SigningClient
    assert all(callable(getattr(official, name)) for name in ("request", "token", "target", "proof"))


def _line(answer: httpx.Response | Exception) -> Line:
    def respond(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx.Client(base_url="http://api.example", transport=httpx.MockTransport(respond))
    return _of(client)


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (httpx.Response(500, json={"code": "internal_error"}), "500"),
        (httpx.Response(200, json={"code": "surprising"}), "surprising"),
        (httpx.Response(200, text="not json"), "JSONDecodeError"),
        (httpx.ConnectError("refused"), "ConnectError: refused"),
        (httpx.ReadTimeout("too slow"), "ReadTimeout: too slow"),
    ],
)
def test_a_surprise_names_step_request_what_was_expected_and_what_came(
    answer: httpx.Response | Exception, got: str
) -> None:
    with pytest.raises(Surprise) as surprise:
        _line(answer).call("bank-a.officer", "GET", "/v1/pledges/1", expect=200)
    told = str(surprise.value)
    for part in ("4 (the workflow)", "bank-a.officer GET /v1/pledges/1", "200", got):
        assert part in told


def test_a_refusal_must_bear_the_code_that_was_expected() -> None:
    refusal = httpx.Response(409, json={"code": "quantity_unavailable"})
    assert _line(refusal).call("x", "POST", "/", {}, expect=409, code="quantity_unavailable").status == 409
    for code in (None, "not_active"):
        with pytest.raises(Surprise):
            _line(refusal).call("x", "POST", "/", {}, expect=409, code=code)


def test_a_check_that_fails_names_the_request_before_it() -> None:
    line = _line(httpx.Response(200, json={"status": "active"}))
    line.call("x", "GET", "/v1/pledges/1")
    line.check("status", "active", "active")
    with pytest.raises(Surprise, match="x GET /v1/pledges/1"):
        line.check("status", "released", "active")


def test_each_actor_speaks_for_itself_and_signs_every_command() -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    line = _of(httpx.Client(base_url="http://a", transport=httpx.MockTransport(respond)))
    answer = line.call("x", "POST", "/", {"name": "绍兴"})
    line.call("y", "POST", "/", {})
    line.call("y", "GET", "/")
    assert [(request.headers["actor"], request.headers["order"]) for request in seen] == [
        ("x", "True"),
        ("y", "True"),
        ("y", "False"),
    ]
    assert seen[0].content.decode() == '{"name": "绍兴"}'
    assert answer.sent is seen[0]
    assert line.speaks_as("x") is line.speaks_as("x")


def test_json_lines_are_left_as_they_came() -> None:
    lines = httpx.Response(200, text='{"a":1}\n{"b":2}\n', headers={"Content-Type": "application/jsonl"})
    answer = _line(lines).call("auditor", "GET", "/v1/audit/export")
    assert (answer.body, answer.text) == ({}, '{"a":1}\n{"b":2}\n')


@pytest.mark.parametrize(
    "answer", [httpx.Response(202, json={}), httpx.Response(403, json={"code": "forbidden"}), httpx.ReadTimeout("late")]
)
def test_an_attack_that_gets_another_answer_than_its_refusal_is_a_surprise(answer: httpx.Response | Exception) -> None:
    raw = Raw(method="POST", path="/v1/pledges/1/release", headers={"Authorization": "DPoP x"}, body=b"{}")
    with pytest.raises(Surprise, match="attacker POST /v1/pledges/1/release"):
        _line(answer).raw("attacker", raw, expect=403, code="order_signature_invalid")


def test_an_attack_is_sent_as_it_was_made() -> None:
    refusal = httpx.Response(401, json={"code": "unauthenticated"})
    raw = Raw(method="GET", path="/v1/pledges/1", headers={"Authorization": "DPoP stolen"})
    sent = _line(refusal).raw("attacker", raw, expect=401, code="unauthenticated").sent
    assert (sent.headers["authorization"], "dpop" in sent.headers) == ("DPoP stolen", False)
