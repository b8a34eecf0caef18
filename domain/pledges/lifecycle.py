"""The pledge's states: a table is the law, absence is refusal, waiting is a state.

Two workflows share one ending. Zhejiang's has the authority verify the quantities and the enterprise confirm what the
bank approved; Hubei's is led by the bank. The subtle row is the refused freeze: it returns to the state *before* the
freeze, which differs between them, so each workflow has its own table. A correction by a court or the registry is an
event in the table.

Source: 浙江省排污权抵质押贷款操作指引(暂行) 杭银发〔2022〕21号 (four steps, by digest);
湖北省排污权抵质押贷款操作指引(暂行) 武银〔2022〕79号 (by digest); contract section 5.

>>> move(Workflow.ZHEJIANG, State.CONFIRMED, Event.FREEZE_ORDERED)
<State.FREEZING: 'freezing'>
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.errors import DomainError


class Workflow(StrEnum):
    """Which province's sequence of steps the pledge follows."""

    ZHEJIANG = "zhejiang"
    HUBEI = "hubei"


class State(StrEnum):
    """The published states of contract section 5."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CORRECTION_REQUIRED = "correction_required"
    QUANTITIES_VERIFIED = "quantities_verified"
    LOAN_APPROVED = "loan_approved"
    CONFIRMED = "confirmed"
    FREEZING = "freezing"
    ACTIVE = "active"
    RELEASING = "releasing"
    RELEASED = "released"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    ENFORCING = "enforcing"
    ENFORCEMENT_STAYED = "enforcement_stayed"
    DISPOSED = "disposed"
    EXCEPTION = "exception"


class Event(StrEnum):
    """What may happen to a pledge."""

    SUBMITTED = "submitted"
    QUANTITIES_VERIFIED = "quantities_verified"
    LOAN_APPROVED = "loan_approved"
    CONFIRMED = "confirmed"
    CORRECTION_REQUESTED = "correction_requested"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    FREEZE_ORDERED = "freeze_ordered"
    FREEZE_EXECUTED = "freeze_executed"
    FREEZE_REFUSED = "freeze_refused"
    RELEASE_APPROVED = "release_approved"
    RELEASE_EXECUTED = "release_executed"
    RELEASE_CANCELLED = "release_cancelled"
    BROUGHT_IN = "brought_in"
    ORDER_STUCK = "order_stuck"
    ENFORCEMENT_APPROVED = "enforcement_approved"
    ENFORCEMENT_STAYED = "enforcement_stayed"
    STAY_LIFTED = "stay_lifted"
    ENFORCEMENT_ENDED = "enforcement_ended"
    DISPOSAL_SETTLED = "disposal_settled"
    DISPOSAL_REFUSED = "disposal_refused"


Table = Mapping[tuple[State, Event], State]

_SHARED: Final[Table] = {
    (State.DRAFT, Event.SUBMITTED): State.SUBMITTED,
    (State.DRAFT, Event.BROUGHT_IN): State.ACTIVE,
    (State.CORRECTION_REQUIRED, Event.SUBMITTED): State.SUBMITTED,
    (State.DRAFT, Event.WITHDRAWN): State.WITHDRAWN,
    (State.SUBMITTED, Event.WITHDRAWN): State.WITHDRAWN,
    (State.CORRECTION_REQUIRED, Event.WITHDRAWN): State.WITHDRAWN,
    (State.LOAN_APPROVED, Event.WITHDRAWN): State.WITHDRAWN,
    (State.SUBMITTED, Event.CORRECTION_REQUESTED): State.CORRECTION_REQUIRED,
    (State.LOAN_APPROVED, Event.CORRECTION_REQUESTED): State.CORRECTION_REQUIRED,
    (State.SUBMITTED, Event.REJECTED): State.REJECTED,
    (State.CORRECTION_REQUIRED, Event.REJECTED): State.REJECTED,
    (State.LOAN_APPROVED, Event.REJECTED): State.REJECTED,
    (State.SUBMITTED, Event.LAPSED): State.WITHDRAWN,
    (State.CORRECTION_REQUIRED, Event.LAPSED): State.WITHDRAWN,
    (State.LOAN_APPROVED, Event.LAPSED): State.WITHDRAWN,
    (State.FREEZING, Event.FREEZE_EXECUTED): State.ACTIVE,
    (State.FREEZING, Event.ORDER_STUCK): State.EXCEPTION,
    (State.EXCEPTION, Event.FREEZE_EXECUTED): State.ACTIVE,
    (State.EXCEPTION, Event.RELEASE_EXECUTED): State.RELEASED,
    (State.ACTIVE, Event.RELEASE_APPROVED): State.RELEASING,
    (State.RELEASING, Event.RELEASE_EXECUTED): State.RELEASED,
    (State.RELEASING, Event.ORDER_STUCK): State.EXCEPTION,
    (State.EXCEPTION, Event.RELEASE_APPROVED): State.RELEASING,
    (State.EXCEPTION, Event.RELEASE_CANCELLED): State.ACTIVE,
    (State.ACTIVE, Event.ENFORCEMENT_APPROVED): State.ENFORCING,
    (State.ENFORCING, Event.ENFORCEMENT_STAYED): State.ENFORCEMENT_STAYED,
    (State.ENFORCEMENT_STAYED, Event.STAY_LIFTED): State.ENFORCING,
    (State.ENFORCING, Event.ENFORCEMENT_ENDED): State.ACTIVE,
    (State.ENFORCEMENT_STAYED, Event.ENFORCEMENT_ENDED): State.ACTIVE,
    (State.ENFORCING, Event.DISPOSAL_SETTLED): State.DISPOSED,
    (State.ENFORCING, Event.ORDER_STUCK): State.EXCEPTION,
    (State.EXCEPTION, Event.DISPOSAL_SETTLED): State.DISPOSED,
    (State.EXCEPTION, Event.DISPOSAL_REFUSED): State.ENFORCING,
}

_ZHEJIANG: Final[Table] = {
    (State.SUBMITTED, Event.QUANTITIES_VERIFIED): State.QUANTITIES_VERIFIED,
    (State.QUANTITIES_VERIFIED, Event.LOAN_APPROVED): State.LOAN_APPROVED,
    (State.LOAN_APPROVED, Event.CONFIRMED): State.CONFIRMED,
    (State.CONFIRMED, Event.FREEZE_ORDERED): State.FREEZING,
    (State.FREEZING, Event.FREEZE_REFUSED): State.CONFIRMED,
    (State.EXCEPTION, Event.FREEZE_REFUSED): State.CONFIRMED,
    (State.QUANTITIES_VERIFIED, Event.CORRECTION_REQUESTED): State.CORRECTION_REQUIRED,
    (State.QUANTITIES_VERIFIED, Event.REJECTED): State.REJECTED,
    (State.CONFIRMED, Event.REJECTED): State.REJECTED,
    (State.QUANTITIES_VERIFIED, Event.WITHDRAWN): State.WITHDRAWN,
    (State.CONFIRMED, Event.WITHDRAWN): State.WITHDRAWN,
    (State.QUANTITIES_VERIFIED, Event.LAPSED): State.WITHDRAWN,
    (State.CONFIRMED, Event.LAPSED): State.WITHDRAWN,
}

_HUBEI: Final[Table] = {
    (State.SUBMITTED, Event.LOAN_APPROVED): State.LOAN_APPROVED,
    (State.LOAN_APPROVED, Event.FREEZE_ORDERED): State.FREEZING,
    (State.FREEZING, Event.FREEZE_REFUSED): State.LOAN_APPROVED,
    (State.EXCEPTION, Event.FREEZE_REFUSED): State.LOAN_APPROVED,
}

TRANSITIONS: Final[Mapping[Workflow, Table]] = MappingProxyType(
    {
        Workflow.ZHEJIANG: MappingProxyType({**_SHARED, **_ZHEJIANG}),
        Workflow.HUBEI: MappingProxyType({**_SHARED, **_HUBEI}),
    }
)

WAITING: Final = frozenset({State.FREEZING, State.RELEASING})
"""States in which the registry has the word."""

TERMINAL: Final = frozenset({State.RELEASED, State.REJECTED, State.WITHDRAWN, State.DISPOSED})
"""States that nothing leaves; their holds are gone."""

LAPSING: Final = frozenset(state for table in TRANSITIONS.values() for state, event in table if event is Event.LAPSED)
"""States whose pending holds lapse without progress."""


@dataclass(eq=False)
class PledgeCannotMove(DomainError):
    """Refuse an event that the table does not allow from the pledge's state."""

    code = "pledge_cannot_move"

    state: str
    event: str


def move(workflow: Workflow, state: State, event: Event) -> State:
    """Return the state after an event; raises PledgeCannotMove where the table has no such row."""
    target = TRANSITIONS[workflow].get((state, event))
    if target is None:
        raise PledgeCannotMove(state.value, event.value)
    return target
