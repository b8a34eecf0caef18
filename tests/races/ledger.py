"""The ledger: what the database itself says of rights, holds and their trail, read by a role that sees everything.

It is read between rounds, when no request is under way, so that what it says is one state.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, LiteralString

import psycopg

from tests.races.model import BalanceRow, Check, HoldEntry, HoldRow, RightModel, Violation

CONSTRAINT: Final = "taken_within_quantity"
HOLD_ENTRIES: Final = """
    select a.sequence, a.subject, a.action, a.details ->> 'hold_id', (a.details ->> 'quantity')::numeric, h.reference
    from audit_entries a left join holds h on h.id = a.details ->> 'hold_id'
    where a.action like 'hold.%%' and a.sequence > %s order by a.sequence"""
PLEDGE_ENTRIES: Final = """
    select a.sequence, a.subject, a.action from audit_entries a
    where a.action like 'pledge.%%' and a.sequence > %s order by a.sequence"""
BALANCES: Final = "select right_id, quantity, taken, overtaken from right_balances where right_id = any(%s)"
HOLDS: Final = "select right_id, id, quantity, state from holds where right_id = any(%s)"
OVERTAKE: Final = "update right_balances set taken = quantity + overtaken + 0.000001 where right_id = %s"


@dataclass(frozen=True, slots=True)
class PledgeEntry:
    """One audit entry about a pledge."""

    sequence: int
    pledge_id: str
    action: str


class Ledger:
    """Reads, and once pokes, the database as its superuser."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        """Take a connection that commits by itself."""
        self._connection = connection

    def execute(self, statement: LiteralString, *values: object) -> list[Any]:
        """Run a statement and return its rows, if it has any."""
        cursor = self._connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []

    def hold_entries(self, after: int) -> list[HoldEntry]:
        """Return the trail of all holds after a sequence number, in its order."""
        return [HoldEntry(*row) for row in self.execute(HOLD_ENTRIES, after)]

    def pledge_entries(self, after: int) -> list[PledgeEntry]:
        """Return the trail of all pledges after a sequence number, in its order."""
        return [PledgeEntry(*row) for row in self.execute(PLEDGE_ENTRIES, after)]

    def balances(self, right_ids: Sequence[str]) -> dict[str, BalanceRow]:
        """Return the balances of these rights."""
        return {right_id: BalanceRow(*rest) for right_id, *rest in self.execute(BALANCES, right_ids)}

    def holds(self, right_ids: Sequence[str]) -> Mapping[str, list[HoldRow]]:
        """Return the holds of these rights."""
        found: dict[str, list[HoldRow]] = defaultdict(list)
        for right_id, *rest in self.execute(HOLDS, right_ids):
            found[right_id].append(HoldRow(*rest))
        return found

    def refuses_overtaking(self, right_id: str) -> bool:
        """Tell whether the constraint stops an update that would take more than there is; nothing is changed."""
        try:
            with self._connection.transaction(force_rollback=True):
                self.execute(OVERTAKE, right_id)
        except psycopg.errors.CheckViolation as refusal:
            return refusal.diag.constraint_name == CONSTRAINT
        return False


@dataclass(slots=True)
class Replay:
    """The models of some rights, each as far as the trail has been replayed."""

    ledger: Ledger
    models: dict[str, RightModel] = field(default_factory=dict)
    sequence: int = 0

    def follow(self, right_id: str, quantity: Decimal) -> None:
        """Follow a right from now on, of which nothing is taken yet."""
        self.models[right_id] = RightModel(quantity)

    def advance(self) -> tuple[list[tuple[HoldEntry, Decimal]], list[Violation]]:
        """Replay what is new; returns each entry with what was available after it, and what is wrong."""
        seen, found = [], []
        for entry in self.ledger.hold_entries(self.sequence):
            self.sequence = entry.sequence
            if (model := self.models.get(entry.right_id)) is not None:
                found += model.step(entry)
                seen.append((entry, model.available))
        return seen, found

    def compare(self, right_ids: Sequence[str]) -> list[Violation]:
        """Return how the tables differ from the models of these rights, and whether the constraint bites."""
        balances, holds = self.ledger.balances(right_ids), self.ledger.holds(right_ids)
        found = []
        for right_id in right_ids:
            found += self.models[right_id].compare(balances[right_id], holds.get(right_id, []))
            if not self.ledger.refuses_overtaking(right_id):
                found.append(Violation(Check.CONSTRAINT, f"{CONSTRAINT} does not stop an update beyond the quantity"))
        return found
