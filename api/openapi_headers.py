"""What the generated document cannot know: the headers that every route shares, and which routes are public.

Routes do not declare these headers, because the door and the keys read them for all routes alike; so they are written
into the finished document, by what a route is: a command needs an idempotency key, a command on a pledge and a second
person's decision heed `If-Match`, what has a version has an `ETag`. A read takes neither body nor condition and has
none of their refusals.

Source: contract section 1 (languages, idempotency, versions); RFC 9110 sections 8.8.3, 11.6.1 and 13.1.1.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

KEY_PATTERN: Final = r"^[\x21-\x7e]{16,255}$"
COMMANDS_ON: Final = "/v1/pledges/{pledge_id}/"
DECISIONS: Final = ("/approve", "/reject")
ONLY_OF_COMMANDS: Final = ("412", "413", "415")
PROBLEM: Final = "application/problem+json"
METHODS: Final = frozenset({"get", "post", "patch", "delete"})

PARAMETERS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": "Chosen by the client for this command; the same key again gives the same answer.",
            "schema": {"type": "string", "pattern": KEY_PATTERN, "minLength": 16, "maxLength": 255},
        },
        "IfMatch": {
            "name": "If-Match",
            "in": "header",
            "required": False,
            "description": "The ETag that the client saw; 412 when it is past.",
            "schema": {"type": "string", "examples": ['"3"']},
        },
        "OrderSignature": {
            "name": "Order-Signature",
            "in": "header",
            "required": False,
            "description": "A detached JWS by the client's order key over the exact body (typ greenlien-order+jws, "
            "ES256; kid, order_id, htm, htu, iat). Required unless the server takes bearer tokens without proof.",
            "schema": {"type": "string", "pattern": r"^[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+$"},
        },
        "AcceptLanguage": {
            "name": "Accept-Language",
            "in": "header",
            "required": False,
            "description": "Chinese where it is preferred, English otherwise; codes are the same in both.",
            "schema": {"type": "string", "examples": ["zh-CN"]},
        },
    }
)
HEADERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "Content-Language": ("The language of the title and the detail.", "^(zh-CN|en)$"),
        "ETag": ("The version of what is answered.", '^"[0-9]+"$'),
        "Idempotency-Replayed": ("Stands on the answer to a repeated key.", "^true$"),
        "RateLimit": ("What is left now, and in how many seconds all is again.", '^"requests";r=[0-9]+;t=[0-9]+$'),
        "RateLimit-Policy": ("How much a client may ask at once, and in which time.", '^"requests";q=[0-9]+;w=[0-9]+$'),
        "Receipt": ("Our signed receipt for a signed order, a compact JWS.", r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}$"),
        "Retry-After": ("Seconds after which to ask again.", "^[0-9]+$"),
        "WWW-Authenticate": ("How to authenticate.", ".+"),
    }
)

OF_STATUS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"401": ("WWW-Authenticate",), "503": ("Retry-After",)}
)
"""What a refusal of a public route bears beside its language."""

TOO_MANY: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "description": "Refused: too many requests, of this client or about this one right.",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
    }
)
"""Every route that asks for a token may answer this, and the token endpoint."""


def with_headers(
    document: dict[str, Any], public_paths: Iterable[str], signed: Collection[tuple[str, str]] = ()
) -> dict[str, Any]:
    """Return the document with the shared headers in it.

    The routes at `public_paths` ask for no token; those `signed`, by method and path, take orders.
    """
    public = frozenset(public_paths)
    document["components"]["parameters"] = {name: dict(parameter) for name, parameter in PARAMETERS.items()}
    document["components"]["headers"] = {
        name: {"description": words, "schema": {"type": "string", "pattern": pattern}}
        for name, (words, pattern) in HEADERS.items()
    }
    for path, method, operation in _operations(document):
        if path in public:
            operation["security"] = []
            for status, response in operation["responses"].items():
                if PROBLEM in response.get("content", {}):
                    names = ["Content-Language", *OF_STATUS.get(status, ())]
                    told = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
                    response["headers"] = {**response.get("headers", {}), **told}
            if method == "post":
                told = {name: {"$ref": f"#/components/headers/{name}"} for name in ("Content-Language", "Retry-After")}
                operation["responses"]["429"] = {**TOO_MANY, "headers": told}
            continue
        takes_orders = (method, path) in signed
        names = ["AcceptLanguage", *_parameters(path, method), *(["OrderSignature"] if takes_orders else [])]
        parameters = [{"$ref": f"#/components/parameters/{name}"} for name in names]
        operation["parameters"] = [*operation.get("parameters", []), *parameters]
        if method == "get":
            for status in ONLY_OF_COMMANDS:
                operation["responses"].pop(status, None)
        operation["responses"]["429"] = dict(TOO_MANY)
        for status, response in operation["responses"].items():
            told = {
                name: {"$ref": f"#/components/headers/{name}"} for name in _headers(document, method, status, response)
            }
            if takes_orders and (status[0] == "2" or status == "409"):
                told["Receipt"] = {"$ref": "#/components/headers/Receipt"}
            response["headers"] = {**response.get("headers", {}), **told}
    return document


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def _parameters(path: str, method: str) -> Iterator[str]:
    if method == "post":
        yield "IdempotencyKey"
        if path.startswith(COMMANDS_ON) or path.endswith(DECISIONS):
            yield "IfMatch"
    elif method in {"patch", "delete"}:
        yield "IfMatch"


def _headers(document: Mapping[str, Any], method: str, status: str, response: Mapping[str, Any]) -> Iterator[str]:
    """Return the headers that an answer of this status may bear."""
    if status[0] == "2":
        if _has_version(document, response):
            yield "ETag"
    else:
        yield "Content-Language"
    if method == "post" and (status[0] == "2" or status == "409"):
        yield "Idempotency-Replayed"
    if status == "401":
        yield "WWW-Authenticate"
    if status in {"202", "409", "429", "503"}:
        yield "Retry-After"
    yield from ("RateLimit", "RateLimit-Policy")


def _has_version(document: Mapping[str, Any], response: Mapping[str, Any]) -> bool:
    schemas = document["components"]["schemas"]
    named = [media["schema"].get("$ref", "").rpartition("/")[2] for media in response.get("content", {}).values()]
    return any("version" in schemas.get(name, {}).get("properties", {}) for name in named)
