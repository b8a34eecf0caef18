"""Refusals of the door itself: what is wrong with a request before any rule of the business is asked.

They are `DomainError`s so that one table gives every refusal its status and its words; they live here because the
domain knows no HTTP. Precedence, as the contract has it: 401, 415, 413, 400, 403, 422, 404, 412, 409.

Source: contract section 1 (errors); RFC 6750 section 3, RFC 9449 section 7.1 (the challenges of a 401).
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from domain.errors import DomainError

CHALLENGE: Final = 'Bearer realm="greenlien"'
CHALLENGE_AFTER_REFUSAL: Final = 'Bearer realm="greenlien", error="invalid_token"'
CHALLENGE_TO_REGISTRIES: Final = "Pwq-Sign"
CHALLENGE_FOR_PROOF: Final = 'DPoP algs="ES256"'


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong at one place of a body or of a query, in both languages.

    `pointer` is a JSON pointer written as a URI fragment, `#/secured/amount`, as RFC 9457 writes it; `#` is the whole.
    """

    pointer: str
    code: str
    detail_zh: str
    detail_en: str


class DoorRefusal(DomainError):
    """The root of the refusals of the door; `headers` go onto the answer."""

    def headers(self) -> dict[str, str]:
        """Return the headers that belong to this refusal."""
        return {}


@dataclass(eq=False)
class Unauthenticated(DoorRefusal):
    """Refuse a request without a usable access token; `reason` is for the log."""

    code = "unauthenticated"

    reason: str
    challenge: str = CHALLENGE_AFTER_REFUSAL

    def headers(self) -> dict[str, str]:
        """Return the challenge."""
        return {"WWW-Authenticate": self.challenge}


@dataclass(eq=False)
class ProofRequired(DoorRefusal):
    """Refuse a token that comes without proof of the key it is bound to."""

    code = "proof_required"

    def headers(self) -> dict[str, str]:
        """Return the challenge."""
        return {"WWW-Authenticate": CHALLENGE_FOR_PROOF}


@dataclass(eq=False)
class CallbackRefused(DoorRefusal):
    """Refuse a callback that no registry of ours has signed just now; `reason` is for the log alone."""

    code = "callback_refused"

    reason: str

    def headers(self) -> dict[str, str]:
        """Return the challenge."""
        return {"WWW-Authenticate": CHALLENGE_TO_REGISTRIES}


@dataclass(eq=False)
class UnsupportedMediaType(DoorRefusal):
    """Refuse a body of another kind, in another character set, or compressed."""

    code = "unsupported_media_type"

    expected: str

    def headers(self) -> dict[str, str]:
        """Return what would be accepted (RFC 9110 section 15.5.16)."""
        return {"Accept": self.expected, "Accept-Encoding": "identity"}


@dataclass(eq=False)
class BodyTooLarge(DoorRefusal):
    """Refuse a body above the limit, which is never read to its end."""

    code = "body_too_large"

    limit_bytes: int


@dataclass(eq=False)
class AddressTooLong(DoorRefusal):
    """Refuse a path and query above the limit."""

    code = "address_too_long"

    limit_bytes: int


@dataclass(eq=False)
class HeadersTooLarge(DoorRefusal):
    """Refuse headers above the limit."""

    code = "headers_too_large"

    limit_bytes: int


class Unreadable(Enum):
    """Why something cannot be read: a stable word, Chinese, English."""

    EMPTY = ("empty", "正文为空", "the body is empty")
    NOT_UTF8 = ("not_utf8", "正文不是有效的 UTF-8", "the body is not valid UTF-8")
    BYTE_ORDER_MARK = ("byte_order_mark", "正文以字节顺序标记(BOM)开头", "the body starts with a byte order mark")
    TOO_DEEP = ("too_deep", "JSON 嵌套超过32层", "the JSON is nested deeper than 32 levels")
    TOO_MANY_VALUES = ("too_many_values", "JSON 中的值超过10000个", "the JSON holds more than 10,000 values")
    MALFORMED = ("malformed", "正文不是有效的 JSON", "the body is not valid JSON")
    DUPLICATE_KEY = ("duplicate_key", "同一对象中出现重复的键", "an object holds the same key twice")
    NOT_A_NUMBER = ("not_a_number", "JSON 中不允许 NaN 或 Infinity", "NaN and Infinity are not JSON")
    NUL_CHARACTER = ("nul_character", "字符串中含有 NUL 字符", "a string holds a NUL character")
    LONE_SURROGATE = ("lone_surrogate", "字符串中含有不成对的代理字符", "a string holds a lone surrogate")
    MULTIPART = (
        "multipart",
        "multipart 表单不完整或不合规范",
        "the multipart form is incomplete or not well formed",
    )
    REQUEST = ("request", "请求不是有效的 HTTP", "the request is not valid HTTP")

    def __init__(self, word: str, zh: str, en: str) -> None:
        """Name the parts of the value."""
        self.word = word
        self.zh = zh
        self.en = en


@dataclass(eq=False)
class UnreadableRequest(DoorRefusal):
    """Refuse a request that cannot be read at all."""

    code = "unreadable"

    reason: str
    reason_zh: str
    reason_en: str


class UnreadableBody(UnreadableRequest):
    """Refuse a body that cannot be read."""

    @classmethod
    def because(cls, why: Unreadable) -> "UnreadableBody":
        """Refuse for one of the known reasons."""
        return cls(why.word, why.zh, why.en)


@dataclass(eq=False)
class InvalidPayload(DoorRefusal):
    """Refuse a body that can be read but is not what this route takes, with every place that is wrong."""

    code = "invalid_payload"

    errors: tuple[FieldError, ...]


@dataclass(eq=False)
class InvalidQuery(DoorRefusal):
    """Refuse query parameters or headers, with every one that is wrong; a pointer is the parameter's name."""

    code = "invalid_query"

    errors: tuple[FieldError, ...]


@dataclass(eq=False)
class RouteNotFound(DoorRefusal):
    """Say that there is nothing at this address."""

    code = "not_found"


@dataclass(eq=False)
class MethodNotAllowed(DoorRefusal):
    """Say that this address does not take this method."""

    code = "method_not_allowed"

    allowed: str

    def headers(self) -> dict[str, str]:
        """Return the methods that it takes."""
        return {"Allow": self.allowed}


@dataclass(eq=False)
class TooManyRequests(DoorRefusal):
    """Refuse a client that asks too often."""

    code = "too_many_requests"

    retry_after_seconds: int

    def headers(self) -> dict[str, str]:
        """Say when to come back."""
        return {"Retry-After": str(self.retry_after_seconds)}


@dataclass(eq=False)
class IdempotencyKeyRequired(DoorRefusal):
    """Refuse a command without a usable key."""

    code = "idempotency_key_required"


@dataclass(eq=False)
class IdempotencyKeyReused(DoorRefusal):
    """Refuse a key that came before with another request."""

    code = "idempotency_key_reused"


@dataclass(eq=False)
class IdempotencyKeyInFlight(DoorRefusal):
    """Refuse a twin of a request that still runs."""

    code = "idempotency_key_in_flight"


@dataclass(eq=False)
class CursorUnknown(DoorRefusal):
    """Refuse a cursor that this caller was never given."""

    code = "cursor_unknown"


@dataclass(eq=False)
class InternalError(DoorRefusal):
    """Admit a failure of ours, without a word about it."""

    code = "internal_error"
