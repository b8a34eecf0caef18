"""The emission registry's wire, as its interface manual would put it. It is the registry's format, not ours.

Every call is `POST {base}/{registry}/{operation}` with one JSON envelope in UTF-8, and is answered with HTTP 200 and
one envelope. Any other HTTP status comes from something between us and the registry, and says nothing.

    request   {"head": {"reqId", "appId", "timestamp", "signType": "HMAC-SHA256"}, "body": {...}}
    answer    {"head": {"reqId", "appId", "timestamp", "signType", "rspCode", "rspMsg"}, "body": {...}}

    operation           body of the request                       body of the answer when rspCode is 0000
    qzcx  权证查询      qzbh | xkzbh                              qzlb: [right]
    cyrhy 持有人核验    qzbh, cyrdm                               qzbh, hyjg (1 一致 2 不一致 3 名称不符 9 无法核实)
    djzl  冻结指令      zlbh qzbh cyrdm zlsl jldw zqrdm htbh bbh  order outcome
    jdzl  解冻指令      zlbh qzbh cyrdm zlsl jldw zqrdm htbh djpzh  order outcome
    zyzl  处置过户指令  as jdzl, and srfdm srfxkz                 order outcome
    bgzl  冻结变更指令  as jdzl, and xzqrdm xcyrdm                order outcome
    zlcx  指令查询      zlbh                                      order outcome
    djcx  冻结查询      qzbh, pzh                                 qzbh pzh cyrdm zqrdm zlsl jldw zxsj sxh (what stands)
    rzye  日终余额      rq                                        rq, zhs, zy, wj
    hdtz  回调通知      tzlx, zlbh | qzbh                         nothing; the registry asks here, see below

    right           qzbh 权证编号  xkzbh 排污许可证编号  cyrdm 持有人代码  cyrmc 持有人名称  qllx 权利类型
                    wrw 污染物  nf 年份  qlsl 权利数量  djsl 冻结数量  jldw 计量单位  qdfs 取得方式  yclx 有偿类型
                    qdje 取得金额  qdrq 取得日期  jfjz 缴费截至  qxlx 期限类型  yxqq 有效期起  yxqz 有效期止
                    xzqh 行政区划  qzzt 权证状态  bbh 版本号  sjsj 数据时间
    order outcome   zlbh 指令编号  zllx 指令类型 (DJ|JD|ZY|BG)  qzbh  zlzt 指令状态 (SL 受理 ZX 执行 JJ 拒绝)
                    pzh 凭证号  zxsj 执行时间  jjdm 拒绝代码 (3xxx)  jjsm 拒绝说明
    standing freeze sxh 顺位号 is its place by zxsj among the freezes of the right that stand
    order request   zlsl 指令数量  zqrdm 质权人代码  htbh 合同编号  djpzh 冻结凭证号; bbh is the version it relies on
                    srfdm 受让方代码  srfxkz 受让方许可证编号; a 处置过户 lifts that part of the freeze and makes it the
                    buyer's, on both permits, or does nothing
                    xzqrdm 变更后质权人代码  xcyrdm 变更后持有人代码; a 冻结变更 leaves the freeze with its number, time
                    and quantity and changes whose it is; a new holder must hold the right already
    closed (9001)   kfsj 开放时间, when it is open again, where that is known
    notification    tzlx 通知类型 (ZLZT 指令状态 of zlbh | QZBG 权证变更 of qzbh | HFFW 恢复服务); whatever
                    else it says is not relied on: who is told asks again
    daily file      rq 日期  zhs 总行数  zy SHA-256 of wj
                    wj the file: lines of `qzbh|qlsl|djsl|jldw|bbh`, each ended by LF

Quantities and amounts are decimal texts, days are `yyyy-MM-dd`, times are `yyyy-MM-dd HH:mm:ss` on Shanghai's clock.
The words (units, pollutants, states) are in `vocabulary`. A refused order is a *successful* call: `rspCode` 0000,
`zlzt` JJ. `rspCode` speaks of the call itself: 0000 done, 1003 and 1004 the gateway did not take the message, 2001 no
such right, 2002 no such order, 9001 closed, 9002 the daily file is not ready.

Signature. Both directions carry `X-Pwq-Request`, `X-Pwq-Timestamp` and `X-Pwq-Sign`, the lower-case hexadecimal
HMAC-SHA256 of

    REQ | RSP | NTF | ACK  LF  POST  LF  /{registry}/{operation}  LF  timestamp  LF  reqId  LF  the body's exact bytes

The direction stands first, so that a request cannot be reflected as its own answer. An answer is signed over the
`reqId` of the request it answers, so that yesterday's "frozen" is no answer to today's order. The path is the
registry's own, without whatever prefix a gateway adds. A notification goes the other way, from the registry to its
client, so it and its answer have words of their own (NTF, ACK): neither can be made of any other message. A message
that does not prove its sender gets an HTTP 401 without a signature: a signed "not taken", handed out to anyone who
asks, could be played to the true sender while his order goes through.

Source: house format of the simulated registries; no public specification of a Chinese emission registry was found.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.values.time import SHANGHAI
from integrations.outbound.strict_json import Fields, Unreadable, read_object, write_object

HEADER_REQUEST: Final = "x-pwq-request"
HEADER_TIMESTAMP: Final = "x-pwq-timestamp"
HEADER_SIGN: Final = "x-pwq-sign"
SIGN_TYPE: Final = "HMAC-SHA256"
SKEW_SECONDS_MAX: Final = 300

_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_TIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S"
_REGISTRY: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Operation(StrEnum):
    """The last part of the path: what is asked of the registry."""

    LOOKUP = "qzcx"
    VERIFY_HOLDER = "cyrhy"
    FREEZE = "djzl"
    RELEASE = "jdzl"
    TRANSFER = "zyzl"
    AMEND = "bgzl"
    QUERY = "zlcx"
    BALANCES = "rzye"
    STANDING_FREEZE = "djcx"


NOTIFICATION: Final = "hdtz"
"""The last part of the path that a notification is signed over; no registry answers under it."""


class NotificationKind(StrEnum):
    """What the registry tells of, in `tzlx`."""

    ORDER = "ZLZT"
    RIGHT = "QZBG"
    OPENED = "HFFW"


class ReplyCode(StrEnum):
    """What the registry says of the call itself, in `rspCode`."""

    DONE = "0000"
    STALE_TIMESTAMP = "1003"
    BAD_MESSAGE = "1004"
    NO_SUCH_RIGHT = "2001"
    NO_SUCH_ORDER = "2002"
    NO_SUCH_FREEZE = "2003"
    CLOSED = "9001"
    NOT_READY = "9002"


REPLY_WORDS: Final[Mapping[ReplyCode, str]] = {
    ReplyCode.DONE: "成功",
    ReplyCode.STALE_TIMESTAMP: "时间戳超出允许范围,报文未受理",
    ReplyCode.BAD_MESSAGE: "报文不合规,未受理",
    ReplyCode.NO_SUCH_RIGHT: "权证不存在",
    ReplyCode.NO_SUCH_ORDER: "指令不存在",
    ReplyCode.NO_SUCH_FREEZE: "冻结不存在或已解除",
    ReplyCode.CLOSED: "系统停止服务,报文未受理",
    ReplyCode.NOT_READY: "日终文件未生成",
}

NOT_TAKEN: Final = frozenset({ReplyCode.STALE_TIMESTAMP, ReplyCode.BAD_MESSAGE, ReplyCode.CLOSED})
"""Codes by which the registry declares that it did nothing with the message."""


class Direction(StrEnum):
    """Which way a signed message travels."""

    REQUEST = "REQ"
    ANSWER = "RSP"
    NOTIFICATION = "NTF"
    ACKNOWLEDGEMENT = "ACK"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as read from its bytes."""

    request_id: str
    app_id: str
    timestamp: str
    body: Fields


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as read from its bytes."""

    request_id: str
    timestamp: str
    code: ReplyCode
    message: str
    body: Fields


def wire_path(registry: str, operation: Operation) -> str:
    """Return the path that is called and signed.

    >>> wire_path("zhejiang", Operation.FREEZE)
    '/zhejiang/djzl'

    Raises:
        ValueError: the name of the registry is not lower-case ASCII.
    """
    return _path(registry, operation)


def notification_path(registry: str) -> str:
    """Return the path that a notification and its answer are signed over; raises ValueError like `wire_path`.

    >>> notification_path("zhejiang")
    '/zhejiang/hdtz'
    """
    return _path(registry, NOTIFICATION)


def sign(secret: bytes, direction: Direction, path: str, timestamp: str, request_id: str, content: bytes) -> str:
    """Return the signature over one message as it travels."""
    preamble = f"{direction}\nPOST\n{path}\n{timestamp}\n{request_id}\n"
    return hmac.new(secret, preamble.encode("utf-8") + content, hashlib.sha256).hexdigest()


def signature_holds(expected: str, presented: str) -> bool:
    """Compare two signatures in constant time."""
    return hmac.compare_digest(expected.encode("utf-8"), presented.encode("utf-8", "replace"))


def write_request(request_id: str, app_id: str, timestamp: str, body: Mapping[str, object]) -> bytes:
    """Return the bytes of a request."""
    head = {"reqId": request_id, "appId": app_id, "timestamp": timestamp, "signType": SIGN_TYPE}
    return write_object({"head": head, "body": body})


def read_request(content: bytes) -> Request:
    """Read a request; raises Unreadable."""
    message = read_object(content)
    head = message.fields("head")
    _require_sign_type(head)
    return Request(head.text("reqId", 64), head.text("appId", 64), head.text("timestamp", 19), message.fields("body"))


def write_reply(request: Request, timestamp: str, code: ReplyCode, body: Mapping[str, object]) -> bytes:
    """Return the bytes of an answer to a request."""
    head = {
        "reqId": request.request_id,
        "appId": request.app_id,
        "timestamp": timestamp,
        "signType": SIGN_TYPE,
        "rspCode": code,
        "rspMsg": REPLY_WORDS[code],
    }
    return write_object({"head": head, "body": body})


def read_reply(content: bytes) -> Reply:
    """Read an answer; raises Unreadable, also for a code that the manual does not list."""
    message = read_object(content)
    head = message.fields("head")
    _require_sign_type(head)
    code = head.text("rspCode", 4)
    if code not in set(ReplyCode):
        refusal = f"head.rspCode {code!r} is not listed"
        raise Unreadable(refusal)
    return Reply(
        request_id=head.text("reqId", 64),
        timestamp=head.text("timestamp", 19),
        code=ReplyCode(code),
        message=head.text("rspMsg", 500),
        body=message.fields("body"),
    )


def write_time(instant: datetime) -> str:
    """Return an instant on Shanghai's clock, cut to the second.

    >>> from datetime import UTC
    >>> write_time(datetime(2026, 11, 21, 2, 0, 0, 999999, tzinfo=UTC))
    '2026-11-21 10:00:00'
    """
    return instant.astimezone(SHANGHAI).strftime(_TIME_FORMAT)


def read_time(text: str) -> datetime:
    """Read a time of Shanghai's clock; raises Unreadable."""
    if not _TIME.fullmatch(text):
        message = f"{text[:32]!r} is not yyyy-MM-dd HH:mm:ss"
        raise Unreadable(message)
    try:
        return datetime.strptime(text, _TIME_FORMAT).replace(tzinfo=SHANGHAI)
    except ValueError as error:
        message = f"{text!r} is no time of any day"
        raise Unreadable(message) from error


def _path(registry: str, last: str) -> str:
    if not _REGISTRY.fullmatch(registry):
        message = f"{registry[:32]!r} cannot name a registry"
        raise ValueError(message)
    return f"/{registry}/{last}"


def _require_sign_type(head: Fields) -> None:
    if head.text("signType", 32) != SIGN_TYPE:
        message = f"head.signType is not {SIGN_TYPE}"
        raise Unreadable(message)
