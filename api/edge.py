"""The edge: what every request passes before a route, and every answer after it.

Two pieces of plain ASGI. The envelope stands outside everything: it gives the request its id, refuses an oversized
address or head, and puts the headers on every answer, also on those that no route gave. The door stands before each
route and asks in the contract's order: who are you (401), what do you bring (415, 413, 400), may you (403). What is
left to the route is whether the payload is valid (422) and all that is business. A route says what it needs in its
`opt` (`api.permissions`); a route that says nothing is not served at all.

Source: contract section 1 (precedence); OWASP REST security cheat sheet (headers).
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from litestar import Litestar
from litestar.config.app import AppConfig
from litestar.enums import ScopeType
from litestar.middleware import DefineMiddleware
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from api.access_log import CLIENT, access_line
from api.authentication import Authentication, Gate
from api.bodies import (
    METHODS_WITH_BODY,
    UPLOAD_BYTES_MAX,
    EdgeRequest,
    bytes_of,
    payload_of,
    read_form_body,
    read_json_body,
    read_raw_body,
    says_upload,
)
from api.client_certificates import ClientCertificates
from api.orders import OrderDesk
from api.permissions import BODY, PATIENCE, PERMISSION, SIGNED
from api.problems import EXCEPTION_HANDLERS, send_problem
from api.rate_limits import HEADERS as RATE_HEADERS
from api.rate_limits import RateLimits
from api.refusals import AddressTooLong, HeadersTooLarge
from api.schemas.documented import WireDocument, WireReading
from api.uploads import read_upload
from domain.errors import DomainError
from domain.ports.tokens import Tokens
from domain.ports.unit_of_work import Busy
from domain.rights.authorizations import Forbidden

ADDRESS_BYTES_MAX: Final = 8 << 10
HEADER_BYTES_MAX: Final = 32 << 10
REQUEST_SECONDS_MAX: Final = 10.0
UPLOAD_SECONDS_MAX: Final = 60.0

NOT_FOUND: Final = 404
STEP_SECONDS: Final = 0.005
"""What a known caller is told not to find leaves at a whole number of these after the request came."""
TIMER_SECONDS: Final = 0.0015
"""What the loop's timer may be late by: it counts in milliseconds, each rounded up."""

BODIES: Final = frozenset({"json", "form", "upload", "json_or_upload", "raw", "none"})

ANSWER_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=63072000"),
    (b"x-content-type-options", b"nosniff"),
)
"""Put on every answer that does not say otherwise itself."""

Limits = Callable[[], RateLimits | None]
"""Where the limits are to be had once the house is open; none where nothing is limited."""


class Envelope:
    """Gives every request an id and every answer its headers."""

    __slots__ = ("_app",)

    def __init__(self, app: ASGIApp) -> None:
        """Stand around the whole application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its id."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = "req_" + secrets.token_hex(16)
        scope["state"]["request_id"] = request_id
        own = (b"x-request-id", request_id.encode())

        status, started = 0, time.monotonic()

        async def send_enveloped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status == NOT_FOUND and CLIENT in scope["state"]:
                    await until_next_step(started)
                headers = [*message["headers"], own, *scope["state"].get(RATE_HEADERS, ())]
                said = {name for name, _ in headers}
                headers.extend(header for header in ANSWER_HEADERS if header[0] not in said)
                message["headers"] = headers
            await send(message)

        refusal = _refusal_of_head(scope)
        try:
            if refusal is None:
                await self._app(scope, receive, send_enveloped)
            else:
                await send_problem(scope, send_enveloped, refusal)
        finally:
            access_line(scope, status, started)


class Door:
    """Asks every request, in the contract's order, before its route is called."""

    __slots__ = ("_app", "_authentication", "_desk", "_limits")

    def __init__(self, app: ASGIApp, authentication: Authentication, limits: Limits, desk: OrderDesk | None) -> None:
        """Stand before one route."""
        self._app = app
        self._authentication = authentication
        self._limits = limits
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its caller and its body; raises what `api.problems` tells."""
        if scope["type"] != ScopeType.HTTP or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        opt = scope["route_handler"].opt
        wall = asyncio.timeout(_patience_seconds(opt))
        try:
            async with wall:
                await self._pass_on(scope, receive, _until_answered(send, wall))
        except TimeoutError:
            if not wall.expired():
                raise
            raise Busy("request_wall") from None

    async def _pass_on(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        opt = scope["route_handler"].opt
        limits = self._limits()
        permission = opt[PERMISSION]
        caller = None if permission is None else await self._authentication.caller_of(scope)
        if caller is not None:
            scope["state"][CLIENT] = caller.client_id
            if limits is not None:
                await limits.admit_client(scope, caller.client_id)
        if scope["method"] in METHODS_WITH_BODY:
            receive = await _read_body(opt[BODY], scope, receive)
        if caller is not None:
            if permission not in caller.scopes:
                raise Forbidden(permission)
            if self._desk is not None and opt.get(SIGNED):
                await self._desk.present(scope, caller.actor, bytes_of(scope))
            scope["user"] = caller
        if limits is not None:
            if caller is not None:
                await limits.admit_check(scope, caller.client_id, payload_of(scope))
            elif opt[BODY] == "form":
                await limits.admit_token_request(scope, bytes_of(scope))
        await self._app(scope, receive, send)


def edge_config(
    tokens: Tokens,
    *,
    issuer: str,
    now: Callable[[], datetime],
    allow_bearer: bool,
    gate: Gate,
    certificates: ClientCertificates,
    limits: Limits = lambda: None,
    desk: OrderDesk | None = None,
) -> AppConfig:
    """Return Litestar's configuration with the whole edge in it; the application adds its routes and the rest."""
    authentication = Authentication(
        tokens, issuer=issuer, now=now, allow_bearer=allow_bearer, gate=gate, certificates=certificates
    )
    return AppConfig(
        debug=False,
        exception_handlers=dict(EXCEPTION_HANDLERS),
        logging_config=None,
        middleware=[DefineMiddleware(Door, authentication=authentication, limits=limits, desk=desk)],
        openapi_config=None,
        plugins=[WireReading(), WireDocument()],
        request_class=EdgeRequest,
        request_max_body_size=UPLOAD_BYTES_MAX,
    )


def assemble(config: AppConfig) -> Litestar:
    """Return the application, every route checked to say what it needs, inside its envelope.

    Raises:
        ValueError: a route says neither its permission nor that it is public, or an unknown kind of body.
    """
    app = Litestar.from_config(config)
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if "OPTIONS" in handler.http_methods:
                continue
            if PERMISSION not in handler.opt or handler.opt.get(BODY) not in BODIES:
                message = f"{route.path} ({handler.handler_name}) says neither needs(...) nor public()"
                raise ValueError(message)
    app.asgi_handler = Envelope(app.asgi_handler)
    return app


async def until_next_step(started: float) -> None:
    """Return at the next whole step since a request came, so that the answer does not tell how long it took to find.

    Of a foreign thing the policies of the database are asked before it is not there, of an absent one nothing is; that
    is tens of microseconds. The loop's timer would keep them, because it waits for whole milliseconds from whenever it
    is asked; so the last of the waiting is spent giving way to others.
    """
    target = started + STEP_SECONDS * ((time.monotonic() - started) // STEP_SECONDS + 1)
    rest = target - time.monotonic() - TIMER_SECONDS
    if rest > 0:
        await asyncio.sleep(rest)
    while time.monotonic() < target:  # noqa: ASYNC110 - what is awaited is a moment, and no event comes with it
        await asyncio.sleep(0)


def _patience_seconds(opt: Mapping[str, Any]) -> float:
    """Return how long a request may take to its answer's first byte; reading a large upload may take longer."""
    told: float | None = opt.get(PATIENCE)
    if told is not None:
        return told
    return UPLOAD_SECONDS_MAX if opt[BODY] in {"upload", "json_or_upload"} else REQUEST_SECONDS_MAX


def _until_answered(send: Send, wall: asyncio.Timeout) -> Send:
    """Return a sending at whose beginning the wall falls: how fast an answer is read is the client's affair."""

    async def send_answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            wall.reschedule(None)
        await send(message)

    return send_answer


async def _read_body(kind: str, scope: HTTPScope, receive: Receive) -> Receive:
    if kind == "json" or (kind == "json_or_upload" and not says_upload(scope)):
        await read_json_body(scope, receive)
    elif kind == "form":
        await read_form_body(scope, receive)
    elif kind == "raw":
        await read_raw_body(scope, receive)
    elif kind in {"upload", "json_or_upload"}:
        await read_upload(scope, receive)
    return receive


def _refusal_of_head(scope: Scope) -> DomainError | None:
    if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) >= ADDRESS_BYTES_MAX:
        return AddressTooLong(ADDRESS_BYTES_MAX)
    if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > HEADER_BYTES_MAX:
        return HeadersTooLarge(HEADER_BYTES_MAX)
    return None
