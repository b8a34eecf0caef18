"""Bodies of loans and pledges (contract section 5)."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.debts import CoverageTermsBody, DeterminationReply, OwedReply
from api.schemas.estimates import ExpectedReply
from api.schemas.impairments import ImpairmentReply
from api.schemas.market import InstalmentBody
from api.schemas.rights import TenantName
from api.schemas.settlement_accounts import PayeeBody
from api.schemas.syndicates import SyndicateBody, SyndicateReply
from api.schemas.wire import (
    Choice,
    DateString,
    InstantReply,
    Items,
    MoneyBody,
    NoteString,
    QuantityBody,
    RatioString,
    ReplyModel,
    UsccString,
    WireModel,
    accepted,
    id_string,
    text_string,
)
from domain.errors import InvalidMoney, InvalidQuantity
from domain.loans.loans import LoanEventType, LoanKind
from domain.pledges.coverage import Level
from domain.pledges.lifecycle import State, Workflow
from domain.pledges.pledges import Register, RegistrationStatus, ReleaseReason, SecuredKind, SecurityType

RightId = Annotated[str, id_string("right")]
LoanId = Annotated[str, id_string("loan")]


def _some_quantity(body: QuantityBody) -> QuantityBody:
    def read() -> QuantityBody:
        if not body.to_domain().is_positive:
            amount = body.to_domain().wire()
            raise InvalidQuantity(what="quantity", value=amount, reason_zh="数量须大于零。", reason_en="above zero")
        return body

    return accepted(read)


def _some_money(body: MoneyBody) -> MoneyBody:
    def read() -> MoneyBody:
        if not body.to_domain().is_positive:
            amount = body.to_domain().wire()
            raise InvalidMoney(what="money", value=amount, reason_zh="金额须大于零。", reason_en="above zero")
        return body

    return accepted(read)


def _fraction(rate: Decimal) -> Decimal:
    if not 0 <= rate <= 1:
        kind, message = "rate", "a rate is a fraction per year between 0 and 1"
        raise PydanticCustomError(kind, message)
    return rate


FractionString = Annotated[RatioString, AfterValidator(_fraction)]
"""A ratio from nothing to the whole."""
SomeQuantity = Annotated[QuantityBody, AfterValidator(_some_quantity)]
"""A quantity above zero."""
SomeMoney = Annotated[MoneyBody, AfterValidator(_some_money)]
"""An amount above zero."""


class RateBody(WireModel):
    """A fixed rate, or one that follows the loan prime rate."""

    kind: Literal["fixed", "lpr"]
    value: RatioString | None = None
    tenor: Literal["1Y", "5Y"] | None = None
    spread_bp: Annotated[int, Field(ge=-1000, le=3000)] | None = None
    reset: Literal["none", "yearly", "half_yearly", "quarterly", "monthly"] | None = None

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        fixed = self.value is not None and self.tenor is None and self.spread_bp is None
        lpr = self.value is None and self.tenor is not None and self.spread_bp is not None
        if (self.kind == "fixed" and not fixed) or (self.kind == "lpr" and not lpr):
            kind, message = "rate", "a fixed rate has a value; an lpr rate has a tenor and a spread"
            raise PydanticCustomError(kind, message)
        if self.value is not None and not 0 <= self.value <= 1:
            kind, message = "rate", "a rate is a fraction per year between 0 and 1"
            raise PydanticCustomError(kind, message)
        return self


class LoanRequest(WireModel):
    """The bank's loan contract."""

    borrower_uscc: UsccString
    contract_no: Annotated[str, text_string(64)]
    kind: Choice[LoanKind]
    principal: MoneyBody
    rate: RateBody
    start: DateString
    end: DateString
    repayment: Literal["bullet"] | Annotated[Items[InstalmentBody], Field(min_length=1, max_length=600)]
    purpose: Annotated[str, text_string(200)]
    overdue_surcharge: FractionString | None = None


class LoanReply(ReplyModel):
    """A loan with what is outstanding of its principal."""

    id: str
    borrower_uscc: str
    contract_no: str
    kind: Choice[LoanKind]
    principal: MoneyBody
    rate: RateBody
    start: DateString
    end: DateString
    repayment: list[InstalmentBody]
    bullet: bool
    purpose: str
    overdue_surcharge: RatioString | None
    outstanding: MoneyBody
    owed: OwedReply
    created_at: InstantReply
    version: int


class LoanEventRequest(WireModel):
    """What happened to a loan."""

    type: Choice[LoanEventType]
    principal: MoneyBody | None = None
    interest: MoneyBody | None = None
    penalty: MoneyBody | None = None
    fee: MoneyBody | None = None
    on: DateString
    reference: Annotated[str, text_string(64)]
    payee: PayeeBody | None = None


class LoanEventReply(ReplyModel):
    """An event as recorded."""

    id: str
    loan_id: str
    type: Choice[LoanEventType]
    principal: MoneyBody | None
    interest: MoneyBody | None
    penalty: MoneyBody | None
    fee: MoneyBody | None
    on: DateString
    reference: str
    payee: PayeeBody | None
    outstanding: MoneyBody


class ItemBody(WireModel):
    """A quantity of one right."""

    right_id: RightId
    quantity: SomeQuantity


class SecuredBody(WireModel):
    """The secured claim; the scope is that of civil code art. 389 unless agreed otherwise."""

    amount: SomeMoney
    kind: Choice[SecuredKind]
    scope: Items[Literal["principal", "interest", "penalty", "damages", "custody_costs", "enforcement_costs"]] = (
        "principal",
        "interest",
        "penalty",
        "damages",
        "custody_costs",
        "enforcement_costs",
    )
    claims_from: DateString | None = None
    claims_to: DateString | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.claims_from is not None and self.claims_to is not None and self.claims_to < self.claims_from:
            kind, message = "period", "the claims' period ends before it starts"
            raise PydanticCustomError(kind, message)
        return self


class OtherSecurityBody(WireModel):
    """Security beside the rights."""

    kind: Annotated[str, text_string(40)]
    description: NoteString
    value: SomeMoney


class PledgeRequestBody(WireModel):
    """An application; `pledgee` is required from an enterprise, and a bank's is its own tenant."""

    pledgee: TenantName | None = None
    pledgors: Annotated[Items[UsccString], Field(min_length=1, max_length=20)]
    security_type: Choice[SecurityType]
    items: Annotated[Items[ItemBody], Field(min_length=1, max_length=50)]
    loans: Annotated[Items[LoanId], Field(max_length=50)] = ()
    secured: SecuredBody
    other_security: Annotated[Items[OtherSecurityBody], Field(max_length=20)] = ()
    workflow: Choice[Workflow]
    applicant: TenantName | None = None
    coverage_terms: CoverageTermsBody | None = None
    syndicate: SyndicateBody | None = None


class Empty(WireModel):
    """Nothing: `{}`."""


class VerifyQuantitiesRequest(WireModel):
    """The quantities that the authority confirms."""

    items: Annotated[Items[ItemBody], Field(min_length=1, max_length=50)]


class ApproveLoanRequest(WireModel):
    """What the bank approves; `loans` links contracts that the application did not name."""

    amount: SomeMoney
    rate: FractionString
    loans: Annotated[Items[LoanId], Field(max_length=50)] = ()


class ReasonRequest(WireModel):
    """Why."""

    reason: NoteString


class ReleaseRequest(WireModel):
    """Why the pledge ends (civil code art. 393)."""

    reason: Choice[ReleaseReason]


class ItemReply(ReplyModel):
    """An item with its values, which are written at submit."""

    right_id: str
    quantity: QuantityBody
    valuation_id: str | None
    market_value: MoneyBody | None
    collateral_value: MoneyBody | None
    adopted_value: MoneyBody | None


class RegistrationReply(ReplyModel):
    """An entry at a register; its rank is by the register's own time among our entries on the same right."""

    register_: Annotated[Choice[Register], Field(alias="register")]
    status: Choice[RegistrationStatus]
    reference: str | None
    registered_at: InstantReply | None
    rank: int | None


class PerfectionReply(ReplyModel):
    """What stands, and nothing more: no statute names a registry for these rights."""

    control: Choice[RegistrationStatus]
    publicity: Choice[RegistrationStatus]
    legal_standing: Literal["text", "digest", "unknown"]


class ConditionReply(ReplyModel):
    """A condition before disbursement."""

    code: str
    met: bool
    at: InstantReply | None


class ReleaseReply(ReplyModel):
    """The first person's order to release, and who approved it."""

    reason: Choice[ReleaseReason]
    ordered_by: str
    ordered_at: InstantReply
    approved_by: str | None


class CoverageReply(ReplyModel):
    """How far the collateral carries the debt."""

    outstanding: MoneyBody
    collateral_value: MoneyBody | None
    loan_to_value: RatioString | None
    level: Choice[Level]
    shortfall: MoneyBody | None
    as_of: InstantReply
    market_value: MoneyBody | None
    loan_to_market_value: RatioString | None
    due_on: DateString | None


class PledgeReply(ExpectedReply):
    """A pledge (contract section 5)."""

    id: str
    status: Choice[State]
    workflow: Choice[Workflow]
    applicant: str
    pledgors: list[str]
    pledgee: str
    borrower: str | None
    third_party_pledgors: list[str] | None
    security_type: Choice[SecurityType]
    items: list[ItemReply]
    loans: list[str]
    secured: SecuredBody
    other_security: list[OtherSecurityBody]
    approved_amount: MoneyBody | None
    approved_rate: RatioString | None
    confirmed_by: list[str]
    determination: DeterminationReply | None
    coverage_terms: CoverageTermsBody | None
    reason: str | None
    release: ReleaseReply | None
    registrations: list[RegistrationReply]
    perfection: PerfectionReply
    conditions: list[ConditionReply]
    impairments: list[ImpairmentReply]
    custody: Literal["not_in", "in", "out"]
    coverage: CoverageReply | None
    syndicate: SyndicateReply | None
    created_at: InstantReply
    updated_at: InstantReply
    version: int


class PledgePage(ReplyModel):
    """A page of pledges."""

    items: list[PledgeReply]
    next_cursor: str | None


class AuditEntryReply(ReplyModel):
    """Who did what to which thing, when."""

    id: str
    at: InstantReply
    actor: str
    tenant: str
    action: str
    subject: str
    details: dict[str, object]


class AuditPage(ReplyModel):
    """A page of the trail."""

    items: list[AuditEntryReply]
    next_cursor: str | None


class EventReply(ReplyModel):
    """One event in a CloudEvents 1.0 envelope."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: InstantReply
    datacontenttype: Literal["application/json"]
    businessdate: DateString
    data: dict[str, object]


class EventPage(ReplyModel):
    """A page of the feed."""

    items: list[EventReply]
    next_cursor: str | None
