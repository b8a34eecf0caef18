"""The demonstration's line: anything that is not as said beforehand ends it, and says where."""

import httpx
import pytest

from api.demo.line import Line, Surprise


def _line(answer: httpx.Response | Exception) -> Line:
    def respond(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx.Client(base_url="http://api.example", transport=httpx.MockTransport(respond))
    return Line(client, lambda actor: f"token of {actor}", step="4 (the workflow)")


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


def test_each_actor_speaks_with_a_token_of_their_own_and_a_command_with_a_fresh_key() -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    line = Line(httpx.Client(base_url="http://a", transport=httpx.MockTransport(respond)), lambda actor: f"of-{actor}")
    line.call("x", "POST", "/", {})
    line.call("y", "POST", "/", {})
    line.call("y", "GET", "/")
    assert [request.headers["authorization"] for request in seen] == ["Bearer of-x", "Bearer of-y", "Bearer of-y"]
    keys = [request.headers.get("idempotency-key") for request in seen]
    assert keys[0] != keys[1]
    assert keys[2] is None
