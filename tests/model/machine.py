"""The machine: some forty things that somebody may do, each predicted by the model before the product is asked.

A rule gives one command to the real API and compares status and code with the model's word. After each step the rights
are read back: what is held and what is free make up the whole, and nothing is anywhere but where the model has it.

`advance` does what an honest applicant would do next, so that a run comes to the interesting states.
"""

import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from domain.pledges.lifecycle import TRANSITIONS
from tests.model.application import Application
from tests.model.life import Life
from tests.model.playing import ENTERPRISE, PICK, SIDE, Playing
from tests.model.surroundings import Surroundings

EDGES: Final = {
    (workflow.value, before.value, after.value)
    for workflow, table in TRANSITIONS.items()
    for (before, _), after in table.items()
}


HISTORY_EVERY: Final = 4


class Machine(Application, Life, Surroundings):
    """Plays one example."""

    @initialize(amounts=st.tuples(st.integers(4, 12), st.integers(4, 12)), bank=SIDE, steps=st.integers(1, 6))
    def begin(self, amounts: tuple[int, int], bank: int, steps: int) -> None:
        """Let there be two rights, and one pledge that has come some way."""
        self.stage.begin()
        for amount in amounts:
            right = self.stage.verified(f"{amount}.000000")
            self.model.rights[right.id] = right
        self.draft(bank, bank == 1, (3, 1))
        for _ in range(steps):
            self.advance(0)

    @precondition(Playing.has_pledge)
    @rule(pick=PICK)
    def advance(self, pick: int) -> None:
        """Whoever's turn it is does what is next."""
        pledge = self.pledge(pick)
        steps: dict[str, Callable[[int], None]] = {
            "draft": self.submit,
            "correction_required": self.submit,
            "submitted": self.verify_quantities if pledge.workflow == "zhejiang" else self.approve_loan,
            "quantities_verified": self.approve_loan,
            "loan_approved": self.confirm if pledge.workflow == "zhejiang" else self.approve_loan,
            "confirmed": self.confirm,
            "freezing": lambda _: self.work(),
            "releasing": lambda _: self.work(),
        }
        step = steps.get(pledge.status)
        if step is not None:
            step(pick)

    @precondition(Playing.has_pledge)
    @rule(pick=PICK, steps=st.integers(2, 5))
    def advance_far(self, pick: int, steps: int) -> None:
        """The same, several times in one."""
        for _ in range(steps):
            self.advance(pick)

    @invariant()
    def what_is_held_and_what_is_free_make_up_the_whole(self) -> None:
        """Read every right and its holds back."""
        for right in self.model.rights.values():
            told = self.stage.business.get(ENTERPRISE, f"/v1/rights/{right.id}")
            holds = self.stage.business.get(ENTERPRISE, f"/v1/rights/{right.id}/holds")["items"]
            held = sum((Decimal(hold["quantity"]["amount"]) for hold in holds), Decimal(0))
            whole, free = Decimal(told["quantity"]["amount"]), Decimal(told["available"]["amount"])
            overtaken = max(Decimal(0), held - whole)
            assert held + free == whole + overtaken, f"{held} held and {free} free of {whole}"
            assert (whole, free, told["status"]) == (right.known.quantity, right.free, right.known.status), told
            assert held == right.taken, f"{held} held, not {right.taken}: {holds}"

    @invariant()
    def every_pledge_is_where_the_table_allows(self) -> None:
        """Read one pledge back, in turn; what has changed since it was read has changed along the table."""
        if not self.model.pledges:
            return
        pledge = self.pledge(self.stage.answers.total())
        told = self.read(pledge)
        assert told["status"] == pledge.status, told
        items = {item["right_id"]: Decimal(item["quantity"]["amount"]) for item in told["items"]}
        assert items == pledge.items, told
        if self.stage.answers.total() % HISTORY_EVERY:
            return
        history = self.stage.business.get(ENTERPRISE, f"/v1/pledges/{pledge.id}/history")["items"]
        moves = [entry["details"] for entry in history if "from" in entry["details"]]
        for move in moves:
            assert (pledge.workflow, move["from"], move["to"]) in EDGES, move
        assert all(one["to"] == next_one["from"] for one, next_one in itertools.pairwise(moves)), moves
