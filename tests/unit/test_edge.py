"""The edge's assembly: no route is served that does not say who may call it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from api.client_certificates import ClientCertificates
from api.edge import Envelope, assemble, edge_config
from api.permissions import BODY, PERMISSION, needs, public
from domain.ports.tokens import Tokens
from tests.fakes.identity import MemoryGate, MemoryIdentity

pytestmark = pytest.mark.anyio


class NoTokens:
    """Verifies nothing, because nothing is asked of it."""

    def public_keys(self) -> tuple[()]:
        return ()


def built(handler: HTTPRouteHandler) -> object:
    config = edge_config(
        cast("Tokens", NoTokens()),
        issuer="https://greenlien.example",
        now=lambda: datetime.now(UTC),
        allow_bearer=True,
        gate=MemoryGate(MemoryIdentity()),
        certificates=ClientCertificates(None),
    )
    config.route_handlers = [handler]
    return assemble(config)


def a_route(opt: dict[str, Any], decorator: Callable[..., Any] = get) -> HTTPRouteHandler:
    async def route() -> None:
        raise NotImplementedError

    return cast("HTTPRouteHandler", decorator("/x", opt=opt)(route))


@pytest.mark.parametrize("opt", [{}, {PERMISSION: "right:read"}, {BODY: "json"}, {PERMISSION: None, BODY: "xml"}])
def test_a_route_that_does_not_say_what_it_needs_stops_the_start(opt: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="/x"):
        built(a_route(opt))


@pytest.mark.parametrize("opt", [needs("right:read"), public(), needs("trade:report", body="upload")])
@pytest.mark.parametrize("decorator", [get, post])
def test_a_route_that_does_is_served(opt: dict[str, Any], decorator: Callable[..., Any]) -> None:
    assert built(a_route(opt, decorator))


async def test_what_is_not_http_passes_through_the_envelope() -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - an ASGI application
        seen.append(scope)

    scope = {"type": "websocket"}
    await Envelope(cast("ASGIApp", app))(cast("Any", scope), cast("Any", None), cast("Any", None))

    assert seen == [{"type": "websocket"}]
