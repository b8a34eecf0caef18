"""An order to the registry, as we keep it: recorded, sent, and what became of it.

The id is committed before anything is sent. From `sent` on, nobody may believe that the order had no effect until the
registry says so: after a crash or a silence the order is queried and, if the registry has never seen it, sent again
under the same id. At most one order is in flight for a right; a unique index says so too.

Source: house decision 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.values.identifiers import PermitNo, Uscc
from domain.values.quantity import Quantity


class OrderKind(StrEnum):
    """What is ordered."""

    FREEZE = "freeze"
    RELEASE = "release"
    TRANSFER = "transfer"
    AMEND = "amend"


class OrderState(StrEnum):
    """Where an order stands."""

    RECORDED = "recorded"
    SENT = "sent"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    EXECUTED = "executed"
    REFUSED = "refused"


class OrderEvent(StrEnum):
    """What may happen to an order; WITHHELD is our own refusal before anything was sent."""

    CLAIMED = "claimed"
    WITHHELD = "withheld"
    CLOSED = "closed"
    SILENT = "silent"
    NEVER_SEEN = "never_seen"
    ACCEPTED = "accepted"
    EXECUTED = "executed"
    REFUSED = "refused"


_OPEN = (OrderState.SENT, OrderState.ACCEPTED, OrderState.UNKNOWN)

ORDER_TRANSITIONS: Final[Mapping[tuple[OrderState, OrderEvent], OrderState]] = MappingProxyType(
    {
        (OrderState.RECORDED, OrderEvent.CLAIMED): OrderState.SENT,
        (OrderState.RECORDED, OrderEvent.WITHHELD): OrderState.REFUSED,
        (OrderState.SENT, OrderEvent.CLOSED): OrderState.UNKNOWN,
        (OrderState.UNKNOWN, OrderEvent.CLOSED): OrderState.UNKNOWN,
        (OrderState.UNKNOWN, OrderEvent.NEVER_SEEN): OrderState.SENT,
        (OrderState.SENT, OrderEvent.NEVER_SEEN): OrderState.SENT,
        **{(state, OrderEvent.SILENT): OrderState.UNKNOWN for state in (OrderState.SENT, OrderState.UNKNOWN)},
        (OrderState.ACCEPTED, OrderEvent.SILENT): OrderState.ACCEPTED,
        **{(state, OrderEvent.ACCEPTED): OrderState.ACCEPTED for state in _OPEN},
        **{(state, OrderEvent.EXECUTED): OrderState.EXECUTED for state in _OPEN},
        **{(state, OrderEvent.REFUSED): OrderState.REFUSED for state in _OPEN},
    }
)

SETTLED: Final = frozenset({OrderState.EXECUTED, OrderState.REFUSED})
IN_FLIGHT: Final = frozenset(_OPEN)

RETRY_AFTER: Final = tuple(timedelta(seconds=seconds) for seconds in (0.5, 1, 2, 5, 10, 30, 60, 120, 300))
"""How long to wait after each unanswered attempt; the last repeats for as long as it takes."""

STUCK_AFTER_ATTEMPTS: Final = 60
"""Attempts without an answer after which a person is called (with the pauses above, a bit over four hours)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyChange:
    """Whose a freeze is, and whose it shall be; what does not change stands on both sides."""

    beneficiary: Uscc
    new_beneficiary: Uscc
    holder: Uscc
    new_holder: Uscc

    @property
    def undone(self) -> "PartyChange":
        """Return the change back."""
        return PartyChange(
            beneficiary=self.new_beneficiary,
            new_beneficiary=self.beneficiary,
            holder=self.new_holder,
            new_holder=self.holder,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeOrder:
    """One order of a pledge's round, for one right; `freeze_ref` names the freeze that a release lifts.

    A transfer lifts its part of the freeze and makes it the buyer's, both or neither. An amendment leaves the freeze as
    it is and changes whose it is: it names those who stand there and those who shall.
    """

    id: str
    kind: OrderKind
    pledge_id: str
    right_id: str
    hold_id: str
    round: int
    quantity: Quantity
    expected_version: int | None
    state: OrderState
    attempts: int
    registry_ref: str | None
    freeze_ref: str | None
    executed_at: datetime | None
    reason: str | None
    message: str | None
    evidence_sha256: str | None
    created_at: datetime
    parties: tuple[str, ...]
    amendment_id: str | None = None
    enforcement_id: str | None = None
    buyer: Uscc | None = None
    buyer_permit_no: PermitNo | None = None
    change: PartyChange | None = None


@dataclass(frozen=True, slots=True)
class StandingFreeze:
    """What is left at the registry of one executed freeze, after the releases and transfers that named it."""

    right_id: str
    registry_ref: str
    quantity: Quantity


def after(order: PledgeOrder, event: OrderEvent) -> OrderState | None:
    """Return the state after an event; none where the order has already settled and the event says nothing new."""
    if order.state in SETTLED:
        return None
    return ORDER_TRANSITIONS[order.state, event]


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after this many attempts."""
    return RETRY_AFTER[min(max(attempts, 1), len(RETRY_AFTER)) - 1]
