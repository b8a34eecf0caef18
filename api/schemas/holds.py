"""Bodies of what an authority does: holds that it posts and lifts, reconciliations that it asks for and settles."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from api.schemas.pledges import SomeQuantity
from api.schemas.rights import RegistryName
from api.schemas.wire import (
    Choice,
    DateString,
    DivisionString,
    InstantReply,
    NameString,
    NoteString,
    ReplyModel,
    Spelled,
    WireModel,
    text_string,
)
from domain.ports.reconciliations import RunStatus
from domain.rights.holds import HoldKind
from domain.rights.reconciliation import CaseState, Difference
from domain.values.time import parse_instant, rfc3339

_INSTANT: Final = {
    "type": "string",
    "format": "date-time",
    "description": "RFC 3339 with its offset.",
    "examples": ["2026-11-21T09:30:00+08:00"],
}

InstantString = Annotated[datetime, Spelled(parse_instant, _INSTANT, rfc3339)]
Reference = Annotated[str, text_string(100)]


class HoldRequest(WireModel):
    """What an authority posts; a court speaks through it. Without `until` it stands until it is lifted."""

    class Document(WireModel):
        """The paper behind a hold: a court's order, an authority's decision."""

        name: NameString
        sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None

    kind: Choice[HoldKind]
    quantity: SomeQuantity
    reference: Reference
    reason: NoteString
    until: InstantString | None = None
    document: Document | None = None


class LiftRequest(WireModel):
    """Why a hold ends; where a quantity is named, only so much is given back and the hold stands for the rest."""

    reason: NoteString
    reference: Reference
    quantity: SomeQuantity | None = None


class RunRequest(WireModel):
    """Which registry to reconcile with; without a day, with its newest file."""

    registry: RegistryName
    on: DateString | None = None


class RunReply(ReplyModel):
    """A reconciliation: how many rights were compared, how many had only moved since the file, how many differ."""

    id: str
    registry: str
    on: DateString
    status: Choice[RunStatus]
    file_day: DateString | None
    file_sha256: str | None
    rights: int
    moved: int
    differences: int
    failure: str | None
    created_at: InstantReply
    finished_at: InstantReply | None


class PageReply(ReplyModel):
    """One side's page of a right; the daily file names neither holder nor status."""

    quantity: str
    unit: str
    frozen: str
    version: str
    holder_uscc: str | None
    status: str | None


class CaseReply(ReplyModel):
    """A difference with its owner: our page, the file's and the live answer's, as they were read."""

    id: str
    registry: str
    registry_no: str
    right_id: str
    division: DivisionString
    kind: Choice[Difference]
    ours: PageReply
    theirs_balance: PageReply | None
    theirs_live: PageReply | None
    state: Choice[CaseState]
    owner: str
    note: str | None
    opened_at: InstantReply
    acknowledged_at: InstantReply | None
    resolved_at: InstantReply | None
    version: int


class CasePage(ReplyModel):
    """A page of cases."""

    items: list[CaseReply]
    next_cursor: str | None


class AcknowledgeRequest(WireModel):
    """Who looks into it."""

    owner: Annotated[str, text_string(64)]


class ResolveRequest(WireModel):
    """How it ended."""

    note: NoteString
