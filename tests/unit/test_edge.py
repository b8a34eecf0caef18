"""The edge's assembly: no route is served that does not say who may call it; and the envelope's bounds and steps."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from api.access_log import CLIENT
from api.client_certificates import ClientCertificates
from api.edge import (
    ADDRESS_BYTES_MAX,
    HEADER_BYTES_MAX,
    STEP_SECONDS,
    Envelope,
    assemble,
    edge_config,
    until_next_step,
)
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


@pytest.mark.parametrize(
    ("path", "query", "header", "status"),
    [
        (100, ADDRESS_BYTES_MAX - 101, 100, 204),
        (100, ADDRESS_BYTES_MAX - 100, 100, 414),
        (ADDRESS_BYTES_MAX, 0, 100, 414),
        (100, 0, HEADER_BYTES_MAX - 5, 204),
        (100, 0, HEADER_BYTES_MAX - 4, 431),
    ],
)
async def test_an_address_and_a_head_are_passed_on_up_to_their_limit(
    path: int, query: int, header: int, status: int
) -> None:
    """An address of path, question mark and query; a header of a name of one byte, a value, and four around them."""
    assert await _told(b"/" * path, b"q" * query, b"x" * header, []) == status


async def test_what_a_known_caller_does_not_find_leaves_at_a_whole_step_and_all_else_at_once() -> None:
    began = time.monotonic()
    assert await _told(b"/", b"", b"", [], answers=404, known=True) == 404
    assert time.monotonic() - began >= STEP_SECONDS
    waited: list[float] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("api.edge.until_next_step", waited.append)
        assert await _told(b"/", b"", b"", [], answers=404) == 404
        assert await _told(b"/", b"", b"", [], known=True) == 204
    assert waited == []


@pytest.mark.parametrize("passed", [0.0, 0.0042, 0.0051, 0.0501])
async def test_a_step_is_counted_from_when_the_request_came(passed: float) -> None:
    started = time.monotonic() - passed

    await until_next_step(started)

    steps = (time.monotonic() - started) / STEP_SECONDS
    assert steps >= passed // STEP_SECONDS + 1


async def _told(
    path: bytes, query: bytes, header: bytes, sent: list[Any], *, answers: int = 204, known: bool = False
) -> int:
    """Send a head through the envelope to an application that gives one answer, and return the answer's status."""

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - an ASGI application
        if known:
            scope["state"][CLIENT] = "somebody"
        await send({"type": "http.response.start", "status": answers, "headers": []})

    async def send(message: Any) -> None:  # noqa: ANN401 - an ASGI message
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": path.decode(),
        "raw_path": path,
        "query_string": query,
    }
    scope |= {"headers": [(b"x", header)], "state": {}}
    await Envelope(cast("ASGIApp", app))(cast("Any", scope), cast("Any", None), cast("Any", send))
    return int(sent[0]["status"])
