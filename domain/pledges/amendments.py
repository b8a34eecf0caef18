"""An amendment of a pledge: each its own record, with a number, what it adds and removes, and who agreed.

A table is the law here too. What needs the registry passes through `registering`: what is added is frozen first, and
only when it is frozen is anything released, so that no amendment has a moment unfrozen; what stays keeps its freeze and
with it its rank. Whoever is asked and does not answer leaves the pledge as it is: the amendment waits, the pledge does
not.

The subtle thing is `exception`: the registry has refused to release what an amendment gives up, after what replaces it
was frozen. Both stay frozen, a person is called, and a second approval orders the release again.

A change of party moves no quantity: each freeze stays as it is, with its reference and its time, and is amended to
another's. Whoever takes a claim over signs, too; a pledgor and a debtor are told and not asked (art. 546, 547).

Source: contract section 5 (amendment kinds); civil code art. 67, 390, 391, 393, 395, 407, 414, 420 to 424, 546, 547.

>>> after(AmendmentState.PROPOSED, AmendmentEvent.WITHDRAWN)
<AmendmentState.WITHDRAWN: 'withdrawn'>
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from domain.errors import DomainError
from domain.pledges.pledges import PledgeItem
from domain.values.identifiers import Uscc
from domain.values.money import Money
from domain.values.quantity import Quantity


class AmendmentKind(StrEnum):
    """The kinds of contract section 5."""

    LOAN_EXTENSION = "loan_extension"
    REGISTRATION_RENEWAL = "registration_renewal"
    TOP_UP = "top_up"
    PARTIAL_RELEASE = "partial_release"
    SUBSTITUTE = "substitute"
    REFINANCE = "refinance"
    ADD_LOAN = "add_loan"
    DETERMINE = "determine"
    REPLACE_RIGHT = "replace_right"
    CHANGE_PARTY = "change_party"
    TRANSFER_OF_CLAIM = "transfer_of_claim"


OF_PARTIES: Final = frozenset({AmendmentKind.CHANGE_PARTY, AmendmentKind.TRANSFER_OF_CLAIM})
"""What changes whose a freeze is."""

WITHOUT_CONSENT: Final = OF_PARTIES | {AmendmentKind.DETERMINE, AmendmentKind.REGISTRATION_RENEWAL}
"""What happens by law, or changes nobody's duty: no pledgor is asked."""


class DeterminationEvent(StrEnum):
    """What fixes the claims of a maximum amount (civil code art. 423)."""

    PERIOD_ENDED = "period_ended"
    TWO_YEARS_WITHOUT_PERIOD = "two_years_without_period"
    NO_NEW_CLAIMS = "no_new_claims"
    SEIZURE_KNOWN = "seizure_known"
    BANKRUPTCY_OR_DISSOLUTION = "bankruptcy_or_dissolution"
    OTHER_BY_LAW = "other_by_law"


class AmendmentState(StrEnum):
    """Where an amendment stands."""

    PROPOSED = "proposed"
    REGISTERING = "registering"
    EFFECTIVE = "effective"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    REFUSED = "refused"
    EXCEPTION = "exception"


class AmendmentEvent(StrEnum):
    """What may happen to an amendment."""

    APPROVED = "approved"
    ORDERED = "ordered"
    EXECUTED = "executed"
    REFUSED = "refused"
    RELEASE_REFUSED = "release_refused"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"


PENDING: Final = frozenset({AmendmentState.PROPOSED, AmendmentState.REGISTERING, AmendmentState.EXCEPTION})
"""States in which no other amendment, release or disposal of the pledge begins."""

AMENDMENT_TRANSITIONS: Final[Mapping[tuple[AmendmentState, AmendmentEvent], AmendmentState]] = MappingProxyType(
    {
        (AmendmentState.PROPOSED, AmendmentEvent.WITHDRAWN): AmendmentState.WITHDRAWN,
        (AmendmentState.PROPOSED, AmendmentEvent.REJECTED): AmendmentState.REJECTED,
        (AmendmentState.PROPOSED, AmendmentEvent.APPROVED): AmendmentState.EFFECTIVE,
        (AmendmentState.PROPOSED, AmendmentEvent.ORDERED): AmendmentState.REGISTERING,
        (AmendmentState.EXCEPTION, AmendmentEvent.ORDERED): AmendmentState.REGISTERING,
        (AmendmentState.REGISTERING, AmendmentEvent.EXECUTED): AmendmentState.EFFECTIVE,
        (AmendmentState.REGISTERING, AmendmentEvent.REFUSED): AmendmentState.REFUSED,
        (AmendmentState.REGISTERING, AmendmentEvent.RELEASE_REFUSED): AmendmentState.EXCEPTION,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked for; each kind has the fields that it needs, and the others stay empty.

    `items` are rights to add, or in a partial release what to give back; `released` is what a substitution gives up.
    No `repayment` in an extension means one payment at the new end. A claim goes to `transferee`, a bank's tenant,
    whose USCC is written when it is proposed. Where successor and former pledgor are one, only its `name` has changed.
    """

    items: tuple[tuple[str, Quantity], ...] = ()
    released: tuple[tuple[str, Quantity], ...] = ()
    loan_id: str | None = None
    new_loan_id: str | None = None
    end: date | None = None
    repayment: tuple[tuple[date, Money], ...] = ()
    event: DeterminationEvent | None = None
    on: date | None = None
    right_id: str | None = None
    successor_id: str | None = None
    quantity: Quantity | None = None
    months: int | None = None
    transferee: str | None = None
    transferee_uscc: Uscc | None = None
    former_uscc: Uscc | None = None
    successor_uscc: Uscc | None = None
    name: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """A pledgor's consent, given by one of its persons."""

    uscc: Uscc
    given_by: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class Removal:
    """What is given back of one of the pledge's items."""

    right_id: str
    quantity: Quantity


FROZEN: Final = "freeze"
RELEASED: Final = "release"
UNDONE: Final = "undone"
AMENDED: Final = "amend"
"""What the registry did: froze an addition, released a removal, undid what belonged to an amendment that failed, or
entered another party with a freeze."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the registry did for an amendment: its reference and its own time, which is the rank of what was added."""

    right_id: str
    kind: str
    quantity: Quantity
    reference: str | None
    registered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """One amendment. `additions` are held and valued at approval, and become items once they are frozen."""

    id: str
    pledge_id: str
    parties: tuple[str, ...]
    number: int
    kind: AmendmentKind
    status: AmendmentState
    terms: Terms
    additions: tuple[PledgeItem, ...] = ()
    removals: tuple[Removal, ...] = ()
    entries: tuple[Entry, ...] = ()
    consents: tuple[Consent, ...] = field(default=())
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    accepted_by: str | None = None
    accepted_at: datetime | None = None
    version: int = 1

    @property
    def is_pending(self) -> bool:
        """Tell whether it keeps others waiting."""
        return self.status in PENDING


@dataclass(eq=False)
class AmendmentPending(DomainError):
    """Refuse what must wait for an earlier amendment of the pledge."""

    code = "amendment_pending"

    number: int


@dataclass(eq=False)
class AmendmentCannotMove(DomainError):
    """Refuse an event that the table does not allow from the amendment's state."""

    code = "amendment_cannot_move"

    state: str
    event: str


@dataclass(eq=False)
class ConsentMissing(DomainError):
    """Refuse to approve what a pledgor has not agreed to; names those who are missing."""

    code = "consent_missing"

    pledgors: tuple[str, ...]


@dataclass(eq=False)
class AcceptanceMissing(DomainError):
    """Refuse to approve the transfer of a claim that the bank which is to have it has not accepted."""

    code = "acceptance_missing"

    transferee: str


@dataclass(eq=False)
class SuccessorUnconfirmed(DomainError):
    """Refuse a change of party that the registry has not told of: by its word the right is not the new party's."""

    code = "successor_unconfirmed"

    right_id: str


@dataclass(eq=False)
class ClaimsNotDetermined(DomainError):
    """Refuse to transfer claims of a maximum amount before they are determined (civil code art. 421, 422)."""

    code = "claims_not_determined"


@dataclass(eq=False)
class ClaimSecuredElsewhere(DomainError):
    """Refuse to move one pledge alone whose loans other pledges secure: security follows its claim (art. 407)."""

    code = "claim_secured_elsewhere"

    pledges: tuple[str, ...]


@dataclass(eq=False)
class InvalidAmendment(DomainError):
    """Refuse terms that do not fit the pledge, naming the member."""

    code = "invalid_amendment"

    pointer: str
    reason_zh: str
    reason_en: str


@dataclass(eq=False)
class ReleaseBreaksCoverage(DomainError):
    """Refuse to give up what the debt needs; names the first day that would not be covered."""

    code = "release_breaks_coverage"

    first_uncovered_on: date
    outstanding: Money
    max_loan: Money


def after(state: AmendmentState, event: AmendmentEvent) -> AmendmentState:
    """Return the state after an event; raises AmendmentCannotMove where the table has no such row."""
    target = AMENDMENT_TRANSITIONS.get((state, event))
    if target is None:
        raise AmendmentCannotMove(state.value, event.value)
    return target


def missing_consents(amendment: Amendment, pledgors: Sequence[Uscc]) -> tuple[str, ...]:
    """Return the pledgors who have not agreed, in the pledge's order; none where nobody is asked."""
    if amendment.kind in WITHOUT_CONSENT:
        return ()
    given = {consent.uscc for consent in amendment.consents}
    return tuple(pledgor for pledgor in pledgors if pledgor not in given)


def still_to_release(amendment: Amendment) -> tuple[Removal, ...]:
    """Return what an approved amendment gives up and the registry has not released yet."""
    left = []
    for removal in amendment.removals:
        done = sum(
            (
                entry.quantity.amount
                for entry in amendment.entries
                if entry.kind == RELEASED and entry.right_id == removal.right_id
            ),
            Decimal(0),
        )
        if removal.quantity.amount > done:
            left.append(Removal(removal.right_id, Quantity(removal.quantity.amount - done, removal.quantity.unit)))
    return tuple(left)


def reduced(items: Sequence[PledgeItem], removals: Sequence[Removal]) -> tuple[PledgeItem, ...]:
    """Return what stays of the items, each value in proportion and rounded down; an item that is given up whole falls.

    A scaled value stands until the next valuation: the market takes the rest no worse than the whole.
    """
    given = {removal.right_id: removal.quantity.amount for removal in removals}
    kept = []
    for item in items:
        rest = item.quantity.amount - given.get(item.right_id, Decimal(0))
        if rest > 0:
            kept.append(item if rest == item.quantity.amount else _scaled(item, rest))
    return tuple(kept)


def joined(items: Sequence[PledgeItem], additions: Sequence[PledgeItem]) -> tuple[PledgeItem, ...]:
    """Return the items with what was added; a further quantity of a pledged right joins its item, value by value."""
    found = {item.right_id: item for item in items}
    for added in additions:
        former = found.get(added.right_id)
        found[added.right_id] = added if former is None else _sum(former, added)
    return tuple(found.values())


def _scaled(item: PledgeItem, rest: Decimal) -> PledgeItem:
    share = Fraction(rest) / Fraction(item.quantity.amount)

    def of(value: Money | None) -> Money | None:
        return None if value is None else Money.floor(share * Fraction(value.amount))

    return replace(
        item,
        quantity=Quantity(rest, item.quantity.unit),
        market_value=of(item.market_value),
        collateral_value=of(item.collateral_value),
        adopted_value=of(item.adopted_value),
    )


def _sum(former: PledgeItem, added: PledgeItem) -> PledgeItem:
    """Add two lots of one right; the cap is the lower one, and a value that is missing in one is missing in both."""

    def both(one: Money | None, other: Money | None) -> Money | None:
        return None if one is None or other is None else one + other

    caps = (former.loan_to_value_cap, added.loan_to_value_cap)
    return replace(
        former,
        quantity=Quantity(former.quantity.amount + added.quantity.amount, former.quantity.unit),
        expected_version=added.expected_version,
        market_value=both(former.market_value, added.market_value),
        collateral_value=both(former.collateral_value, added.collateral_value),
        adopted_value=both(former.adopted_value, added.adopted_value),
        loan_to_value_cap=None if None in caps else min(cap for cap in caps if cap is not None),
    )
