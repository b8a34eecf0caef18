"""The words of the door's refusals, and the form in which all words of refusals are written.

Source: contract section 1 (statuses, idempotency); RFC 6585 (429, 431), RFC 9110 section 15.5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from api import refusals
from domain.errors import DomainError
from domain.ports.unit_of_work import Busy


@dataclass(frozen=True, slots=True)
class ProblemText:
    """What a refusal looks like from outside; `retry_after_seconds` becomes the header of that name."""

    status: int
    title_zh: str
    title_en: str
    detail_zh: str
    detail_en: str
    public: tuple[str, ...] = ()
    retry_after_seconds: int | None = None


Texts = Mapping[type[DomainError], ProblemText]

BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT = 400, 401, 403, 404, 409
GONE, PRECONDITION_FAILED, UNPROCESSABLE, UNAVAILABLE = 410, 412, 422, 503

UNAUTHENTICATED_TEXT = ProblemText(
    UNAUTHORIZED,
    "未通过身份验证",
    "Not authenticated",
    "请携带有效的访问令牌;令牌最长有效5分钟,过期须重新申请。",
    "Send a valid access token; a token lives at most five minutes.",
)
NOT_FOUND_TEXT = ProblemText(
    NOT_FOUND, "未找到", "Not found", "没有该资源,或您无权查看。", "There is no such thing here, or not for you."
)
DOOR: Final[Texts] = MappingProxyType(
    {
        refusals.Unauthenticated: UNAUTHENTICATED_TEXT,
        refusals.ProofRequired: ProblemText(
            UNAUTHORIZED,
            "须证明持有密钥",
            "Proof of possession required",
            "本服务不接受单独的 Bearer 令牌,须同时证明持有与令牌绑定的密钥。",
            "A bearer token alone is not accepted here; prove possession of the key that it is bound to.",
        ),
        refusals.CallbackRefused: ProblemText(
            UNAUTHORIZED,
            "通知未受理",
            "Callback not taken",
            "报文未能证明由登记机构在当前时间发出。",
            "The message does not prove that a registry has sent it just now.",
        ),
        refusals.UnsupportedMediaType: ProblemText(
            415,
            "不支持的媒体类型",
            "Unsupported media type",
            "正文须为 UTF-8 编码的 {expected},且不得压缩。",
            "The body must be {expected} in UTF-8, not compressed.",
        ),
        refusals.BodyTooLarge: ProblemText(
            413,
            "正文过大",
            "Body too large",
            "正文不得超过 {limit_bytes} 字节。",
            "A body has at most {limit_bytes} bytes.",
        ),
        refusals.AddressTooLong: ProblemText(
            414,
            "地址过长",
            "Address too long",
            "地址与查询参数不得超过 {limit_bytes} 字节。",
            "Path and query have at most {limit_bytes} bytes.",
        ),
        refusals.HeadersTooLarge: ProblemText(
            431,
            "请求头过大",
            "Headers too large",
            "请求头不得超过 {limit_bytes} 字节。",
            "Headers have at most {limit_bytes} bytes.",
        ),
        refusals.UnreadableRequest: ProblemText(
            BAD_REQUEST,
            "请求无法读取",
            "Unreadable request",
            "{reason_zh}。",
            "The request cannot be read: {reason_en}.",
            ("reason",),
        ),
        refusals.InvalidPayload: ProblemText(
            UNPROCESSABLE,
            "请求内容无效",
            "Invalid payload",
            "请求内容有误,详见 errors。",
            "The body is not what this route takes; see errors.",
        ),
        refusals.InvalidQuery: ProblemText(
            UNPROCESSABLE,
            "请求参数无效",
            "Invalid parameters",
            "查询参数或请求头有误,详见 errors。",
            "A query parameter or header is not valid; see errors.",
        ),
        refusals.RouteNotFound: NOT_FOUND_TEXT,
        refusals.MethodNotAllowed: ProblemText(
            405,
            "不支持的方法",
            "Method not allowed",
            "该地址只接受:{allowed}。",
            "This address takes only: {allowed}.",
        ),
        refusals.TooManyRequests: ProblemText(
            429,
            "请求过于频繁",
            "Too many requests",
            "请在 {retry_after_seconds} 秒后重试。",
            "Come back in {retry_after_seconds} seconds.",
        ),
        refusals.IdempotencyKeyRequired: ProblemText(
            BAD_REQUEST,
            "缺少幂等键",
            "Idempotency key required",
            "本请求须带 Idempotency-Key:16至255个可见ASCII字符。",
            "This command needs an Idempotency-Key of 16 to 255 visible ASCII characters.",
        ),
        refusals.IdempotencyKeyReused: ProblemText(
            UNPROCESSABLE,
            "幂等键已用于其他请求",
            "Idempotency key reused",
            "该幂等键已用于内容或地址不同的请求;新的请求请用新的幂等键。",
            "This key came before with another body or address; a new command needs a new key.",
        ),
        refusals.IdempotencyKeyInFlight: ProblemText(
            CONFLICT,
            "相同请求正在处理",
            "Idempotency key in flight",
            "带有该幂等键的请求仍在处理;请稍后以同一幂等键重试。",
            "A request with this key is still running; send it again in a moment, under the same key.",
            retry_after_seconds=1,
        ),
        refusals.CursorUnknown: ProblemText(
            GONE,
            "游标已失效",
            "Cursor unknown",
            "该游标不存在或已失效;请不带 after 从头读取。",
            "This cursor is not, or no longer, known; read from the beginning, without `after`.",
        ),
        Busy: ProblemText(
            UNAVAILABLE,
            "系统繁忙",
            "Busy",
            "系统暂时繁忙,本次请求未产生任何效果;请稍后以同一幂等键重试。",
            "Others were in the way and nothing was done; send the same again, under the same idempotency key.",
            retry_after_seconds=1,
        ),
        refusals.InternalError: ProblemText(
            500,
            "内部错误",
            "Internal error",
            "服务内部错误,已记录。请凭 request_id 联系我们。",
            "We failed, and have noted it. Ask us about this request_id.",
        ),
    }
)
