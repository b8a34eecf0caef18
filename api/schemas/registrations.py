"""Bodies of the entry at the notice registry and of the clerk's queue (contract section 5)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.pledges import SomeMoney
from api.schemas.wire import (
    Choice,
    DateString,
    InstantReply,
    Items,
    MoneyBody,
    NoteString,
    QuantityBody,
    ReplyModel,
    WireModel,
    text_string,
)
from domain.pledges.notices import TERM_MONTHS_MAX, TERM_MONTHS_MIN, NoticeKind
from domain.pledges.pledges import Register, RegistrationStatus
from domain.pledges.registry_orders import OrderKind, OrderState
from domain.ports.registry_tasks import TaskOutcome, TaskState
from domain.use_cases.order_notice import DESCRIPTION_LENGTH_MAX

Term = Annotated[int, Field(ge=TERM_MONTHS_MIN, le=TERM_MONTHS_MAX)]
"""Months: one at least, thirty years at most."""
Description = Annotated[str, text_string(DESCRIPTION_LENGTH_MAX)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class RegistrationRequest(WireModel):
    """An entry that the pledgee wants at the notice registry; description and amount are the pledge's unless given."""

    register_: Annotated[Literal["notice_registry"], Field(alias="register")]
    term_months: Term
    description: Description | None = None
    secured_amount: SomeMoney | None = None
    attachments: Annotated[Items[Sha256], Field(max_length=20)] = ()


class AmendRegistrationRequest(WireModel):
    """Another description or amount; the entry keeps its time."""

    description: Description | None = None
    secured_amount: SomeMoney | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.description is None and self.secured_amount is None:
            kind, message = "nothing_to_amend", "give a description or an amount"
            raise PydanticCustomError(kind, message)
        return self


class ExtendRegistrationRequest(WireModel):
    """Months that are added to the current last day."""

    term_months: Term


class NoticeOrderReply(ReplyModel):
    """An order about the entry and what became of it."""

    id: str
    kind: Choice[NoticeKind]
    state: Choice[OrderState]
    ordered_by: str
    ordered_at: InstantReply
    executed_at: InstantReply | None
    reason: str | None
    message: str | None


class NoticeEntryReply(ReplyModel):
    """The entry as the register has it; `modify_code` is told to the pledgee alone, and masked to everybody else."""

    certificate_no: str
    modify_code: str | None
    description: str
    secured_amount: MoneyBody
    secured_cap: MoneyBody
    registered_at: InstantReply
    expires_on: DateString


class PledgeSearchReply(ReplyModel):
    """The newest search after registration."""

    searched_at: InstantReply
    clear: bool
    findings: list[str]
    rank: int | None
    evidence_sha256: str


class NoticeRegistrationReply(ReplyModel):
    """The pledge's registration at the notice registry with its entry, orders and newest search."""

    register_: Annotated[Choice[Register], Field(alias="register")]
    status: Choice[RegistrationStatus]
    entry: NoticeEntryReply | None
    orders: list[NoticeOrderReply]
    search: PledgeSearchReply | None


class ReceiptBody(WireModel):
    """The paper that proves an answer."""

    sha256: Sha256
    title: Annotated[str, text_string(200)]


class TaskAnswerRequest(WireModel):
    """What the clerk did: executed with the registry's reference, or refused with its reason."""

    outcome: Choice[TaskOutcome]
    reference: Annotated[str, text_string(64)] | None = None
    on: DateString
    receipt: ReceiptBody
    reason: NoteString | None = None

    @model_validator(mode="after")
    def _of_its_outcome(self) -> Self:
        executed = self.outcome is TaskOutcome.EXECUTED
        if (executed and self.reference is None) or (not executed and self.reason is None):
            kind, message = "task_answer", "an executed order has a reference; a refused one a reason"
            raise PydanticCustomError(kind, message)
        return self


class TaskAnswerReply(ReplyModel):
    """The clerk's answer."""

    outcome: Choice[TaskOutcome]
    reference: str | None
    on: DateString
    receipt: ReceiptBody
    reason: str | None
    answered_by: str
    answered_at: InstantReply


class RegistryTaskReply(ReplyModel):
    """One order to be carried out by hand."""

    id: str
    registry: str
    order_id: str
    kind: Choice[OrderKind]
    registry_no: str
    holder_uscc: str
    quantity: QuantityBody
    beneficiary: str
    contract_no: str
    expected_version: int | None
    registry_ref: str | None
    buyer: str | None
    buyer_permit_no: str | None
    new_beneficiary: str | None
    new_holder: str | None
    state: Choice[TaskState]
    answer: TaskAnswerReply | None
    confirmed_by: str | None
    confirmed_at: InstantReply | None
    created_at: InstantReply
    version: int


class RegistryTaskPage(ReplyModel):
    """A page of the queue, the oldest first."""

    items: list[RegistryTaskReply]
    next_cursor: str | None
