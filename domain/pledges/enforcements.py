"""Enforcement: how a pledge in default is turned into money, and what must be so before it may be.

Nothing passes to the bank by itself: an agreement made before the default that the right shall be the bank's gives it
no more than priority, so the bank may take the right at its value only with the pledgor's consent given afterwards,
on an appraisal in force, and pays the surplus back. Whoever buys, the bank's own officers are two: one proposes,
another approves.

The subtle thing is what nobody knows. Which consents a province wants before a pledged right is sold, and how long they
take, is mostly not written anywhere that we have read. A condition whose rule is unknown is still asked for, because a
sale without it cannot be undone; its days are then said to be unknown instead of being counted as none.

Source: civil code art. 410, 413, 428, 436 to 438; facts of the rule packs (`disposal.*`, `pledge.paid_only`);
企业破产法 art. 19 and 75 (an enforcement stops when a bankruptcy is accepted).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from domain.errors import DomainError
from domain.loans.default import Ground
from domain.pledges.disposal import Cost, Distribution, OtherClaim
from domain.values.identifiers import PermitNo, Uscc
from domain.values.money import Money
from domain.values.quantity import Quantity


class Route(StrEnum):
    """How the right is turned into money (拍卖、协议转让、政府回购、法院、折价)."""

    AUCTION = "auction"
    AGREED_SALE = "agreed_sale"
    BUY_BACK = "buy_back"
    COURT = "court"
    SETOFF_AT_VALUE = "setoff_at_value"


class EnforcementStatus(StrEnum):
    """Where an enforcement stands; while it is settling, the registry has the word."""

    PROPOSED = "proposed"
    RUNNING = "running"
    STAYED = "stayed"
    SETTLING = "settling"
    SETTLED = "settled"
    ENDED = "ended"


class EnforcementEvent(StrEnum):
    """What may happen to an enforcement."""

    APPROVED = "approved"
    STAYED = "stayed"
    STAY_LIFTED = "stay_lifted"
    SOLD = "sold"
    TRANSFER_REFUSED = "transfer_refused"
    SETTLED = "settled"
    ENDED = "ended"


OPEN: Final = frozenset(EnforcementStatus) - {EnforcementStatus.SETTLED, EnforcementStatus.ENDED}

ENFORCEMENT_TRANSITIONS: Final[Mapping[tuple[EnforcementStatus, EnforcementEvent], EnforcementStatus]] = (
    MappingProxyType(
        {
            (EnforcementStatus.PROPOSED, EnforcementEvent.APPROVED): EnforcementStatus.RUNNING,
            (EnforcementStatus.PROPOSED, EnforcementEvent.ENDED): EnforcementStatus.ENDED,
            (EnforcementStatus.RUNNING, EnforcementEvent.STAYED): EnforcementStatus.STAYED,
            (EnforcementStatus.STAYED, EnforcementEvent.STAY_LIFTED): EnforcementStatus.RUNNING,
            (EnforcementStatus.RUNNING, EnforcementEvent.SOLD): EnforcementStatus.SETTLING,
            (EnforcementStatus.SETTLING, EnforcementEvent.TRANSFER_REFUSED): EnforcementStatus.RUNNING,
            (EnforcementStatus.SETTLING, EnforcementEvent.SETTLED): EnforcementStatus.SETTLED,
            (EnforcementStatus.RUNNING, EnforcementEvent.ENDED): EnforcementStatus.ENDED,
            (EnforcementStatus.STAYED, EnforcementEvent.ENDED): EnforcementStatus.ENDED,
        }
    )
)
"""The law of an enforcement; absence is refusal. What has been sold is neither stayed nor ended any more."""


class Named(StrEnum):
    """By whom a condition is met."""

    PLEDGEE = "pledgee"
    PLEDGOR = "pledgor"
    AUTHORITY = "authority"


class Code(StrEnum):
    """What must be so before a sale."""

    NOTICE_TO_PLEDGOR = "notice_to_pledgor"
    SURPLUS_CERTIFICATION = "surplus_certification"
    AUTHORITY_CONSENT = "authority_consent"
    BUYER_ELIGIBILITY = "buyer_eligibility"
    UNPAID_FEE_MADE_UP = "unpaid_fee_made_up"
    EXTENSION = "extension"
    COURT_RULING = "court_ruling"
    PLEDGOR_AGREEMENT = "pledgor_agreement"


@dataclass(frozen=True, slots=True)
class ConditionDocument:
    """What proves it, by title and, where there is a file, its SHA-256."""

    title: str
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleCondition:
    """One condition of a sale.

    `days` is how long it takes: for the notice how many days must pass after it, none where nobody knows. `rule` and
    `standing` say why it is asked. `amount` is what the state is still owed, where a fee must be made up.
    """

    code: Code
    named: Named
    rule: str | None
    standing: str
    days: int | None
    met_on: date | None = None
    met_by: str | None = None
    met_at: datetime | None = None
    document: ConditionDocument | None = None
    amount: Money | None = None

    def satisfied(self, today: date) -> bool:
        """Tell whether a sale may go ahead as far as this is concerned; a notice must also have run its days."""
        if self.met_on is None:
            return False
        waits = (self.days or 0) if self.code is Code.NOTICE_TO_PLEDGOR else 0
        return self.met_on + timedelta(days=waits) <= today


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """A quantity that somebody buys: `unit_price` is in yuan for one unit, once for all that is left of its term."""

    right_id: str
    buyer: Uscc
    buyer_permit_no: PermitNo | None
    quantity: Quantity
    unit_price: Decimal
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedOf:
    """What the bank claims beside the principal of a loan, which its events tell; none: what has accrued."""

    loan_id: str
    interest: Money | None
    penalty: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleResult:
    """What a sale brought, what it cost, and who claims how much of the money beside the principal."""

    winners: tuple[Winner, ...]
    costs: tuple[Cost, ...]
    claims: tuple[ClaimedOf, ...]
    other_claims: tuple[OtherClaim, ...]

    @property
    def proceeds(self) -> Money:
        """Return what all winners pay."""
        return Money.from_fen(sum(winner.amount.fen for winner in self.winners))


class Outcome(StrEnum):
    """How a round ended: nobody bought (流拍), sold, or sold and then not entered by the registry."""

    FAILED = "failed"
    SOLD = "sold"
    TRANSFER_REFUSED = "transfer_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One attempt to sell; `reserve_price` is for everything, none where there is no reserve."""

    number: int
    reserve_price: Money | None
    opened_by: str
    opened_at: datetime
    outcome: Outcome | None = None
    on: date | None = None
    reference: str | None = None
    reported_by: str | None = None
    reported_at: datetime | None = None
    result: SaleResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A stop by a court or the authority, and its end; `reference` is the number of the document."""

    reason: str
    reference: str
    since: datetime
    by: str
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lifted_reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforcement:
    """An enforcement whole, with its conditions and its rounds in order."""

    id: str
    pledge_id: str
    parties: tuple[str, ...]
    route: Route
    status: EnforcementStatus
    grounds: tuple[Ground, ...]
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    stays: tuple[Stay, ...]
    end_reason: str | None
    ended_by: str | None
    distribution: Distribution | None
    settled_at: datetime | None
    conditions: tuple[SaleCondition, ...]
    rounds: tuple[Round, ...]
    created_at: datetime
    updated_at: datetime
    version: int

    @property
    def fee_due(self) -> Money:
        """Return what the state is still owed for rights that were free."""
        return Money.from_fen(sum(each.amount.fen for each in self.conditions if each.amount is not None))

    def unmet(self, today: date) -> tuple[str, ...]:
        """Return the codes of the conditions that are not met on a day."""
        return tuple(each.code.value for each in self.conditions if not each.satisfied(today))

    def days_to_come(self) -> tuple[int, tuple[str, ...]]:
        """Return by how many days what is missing lengthens the sale, and the codes of which nobody knows how long."""
        missing = [each for each in self.conditions if each.met_on is None]
        return sum(each.days or 0 for each in missing), tuple(each.code.value for each in missing if each.days is None)


@dataclass(eq=False)
class DisposalNotInDefault(DomainError):
    """Refuse to enforce, or to sell, while no linked loan is in default."""

    code = "disposal_not_in_default"

    pledge_id: str


@dataclass(eq=False)
class EnforcementCannotMove(DomainError):
    """Refuse an event that the table does not allow from where the enforcement stands."""

    code = "enforcement_cannot_move"

    state: str
    event: str


@dataclass(eq=False)
class EnforcementOpen(DomainError):
    """Refuse a second enforcement beside an open one."""

    code = "enforcement_open"

    enforcement_id: str


@dataclass(eq=False)
class DisposalConditionsUnmet(DomainError):
    """Refuse a sale before everything is met that must be met first; lists the codes."""

    code = "disposal_conditions_unmet"

    unmet: tuple[str, ...]


@dataclass(eq=False)
class ConditionNotAsked(DomainError):
    """Refuse to meet a condition that was met, or cannot be met so: without its amount, or before the default."""

    code = "disposal_condition_conflict"

    condition: str
    reason_zh: str
    reason_en: str


@dataclass(eq=False)
class BuyerNotEligible(DomainError):
    """Refuse a buyer: the pledgor itself, or the bank where no rule lets it buy."""

    code = "buyer_not_eligible"

    buyer: str
    reason_zh: str
    reason_en: str


@dataclass(eq=False)
class InvalidSale(DomainError):
    """Refuse a result whose sums or parts do not agree with themselves or with the pledge."""

    code = "invalid_sale"

    pointer: str
    reason_zh: str
    reason_en: str


@dataclass(eq=False)
class UnsoldRemainder(DomainError):
    """Refuse to leave a part of the pledge unsold while the proceeds leave something owed."""

    code = "unsold_remainder"

    shortfall: Money


@dataclass(eq=False)
class BelowReserve(DomainError):
    """Refuse a result, or the reserve of a new round, by the reserve price: below it, or not below the last one."""

    code = "reserve_price_conflict"

    reserve_price: Money
    offered: Money


def after(status: EnforcementStatus, event: EnforcementEvent) -> EnforcementStatus:
    """Return where an enforcement stands after an event; raises EnforcementCannotMove."""
    target = ENFORCEMENT_TRANSITIONS.get((status, event))
    if target is None:
        raise EnforcementCannotMove(status.value, event.value)
    return target


def price_holds(winner: Winner) -> bool:
    """Tell whether amount = quantity x unit price, to the fen in either direction."""
    exact = Fraction(winner.quantity.amount) * Fraction(winner.unit_price)
    return winner.amount in {Money.floor(exact), Money.ceiling(exact)}


def sold_of(winners: Iterable[Winner], right_id: str) -> Decimal:
    """Return how much of a right is sold, in its unit."""
    return sum((winner.quantity.amount for winner in winners if winner.right_id == right_id), Decimal(0))
