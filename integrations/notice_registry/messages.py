"""Orders, outcomes and entries between our types and the bodies of the notice registry's wire, in both directions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from domain.errors import DomainError
from domain.pledges.notices import NoticeContent, NoticeKind
from domain.ports.notice_registry import ListingStatus, NoticeAnswer, NoticeListing, NoticeMessage, NoticeParty
from domain.ports.registry import OrderStatus
from domain.values.identifiers import parse_uscc
from domain.values.money import Money
from domain.values.time import parse_date, parse_instant, rfc3339
from integrations.notice_registry.wire import Operation
from integrations.outbound.strict_json import Fields, Unreadable

ORDER_ID_LENGTH_MAX: Final = 64
TEXT_LENGTH_MAX: Final = 2000

OPERATIONS: Final[Mapping[NoticeKind, Operation]] = {
    NoticeKind.REGISTER: Operation.REGISTER,
    NoticeKind.AMEND: Operation.AMEND,
    NoticeKind.EXTEND: Operation.EXTEND,
    NoticeKind.DISCHARGE: Operation.DISCHARGE,
    NoticeKind.OBJECT: Operation.OBJECT,
}
_STATUSES: Final[Mapping[str, OrderStatus]] = {status.name: status for status in OrderStatus}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the register made of an order."""

    order_id: str
    status: OrderStatus
    certificate_no: str | None = None
    modify_code: str | None = field(default=None, repr=False)
    executed_at: datetime | None = None
    expires_on: date | None = None
    refusal: str | None = None
    words: str | None = None


def write_order(message: NoticeMessage) -> dict[str, object]:
    """Return an order's body."""
    content = message.content
    amount = content.secured_amount
    return {
        "clientOrderId": message.order_id,
        "securedParty": _write_party(message.secured_party),
        "debtors": [_write_party(party) for party in message.debtors],
        "contractNo": message.contract_no,
        "certificateNo": message.certificate_no,
        "modifyCode": message.modify_code,
        "description": content.description,
        "securedAmount": None if amount is None else amount.wire(),
        "maximum": int(content.maximum),
        "termMonths": content.term_months,
        "assets": _write_values(content.asset_numbers),
        "attachments": _write_values(content.attachments),
        "reason": content.reason,
    }


def read_order(body: Fields, kind: NoticeKind) -> NoticeMessage:
    """Read an order; raises Unreadable or DomainError."""
    amount = body.optional_text("securedAmount")
    return NoticeMessage(
        order_id=body.text("clientOrderId", ORDER_ID_LENGTH_MAX),
        kind=kind,
        secured_party=_read_party(body.fields("securedParty")),
        debtors=tuple(_read_party(row) for row in body.rows("debtors")),
        contract_no=body.text("contractNo"),
        content=NoticeContent(
            description=body.optional_text("description", TEXT_LENGTH_MAX),
            secured_amount=None if amount is None else Money.parse(amount),
            maximum=bool(body.integer("maximum")),
            term_months=body.optional_integer("termMonths"),
            asset_numbers=_read_values(body, "assets"),
            attachments=_read_values(body, "attachments"),
            reason=body.optional_text("reason", TEXT_LENGTH_MAX),
        ),
        certificate_no=body.optional_text("certificateNo"),
        modify_code=body.optional_text("modifyCode"),
    )


def write_outcome(outcome: Outcome) -> dict[str, object]:
    """Return an outcome's body."""
    return {
        "clientOrderId": outcome.order_id,
        "status": outcome.status.name,
        "certificateNo": outcome.certificate_no,
        "modifyCode": outcome.modify_code,
        "executedAt": None if outcome.executed_at is None else rfc3339(outcome.executed_at),
        "expiresOn": None if outcome.expires_on is None else outcome.expires_on.isoformat(),
        "refusal": outcome.refusal,
        "words": outcome.words,
    }


def read_outcome(body: Fields, order_id: str) -> Outcome:
    """Read an outcome, which must be of this order and hold together.

    Raises:
        Unreadable: of another order, or executed without entry and time, or refused without reason.
    """
    require_about(body, order_id)
    word = body.text("status")
    if word not in _STATUSES:
        message = f"{word[:32]!r} is no listed status"
        raise Unreadable(message)
    executed_at, expires_on = body.optional_text("executedAt"), body.optional_text("expiresOn")
    try:
        outcome = Outcome(
            order_id=order_id,
            status=_STATUSES[word],
            certificate_no=body.optional_text("certificateNo"),
            modify_code=body.optional_text("modifyCode"),
            executed_at=None if executed_at is None else parse_instant(executed_at),
            expires_on=None if expires_on is None else parse_date(expires_on),
            refusal=body.optional_text("refusal"),
            words=body.optional_text("words", TEXT_LENGTH_MAX),
        )
    except DomainError as error:
        raise Unreadable(str(error)) from error
    executed = outcome.certificate_no and outcome.executed_at and outcome.expires_on
    if (outcome.status is OrderStatus.EXECUTED and not executed) or (
        outcome.status is OrderStatus.REFUSED and not outcome.refusal
    ):
        message = "an outcome that lacks what its status says"
        raise Unreadable(message)
    return outcome


def require_about(body: Fields, order_id: str) -> None:
    """Return if a body is about this order; raises Unreadable."""
    if body.text("clientOrderId", ORDER_ID_LENGTH_MAX) != order_id:
        message = "an answer about another order"
        raise Unreadable(message)


def answer_of(outcome: Outcome, evidence_sha256: str) -> NoticeAnswer:
    """Return an outcome as the port tells it; only what its status allows."""
    executed, refused = outcome.status is OrderStatus.EXECUTED, outcome.status is OrderStatus.REFUSED
    return NoticeAnswer(
        order_id=outcome.order_id,
        status=outcome.status,
        certificate_no=outcome.certificate_no if executed else None,
        modify_code=outcome.modify_code if executed else None,
        executed_at=outcome.executed_at if executed else None,
        expires_on=outcome.expires_on if executed else None,
        reason=outcome.refusal if refused else None,
        message=outcome.words if refused else None,
        evidence_sha256=evidence_sha256,
    )


def write_listing(listing: NoticeListing) -> dict[str, object]:
    """Return an entry's body."""
    return {
        "certificateNo": listing.certificate_no,
        "status": listing.status.value,
        "securedParty": _write_party(listing.secured_party),
        "debtors": [_write_party(party) for party in listing.debtors],
        "description": listing.description,
        "securedAmount": listing.secured_amount.wire(),
        "assets": _write_values(listing.asset_numbers),
        "registeredAt": rfc3339(listing.registered_at),
        "expiresOn": listing.expires_on.isoformat(),
    }


def read_listing(body: Fields) -> NoticeListing:
    """Read an entry; raises Unreadable."""
    try:
        return NoticeListing(
            certificate_no=body.text("certificateNo"),
            status=ListingStatus(body.text("status")),
            secured_party=_read_party(body.fields("securedParty")),
            debtors=tuple(_read_party(row) for row in body.rows("debtors")),
            description=body.text("description", TEXT_LENGTH_MAX),
            secured_amount=Money.parse(body.text("securedAmount")),
            asset_numbers=_read_values(body, "assets"),
            registered_at=parse_instant(body.text("registeredAt")),
            expires_on=parse_date(body.text("expiresOn")),
        )
    except (DomainError, ValueError) as error:
        raise Unreadable(str(error)) from error


def _write_party(party: NoticeParty) -> dict[str, object]:
    return {"name": party.name, "uscc": party.uscc}


def _read_party(body: Fields) -> NoticeParty:
    return NoticeParty(body.text("name"), parse_uscc(body.text("uscc")))


def _write_values(values: Sequence[str]) -> list[dict[str, str]]:
    return [{"value": value} for value in values]


def _read_values(body: Fields, name: str) -> tuple[str, ...]:
    return tuple(row.text("value") for row in body.rows(name))
