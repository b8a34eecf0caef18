"""The headers in the document: what every command needs, and what a public route does not."""

from collections.abc import Iterator
from typing import Any

import pytest

from api.commands.document import described_app
from api.openapi_document import document_of

PUBLIC = {
    "/health",
    "/health/ready",
    "/oauth/token",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/verify/{number}",
    "/v1/registries/{registry}/callbacks",
}


@pytest.fixture(scope="module")
def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Return every operation of the document as the routes say it."""

    def of(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, item in document["paths"].items():
            for method, operation in item.items():
                yield path, method, operation

    return list(of(document_of(described_app())))


def _names(operation: dict[str, Any]) -> set[str]:
    return {each["$ref"].rpartition("/")[2] for each in operation.get("parameters", []) if "$ref" in each}


def test_exactly_the_commands_need_an_idempotency_key(operations: list[tuple[str, str, dict[str, Any]]]) -> None:
    for path, method, operation in operations:
        command = method == "post" and path not in PUBLIC
        assert ("IdempotencyKey" in _names(operation)) is command, path


def test_exactly_the_commands_on_a_pledge_and_the_second_person_s_decisions_heed_a_version(
    operations: list[tuple[str, str, dict[str, Any]]],
) -> None:
    for path, method, operation in operations:
        command = method == "post" and (
            path.startswith("/v1/pledges/{pledge_id}/") or path.endswith(("/approve", "/reject"))
        )
        heeds = command or method in {"patch", "delete"}
        assert ("IfMatch" in _names(operation)) is heeds, path


def test_exactly_the_public_routes_ask_for_no_token(operations: list[tuple[str, str, dict[str, Any]]]) -> None:
    assert {path for path, _, operation in operations if operation.get("security") == []} == PUBLIC


def test_a_read_has_none_of_the_refusals_of_a_body_or_a_condition(
    operations: list[tuple[str, str, dict[str, Any]]],
) -> None:
    for path, method, operation in operations:
        if method == "get":
            assert not {"412", "413", "415"} & operation["responses"].keys(), path
