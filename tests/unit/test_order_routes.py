"""Which routes take orders: every command on a pledge but those that commit nobody, and nothing else."""

from typing import Any, Final

import pytest
from litestar.routes import HTTPRoute

from api.commands.document import described_app
from api.openapi_document import document_of
from api.permissions import BODY, SECONDS, SIGNED, orders

COMMITS_NOBODY: Final = frozenset(
    {
        "/v1/pledges/{pledge_id}/request-correction",  # sends an application back; every hold stays
        "/v1/pledges/{pledge_id}/documents",
        "/v1/pledges/{pledge_id}/document-demands",
    }
)
SECOND_PERSONS: Final = frozenset(
    {
        "/v1/pledges/{pledge_id}/release/approve",
        "/v1/pledges/{pledge_id}/enforcements/{enforcement_id}/approve",
        "/v1/pledges/{pledge_id}/amendments/{amendment_id}/approve",
        "/v1/pledges/{pledge_id}/compensations/{compensation_id}/approve",
        "/v1/pledges/imports/{batch_id}/approve",
    }
)
APP: Final = described_app()
COMMANDS: Final[dict[str, Any]] = {
    route.path_format: handler.opt
    for route in APP.routes
    if isinstance(route, HTTPRoute)
    for handler in route.route_handlers
    if "POST" in handler.http_methods
}


def test_every_command_on_a_pledge_is_an_order_and_nothing_else_is() -> None:
    on_pledges = {path for path in COMMANDS if path.startswith("/v1/pledges")}

    assert on_pledges >= COMMITS_NOBODY
    assert {path for path, opt in COMMANDS.items() if opt.get(SIGNED)} == on_pledges - COMMITS_NOBODY


def test_what_a_second_person_approves_is_an_order_of_the_first() -> None:
    seconding = {path: opt[SECONDS] for path, opt in COMMANDS.items() if opt.get(SECONDS)}

    assert seconding.keys() == SECOND_PERSONS
    assert all(COMMANDS[first][SIGNED] for first in seconding.values())
    assert all(path.startswith(first) for path, first in seconding.items())


def test_an_orders_body_is_json_whose_bytes_were_read() -> None:
    assert {opt[BODY] for opt in COMMANDS.values() if opt.get(SIGNED)} == {"json"}


def test_an_order_needs_a_permission_that_there_is() -> None:
    with pytest.raises(KeyError):
        orders("pledge:steal")


def test_the_document_shows_the_signature_and_the_receipt_where_orders_are_taken() -> None:
    for path, item in document_of(APP)["paths"].items():
        operation = item.get("post", {})
        takes = {"$ref": "#/components/parameters/OrderSignature"} in operation.get("parameters", [])
        gives = "Receipt" in operation.get("responses", {}).get("409", {}).get("headers", {})
        assert (takes, gives) == (bool(COMMANDS.get(path, {}).get(SIGNED)),) * 2, path
