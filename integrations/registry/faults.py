"""How the simulated registry misbehaves, when it is told to.

The subtle thing is what happened behind each bad answer, because that is all that our side has to find out:

    lose_reply   executed, on disk, and then the line goes dead
    slow         executed after `seconds`, whether or not anyone still waits; until then a query says "never seen"
    error        HTTP 500, and nothing was done
    garbage      executed, and answered with half of the answer and noise
    duplicate    the message arrives twice, as after a retry in the network
    late         only accepted; the next query executes it (orders only)
    closed       a signed "we are closed", and nothing was done; with `seconds`, "and open again in so many"
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from integrations.registry.wire import Operation

SLOW_SECONDS: Final = 8.0


class FaultKind(StrEnum):
    """The ways to misbehave."""

    LOSE_REPLY = "lose_reply"
    SLOW = "slow"
    ERROR = "error"
    GARBAGE = "garbage"
    DUPLICATE = "duplicate"
    LATE = "late"
    CLOSED = "closed"


class FaultOperation(StrEnum):
    """What a fault lies in wait for."""

    LOOKUP = "lookup"
    VERIFY_HOLDER = "verify_holder"
    FREEZE = "freeze"
    RELEASE = "release"
    TRANSFER = "transfer"
    AMEND = "amend"
    QUERY = "query"
    BALANCES = "balances"
    STANDING_FREEZE = "standing_freeze"
    ANY = "any"


_WAITS_FOR: Final = {operation: FaultOperation[operation.name] for operation in Operation}
_ORDERS: Final = frozenset(
    {FaultOperation.FREEZE, FaultOperation.RELEASE, FaultOperation.TRANSFER, FaultOperation.AMEND}
)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One armed fault; `times` counts down. `seconds` is how long `slow` waits, or `lose_reply` keeps the line open."""

    operation: FaultOperation
    kind: FaultKind
    times: int = 1
    seconds: float = 0.0

    def strikes(self, operation: FaultOperation) -> bool:
        """Tell whether a message of this operation triggers it."""
        aimed = self.operation in {operation, FaultOperation.ANY}
        return aimed and (self.kind is not FaultKind.LATE or operation in _ORDERS)


class FaultList:
    """The faults that are armed, each used up in the order of arming."""

    def __init__(self) -> None:
        """Begin well-behaved."""
        self._faults: list[Fault] = []

    def arm(self, fault: Fault) -> None:
        """Add a fault behind those already armed."""
        self._faults.append(fault)

    def disarm(self) -> None:
        """Behave again."""
        self._faults.clear()

    def armed(self) -> Sequence[Fault]:
        """Return what is still armed."""
        return tuple(self._faults)

    def take(self, operation: Operation) -> Fault | None:
        """Return the first fault that this message triggers, used up by one; none to behave well."""
        for fault in self._faults:
            if fault.strikes(_WAITS_FOR[operation]):
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None
