"""The judge is judged: a document that is too narrow for its answers, in every way, is seen to be."""

import json
from copy import deepcopy
from typing import Any

import pytest

from tests.openapi_truth import NotAsDocumented, OpenapiTruth

HEADERS = {
    "x-request-id": "req_1",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-type": "application/json",
}
PROBLEM = {**HEADERS, "content-type": "application/problem+json"}
DOCUMENT: dict[str, Any] = {
    "paths": {
        "/v1/things/{thing_id}": {
            "get": {
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                    "404": {
                        "content": {
                            "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}
                        }
                    },
                }
            }
        },
        "/v1/things/whole": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {}}}}}}},
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "on": {"type": "string", "format": "date"},
                    "at": {"type": "string", "format": "date-time"},
                    "amount": {"$ref": "#/components/schemas/Decimal"},
                },
                "required": ["id", "amount"],
                "additionalProperties": False,
            },
            "Decimal": {"type": "string", "pattern": r"^[0-9]+\.[0-9]{2}$"},
            "ProblemDocument": {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}},
        }
    },
}
GOOD = {"id": "1", "on": "2026-11-21", "at": "2026-11-21T09:30:00.000+08:00", "amount": "1.00"}


def _judge(body: object, *, path: str = "/v1/things/1", status: int = 200, **headers: str) -> None:
    told = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    OpenapiTruth(deepcopy(DOCUMENT)).judge("GET", path, status, told, raw)


def test_an_answer_as_documented_passes() -> None:
    _judge(GOOD)
    _judge({"anything": 1}, path="/v1/things/whole")
    _judge({"code": "not_found"}, status=404, content_type="application/problem+json; charset=utf-8")


@pytest.mark.parametrize(
    "wrong",
    [
        {**GOOD, "amount": 1.0},
        {**GOOD, "amount": "1"},
        {**GOOD, "surprise": 1},
        {"id": "1"},
        {**GOOD, "on": "21.11.2026"},
        {**GOOD, "on": "2026-02-30"},
        {**GOOD, "at": "2026-11-21T01:30:00Z"},
        {**GOOD, "at": "2026-11-21T09:30:00+08:00"},
        {**GOOD, "id": None},
        [],
        b"not json",
        b"",
    ],
)
def test_a_body_that_the_document_does_not_promise_is_seen(wrong: object) -> None:
    with pytest.raises(NotAsDocumented):
        _judge(wrong)


@pytest.mark.parametrize(
    ("status", "media_type"), [(201, "application/json"), (200, "text/plain"), (404, "application/json")]
)
def test_a_status_or_media_type_that_the_document_does_not_know_is_seen(status: int, media_type: str) -> None:
    with pytest.raises(NotAsDocumented):
        _judge(GOOD, status=status, content_type=media_type)


def test_an_answer_without_the_headers_of_every_answer_is_seen() -> None:
    for missing in ("x-request-id", "cache-control", "x-content-type-options"):
        told = {name: value for name, value in HEADERS.items() if name != missing}
        with pytest.raises(NotAsDocumented, match=missing):
            OpenapiTruth(DOCUMENT).judge("GET", "/v1/things/1", 200, told, json.dumps(GOOD).encode())


@pytest.mark.parametrize("header", ["ETag", "Idempotency-Replayed", "Retry-After", "WWW-Authenticate"])
def test_a_header_that_means_something_and_is_not_listed_is_seen(header: str) -> None:
    listed = deepcopy(DOCUMENT)
    listed["paths"]["/v1/things/{thing_id}"]["get"]["responses"]["200"]["headers"] = {header: {}}
    told = {**HEADERS, header: "1"}
    OpenapiTruth(listed).judge("GET", "/v1/things/1", 200, told, json.dumps(GOOD).encode())
    with pytest.raises(NotAsDocumented, match=header.lower()):
        OpenapiTruth(DOCUMENT).judge("GET", "/v1/things/1", 200, told, json.dumps(GOOD).encode())


def test_what_reaches_no_route_is_judged_as_a_problem_document_and_nothing_else() -> None:
    truth = OpenapiTruth(DOCUMENT)
    for method, path, status in (("GET", "/nowhere", 404), ("PUT", "/v1/things/1", 405), ("GET", "/v1/things/1", 414)):
        truth.judge(method, path, status, PROBLEM, b'{"code": "x"}')
        with pytest.raises(NotAsDocumented):
            truth.judge(method, path, status, PROBLEM, b"{}")
        with pytest.raises(NotAsDocumented):
            truth.judge(method, path, status, HEADERS, b'{"code": "x"}')
    with pytest.raises(NotAsDocumented):
        truth.judge("GET", "/nowhere", 500, PROBLEM, b'{"code": "x"}')


def test_a_path_without_parameters_goes_before_one_with() -> None:
    assert OpenapiTruth(DOCUMENT).template_of("/v1/things/whole") == "/v1/things/whole"
    assert OpenapiTruth(DOCUMENT).template_of("/v1/things/1") == "/v1/things/{thing_id}"
    assert OpenapiTruth(DOCUMENT).template_of("/v1/things/1/2") is None
