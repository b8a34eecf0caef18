"""Routes of the event feed, the audit trail and the rules (contract sections 2, 6 and 7)."""

import time
from dataclasses import dataclass
from typing import Annotated, Any

import anyio
from litestar import Response, get
from litestar.params import Parameter

from api.answers.pledges import audit_answer, event_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import house_of
from api.idempotency import Answer, replied
from api.pages_of import Cursor, Limit, page_answer
from api.permissions import needs
from api.refusals import DoorRefusal
from api.schemas.pledges import AuditPage, EventPage
from api.schemas.wire import DateString, ReplyModel
from domain.jurisdictions.rules import Rule
from domain.values.identifiers import parse_division
from domain.values.time import business_date, parse_date

POLL_SECONDS = 0.25

Wait = Annotated[int, Parameter(ge=0, le=20, description="Seconds to wait for a first event.")]


@dataclass(eq=False)
class CursorUnknown(DoorRefusal):
    """Refuse a cursor that this caller was never given."""

    code = "cursor_unknown"


class RuleReply(ReplyModel):
    """A rule as it holds on a day, with its source; no value where it is unknown."""

    name: str
    division: str
    value: Any
    unit: str | None
    document: str | None
    number: str | None
    article: str | None
    valid_from: DateString | None
    valid_to: DateString | None
    standing: str
    note: str | None


class RulePage(ReplyModel):
    """The rules of a division on a day."""

    items: list[RuleReply]
    next_cursor: str | None


@get("/v1/events", opt=needs("event:read", body="none"), **documented(EventPage, 200, (400, 401, 403, 410)))
async def list_events(request: EdgeRequest, after: Cursor = None, limit: Limit = 50, wait: Wait = 0) -> Response[bytes]:
    """Read events in order, strictly so for each subject; waits up to 20 s for the first."""
    house = house_of(request)
    until = time.monotonic() + wait
    while True:
        async with house.open(request.caller.actor) as uow:
            events = await uow.outbox.feed(after, limit)
            await uow.commit()
        if events is None:
            raise CursorUnknown
        if events or time.monotonic() >= until:
            break
        await anyio.sleep(POLL_SECONDS)
    cursor = events[-1].id if events else after
    return replied(Answer(200, {"items": [event_answer(event) for event in events], "next_cursor": cursor}))


@get("/v1/audit", opt=needs("audit:read", body="none"), **documented(AuditPage, 200, (400, 401, 403)))
async def list_audit(
    request: EdgeRequest,
    subject: Annotated[str | None, Parameter(max_length=64, pattern=r"^[\x21-\x7e]+$")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[bytes]:
    """Read the caller's trail, oldest first."""
    async with house_of(request).open(request.caller.actor) as uow:
        if subject is not None:
            entries = await uow.audit.of_subject(subject)
            return replied(Answer(200, {"items": [audit_answer(entry) for entry in entries], "next_cursor": None}))
        entries = await uow.audit.page(cursor, limit + 1)
    return replied(page_answer([audit_answer(entry) for entry in entries], limit))


@get(
    "/v1/jurisdictions/{division:str}/rules",
    opt=needs("jurisdiction:read", body="none"),
    **documented(RulePage, 200, PROBLEMS),
)
async def list_rules(request: EdgeRequest, division: str, on: str | None = None) -> Response[bytes]:
    """Read what holds in a division on a day, today by default, each with its source and standing."""
    house = house_of(request)
    day = business_date(house.now()) if on is None else parse_date(on)
    rules = house.rulebook.in_force(parse_division(division), day)
    return replied(Answer(200, {"items": [_rule(rule) for rule in rules], "next_cursor": None}))


def _rule(rule: Rule) -> dict[str, object]:
    value = rule.value
    plain = (
        value
        if value is None or isinstance(value, bool | int | str)
        else list(value)
        if isinstance(value, tuple)
        else str(value)
    )
    return {
        "name": rule.name,
        "division": rule.division,
        "value": plain,
        "unit": rule.unit,
        "document": rule.document,
        "number": rule.number,
        "article": rule.article,
        "valid_from": None if rule.valid_from is None else rule.valid_from.isoformat(),
        "valid_to": None if rule.valid_to is None else rule.valid_to.isoformat(),
        "standing": rule.standing.value,
        "note": rule.note,
    }
