"""The notice registry's wire, as an interface agreement would put it. It is the register's format, not ours.

Every call is `POST {base}/{operation}` with one JSON envelope in UTF-8, and is answered with HTTP 200 and one envelope.
Any other HTTP status comes from something between us and the register, and says nothing.

    request   {"requestId", "timestamp", "institution", "body": {...}}
    answer    {"requestId", "timestamp", "code", "body": {...}}

    operation        body of the request                                                      answer (code OK)
    registrations    clientOrderId securedParty debtors contractNo description securedAmount  outcome
                     maximum termMonths assets attachments
    amendments       clientOrderId certificateNo modifyCode description? securedAmount?       outcome
    renewals         clientOrderId certificateNo modifyCode termMonths                        outcome
    discharges       clientOrderId certificateNo modifyCode                                   outcome
    objections       clientOrderId certificateNo debtors reason                               outcome
    order-queries    clientOrderId                                                            outcome
    searches         debtor                                                                   entries: [entry]
    certificates     numbers: [{"value"}]                                                     entries: [entry]

    outcome   clientOrderId status (ACCEPTED|EXECUTED|REFUSED) certificateNo modifyCode executedAt expiresOn refusal
              words
    entry     certificateNo status securedParty debtors description securedAmount assets registeredAt expiresOn

A renewal's months are added to the current last day. `code` speaks of the call itself: OK; CLOSED and BAD_MESSAGE say
that nothing was taken; NO_SUCH_ORDER answers a query. A refused order is a successful call. Amounts are decimal texts
in yuan, days are yyyy-MM-dd, times RFC 3339.

Signature. Both directions carry `X-Notice-Request`, `X-Notice-Timestamp` and `X-Notice-Sign`, the lower-case
hexadecimal HMAC-SHA256 of direction, path, timestamp, request id and the exact bytes of the body, each but the last
ended by LF. An answer is signed over the id of the request it answers, so that none can be played again.

Source: house format; an institutional interface of 中登网 exists by agreement and has no public specification. Its
verbs and fields follow the register's own pages (初始、变更、展期、注销、异议登记) and the BC personal property
registry.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from integrations.outbound.strict_json import Fields, Unreadable, read_object, write_object

HEADER_REQUEST: Final = "x-notice-request"
HEADER_TIMESTAMP: Final = "x-notice-timestamp"
HEADER_SIGN: Final = "x-notice-sign"
SKEW_SECONDS_MAX: Final = 300
_ID_LENGTH_MAX: Final = 64


class Operation(StrEnum):
    """The last part of the path."""

    REGISTER = "registrations"
    AMEND = "amendments"
    EXTEND = "renewals"
    DISCHARGE = "discharges"
    OBJECT = "objections"
    QUERY = "order-queries"
    SEARCH = "searches"
    FIND = "certificates"


class ReplyCode(StrEnum):
    """What the register says of the call itself."""

    OK = "OK"
    CLOSED = "CLOSED"
    BAD_MESSAGE = "BAD_MESSAGE"
    NO_SUCH_ORDER = "NO_SUCH_ORDER"


NOT_TAKEN: Final = frozenset({ReplyCode.CLOSED, ReplyCode.BAD_MESSAGE})


class Direction(StrEnum):
    """Which way a signed message travels."""

    REQUEST = "REQ"
    ANSWER = "RSP"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as read from its bytes."""

    request_id: str
    timestamp: str
    institution: str
    body: Fields


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as read from its bytes."""

    request_id: str
    timestamp: str
    code: ReplyCode
    body: Fields


def sign(
    secret: bytes, direction: Direction, operation: Operation, timestamp: str, request_id: str, body: bytes
) -> str:
    """Return the signature over one message as it travels."""
    preamble = f"{direction}\n/{operation}\n{timestamp}\n{request_id}\n"
    return hmac.new(secret, preamble.encode() + body, hashlib.sha256).hexdigest()


def signature_holds(expected: str, presented: str) -> bool:
    """Compare two signatures in constant time."""
    return hmac.compare_digest(expected.encode(), presented.encode("utf-8", "replace"))


def write_request(request_id: str, timestamp: str, institution: str, body: Mapping[str, object]) -> bytes:
    """Return the bytes of a request."""
    return write_object({"requestId": request_id, "timestamp": timestamp, "institution": institution, "body": body})


def read_request(content: bytes) -> Request:
    """Read a request; raises Unreadable."""
    message = read_object(content)
    return Request(
        request_id=message.text("requestId", _ID_LENGTH_MAX),
        timestamp=message.text("timestamp", _ID_LENGTH_MAX),
        institution=message.text("institution", _ID_LENGTH_MAX),
        body=message.fields("body"),
    )


def write_reply(request_id: str, timestamp: str, code: ReplyCode, body: Mapping[str, object]) -> bytes:
    """Return the bytes of an answer."""
    return write_object({"requestId": request_id, "timestamp": timestamp, "code": code, "body": body})


def read_reply(content: bytes) -> Reply:
    """Read an answer; raises Unreadable, also for a code that is not listed."""
    message = read_object(content)
    code = message.text("code", _ID_LENGTH_MAX)
    if code not in set(ReplyCode):
        refusal = f"code {code!r} is not listed"
        raise Unreadable(refusal)
    return Reply(
        request_id=message.text("requestId", _ID_LENGTH_MAX),
        timestamp=message.text("timestamp", _ID_LENGTH_MAX),
        code=ReplyCode(code),
        body=message.fields("body"),
    )
