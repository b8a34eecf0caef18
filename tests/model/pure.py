"""The pure model: it predicts the answer of every command before it is given, and then does what the command does.

Source: contract section 5.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tests.model.things import ENDED, MOVES, OK, PRINCIPAL, USABLE, PledgeModel, RightModel


@dataclass(slots=True)
class Model:
    """Everything; each command returns the code that it must be answered with, and does it where that is OK."""

    rights: dict[str, RightModel] = field(default_factory=dict)
    pledges: dict[str, PledgeModel] = field(default_factory=dict)

    # The application

    def submit(self, pledge: PledgeModel, now: datetime) -> str:
        """Value every item and hold it, or none."""
        if not pledge.may("submit"):
            return "pledge_cannot_move"
        for right_id in sorted(pledge.items):
            right = self.rights[right_id]
            if right.known.status not in USABLE:
                return "right_not_pledgeable"
            if not pledge.held and right.free < pledge.items[right_id]:
                return "quantity_unavailable"
        if not pledge.held:
            for right_id, quantity in pledge.items.items():
                self.rights[right_id].holds[pledge.id] = quantity
        pledge.held = True
        pledge.expected = {right_id: self.rights[right_id].known.version for right_id in pledge.items}
        return self.moved(pledge, "submit", now)

    def decide(self, pledge: PledgeModel, verb: str, now: datetime) -> str:
        """Verify, approve, confirm, correct, reject, withdraw."""
        if not pledge.may(verb):
            return "pledge_cannot_move"
        self.moved(pledge, verb, now)
        if pledge.status in ENDED:
            self.give_back(pledge)
        return OK

    def lapse(self, pledge: PledgeModel, now: datetime, *, due: bool) -> bool:
        """End an application that nobody moved."""
        if not due or not pledge.may("lapse"):
            return False
        self.decide(pledge, "lapse", now)
        return True

    def is_shown(self, right: RightModel, bank: str) -> bool:
        """Tell whether a bank sees a right: as the pledgee of a living pledge that holds of it."""
        for pledge in self.pledges.values():
            amendment = pledge.amendment
            added = amendment is not None and amendment.status == "registering" and amendment.more
            rights = {*pledge.items, *([amendment.right_id] if amendment is not None and added else [])}
            if pledge.bank == bank and pledge.held and pledge.status not in ENDED and right.id in rights:
                return True
        return False

    # The end

    def order_release(self, pledge: PledgeModel, client: str, reason: str) -> str:
        """The first person."""
        refusal = self._unreleasable(pledge, reason)
        if not refusal:
            pledge.release_ordered_by, pledge.release_reason = client, reason
        return refusal

    def approve_release(self, pledge: PledgeModel, client: str, now: datetime) -> str:
        """The second person."""
        if pledge.release_ordered_by == client:
            return "same_person"
        refusal = self._unreleasable(pledge, pledge.release_reason)
        if refusal:
            return refusal
        if pledge.release_ordered_by is None:
            return "pledge_cannot_move"
        self.become(pledge, "releasing", now)
        return OK

    def cancel_release(self, pledge: PledgeModel) -> str:
        """Take the order back before its approval."""
        if pledge.status != "active" or pledge.release_ordered_by is None:
            return "pledge_cannot_move"
        pledge.release_ordered_by = None
        return OK

    # Loans

    def disburse(self, pledge: PledgeModel, amount: Decimal) -> frozenset[str]:
        """Pay out; where something has befallen a right, both are right: the conditions decide."""
        if pledge.drawn + amount > PRINCIPAL:
            return frozenset({"loan_event_conflict"})
        if pledge.status != "active":
            return frozenset({"not_active"})
        pristine = all(self.rights[right_id].pristine for right_id in pledge.items) and not pledge.overdue
        return frozenset({OK}) if pristine and pledge.amendment is None else frozenset({OK, "not_active"})

    def repay(self, pledge: PledgeModel, amount: Decimal) -> str:
        """Pay back."""
        return OK if amount <= pledge.owed else "loan_event_conflict"

    # Amendments

    def propose(self, pledge: PledgeModel, kind: str, right_id: str, quantity: Decimal) -> str:
        """Say what refuses a proposal; none is made here, because its id is the product's."""
        if pledge.status != "active":
            return "not_active"
        if pledge.amendment is not None:
            return "amendment_pending"
        return self._unplannable(pledge, kind, right_id, quantity)

    def approve_amendment(self, pledge: PledgeModel) -> str:
        """Order what was agreed on at the registry."""
        amendment = pledge.amendment
        assert amendment is not None, "there is one"
        if amendment.status != "proposed":
            return "amendment_cannot_move"
        if pledge.status != "active":
            return "not_active"
        if not amendment.agreed:
            return "consent_missing"
        refusal = self._unplannable(pledge, amendment.kind, amendment.right_id, amendment.quantity)
        if refusal:
            return refusal
        if amendment.more:
            right = self.rights[amendment.right_id]
            right.holds[amendment.id] = amendment.quantity
            amendment.expected = right.known.version
        amendment.status = "registering"
        return OK

    def _unplannable(self, pledge: PledgeModel, kind: str, right_id: str, quantity: Decimal) -> str:
        if kind == "top_up":
            right = self.rights[right_id]
            if not self.is_shown(right, pledge.bank):
                return "not_found"
            if right.known.status not in USABLE:
                return "right_not_pledgeable"
            return "quantity_unavailable" if right.free < quantity else OK
        pledged = pledge.items.get(right_id, Decimal(0))
        if quantity > pledged or pledge.items == {right_id: quantity}:
            return "invalid_items"
        return OK

    # Enforcement

    def propose_enforcement(self, pledge: PledgeModel) -> str:
        """One person wants it."""
        if pledge.enforcement is not None:
            return "enforcement_open"
        if pledge.status != "active":
            return "pledge_cannot_move"
        return OK if self._in_default(pledge) else "disposal_not_in_default"

    def approve_enforcement(self, pledge: PledgeModel, now: datetime) -> str:
        """Another agrees."""
        if pledge.enforcement != "proposed":
            return "enforcement_cannot_move"
        if pledge.status != "active":
            return "pledge_cannot_move"
        if pledge.amendment is not None:
            return "amendment_pending"
        if not self._in_default(pledge):
            return "disposal_not_in_default"
        pledge.enforcement, pledge.release_ordered_by = "running", None
        self.become(pledge, "enforcing", now)
        return OK

    def stay(self, pledge: PledgeModel, now: datetime, *, lift: bool) -> str:
        """A court stops it, or lets it go on."""
        before, after = ("stayed", "running") if lift else ("running", "stayed")
        if pledge.enforcement != before:
            return "enforcement_cannot_move"
        pledge.enforcement = after
        self.become(pledge, "enforcing" if lift else "enforcement_stayed", now)
        return OK

    def end_enforcement(self, pledge: PledgeModel, now: datetime) -> str:
        """The debt was paid after all."""
        if pledge.enforcement is None:
            return "enforcement_cannot_move"
        if pledge.enforcement != "proposed":
            self.become(pledge, "active", now)
        pledge.enforcement = None
        return OK

    def _in_default(self, pledge: PledgeModel) -> bool:
        return pledge.overdue and pledge.owed > 0

    # Small print

    def _unreleasable(self, pledge: PledgeModel, reason: str) -> str:
        if pledge.status != "active":
            return "pledge_cannot_move"
        if pledge.amendment is not None:
            return "amendment_pending"
        return "debt_outstanding" if reason == "claim_extinguished" and pledge.owed > 0 else OK

    def moved(self, pledge: PledgeModel, verb: str, now: datetime) -> str:
        self.become(pledge, MOVES[pledge.workflow][verb][pledge.status], now)
        return OK

    def become(self, pledge: PledgeModel, status: str, now: datetime) -> None:
        pledge.status, pledge.progressed_at = status, now

    def give_back(self, pledge: PledgeModel) -> None:
        for right_id in pledge.items:
            self.rights[right_id].holds.pop(pledge.id, None)
