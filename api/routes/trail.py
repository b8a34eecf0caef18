"""Routes of the event feed, the audit trail and the rules (contract sections 2, 6 and 7)."""

import time
from typing import Any

import anyio
from litestar import Response, get
from litestar.params import FromPath

from api.answers.pledges import audit_answer, event_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import house_of
from api.idempotency import Answer, replied
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer
from api.permissions import needs, patient
from api.refusals import CursorUnknown
from api.schemas.pledges import AuditPage, EventPage
from api.schemas.queries import asked
from api.schemas.wire import DateString, ReplyModel
from domain.errors import InvalidIdentifier, InvalidValue
from domain.jurisdictions.rules import Rule
from domain.rights.authorizations import NotFound
from domain.values.identifiers import Division, parse_division
from domain.values.time import business_date, parse_date

POLL_SECONDS = 0.25

WAIT_SECONDS = range(21)
SUBJECT_LENGTH_MAX = 80


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


@get(
    "/v1/events",
    opt=patient(needs("event:read", body="none"), 30),
    **documented(EventPage, 200, (400, 401, 403, 410, 422, 503)),
)
async def list_events(
    request: EdgeRequest, after: Text = None, limit: Limit = LIMIT, wait: Text = None
) -> Response[bytes]:
    """Read events in order, strictly so for each subject; waits up to 20 s for the first."""
    house = house_of(request)
    cursor = cursor_of(after, "after")
    until = time.monotonic() + (asked("wait", wait, _seconds) or 0)
    while True:
        async with house.open(request.caller.actor) as uow:
            events = await uow.outbox.feed(cursor, limit)
            await uow.commit()
        if events is None:
            raise CursorUnknown
        if events or time.monotonic() >= until:
            break
        await anyio.sleep(POLL_SECONDS)
    following = events[-1].id if events else cursor
    return replied(Answer(200, {"items": [event_answer(event) for event in events], "next_cursor": following}))


@get("/v1/audit", opt=needs("audit:read", body="none"), **documented(AuditPage, 200, (400, 401, 403, 422, 503)))
async def list_audit(
    request: EdgeRequest,
    subject: Text = None,
    limit: Limit = LIMIT,
    cursor: Text = None,
) -> Response[bytes]:
    """Read the caller's trail, oldest first."""
    about = asked("subject", subject, _subject)
    async with house_of(request).open(request.caller.actor) as uow:
        if about is not None:
            entries = await uow.audit.of_subject(about)
            return replied(Answer(200, {"items": [audit_answer(entry) for entry in entries], "next_cursor": None}))
        entries = await uow.audit.page(cursor_of(cursor), limit + 1)
    return replied(page_answer([audit_answer(entry) for entry in entries], limit))


@get(
    "/v1/jurisdictions/{division:str}/rules",
    opt=needs("jurisdiction:read", body="none"),
    **documented(RulePage, 200, PROBLEMS),
)
async def list_rules(request: EdgeRequest, division: FromPath[str], on: Text = None) -> Response[bytes]:
    """Read what holds in a division on a day, today by default, each with its source and standing."""
    house = house_of(request)
    day = asked("on", on, parse_date) or business_date(house.now())
    rules = house.rulebook.in_force(_division(division), day)
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


def _seconds(text: str) -> int:
    if text in {str(seconds) for seconds in WAIT_SECONDS}:
        return int(text)
    raise InvalidValue(what="wait", value=text, reason_zh="应为0至20的整数秒。", reason_en="seconds from 0 to 20")


def _subject(text: str) -> str:
    if text.isascii() and text.isprintable() and 0 < len(text) <= SUBJECT_LENGTH_MAX:
        return text
    raise InvalidValue(what="subject", value=text, reason_zh="应为一个编号。", reason_en="an id")


def _division(text: str) -> Division:
    try:
        return parse_division(text)
    except InvalidIdentifier:
        raise NotFound("jurisdiction") from None
