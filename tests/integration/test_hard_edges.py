"""The edge over a real socket: whatever bytes arrive, a problem document leaves, quickly, and no route is called."""

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from domain.values.actors import Role
from tests.fakes.edge_app import VALID_BODY, EdgeApp, served
from tests.raw_cases import LANGUAGES, RawAnswer, RawCase, Target, cases, complaints, send

PLACEHOLDER = Target(
    base_url="",
    path="/v1/everything",
    headers={"Authorization": "Bearer x"},
    valid=VALID_BODY,
    amount=("principal", "amount"),
    text=("name",),
    identifier=("permit_no",),
    integer=("months",),
    list_path="/v1/everything",
)
NAMES = [case.name for case in cases(PLACEHOLDER)]


@pytest.fixture(scope="module")
def app() -> EdgeApp:
    return EdgeApp()


@pytest.fixture(scope="module")
def base_url(app: EdgeApp) -> Iterator[str]:
    with served(app.litestar()) as url:
        yield url


@pytest.fixture(scope="module")
def target(app: EdgeApp, base_url: str) -> Target:
    parts = {**PLACEHOLDER.__dict__, "base_url": base_url, "headers": app.authorization()}
    return Target(**parts)


@pytest.fixture(scope="module")
def known(target: Target) -> dict[str, RawCase]:
    return {case.name: case for case in cases(target)}


def ask(
    base_url: str, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
) -> RawAnswer:
    parts = urlsplit(base_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        answered = {name.lower(): value for name, value in response.getheaders()}
        return RawAnswer(response.status, answered, response.read())
    finally:
        connection.close()


def post(target: Target, body: dict[str, Any], headers: dict[str, str] | None = None) -> RawAnswer:
    sent = {"Content-Type": "application/json", **target.headers, **(headers or {})}
    return ask(target.base_url, "POST", target.path, sent, json.dumps(body).encode())


def test_every_name_of_a_case_is_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES) > 150


@pytest.mark.parametrize("name", NAMES)
def test_an_odd_request_gets_a_problem_document_in_both_languages_and_reaches_no_route(
    name: str, app: EdgeApp, target: Target, known: dict[str, RawCase]
) -> None:
    called = app.called

    found = [
        complaint
        for language in LANGUAGES
        for complaint in complaints(known[name], send(target, known[name], language), language)
    ]

    assert found == []
    assert app.called == called


def test_an_ordinary_request_is_answered(target: Target) -> None:
    answer = post(target, VALID_BODY)

    assert answer.status == 201
    assert json.loads(answer.body)["principal"] == {"amount": "1234.56", "currency": "CNY"}


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", 'application/json;charset="UTF-8"', "Application/JSON"]
)
def test_the_kind_of_a_body_may_name_its_character_set(kind: str, target: Target) -> None:
    assert post(target, VALID_BODY, {"Content-Type": kind}).status == 201


def test_a_body_in_many_chunks_is_read(target: Target) -> None:
    padded = json.dumps(VALID_BODY).encode() + b" " * 900_000

    answer = send(target, RawCase("chunks", frozenset(), padded, framing="chunked"), "en")

    assert answer.status == 201


def test_the_connection_survives_a_body_that_was_too_large(target: Target) -> None:
    parts = urlsplit(target.base_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    headers = {"Content-Type": "application/json", **target.headers}

    statuses = []
    for body in (b" " * (2 << 20), json.dumps(VALID_BODY).encode()):
        connection.request("POST", target.path, body, headers)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()

    assert statuses == [413, 201]


def test_every_answer_has_an_id_of_its_own_and_the_headers_of_safety(target: Target) -> None:
    answers = [
        post(target, VALID_BODY),
        post(target, {}),
        ask(target.base_url, "GET", "/nowhere"),
        ask(target.base_url, "GET", "/health"),
        send(target, RawCase("noise", frozenset(), head=b"noise\r\n\r\n"), "en"),
    ]

    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == len(answers)
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers


def test_a_request_id_of_the_client_s_is_not_taken_over(target: Target) -> None:
    answer = post(target, VALID_BODY, {"X-Request-Id": "mine"})

    assert answer.headers["x-request-id"] != "mine"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"authorized": False, "content_type": "text/plain", "body": b"[" * 100}, 401),
        ({"content_type": "text/plain", "body": b"[" * (2 << 20)}, 415),
        ({"body": b"[" * (2 << 20)}, 413),
        ({"body": b"["}, 400),
        ({"body": b'{"amount":1.5}'}, 403),
        ({"body": json.dumps(VALID_BODY).encode()}, 403),
    ],
)
def test_what_is_wrong_first_is_told_first(change: dict[str, Any], status: int, app: EdgeApp, target: Target) -> None:
    parts = {**target.__dict__, "headers": app.authorization(Role.AUDITOR, frozenset({"audit:read"}))}

    answer = send(Target(**parts), RawCase("order", frozenset(), **change), "en")

    assert answer.status == status


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize(("mebibytes", "status", "code"), [(2, 400, "unreadable"), (21, 413, "body_too_large")])
def test_an_upload_may_be_longer_than_other_bodies_but_not_endless(
    framing: str, mebibytes: int, status: int, code: str, target: Target
) -> None:
    kind = "multipart/form-data; boundary=x"
    body = b"x" * (mebibytes << 20)

    answer = send(
        target,
        RawCase("upload", frozenset(), body, path="/v1/uploads", content_type=kind, framing=framing),
        "en",
    )

    assert (answer.status, json.loads(answer.body)["code"]) == (status, code)


def test_a_failure_of_ours_says_nothing_but_its_id(
    app: EdgeApp, target: Target, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = ask(target.base_url, "GET", "/v1/broken", app.authorization())

    problem = json.loads(answer.body)
    assert (answer.status, problem["code"]) == (500, "internal_error")
    assert problem["request_id"] == answer.headers["x-request-id"]
    logged = capfd.readouterr().err
    assert problem["request_id"] in logged
    assert "BrokenReply" in logged
    assert "/v1/broken" in logged
    for told in (answer.body.decode(), logged):
        assert "hunter2" not in told


def test_a_refusal_that_nobody_wrote_words_for_is_still_told(app: EdgeApp, target: Target) -> None:
    answer = ask(target.base_url, "GET", "/v1/unworded", app.authorization())

    assert (answer.status, json.loads(answer.body)["code"]) == (409, "unworded")


def test_options_name_the_methods_and_ask_for_no_token(target: Target) -> None:
    answer = ask(target.base_url, "OPTIONS", target.path)

    assert answer.status == 204
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("path", "pointer"), [("/v1/everything?limit=0", "#/limit"), ("/v1/everything?division=33", "#/division")]
)
def test_a_parameter_that_is_not_valid_is_named(path: str, pointer: str, app: EdgeApp, target: Target) -> None:
    [error] = json.loads(ask(target.base_url, "GET", path, app.authorization()).body)["errors"]

    assert error["pointer"] == pointer


def test_without_allow_bearer_a_plain_token_is_refused_with_a_challenge() -> None:
    app = EdgeApp(allow_bearer=False)

    with served(app.litestar()) as base_url:
        answer = ask(base_url, "GET", "/v1/everything", app.authorization())
        health = ask(base_url, "GET", "/health")

    assert (answer.status, json.loads(answer.body)["code"]) == (401, "proof_required")
    assert answer.headers["www-authenticate"] == 'DPoP algs="ES256"'
    assert health.status == 200


def test_health_is_true_while_readiness_is_not(app: EdgeApp, base_url: str) -> None:
    assert ask(base_url, "GET", "/health/ready").status == 200
    app.ready = False
    try:
        answer = ask(base_url, "GET", "/health/ready")
    finally:
        app.ready = True

    assert (answer.status, json.loads(answer.body)["checks"]) == (503, {"database": False})
    assert ask(base_url, "GET", "/health").status == 200
