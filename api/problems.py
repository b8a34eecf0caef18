"""Problems: how a refusal, or a failure of ours, is told (RFC 9457), in Chinese or English.

The subtle thing is what is not told. A failure of ours says nothing but its request id; the log has the kind of error
and where it happened, but not its text, since the text of a database error repeats what some tenant sent.

Source: contract section 1; RFC 9457; RFC 9110 section 12.5.4 (Accept-Language).

>>> prefers_chinese("zh-CN,zh;q=0.9,en;q=0.8"), prefers_chinese("en-GB"), prefers_chinese("")
(True, False, False)
"""

import json
import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException
from litestar.status_codes import (
    HTTP_401_UNAUTHORIZED,
    HTTP_403_FORBIDDEN,
    HTTP_404_NOT_FOUND,
    HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    HTTP_415_UNSUPPORTED_MEDIA_TYPE,
    HTTP_429_TOO_MANY_REQUESTS,
    HTTP_500_INTERNAL_SERVER_ERROR,
)
from litestar.types import ExceptionHandlersMap, Scope, Send

from api.door_texts import CONFLICT, ProblemText
from api.facts import SAID_LENGTH_MAX, on_the_wire, say
from api.problem_texts import TEXTS
from api.refusals import (
    CHALLENGE_AFTER_REFUSAL,
    BodyTooLarge,
    DoorRefusal,
    FieldError,
    InternalError,
    InvalidPayload,
    InvalidQuery,
    MethodNotAllowed,
    RouteNotFound,
    TooManyRequests,
    Unauthenticated,
    Unreadable,
    UnreadableRequest,
    UnsupportedMediaType,
)
from api.strict_json import BODY_BYTES_MAX
from domain.errors import DomainError
from domain.rights.authorizations import Forbidden

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:greenlien:problem:"
FRAMES_MAX: Final = 12

_UNTOLD: Final = ProblemText(CONFLICT, "请求被拒绝", "Refused", "请求被拒绝。", "The request was refused.")
_MISSING: Final = re.compile(r"required \w+ parameter '([^']{1,100})'")


def _not_http() -> DomainError:
    return UnreadableRequest(Unreadable.REQUEST.word, Unreadable.REQUEST.zh, Unreadable.REQUEST.en)


_REFUSALS_OF_LITESTAR: Final[Mapping[int, Callable[[], DomainError]]] = MappingProxyType(
    {
        HTTP_401_UNAUTHORIZED: lambda: Unauthenticated("refused by the framework"),
        HTTP_403_FORBIDDEN: lambda: Forbidden("this"),
        HTTP_404_NOT_FOUND: RouteNotFound,
        HTTP_413_REQUEST_ENTITY_TOO_LARGE: lambda: BodyTooLarge(BODY_BYTES_MAX),
        HTTP_415_UNSUPPORTED_MEDIA_TYPE: lambda: UnsupportedMediaType("application/json"),
        HTTP_429_TOO_MANY_REQUESTS: lambda: TooManyRequests(1),
    }
)

log = structlog.get_logger("greenlien.api")


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document with the status and headers to send it under."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def text_of(kind: type[DomainError]) -> ProblemText | None:
    """Return the words of a class, or of its nearest ancestor with the same code; none when nobody wrote any."""
    for ancestor in kind.__mro__:
        if issubclass(ancestor, DomainError) and (text := TEXTS.get(ancestor)) is not None:
            return text if ancestor.code == kind.code else None
    return None


def problem(refusal: DomainError, *, chinese: bool, request_id: str) -> Problem:
    """Return the document that tells a refusal."""
    text = text_of(type(refusal))
    if text is None:
        log.error("problem_without_words", refusal=type(refusal).__name__, request_id=request_id)
        text = _UNTOLD
    facts = refusal.facts()
    found = _errors_of(refusal)
    code = _code_of(refusal.code, found)
    detail = (text.detail_zh if chinese else text.detail_en).format_map(_Said(facts, chinese=chinese))
    if len(found) == 1:
        [only] = found
        detail = f"{only.pointer} {only.detail_zh if chinese else only.detail_en}"
    document: dict[str, object] = {
        "type": TYPE_PREFIX + code,
        "title": text.title_zh if chinese else text.title_en,
        "status": text.status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }
    if found:
        document["errors"] = [_told(error, chinese=chinese) for error in found]
    elif place := facts.get("pointer"):
        document["errors"] = [{"pointer": place, "code": code, "detail": detail}]
    document |= {name: on_the_wire(facts[name]) for name in text.public}
    headers = {"Content-Type": MEDIA_TYPE, "Content-Language": "zh-CN" if chinese else "en"}
    if isinstance(refusal, DoorRefusal):
        headers |= refusal.headers()
    if text.status == HTTP_401_UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", CHALLENGE_AFTER_REFUSAL)
    if text.retry_after_seconds is not None:
        headers["Retry-After"] = str(text.retry_after_seconds)
    return Problem(text.status, headers, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


class _Said(dict[str, object]):
    """Facts that are printed only when a sentence names them."""

    def __init__(self, facts: Mapping[str, object], *, chinese: bool) -> None:
        super().__init__(facts)
        self._chinese = chinese

    def __getitem__(self, name: str) -> str:
        return say(super().__getitem__(name), chinese=self._chinese)


def prefers_chinese(accept_language: str) -> bool:
    """Tell whether a reader prefers Chinese to English; a reader who says nothing gets English."""
    best = {"zh": (0.0, 0), "en": (0.0, 0)}
    for place, item in enumerate(accept_language[:1024].split(",")):
        tag, _, parameter = item.partition(";")
        language = tag.strip().lower().partition("-")[0]
        name = "en" if language == "*" else language
        if name in best:
            best[name] = max(best[name], (_weight(parameter), -place))
    return best["zh"][0] > 0 and best["zh"] > best["en"]


def problem_for(scope: Scope, refusal: DomainError) -> Problem:
    """Return the document that tells a refusal to whoever sent this request."""
    return problem(refusal, chinese=_wants_chinese(scope["headers"]), request_id=request_id_of(scope))


def request_id_of(scope: Scope) -> str:
    """Return the request's id, which the envelope gave it."""
    return str(scope["state"].get("request_id", ""))


async def send_problem(scope: Scope, send: Send, refusal: DomainError) -> None:
    """Send a problem document outside Litestar, before anything was routed."""
    told = problem_for(scope, refusal)
    headers = [(name.lower().encode(), value.encode()) for name, value in told.headers.items()]
    headers.append((b"content-length", str(len(told.body)).encode()))
    await send({"type": "http.response.start", "status": told.status, "headers": headers})
    await send({"type": "http.response.body", "body": told.body, "more_body": False})


def on_refusal(request: Request[Any, Any, Any], refusal: DomainError) -> Response[bytes]:
    """Answer a refusal."""
    told = problem_for(request.scope, refusal)
    if told.status == HTTP_401_UNAUTHORIZED:
        reason = refusal.facts().get("reason", refusal.code)
        log.info("unauthenticated", request_id=request_id_of(request.scope), reason=reason)
    return Response(
        content=told.body, status_code=told.status, headers=dict(told.headers), media_type=told.headers["Content-Type"]
    )


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what Litestar itself refuses: no such route, no such method, a parameter that is not valid."""
    refusal = _refusal_for(error)
    return on_unexpected(request, error) if refusal is None else on_refusal(request, refusal)


def on_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer a failure of ours with nothing but a request id, and note where it happened."""
    if isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        [inner] = error.exceptions
        return on_refusal(request, inner) if isinstance(inner, DomainError) else on_unexpected(request, inner)
    log.error(
        "internal_error",
        request_id=request_id_of(request.scope),
        method=request.scope.get("method"),
        route=request.scope.get("path_template"),
        errors=[type(cause).__qualname__ for cause in _causes(error)],
        frames=[
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
        ],
    )
    return on_refusal(request, InternalError())


EXCEPTION_HANDLERS: Final[ExceptionHandlersMap] = {
    DomainError: on_refusal,
    HTTPException: on_http_exception,
    Exception: on_unexpected,
}


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def _wants_chinese(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    sent = [value for name, value in headers if name == b"accept-language"]
    return bool(sent) and prefers_chinese(b",".join(sent).decode("latin-1"))


def _errors_of(refusal: DomainError) -> tuple[FieldError, ...]:
    return refusal.errors if isinstance(refusal, InvalidPayload | InvalidQuery) else ()


def _code_of(code: str, found: tuple[FieldError, ...]) -> str:
    """Return the one code of all the errors where they share an `invalid_*`, so that a client need not look inside."""
    codes = {error.code for error in found}
    if len(codes) == 1 and (only := codes.pop()).startswith("invalid_"):
        return only
    return code


def _told(error: FieldError, *, chinese: bool) -> dict[str, str]:
    return {"pointer": error.pointer, "code": error.code, "detail": error.detail_zh if chinese else error.detail_en}


def _refusal_for(error: HTTPException) -> DomainError | None:
    if isinstance(error, ValidationException):
        return _parameters_refused(error)
    if error.status_code >= HTTP_500_INTERNAL_SERVER_ERROR:
        return None
    if error.status_code == MethodNotAllowedException.status_code:
        return MethodNotAllowed((error.headers or {}).get("allow", ""))
    return _REFUSALS_OF_LITESTAR.get(error.status_code, _not_http)()


def _parameters_refused(error: ValidationException) -> DomainError:
    """Return what is wrong with the parameters; a path that cannot be read leads nowhere."""
    extra = error.extra if isinstance(error.extra, list) else []
    if any(str(item.get("source")) == "path" for item in extra):
        return RouteNotFound()
    if not extra:
        found = _MISSING.search(error.detail)
        name = found.group(1) if found else ""
        return InvalidQuery((FieldError(f"#/{name}", "missing", "缺少必填参数", "a required parameter is missing"),))
    return InvalidQuery(
        tuple(
            FieldError(
                f"#/{item.get('key', '')}",
                "wrong_value",
                "参数值无效",
                str(item.get("message", "not valid"))[:SAID_LENGTH_MAX],
            )
            for item in extra
        )
    )


def _causes(error: BaseException) -> list[BaseException]:
    causes: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in causes:
        causes.append(current)
        current = current.__cause__ or current.__context__
    return causes
