"""Bodies of existing pledges that a bank brings in (contract section 5)."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.market import InstalmentBody
from api.schemas.pledges import FractionString, OtherSecurityBody, RateBody, SecuredBody, SomeMoney, SomeQuantity
from api.schemas.wire import (
    Choice,
    DateString,
    InstantReply,
    Items,
    MoneyBody,
    RegistryNoString,
    ReplyModel,
    UsccString,
    WireModel,
    text_string,
)
from domain.loans.loans import FixedRate, LoanKind, LprRate
from domain.pledges.imports import BroughtLoan, BroughtPledge, Code, RowOutcome
from domain.pledges.lifecycle import Workflow
from domain.pledges.pledges import OtherSecurity, Secured, SecurityType
from domain.valuation.proposals import ProposalStatus

ROWS_MAX = 200


class BroughtLoanBody(WireModel):
    """A loan with its balance as of a day; `repayment` is the contract's whole schedule, paid instalments included."""

    borrower_uscc: UsccString
    contract_no: Annotated[str, text_string(64)]
    kind: Literal["term", "credit_line"]
    principal: SomeMoney
    outstanding: MoneyBody
    as_of: DateString
    rate: RateBody
    start: DateString
    end: DateString
    repayment: Literal["bullet"] | Annotated[Items[InstalmentBody], Field(min_length=1, max_length=600)]
    purpose: Annotated[str, text_string(200)]
    overdue_surcharge: FractionString | None = None

    def to_domain(self) -> BroughtLoan:
        """Return the loan."""
        principal = self.principal.to_domain()
        bullet = isinstance(self.repayment, str)
        lines = ((self.end, principal),)
        if not isinstance(self.repayment, str):
            lines = tuple((line.on, line.amount.to_domain()) for line in self.repayment)  # type: ignore[assignment]  # any length
        return BroughtLoan(
            borrower_uscc=self.borrower_uscc,
            contract_no=self.contract_no,
            kind=LoanKind(self.kind),
            principal=principal,
            outstanding=self.outstanding.to_domain(),
            as_of=self.as_of,
            rate=_rate(self.rate),
            start=self.start,
            end=self.end,
            repayment=lines,
            bullet=bullet,
            purpose=self.purpose,
            overdue_surcharge=self.overdue_surcharge,
        )


class BroughtPledgeBody(WireModel):
    """One freeze that stands at a registry for this bank, what it secures, and the loans behind it."""

    registry: Annotated[str, text_string(40)]
    registry_no: RegistryNoString
    registry_ref: Annotated[str, text_string(64)]
    pledgor_uscc: UsccString
    quantity: SomeQuantity
    registered_on: DateString
    rank: Annotated[int, Field(ge=1, le=1000)]
    security_type: Choice[SecurityType]
    workflow: Choice[Workflow] = Workflow.ZHEJIANG
    secured: SecuredBody
    other_security: Annotated[Items[OtherSecurityBody], Field(max_length=20)] = ()
    loans: Annotated[Items[BroughtLoanBody], Field(max_length=50)] = ()

    def to_domain(self) -> BroughtPledge:
        """Return the row."""
        secured = self.secured
        return BroughtPledge(
            registry=self.registry,
            registry_no=self.registry_no,
            registry_ref=self.registry_ref,
            pledgor_uscc=self.pledgor_uscc,
            quantity=self.quantity.to_domain(),
            registered_on=self.registered_on,
            rank=self.rank,
            security_type=self.security_type,
            workflow=self.workflow,
            secured=Secured(
                amount=secured.amount.to_domain(),
                kind=secured.kind,
                scope=secured.scope,
                claims_from=secured.claims_from,
                claims_to=secured.claims_to,
            ),
            other_security=tuple(
                OtherSecurity(kind=each.kind, description=each.description, value=each.value.to_domain())
                for each in self.other_security
            ),
            loans=tuple(loan.to_domain() for loan in self.loans),
        )


class PledgeImportRequest(WireModel):
    """A batch; its rows are judged one by one, after a second person has approved it."""

    rows: Annotated[Items[BroughtPledgeBody], Field(min_length=1, max_length=ROWS_MAX)]


class RowReply(ReplyModel):
    """What became of a row; `code` where it is quarantined, `pledge_id` where it is a pledge with us."""

    index: int
    registry: str
    registry_no: str
    registry_ref: str
    outcome: Choice[RowOutcome]
    code: Choice[Code] | None
    pledge_id: str | None


class RowTotalsReply(ReplyModel):
    """How many rows there are of each outcome."""

    pending: int
    accepted: int
    duplicate: int
    quarantined: int


class PledgeImportReply(ReplyModel):
    """A batch with what became of its rows; it is `finished` once each has its result."""

    id: str
    status: Choice[ProposalStatus]
    finished: bool
    totals: RowTotalsReply
    rows: list[RowReply]
    proposed_by: str
    proposed_at: InstantReply
    decided_by: str | None
    decided_at: InstantReply | None
    rejection: str | None
    version: int


class PledgeImportPage(ReplyModel):
    """A page of batches."""

    items: list[PledgeImportReply]
    next_cursor: str | None


def _rate(body: RateBody) -> FixedRate | LprRate:
    if body.value is not None:
        return FixedRate(value=body.value)
    assert body.tenor is not None, "the schema demands a tenor of an lpr rate"
    assert body.spread_bp is not None, "the schema demands a spread of an lpr rate"
    return LprRate(tenor=body.tenor, spread_bp=body.spread_bp, reset=body.reset or "none")
