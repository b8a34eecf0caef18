"""Bodies of enforcements (contract section 5)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.bank_appraisals import Sha256
from api.schemas.estimates import ExpectedReply
from api.schemas.holds import InstantString
from api.schemas.pledges import LoanId, RightId, SomeMoney, SomeQuantity
from api.schemas.syndicates import DivisionReply
from api.schemas.wire import (
    Choice,
    DateString,
    DecimalString,
    InstantReply,
    Items,
    MoneyBody,
    NameString,
    NoteString,
    PermitNoString,
    QuantityBody,
    ReplyModel,
    UsccString,
    WireModel,
    accepted,
    text_string,
)
from domain.errors import InvalidMoney
from domain.pledges.disposal import CostKind, Part
from domain.pledges.enforcements import EnforcementStatus, Named, Outcome, Route
from domain.values.money import Money

Reference = Annotated[str, text_string(120)]


def _not_below_nothing(body: MoneyBody) -> None:
    if body.to_domain() < Money.zero():
        amount = body.to_domain().wire()
        raise InvalidMoney(what="money", value=amount, reason_zh="金额不得小于零。", reason_en="below nothing")


class OwedBody(MoneyBody):
    """An amount of zero or more."""

    @model_validator(mode="after")
    def _owed(self) -> Self:
        accepted(_not_below_nothing, self)
        return self


class EnforcementRequest(WireModel):
    """How the bank wants to enforce; `notice_days` is its own policy, where no rule asks for longer."""

    route: Choice[Route]
    reserve_price: SomeMoney | None = None
    notice_days: Annotated[int, Field(ge=0, le=365)] | None = None


class StayRequest(WireModel):
    """Why the enforcement stops, and the number of the document that says so."""

    reason: NoteString
    reference: Reference


class LiftStayRequest(WireModel):
    """The number of the document by which it goes on."""

    reference: Reference


class ProofBody(WireModel):
    """What proves that a condition is met; a file by its SHA-256."""

    title: NameString
    sha256: Sha256 | None = None


class ConditionMetRequest(WireModel):
    """Since when a condition is met; `amount` is what the state is still owed where a fee must be made up."""

    document: ProofBody
    on: DateString
    amount: OwedBody | None = None


class RoundRequest(WireModel):
    """The next round, at a lower reserve."""

    reserve_price: SomeMoney


class WinnerBody(WireModel):
    """What somebody buys.

    `right_id` may be left out where the pledge has one item. `unit_price` is in yuan for one unit, once for all that is
    left of the right's term.
    """

    right_id: RightId | None = None
    buyer_uscc: UsccString
    buyer_permit_no: PermitNoString | None = None
    quantity: SomeQuantity
    unit_price: DecimalString
    amount: SomeMoney


class CostBody(WireModel):
    """What the sale cost."""

    kind: Choice[CostKind] = CostKind.ENFORCEMENT_COSTS
    description: NameString
    amount: SomeMoney


class ClaimBody(WireModel):
    """What the bank claims beside the principal of a loan; what it does not name is what has accrued by the sale."""

    loan_id: LoanId
    interest: OwedBody | None = None
    penalty: OwedBody | None = None


class OtherClaimBody(WireModel):
    """Another creditor's claim on the same money, with the time of its entry at a register, if it has one."""

    creditor: NameString
    reference: Reference
    amount: SomeMoney
    registered_at: InstantString | None = None


class ResultRequest(WireModel):
    """How a round ended: somebody bought, or nobody did (`outcome: failed`)."""

    outcome: Literal["sold", "failed"] = "sold"
    on: DateString
    reference: Reference
    winners: Annotated[Items[WinnerBody], Field(max_length=50)] = ()
    costs: Annotated[Items[CostBody], Field(max_length=50)] = ()
    claims: Annotated[Items[ClaimBody], Field(max_length=50)] = ()
    other_claims: Annotated[Items[OtherClaimBody], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _of_its_outcome(self) -> Self:
        told = (*self.winners, *self.costs, *self.claims, *self.other_claims)
        if (self.outcome == "sold") is not bool(self.winners) or (self.outcome == "failed" and told):
            kind, message = "outcome", "a sale has winners; a round in which nobody bought has nothing to tell"
            raise PydanticCustomError(kind, message)
        return self


class GroundReply(ReplyModel):
    """Why a loan is in default."""

    loan_id: str
    reason: Literal["accelerated", "overdue", "past_end"]
    since: DateString


class SaleConditionReply(ReplyModel):
    """What must be met before a sale: by whom, by which rule, how many days it takes, and when it was met."""

    code: str
    by: Choice[Named]
    rule: str | None
    standing: str
    days: int | None
    met: bool
    on: DateString | None
    at: InstantReply | None
    document: ProofBody | None
    amount: MoneyBody | None


class WinnerReply(ReplyModel):
    """What somebody buys."""

    right_id: str
    buyer_uscc: str
    buyer_permit_no: str | None
    quantity: QuantityBody
    unit_price: DecimalString
    amount: MoneyBody


class RoundReply(ReplyModel):
    """One attempt to sell."""

    number: int
    reserve_price: MoneyBody | None
    opened_at: InstantReply
    outcome: Choice[Outcome] | None
    on: DateString | None
    reference: str | None
    winners: list[WinnerReply]


class StayReply(ReplyModel):
    """A stop, and its end."""

    reason: str
    reference: str
    since: InstantReply
    lifted_at: InstantReply | None
    lifted_reference: str | None


class LineReply(ReplyModel):
    """One payment out of the proceeds."""

    part: Choice[Part]
    reference: str
    claimed: MoneyBody
    paid: MoneyBody


class DistributionReply(ReplyModel):
    """Who gets what; until `settled_at` it is what would be paid today."""

    proceeds: MoneyBody
    lines: list[LineReply]
    surplus: MoneyBody
    shortfall: MoneyBody


class DelayReply(ReplyModel):
    """By how many days what is not met yet lengthens the sale, and of which nobody knows how long it takes."""

    days: int
    unknown: list[str]


class EnforcementReply(ExpectedReply):
    """An enforcement of a pledge."""

    id: str
    pledge_id: str
    route: Choice[Route]
    status: Choice[EnforcementStatus]
    grounds: list[GroundReply]
    reserve_price: MoneyBody | None
    proposed_by: str
    proposed_at: InstantReply
    approved_by: str | None
    approved_at: InstantReply | None
    conditions: list[SaleConditionReply]
    delay: DelayReply
    rounds: list[RoundReply]
    stays: list[StayReply]
    distribution: DistributionReply | None
    division: DivisionReply | None
    settled_at: InstantReply | None
    end_reason: str | None
    created_at: InstantReply
    updated_at: InstantReply
    version: int


class EnforcementPage(ReplyModel):
    """A page of enforcements."""

    items: list[EnforcementReply]
    next_cursor: str | None
