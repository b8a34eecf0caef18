"""Bodies of compensations: money that came in for a pledged right without a default (civil code art. 390)."""

from typing import Annotated

from api.schemas.pledges import RightId, SomeQuantity
from api.schemas.wire import (
    Choice,
    DateString,
    InstantReply,
    MoneyBody,
    ReplyModel,
    WireModel,
    text_string,
)
from domain.pledges.compensations import Application, CompensationKind, CompensationStatus


class CompensationRequest(WireModel):
    """What came in: its kind, when, under which reference, and whether it pays at once or lies deposited.

    `right_id` is needed where several rights are pledged; `whole` where others hold pledges on the right.
    """

    class Whole(WireModel):
        """The sum that this is a part of, and for how much of the right it was paid."""

        amount: MoneyBody
        quantity: SomeQuantity

    kind: Choice[CompensationKind]
    amount: MoneyBody
    received_on: DateString
    reference: Annotated[str, text_string(100)]
    apply: Choice[Application]
    right_id: RightId | None = None
    whole: Whole | None = None


class PaymentReply(ReplyModel):
    """What of it paid one loan."""

    loan_id: str
    fees: MoneyBody
    interest: MoneyBody
    penalty: MoneyBody
    principal: MoneyBody


class CompensationReply(ReplyModel):
    """A compensation: `lost` is what the pledge has lost of the right by its rank, in the right's unit.

    `lines` say what it paid, `deposited` what lies as security, `surplus` what is the pledgor's.
    """

    id: str
    pledge_id: str
    right_id: str
    kind: Choice[CompensationKind]
    amount: MoneyBody
    received_on: DateString
    reference: str
    apply: Choice[Application]
    lost: str | None
    status: Choice[CompensationStatus]
    lines: list[PaymentReply]
    deposited: MoneyBody
    surplus: MoneyBody
    reason: str | None
    proposed_by: str
    proposed_at: InstantReply
    decided_by: str | None
    decided_at: InstantReply | None
    version: int


class CompensationPage(ReplyModel):
    """A page of compensations, newest first."""

    items: list[CompensationReply]
    next_cursor: str | None
