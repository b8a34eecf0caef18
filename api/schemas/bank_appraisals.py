"""Bodies of a bank's appraisals, adopted values and policy (contract section 4)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from api.schemas.pledges import RightId, SomeMoney, SomeQuantity
from api.schemas.wire import (
    Choice,
    DateString,
    InstantReply,
    MoneyBody,
    NameString,
    NoteString,
    QuantityBody,
    ReplyModel,
    UsccString,
    WireModel,
    accepted,
    id_string,
    text_string,
)
from domain.errors import InvalidValue
from domain.valuation.adoption import AdoptionBasis, Source
from domain.valuation.bank_appraisals import AppraisalKind, AppraisalStanding
from domain.valuation.proposals import ProposalStatus
from domain.valuation.valuation_policy import REVALUATION_MONTHS_MAX

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
DAYS_MAX = 3650


class AppraiserBody(WireModel):
    """Who appraised; a firm by its USCC where it has one."""

    name: NameString
    uscc: UsccString | None = None


class ReportBody(WireModel):
    """The report, by the SHA-256 of its file."""

    sha256: Sha256
    title: NameString | None = None
    number: Annotated[str, text_string(64)] | None = None


class AppraisalRequest(WireModel):
    """A bank's own appraisal: a market value of the right, or of a quantity of it, before any haircut."""

    kind: Choice[AppraisalKind]
    value: SomeMoney
    quantity: SomeQuantity | None = None
    as_of: DateString
    valid_until: DateString
    appraiser: AppraiserBody
    report: ReportBody
    method: NameString | None = None


class AdoptionRequest(WireModel):
    """What to adopt instead of the lowest: a valuation, an appraisal, or a value (of a quantity, else of the whole)."""

    valuation_id: Annotated[str, id_string("val")] | None = None
    appraisal_id: Annotated[str, id_string("appraisal")] | None = None
    value: SomeMoney | None = None
    quantity: SomeQuantity | None = None
    reason: NoteString

    @model_validator(mode="after")
    def _one_basis(self) -> Self:
        accepted(self._require_one_basis)
        return self

    def _require_one_basis(self) -> None:
        named = [each for each in (self.valuation_id, self.appraisal_id, self.value) if each is not None]
        if len(named) != 1 or (self.quantity is not None and self.value is None):
            raise InvalidValue(
                what="basis",
                value="",
                reason_zh="须且仅须填写 valuation_id、appraisal_id、value 之一;quantity 只随 value 填写。",
                reason_en="name exactly one of valuation_id, appraisal_id and value; quantity goes with value only",
            )


class PolicyRequest(WireModel):
    """A policy of valuation; revaluation at least yearly, no margin where the rule packs alone shall decide."""

    revaluation_months: Annotated[int, Field(ge=1, le=REVALUATION_MONTHS_MAX)]
    liquidation_days: Annotated[int, Field(ge=0, le=365)]
    loan_end_margin_days: Annotated[int, Field(ge=0, le=DAYS_MAX)] | None = None


class ProposalReply(ReplyModel):
    """Who put it forward, and who decided."""

    proposed_by: str
    proposed_at: InstantReply
    decided_by: str | None
    decided_at: InstantReply | None
    rejection: str | None


class AppraiserReply(ReplyModel):
    """Who appraised."""

    name: str
    uscc: str | None


class ReportReply(ReplyModel):
    """The report."""

    sha256: str
    title: str | None
    number: str | None


class AppraisalReply(ProposalReply):
    """A bank's own appraisal; `standing` says whether it counts today."""

    id: str
    right_id: RightId
    status: Choice[ProposalStatus]
    standing: Choice[AppraisalStanding]
    kind: Choice[AppraisalKind]
    value: MoneyBody
    quantity: QuantityBody
    as_of: DateString
    valid_until: DateString
    appraiser: AppraiserReply
    report: ReportReply
    method: str | None
    version: int


class AppraisalPage(ReplyModel):
    """A right's appraisals by the caller's bank, newest first."""

    items: list[AppraisalReply]
    next_cursor: str | None


class AdoptionReply(ProposalReply):
    """An explicit adoption."""

    id: str
    right_id: RightId
    status: Choice[ProposalStatus]
    basis: Choice[AdoptionBasis]
    valuation_id: str | None
    appraisal_id: str | None
    value: MoneyBody
    quantity: QuantityBody
    valued_on: DateString
    valid_until: DateString | None
    reason: str
    version: int


class AdoptionPage(ReplyModel):
    """A right's explicit adoptions by the caller's bank, newest first."""

    items: list[AdoptionReply]
    next_cursor: str | None


class WeighedReply(ReplyModel):
    """An appraisal carried over to the asked quantity and day; it counts when it is in force."""

    appraisal_id: str
    kind: Choice[AppraisalKind]
    value: MoneyBody
    standing: Choice[AppraisalStanding]


class AdoptedReply(ReplyModel):
    """What the caller's bank adopts for a right on a day, out of what; market values before the haircut."""

    right_id: str
    quantity: QuantityBody
    on: DateString
    adopted_value: MoneyBody
    source: Choice[Source]
    source_id: str | None
    valued_on: DateString
    due_on: DateString
    market_value: MoneyBody
    collateral_value: MoneyBody
    adopted_collateral_value: MoneyBody
    appraisals: list[WeighedReply]
    warnings: list[Literal["appraisal_expired", "adoption_expired", "adopted_above_lowest", "adopted_above_ours"]]


class TermsReply(ReplyModel):
    """What a policy says."""

    revaluation_months: int
    liquidation_days: int
    loan_end_margin_days: int | None


class PolicyReply(ProposalReply):
    """A policy as it was put forward."""

    id: str
    status: Choice[ProposalStatus]
    terms: TermsReply
    version: int


class PolicyPage(ReplyModel):
    """What holds for the caller's bank (the default where it never said), and its policies, newest first."""

    in_force: TermsReply
    items: list[PolicyReply]
    next_cursor: str | None


class DueReply(ReplyModel):
    """A pledged quantity whose value is due."""

    id: str
    pledge_id: str
    right_id: str
    quantity: QuantityBody
    valuation_id: str
    valued_on: DateString
    adopted_value: MoneyBody | None
    due_on: DateString
    reasons: list[Literal["revaluation_due", "appraisal_expired"]]


class DuePage(ReplyModel):
    """What must be valued anew by a day, the longest due first."""

    items: list[DueReply]
    next_cursor: str | None
