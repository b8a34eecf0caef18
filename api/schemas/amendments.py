"""Bodies of amendments (contract section 5): each kind takes the members that it needs, and no others."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.estimates import ExpectedReply
from api.schemas.market import InstalmentBody
from api.schemas.pledges import ItemBody, LoanId, RightId, SomeQuantity
from api.schemas.wire import (
    Choice,
    DateString,
    InstantReply,
    Items,
    NameString,
    NoteString,
    QuantityBody,
    ReplyModel,
    UsccString,
    WireModel,
    text_string,
)
from domain.pledges.amendments import AmendmentKind, AmendmentState, DeterminationEvent

NEEDED: Final[Mapping[AmendmentKind, tuple[str, ...]]] = MappingProxyType(
    {
        AmendmentKind.LOAN_EXTENSION: ("loan_id", "end"),
        AmendmentKind.REGISTRATION_RENEWAL: ("term_months",),
        AmendmentKind.TOP_UP: ("items",),
        AmendmentKind.PARTIAL_RELEASE: ("items",),
        AmendmentKind.SUBSTITUTE: ("items", "released"),
        AmendmentKind.REFINANCE: ("loan_id", "new_loan_id"),
        AmendmentKind.ADD_LOAN: ("loan_id",),
        AmendmentKind.DETERMINE: ("event", "on"),
        AmendmentKind.REPLACE_RIGHT: ("right_id", "successor_id", "quantity"),
        AmendmentKind.CHANGE_PARTY: ("former_uscc", "successor_uscc"),
        AmendmentKind.TRANSFER_OF_CLAIM: ("transferee",),
    }
)
"""What each kind must bring."""

ALSO: Final[Mapping[AmendmentKind, tuple[str, ...]]] = MappingProxyType(
    {AmendmentKind.LOAN_EXTENSION: ("repayment",), AmendmentKind.CHANGE_PARTY: ("name",)}
)
"""What a kind may bring and need not."""

ALLOWED: Final[Mapping[AmendmentKind, frozenset[str]]] = MappingProxyType(
    {kind: frozenset({*needed, *ALSO.get(kind, ()), "kind", "note"}) for kind, needed in NEEDED.items()}
)
"""What each kind may bring."""


class AmendmentRequest(WireModel):
    """A proposal.

    top_up {items}; partial_release {items: what is given back}; substitute {items, released}; replace_right {right_id,
    successor_id, quantity}; loan_extension {loan_id, end, repayment?}; refinance {loan_id, new_loan_id}; add_loan
    {loan_id}; determine {event, on}; registration_renewal {term_months}; change_party {former_uscc, successor_uscc,
    name?}, where both are one and only the name is new, name is needed; transfer_of_claim {transferee: the other bank's
    tenant, whose approver accepts}. `note` may stand with any.
    """

    kind: Choice[AmendmentKind]
    items: Annotated[Items[ItemBody], Field(max_length=50)] = ()
    released: Annotated[Items[ItemBody], Field(max_length=50)] = ()
    loan_id: LoanId | None = None
    new_loan_id: LoanId | None = None
    end: DateString | None = None
    repayment: Annotated[Items[InstalmentBody], Field(max_length=600)] = ()
    event: Choice[DeterminationEvent] | None = None
    on: DateString | None = None
    right_id: RightId | None = None
    successor_id: RightId | None = None
    quantity: SomeQuantity | None = None
    term_months: Annotated[int, Field(ge=1, le=360)] | None = None
    transferee: Annotated[str, text_string(64)] | None = None
    former_uscc: UsccString | None = None
    successor_uscc: UsccString | None = None
    name: NameString | None = None
    note: NoteString | None = None

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        missing = [name for name in NEEDED[self.kind] if not getattr(self, name)]
        if missing:
            kind = "amendment"
            raise PydanticCustomError(kind, "this kind of amendment needs {names}", {"names": ", ".join(missing)})
        foreign = sorted(name for name in self.model_fields_set - ALLOWED[self.kind] if getattr(self, name))
        if foreign:
            kind = "amendment"
            raise PydanticCustomError(kind, "this kind of amendment takes no {names}", {"names": ", ".join(foreign)})
        return self


class ConsentReply(ReplyModel):
    """A pledgor's consent."""

    pledgor: str
    given_by: str
    given_at: InstantReply


class EntryReply(ReplyModel):
    """What the registry did for the amendment, with its own reference and time: freeze, release, amend or undone."""

    right_id: str
    kind: str
    quantity: QuantityBody
    reference: str | None
    registered_at: InstantReply | None


class PartReply(ReplyModel):
    """A quantity of a right."""

    right_id: str
    quantity: QuantityBody


class AmendmentReply(ExpectedReply):
    """An amendment: its terms as proposed, who agreed, what the registry did, and where it stands."""

    id: str
    pledge_id: str
    number: int
    kind: Choice[AmendmentKind]
    status: Choice[AmendmentState]
    items: list[PartReply]
    released: list[PartReply]
    loan_id: str | None
    new_loan_id: str | None
    end: DateString | None
    repayment: list[InstalmentBody]
    event: Choice[DeterminationEvent] | None
    on: DateString | None
    right_id: str | None
    successor_id: str | None
    quantity: QuantityBody | None
    term_months: int | None
    transferee: str | None
    former_uscc: str | None
    successor_uscc: str | None
    name: str | None
    note: str | None
    consents: list[ConsentReply]
    entries: list[EntryReply]
    proposed_by: str
    proposed_at: InstantReply
    decided_by: str | None
    decided_at: InstantReply | None
    ended_at: InstantReply | None
    reason: str | None
    accepted_by: str | None
    accepted_at: InstantReply | None
    version: int


class AmendmentPage(ReplyModel):
    """A page of amendments, newest first."""

    items: list[AmendmentReply]
    next_cursor: str | None
