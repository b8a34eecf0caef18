"""Documents that are drawn from the code stay what the code says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from api.commands.document import COMMITTED, described_app
from api.commands.states import diagram
from api.openapi_document import document_of, document_yaml
from api.schemas.wire import DECIMAL_WIRE_PATTERN

ROOT = Path(__file__).resolve().parents[3]
UPLOADS_AND_FORMS = {"/oauth/token"}
FOREIGN = {"/v1/registries/{registry}/callbacks"}
"""In another's envelope, which may hold what we do not know."""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Return the document as the routes say it."""
    return document_of(described_app())


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in {"get", "post", "put", "patch", "delete"}:
                yield path, method, operation


def test_the_readme_shows_the_states_as_the_table_has_them() -> None:
    assert diagram() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_committed_openapi_document_is_what_the_routes_say() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == document_yaml(described_app())


def test_the_openapi_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(yaml.safe_load(document_yaml(described_app())))


def test_every_refusal_is_documented_as_a_problem_document(document: dict[str, Any]) -> None:
    for path, method, operation in _operations(document):
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and path not in UPLOADS_AND_FORMS and path != "/health/ready":
                pages = {"text/html"} if (path, status) == ("/verify/{number}", "404") else set()
                assert set(answer["content"]) == {"application/problem+json"} | pages, (path, method, status)


def test_no_number_with_a_fraction_stands_anywhere_in_the_document(document: dict[str, Any]) -> None:
    assert "'type': 'number'" not in str(document)
    assert document["components"]["schemas"]["MoneyBody"]["properties"]["amount"]["pattern"] == DECIMAL_WIRE_PATTERN


def test_every_request_body_is_closed(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for path, method, operation in _operations(document):
        if method == "post" and path not in UPLOADS_AND_FORMS | FOREIGN:
            contents = operation["requestBody"]["content"]
            assert contents, path
            for content in contents.values():
                reference = content["schema"]["$ref"]
                assert schemas[reference.rsplit("/", 1)[1]]["additionalProperties"] is False, path
