"""The edge: what every request passes before a route, and every answer after it.

Two pieces of plain ASGI. The envelope stands outside everything: it gives the request its id, refuses an oversized
address or head, and puts the headers on every answer, also on those that no route gave. The door stands before each
route and asks in the contract's order: who are you (401), what do you bring (415, 413, 400), may you (403). What is
left to the route is whether the payload is valid (422) and all that is business. A route says what it needs in its
`opt` (`api.permissions`); a route that says nothing is not served at all.

Source: contract section 1 (precedence); OWASP REST security cheat sheet (headers).
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final

from litestar import Litestar
from litestar.config.app import AppConfig
from litestar.enums import ScopeType
from litestar.middleware import DefineMiddleware
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from api.authentication import Authentication
from api.bodies import METHODS_WITH_BODY, UPLOAD_BYTES_MAX, EdgeRequest, read_form_body, read_json_body, says_upload
from api.permissions import BODY, PERMISSION
from api.problems import EXCEPTION_HANDLERS, send_problem
from api.refusals import AddressTooLong, HeadersTooLarge
from api.schemas.documented import WireDocument, WireReading
from api.uploads import read_upload
from domain.errors import DomainError
from domain.ports.tokens import Tokens
from domain.rights.authorizations import Forbidden

ADDRESS_BYTES_MAX: Final = 8 << 10
HEADER_BYTES_MAX: Final = 32 << 10

BODIES: Final = frozenset({"json", "form", "upload", "json_or_upload", "none"})

ANSWER_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=63072000"),
    (b"x-content-type-options", b"nosniff"),
)
"""Put on every answer that does not say otherwise itself."""


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

        async def send_enveloped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], own]
                said = {name for name, _ in headers}
                headers.extend(header for header in ANSWER_HEADERS if header[0] not in said)
                message["headers"] = headers
            await send(message)

        refusal = _refusal_of_head(scope)
        if refusal is None:
            await self._app(scope, receive, send_enveloped)
        else:
            await send_problem(scope, send_enveloped, refusal)


class Door:
    """Asks every request, in the contract's order, before its route is called."""

    __slots__ = ("_app", "_authentication")

    def __init__(self, app: ASGIApp, authentication: Authentication) -> None:
        """Stand before one route."""
        self._app = app
        self._authentication = authentication

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its caller and its body; raises what `api.problems` tells."""
        if scope["type"] != ScopeType.HTTP or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        opt = scope["route_handler"].opt
        permission = opt[PERMISSION]
        caller = None if permission is None else self._authentication.caller_of(scope)
        if scope["method"] in METHODS_WITH_BODY:
            receive = await _read_body(opt[BODY], scope, receive)
        if caller is not None:
            if permission not in caller.scopes:
                raise Forbidden(permission)
            scope["user"] = caller
        await self._app(scope, receive, send)


def edge_config(tokens: Tokens, *, now: Callable[[], datetime], allow_bearer: bool) -> AppConfig:
    """Return Litestar's configuration with the whole edge in it; the application adds its routes and the rest."""
    return AppConfig(
        debug=False,
        exception_handlers=dict(EXCEPTION_HANDLERS),
        logging_config=None,
        middleware=[DefineMiddleware(Door, authentication=Authentication(tokens, now=now, allow_bearer=allow_bearer))],
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


async def _read_body(kind: str, scope: HTTPScope, receive: Receive) -> Receive:
    if kind == "json" or (kind == "json_or_upload" and not says_upload(scope)):
        await read_json_body(scope, receive)
    elif kind == "form":
        await read_form_body(scope, receive)
    elif kind in {"upload", "json_or_upload"}:
        await read_upload(scope, receive)
    return receive


def _refusal_of_head(scope: Scope) -> DomainError | None:
    if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) >= ADDRESS_BYTES_MAX:
        return AddressTooLong(ADDRESS_BYTES_MAX)
    if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > HEADER_BYTES_MAX:
        return HeadersTooLarge(HEADER_BYTES_MAX)
    return None
