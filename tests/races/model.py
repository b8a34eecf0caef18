"""The model: one right and its holds, in one thread; the audit trail is replayed on it, and every commit is judged.

The final state proves little: a double pledge that is withdrawn again leaves nothing behind. So the entries of a right
are taken one by one in the order in which their transactions committed. That order is the audit sequence, because
whoever moves a right's balance holds the lock of its row from before the entry is written until the commit.

Source: Jepsen's analysis of TigerBeetle (2025), on replaying the commit order on an executable model.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

LIVE: Final = frozenset({"pending", "posted"})
STEPS: Final = MappingProxyType(
    {
        "pending": frozenset({None, "posted"}),
        "posted": frozenset({"pending"}),
        "voided": frozenset({"pending"}),
        "expired": frozenset({"pending"}),
        "released": frozenset({"posted"}),
    }
)
"""For each state of a hold, those it may come from; none is a hold that was not there. Posted goes back to pending
where a freeze of several rights was executed for some of them only, and undone."""


class Check(StrEnum):
    """What found a violation."""

    FAILURE = "failure"
    """A reply that is neither success nor a refusal that the contract knows here."""
    WINNERS = "winners"
    """Not exactly one success where exactly one unit was left."""
    REFUSAL = "refusal"
    """A refusal that tells another quantity than is left."""
    COMMIT = "commit"
    """A commit after which more is taken than there is, or which moves a hold as no hold may move."""
    BALANCE = "balance"
    """A right's row that differs from the model."""
    HOLDS = "holds"
    """Holds that differ from the model."""
    CONSTRAINT = "constraint"
    """The database would let more be taken than there is."""
    HISTORY = "history"
    """A reply that no moment of the commit order explains, or a commit that no reply told of."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong, and which check says so."""

    check: Check
    words: str


@dataclass(frozen=True, slots=True)
class HoldEntry:
    """One audit entry about a hold, with the pledge that the hold is for."""

    sequence: int
    right_id: str
    action: str
    hold_id: str
    quantity: Decimal
    pledge_id: str | None

    @property
    def state(self) -> str:
        """Return the state that the hold has from now on."""
        return self.action.removeprefix("hold.")


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A hold as the table has it."""

    hold_id: str
    quantity: Decimal
    state: str


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """A right's balance as the table has it."""

    quantity: Decimal
    taken: Decimal
    overtaken: Decimal


@dataclass(slots=True)
class RightModel:
    """A right of so much, and its holds as the entries so far made them."""

    quantity: Decimal
    holds: dict[str, HoldRow] = field(default_factory=dict)

    @property
    def taken(self) -> Decimal:
        """Return the sum of the live holds."""
        return sum((hold.quantity for hold in self.holds.values() if hold.state in LIVE), Decimal(0))

    @property
    def available(self) -> Decimal:
        """Return what is left, never below zero."""
        return max(self.quantity - self.taken, Decimal(0))

    def step(self, entry: HoldEntry) -> list[Violation]:
        """Take one commit, and return what is wrong with it."""
        found = []
        before = self.holds.get(entry.hold_id)
        former = None if before is None else before.state
        if former not in STEPS.get(entry.state, frozenset()):
            found.append(f"moves a hold from {former} to {entry.state}")
        if before is not None and before.quantity != entry.quantity:
            found.append(f"speaks of {entry.quantity} of a hold of {before.quantity}")
        self.holds[entry.hold_id] = HoldRow(entry.hold_id, entry.quantity, entry.state)
        if entry.state in LIVE and self.taken > self.quantity:
            found.append(f"takes {self.taken} of {self.quantity}")
        return [Violation(Check.COMMIT, f"entry {entry.sequence} {words}") for words in found]

    def compare(self, balance: BalanceRow, holds: Iterable[HoldRow]) -> list[Violation]:
        """Return how the tables differ from the model, between rounds, when nothing is under way."""
        found = []
        if balance != BalanceRow(self.quantity, self.taken, Decimal(0)):
            found.append(Violation(Check.BALANCE, f"the row says {balance}, the model {self.taken} of {self.quantity}"))
        rows = {row.hold_id: row for row in holds}
        if rows != self.holds:
            differing = {key for key in rows.keys() | self.holds.keys() if rows.get(key) != self.holds.get(key)}
            found.append(Violation(Check.HOLDS, f"the table and the model differ in {sorted(differing)}"))
        live = sum((row.quantity for row in rows.values() if row.state in LIVE), Decimal(0))
        if live != balance.taken:
            found.append(Violation(Check.HOLDS, f"live holds of {live}, but {balance.taken} taken"))
        return found
