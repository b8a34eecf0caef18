"""The shapes of the human queue: what a person must look into at a registry."""

from typing import Annotated

from api.schemas.wire import Choice, InstantReply, NoteString, ReplyModel, WireModel, text_string
from domain.pledges.alarms import AlarmKind, AlarmState


class OwnerRequest(WireModel):
    """Who looks into it."""

    owner: Annotated[str, text_string(64)]


class NoteRequest(WireModel):
    """What was found, or how it ended."""

    note: NoteString


class NoteReply(ReplyModel):
    """What a person wrote."""

    text: str
    by: str
    at: InstantReply


class ExceptionReply(ReplyModel):
    """An exception; `two_persons` says that a second person must confirm its end."""

    id: str
    kind: Choice[AlarmKind]
    registry: str
    pledge_id: str
    order_id: str
    state: Choice[AlarmState]
    reason: str | None
    owner: str | None
    two_persons: bool
    notes: list[NoteReply]
    opened_at: InstantReply
    acknowledged_at: InstantReply | None
    resolved_by: str | None
    resolved_at: InstantReply | None
    confirmed_by: str | None
    version: int


class ExceptionPage(ReplyModel):
    """A page of exceptions, the oldest first."""

    items: list[ExceptionReply]
    next_cursor: str | None
