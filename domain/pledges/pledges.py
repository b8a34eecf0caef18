"""A pledge: who secures which claim with which rights, at which bank, and how far it has come.

`parties` is fixed at creation and decides who sees the pledge: the bank, each pledgor, and the authority of the rights'
division. `active` means frozen under control; perfection is reported as what stands and never claimed, because no
statute names a registry for these rights.

Source: civil code art. 386-393, 420-424, 440; 最高法担保制度解释 art. 63; house decision 8.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from domain.errors import DomainError
from domain.pledges.impairments import Impairment
from domain.pledges.lifecycle import State, Workflow
from domain.pledges.syndicates import Member
from domain.values.identifiers import Uscc
from domain.values.money import Money
from domain.values.quantity import Quantity


class SecurityType(StrEnum):
    """抵押 or 质押; the provinces write 抵质押 and treat both alike."""

    MORTGAGE = "mortgage"
    PLEDGE = "pledge"


class SecuredKind(StrEnum):
    """An ordinary claim, or a maximum amount (civil code art. 420, 439)."""

    ORDINARY = "ordinary"
    MAXIMUM_AMOUNT = "maximum_amount"


class ReleaseReason(StrEnum):
    """The four ways in which security ends (civil code art. 393)."""

    CLAIM_EXTINGUISHED = "claim_extinguished"
    ENFORCED = "enforced"
    WAIVED = "waived"
    OTHER_BY_LAW = "other_by_law"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """The secured claim; `scope` lists its parts (civil code art. 389), the claim period only for a maximum amount."""

    amount: Money
    kind: SecuredKind
    scope: tuple[str, ...]
    claims_from: date | None
    claims_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSecurity:
    """Security that stands beside the rights: a guarantee, real estate and so on."""

    kind: str
    description: str
    value: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeItem:
    """A quantity of one right; its values are written at submit, none before."""

    right_id: str
    quantity: Quantity
    hold_id: str | None
    expected_version: int | None
    valuation_id: str | None
    market_value: Money | None
    collateral_value: Money | None
    adopted_value: Money | None
    loan_to_value_cap: Decimal | None

    @property
    def is_valued(self) -> bool:
        """Tell whether its values have been written."""
        values = (self.market_value, self.adopted_value, self.loan_to_value_cap)
        return all(value is not None for value in values)


class Register(StrEnum):
    """The two registers (house decision 8)."""

    EMISSION_REGISTRY = "emission_registry"
    NOTICE_REGISTRY = "notice_registry"


class RegistrationStatus(StrEnum):
    """Where an entry at a register stands."""

    NOT_REQUIRED = "not_required"
    PENDING = "pending"
    REGISTERED = "registered"
    REFUSED = "refused"
    OBJECTED = "objected"
    EXPIRED = "expired"
    DISCHARGED = "discharged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """An entry at a register, one for each item at the emission registry; the time is the register's own.

    `rank` is what the register itself said when a pledge was brought in; of our own orders it says none.
    """

    register: Register
    position: int
    status: RegistrationStatus
    reference: str | None
    registered_at: datetime | None
    rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Determination:
    """The day on which the claims of a maximum amount were fixed, and by what (civil code art. 423)."""

    on: date
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageTerms:
    """What the contract says of coverage beside the house's levels; a share is of debt in collateral value.

    A level begins above its share where that is stricter than ours; a call is due after so many working days.
    """

    warning_above: Decimal | None
    call_above: Decimal | None
    close_out_above: Decimal | None
    cure_working_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOrder:
    """The first officer's order to release; none approves their own."""

    reason: ReleaseReason
    ordered_by: str
    ordered_at: datetime
    approved_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pledge:
    """The whole pledge. `order_round` counts freezes and releases sent, so that each round has orders of its own.

    `confirmed_by` are the pledgors who have confirmed; `loan_approvals` is what was approved for loans that amendments
    added, by loan; the approved amount is for the others. `impairments` are those that last; they are kept apart.
    `syndicate` has the agent, who is the pledgee, first, and nobody where one bank lends alone.
    """

    id: str
    parties: tuple[str, ...]
    status: State
    workflow: Workflow
    applicant: str
    created_by: str
    pledgors: tuple[Uscc, ...]
    pledgee: str
    pledgee_uscc: Uscc
    authority: str | None
    security_type: SecurityType
    secured: Secured
    other_security: tuple[OtherSecurity, ...]
    items: tuple[PledgeItem, ...]
    loan_ids: tuple[str, ...]
    registrations: tuple[Registration, ...]
    approved_amount: Money | None
    approved_rate: Decimal | None
    reason: str | None
    order_round: int
    release: ReleaseOrder | None
    progressed_at: datetime
    created_at: datetime
    updated_at: datetime
    version: int
    confirmed_by: tuple[Uscc, ...] = ()
    determination: Determination | None = None
    coverage_terms: CoverageTerms | None = None
    loan_approvals: tuple[tuple[str, Money], ...] = ()
    impairments: tuple[Impairment, ...] = ()
    syndicate: tuple[Member, ...] = ()

    @property
    def under_control(self) -> bool:
        """Tell whether the registry has frozen every item and released none."""
        emission = [entry for entry in self.registrations if entry.register is Register.EMISSION_REGISTRY]
        return bool(emission) and all(entry.status is RegistrationStatus.REGISTERED for entry in emission)


@dataclass(eq=False)
class VersionMismatch(DomainError):
    """Refuse a command whose If-Match is no longer true."""

    code = "version_mismatch"

    version: int


@dataclass(eq=False)
class InvalidItems(DomainError):
    """Refuse items that name a right twice, another unit, another holder, or quantities other than pledged."""

    code = "invalid_items"

    pointer: str
    reason_zh: str
    reason_en: str


@dataclass(eq=False)
class LoanExceedsCollateral(DomainError):
    """Refuse a loan that the melting rights do not carry to its end; names the first day that is not covered."""

    code = "loan_exceeds_collateral"

    max_loan: Money
    first_uncovered_on: date | None


@dataclass(eq=False)
class TermExceedsValidity(DomainError):
    """Refuse a loan that outlives a right, or ends less than `margin_days` before it."""

    code = "term_exceeds_validity"

    right_id: str
    valid_to: date
    loan_end: date
    margin_days: int = 0


@dataclass(eq=False)
class NotActive(DomainError):
    """Refuse what only an active pledge allows; lists the conditions that are not met."""

    code = "not_active"

    unmet: tuple[str, ...]


@dataclass(eq=False)
class ReleaseNotAuthorised(DomainError):
    """Refuse a release by anyone but the pledgee's two persons."""

    code = "release_not_authorised"

    pledge_id: str


@dataclass(eq=False)
class SamePerson(DomainError):
    """Refuse a second signature by the first signer."""

    code = "same_person"

    ordered_by: str


@dataclass(eq=False)
class DebtOutstanding(DomainError):
    """Refuse to release for an extinguished claim that is still owed."""

    code = "debt_outstanding"

    outstanding: Money


@dataclass(eq=False)
class InvalidLoans(DomainError):
    """Refuse loans that are not the pledgee's, or an approval without any."""

    code = "invalid_loans"

    pointer: str
    reason_zh: str
    reason_en: str
