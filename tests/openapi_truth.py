"""The OpenAPI document as a judge: is this answer one that the document promises?

The subtle thing is that nothing is let off for not being described. An answer of a described route must have a
described status, media type and body; only what reaches no route (an unknown path or method, a head too large to look
further) is judged as a problem document alone. Formats count too: pydantic's schemas say `date` and `date-time`, and a
validator that is not told to look believes every string.

Source: OpenAPI 3.1 (its schemas are JSON Schema 2020-12); contract section 1 (times, problems).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import httpx
from jsonschema import Draft202012Validator, FormatChecker

PROBLEM: Final = "application/problem+json"
HEADERS_OF_SOME: Final = frozenset(
    {"content-language", "etag", "idempotency-replayed", "retry-after", "www-authenticate"}
)
"""Headers that mean something to a client; one of them on an answer must be among those that its document lists."""
HEADERS_OF_ALL: Final = ("x-request-id", "cache-control", "x-content-type-options")
REACHES_NO_ROUTE: Final = frozenset({404, 405})
NO_CONTENT: Final = 204
BEFORE_ANY_ROUTE: Final = frozenset({414, 431})

_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}[+]08:00", re.ASCII)


class NotAsDocumented(AssertionError):
    """Say which answer the document does not promise, and why."""


def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


def _is_time(value: object) -> bool:
    """A time is RFC 3339 in +08:00 with milliseconds, as the contract has it."""
    return not isinstance(value, str) or bool(_TIME.fullmatch(value) and datetime.fromisoformat(value))


_UNROUTED: Final[Mapping[str, Any]] = {
    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
}
_FORMATS: Final = FormatChecker(formats=())
_FORMATS.checks("date", raises=ValueError)(_is_date)
_FORMATS.checks("date-time", raises=ValueError)(_is_time)


@dataclass(slots=True)
class OpenapiTruth:
    """A document with its routes compiled; `check` is an event hook for httpx."""

    document: Mapping[str, Any]
    judged: int = 0
    _routes: list[tuple[re.Pattern[str], str]] = field(default_factory=list)
    _validators: dict[str, Draft202012Validator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Compile the paths, those without parameters first, as a router would have it."""
        paths = sorted(self.document["paths"], key=lambda path: (path.count("{"), path))
        self._routes = [(re.compile(re.sub(r"\\{[^/]+?\\}", "[^/]+", re.escape(path))), path) for path in paths]

    def template_of(self, path: str) -> str | None:
        """Return the documented path that an address belongs to, none when it belongs to none."""
        return next((template for pattern, template in self._routes if pattern.fullmatch(path)), None)

    def check(self, response: httpx.Response) -> None:
        """Raise NotAsDocumented unless the document promises this answer."""
        response.read()
        self.judge(
            response.request.method,
            response.request.url.path,
            response.status_code,
            response.headers,
            response.content,
        )

    def judge(self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Judge one answer by its parts; raises NotAsDocumented."""
        self.judged += 1
        told = f"{method} {path} answered {status}"
        missing = [name for name in HEADERS_OF_ALL if name not in headers]
        if missing:
            raise NotAsDocumented(f"{told} without {missing}")
        response = self._response_of(told, method, path, status, headers.get("content-type", ""))
        listed = {name.lower() for name in response.get("headers", {})}
        unlisted = HEADERS_OF_SOME & {name.lower() for name in headers} - listed
        if response is not _UNROUTED and unlisted:
            raise NotAsDocumented(f"{told} with {sorted(unlisted)}, the document lists {sorted(listed)}")
        if status == NO_CONTENT and not body:
            return
        schema = self._schema_of(told, response, headers.get("content-type", ""))
        if schema.get("contentEncoding") == "binary":
            return
        errors = sorted(self._validator(schema).iter_errors(_read(told, body)), key=lambda error: error.json_path)
        if errors:
            wrong = "; ".join(f"{error.json_path}: {error.message}" for error in errors)
            raise NotAsDocumented(f"{told}: {wrong[:1000]}\n{body[:2000].decode(errors='replace')}")

    def _response_of(self, told: str, method: str, path: str, status: int, content_type: str) -> Mapping[str, Any]:
        template = self.template_of(path)
        operation = {} if template is None else self.document["paths"][template].get(method.lower(), {})
        media_type = content_type.partition(";")[0].strip()
        unrouted = status in BEFORE_ANY_ROUTE or (not operation and status in REACHES_NO_ROUTE)
        if unrouted and media_type == PROBLEM:
            return _UNROUTED
        responses = operation.get("responses", {})
        if str(status) not in responses:
            raise NotAsDocumented(f"{told}, the document knows {sorted(responses)} for {template}")
        response: Mapping[str, Any] = responses[str(status)]
        return response

    def _schema_of(self, told: str, response: Mapping[str, Any], content_type: str) -> Mapping[str, Any]:
        content = response.get("content", {})
        media_type = content_type.partition(";")[0].strip()
        if media_type not in content:
            raise NotAsDocumented(f"{told} in {media_type}, the document knows {sorted(content)}")
        schema: Mapping[str, Any] = content[media_type]["schema"]
        return schema

    def _validator(self, schema: Mapping[str, Any]) -> Draft202012Validator:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**schema, "components": self.document["components"]}
            self._validators[key] = Draft202012Validator(whole, format_checker=_FORMATS)
        return self._validators[key]


def _read(told: str, body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(body)
    except ValueError as error:
        raise NotAsDocumented(f"{told}: the body is not JSON: {body[:200]!r}") from error
