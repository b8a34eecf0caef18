"""The life of a pledge: money, amendments, default, and the release."""

from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.integration.business import yuan
from tests.model.playing import AUTHORITY, ENTERPRISE, PICK, SIDE, Playing, a_quantity, any_pledge
from tests.model.things import OK, AmendmentModel, PledgeModel

STEP: Final = Decimal(100)


def _active(pledge: PledgeModel) -> bool:
    return pledge.status == "active"


def _to_be_released(pledge: PledgeModel) -> bool:
    return pledge.release_ordered_by is not None


def _lendable(pledge: PledgeModel) -> bool:
    return _active(pledge) and pledge.loan is not None


def _owing(pledge: PledgeModel) -> bool:
    return pledge.owed > 0


def _overdue(pledge: PledgeModel) -> bool:
    return pledge.overdue


class Life(Playing):
    """What bank and pledgor do with a pledge that stands."""

    @precondition(any_pledge(_active))
    @rule(pick=PICK, approver=st.booleans(), reason=st.sampled_from(["waived", "claim_extinguished"]))
    def order_release(self, pick: int, approver: bool, reason: str) -> None:
        """The first person of the bank wants it released."""
        pledge = self.pledge(pick, _active)
        client = f"{pledge.bank}.{'approver' if approver else 'officer'}"
        expected = self.model.order_release(pledge, client, reason)
        self.act(client, pledge, "release", {"reason": reason}, expected)

    @precondition(any_pledge(_to_be_released))
    @rule(pick=PICK)
    def approve_release(self, pick: int) -> None:
        """The second person approves, if it is another."""
        pledge = self.pledge(pick, _to_be_released)
        client = f"{pledge.bank}.approver"
        expected = self.model.approve_release(pledge, client, self.soon())
        self.act(client, pledge, "release/approve", {}, expected)

    @precondition(any_pledge(_to_be_released))
    @rule(pick=PICK)
    def cancel_release(self, pick: int) -> None:
        """The bank thinks better of it."""
        pledge = self.pledge(pick, _to_be_released)
        self.act(f"{pledge.bank}.officer", pledge, "release/cancel", {}, self.model.cancel_release(pledge))

    # Loans

    @precondition(any_pledge(_lendable))
    @rule(pick=PICK)
    def disburse(self, pick: int) -> None:
        """Money goes out, if it may."""
        pledge = self._lent(pick, _lendable)
        code = self._event(pledge, "disbursed", STEP, self.model.disburse(pledge, STEP))
        if code == OK:
            pledge.drawn += STEP
            pledge.owed += STEP

    @precondition(any_pledge(_owing))
    @rule(pick=PICK)
    def repay(self, pick: int) -> None:
        """Money comes back, never more than is owed."""
        pledge = self._lent(pick, _owing)
        if self._event(pledge, "repaid", STEP, self.model.repay(pledge, STEP)) == OK:
            pledge.owed -= STEP

    @precondition(any_pledge(_owing))
    @rule(pick=PICK)
    def is_overdue(self, pick: int) -> None:
        """The borrower does not pay."""
        pledge = self._lent(pick, _owing)
        self._event(pledge, "overdue", None, OK)
        pledge.overdue = True

    def _lent(self, pick: int, likely: Callable[[PledgeModel], bool]) -> PledgeModel:
        pledge = self.pledge(pick, likely)
        return pledge if pledge.loan else self.pledge(1, likely)

    def _event(self, pledge: PledgeModel, kind: str, amount: Decimal | None, expected: str | Collection[str]) -> str:
        on = self.stage.clock().date().isoformat()
        body: dict[str, object] = {"type": kind, "on": on, "reference": f"{kind} {self.stage.clock().isoformat()}"}
        if amount is not None:
            body["principal"] = yuan(f"{amount}.00")
        return self.command("bank-a.officer", f"/v1/loans/{pledge.loan}/events", body, expected, 201)[0]

    # Amendments

    @precondition(any_pledge(_active))
    @rule(pick=PICK, side=SIDE, amount=st.integers(1, 3).map(Decimal), more=st.booleans())
    def propose_an_amendment(self, pick: int, side: int, amount: Decimal, more: bool) -> None:
        """The bank wants more of a right, or gives some back."""
        pledge, right = self.pledge(pick, _active), self.right(side)
        kind = "top_up" if more else "partial_release"
        expected = self.model.propose(pledge, kind, right.id, amount)
        body = {"kind": kind, "items": [{"right_id": right.id, "quantity": a_quantity(amount)}]}
        client = f"{pledge.bank}.officer"
        _, answer = self.command(client, f"/v1/pledges/{pledge.id}/amendments", body, expected, 201)
        if expected == OK:
            pledge.amendment = AmendmentModel(answer["id"], kind, right.id, amount)

    @precondition(lambda self: self._amended())
    @rule(pick=PICK)
    def agree_to_an_amendment(self, pick: int) -> None:
        """The pledgor agrees."""
        pledge, amendment = self._amendment(pick)
        proposed = amendment.status == "proposed"
        self._amend(ENTERPRISE, pledge, amendment, "consent", OK if proposed else "amendment_cannot_move")
        amendment.agreed = True

    @precondition(lambda self: self._amended())
    @rule(pick=PICK)
    def approve_an_amendment(self, pick: int) -> None:
        """The bank's second person approves."""
        pledge, amendment = self._amendment(pick)
        expected = self.model.approve_amendment(pledge)
        self._amend(f"{pledge.bank}.approver", pledge, amendment, "approve", expected, 202)

    @precondition(lambda self: self._amended())
    @rule(pick=PICK)
    def withdraw_an_amendment(self, pick: int) -> None:
        """The bank thinks better of it."""
        pledge, amendment = self._amendment(pick)
        proposed = amendment.status == "proposed"
        client = f"{pledge.bank}.officer"
        self._amend(client, pledge, amendment, "withdraw", OK if proposed else "amendment_cannot_move")
        if proposed:
            pledge.amendment = None

    def _amended(self) -> list[PledgeModel]:
        return [pledge for pledge in self.model.pledges.values() if pledge.amendment is not None]

    def _amendment(self, pick: int) -> tuple[PledgeModel, AmendmentModel]:
        amended = self._amended()
        pledge = amended[pick % len(amended)]
        assert pledge.amendment is not None
        return pledge, pledge.amendment

    def _amend(
        self, client: str, pledge: PledgeModel, amendment: AmendmentModel, verb: str, expected: str, status: int = 200
    ) -> None:
        self.command(client, f"/v1/pledges/{pledge.id}/amendments/{amendment.id}/{verb}", {}, expected, status)

    # Default

    @precondition(any_pledge(_overdue))
    @rule(pick=PICK)
    def propose_enforcement(self, pick: int) -> None:
        """The bank wants its money out of the right."""
        pledge = self._lent(pick, _overdue)
        expected = self.model.propose_enforcement(pledge)
        path, body = f"/v1/pledges/{pledge.id}/enforcements", {"route": "auction"}
        _, answer = self.command("bank-a.officer", path, body, expected, 201)
        if expected == OK:
            pledge.enforcement, pledge.enforcement_id = "proposed", answer["id"]

    @precondition(lambda self: self._enforced())
    @rule(pick=PICK)
    def approve_enforcement(self, pick: int) -> None:
        """A second person agrees."""
        pledge = self._in_default(pick)
        self._enforce("bank-a.approver", pledge, "approve", {}, self.model.approve_enforcement(pledge, self.soon()))

    @precondition(lambda self: self._enforced())
    @rule(pick=PICK, lift=st.booleans())
    def a_court_stays_it(self, pick: int, lift: bool) -> None:
        """A court stops it, or lets it go on."""
        pledge = self._in_default(pick)
        expected = self.model.stay(pledge, self.soon(), lift=lift)
        body = {"reference": "(2026)浙破1号"} if lift else {"reference": "(2026)浙破1号", "reason": "受理破产申请"}
        self._enforce(AUTHORITY, pledge, "lift-stay" if lift else "stay", body, expected)

    @precondition(lambda self: self._enforced())
    @rule(pick=PICK)
    def end_enforcement(self, pick: int) -> None:
        """The bank lets it be."""
        pledge = self._in_default(pick)
        expected = self.model.end_enforcement(pledge, self.soon())
        self._enforce("bank-a.officer", pledge, "end", {"reason": "已清偿"}, expected)

    def _enforced(self) -> list[PledgeModel]:
        return [pledge for pledge in self.model.pledges.values() if pledge.enforcement_id is not None]

    def _in_default(self, pick: int) -> PledgeModel:
        enforced = self._enforced()
        return enforced[pick % len(enforced)]

    def _enforce(self, client: str, pledge: PledgeModel, verb: str, body: object, expected: str) -> None:
        self.command(client, f"/v1/pledges/{pledge.id}/enforcements/{pledge.enforcement_id}/{verb}", body, expected)

    # Whole stories

    @precondition(any_pledge(_lendable))
    @rule(pick=PICK)
    def all_goes_wrong(self, pick: int) -> None:
        """Money goes out, does not come back, and the bank goes for the right."""
        for likely, step in (
            (_lendable, self.disburse),
            (_owing, self.is_overdue),
            (_overdue, self.propose_enforcement),
        ):
            if any_pledge(likely)(self):
                step(pick)
        if self._enforced():
            self.approve_enforcement(pick)

    @precondition(any_pledge(_active))
    @rule(pick=PICK, alone=st.booleans())
    def a_release_is_agreed_on(self, pick: int, alone: bool) -> None:
        """One person of the bank orders it, and another approves, or the same tries to."""
        self.order_release(pick, alone, "waived")
        if any_pledge(_to_be_released)(self):
            self.approve_release(pick)

    @precondition(any_pledge(_active))
    @rule(pick=PICK, side=SIDE, amount=st.integers(1, 3).map(Decimal), more=st.booleans())
    def an_amendment_is_agreed_on(self, pick: int, side: int, amount: Decimal, more: bool) -> None:
        """The bank proposes, the pledgor agrees, the second person approves."""
        self.propose_an_amendment(pick, side, amount, more)
        for step in (self.agree_to_an_amendment, self.approve_an_amendment):
            if self._amended():
                step(pick)
