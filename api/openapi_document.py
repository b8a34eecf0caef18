"""The OpenAPI 3.1 document: generated from the routes, committed, served, and compared by a test.

It is served as a route of our own, because Litestar's would come with pages of scripts from elsewhere.
"""

import json
from typing import Any, Final

import yaml
from litestar import Litestar, Request, Response, Router, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Server

from api.openapi_headers import with_headers
from api.permissions import PERMISSION, SIGNED, public

VERSION: Final = "0.1.0"
MEDIA_TYPE: Final = "application/json"


def document_config() -> OpenAPIConfig:
    """Return what Litestar needs to generate the document, without any page."""
    return OpenAPIConfig(
        title="greenlien",
        version=VERSION,
        description="Lending against verified emission rights 排污权抵质押; decimals are strings, times +08:00.",
        servers=[Server(url="/")],
        components=Components(
            security_schemes={"access_token": SecurityScheme(type="http", scheme="bearer", bearer_format="at+jwt")},
        ),
        security=[{"access_token": []}],
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        openapi_router=Router(path="/schema", route_handlers=[], opt=public(body="none"), include_in_schema=False),
    )


def document_of(app: Litestar) -> dict[str, Any]:
    """Return the document of an application as plain values."""
    document: dict[str, Any] = json.loads(json.dumps(app.openapi_schema.to_schema()))
    public_paths = {
        route.path_format
        for route in app.routes
        if any(handler.opt.get(PERMISSION, "none said") is None for handler in getattr(route, "route_handlers", ()))
    }
    signed = {
        (method.lower(), route.path_format)
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        if handler.opt.get(SIGNED)
        for method in handler.http_methods
    }
    return with_headers(document, public_paths, signed)


def document_yaml(app: Litestar) -> str:
    """Return the document as it is committed."""
    return yaml.safe_dump(document_of(app), allow_unicode=True, sort_keys=True, width=120)


@get("/openapi.json", opt=public(body="none"), include_in_schema=False)
async def served_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Serve the document."""
    return Response(json.dumps(document_of(request.app), ensure_ascii=False).encode(), media_type=MEDIA_TYPE)
