"""The machine: thirty-odd things that somebody may do, each predicted by the model before the product is asked.

A rule gives one command to the real API and compares status and code with the model's word. After each step the rights
are read back: what is held and what is free make up the whole, and nothing is anywhere but where the model has it.

`advance` does what an honest applicant would do next, so that a run comes to the interesting states.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.pledges.lifecycle import TRANSITIONS, State, Workflow
from tests.integration.business import a_loan_body, a_pledge_body, quantity, yuan
from tests.model import registry
from tests.model.pure import Model
from tests.model.stage import Stage
from tests.model.things import ENDED, OK, PRINCIPAL, AmendmentModel, PledgeModel, RightModel, Told

ENTERPRISE, AUTHORITY, STRANGER = "enterprise.shaoxing", "authority.zhejiang", "enterprise.huangshi"
BANKS: Final = ("bank-a", "bank-b")
STATUS_OF: Final = {
    "same_person": 403,
    "not_found": 404,
    "version_mismatch": 412,
    "invalid_items": 422,
}
"""The status of a refusal by its code; every other one is a 409."""

PLEDGES_MAX: Final = 4
PICK: Final = st.integers(0, PLEDGES_MAX - 1)
SIDE: Final = st.integers(0, 1)
TONNES: Final = st.integers(1, 6).map(Decimal)
STEP: Final = Decimal(100)
EDGES: Final = {
    (workflow.value, before.value, after.value)
    for workflow, table in TRANSITIONS.items()
    for (before, _), after in table.items()
}
ALLOWED: Final = {Workflow.ZHEJIANG: None, Workflow.HUBEI: None}


class Machine(RuleBasedStateMachine):
    """Plays one example."""

    stage: ClassVar[Stage]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.model = Model()
        self.seen: dict[str, str] = {}
        self.lifted: list[str] = []

    @initialize(amounts=st.tuples(st.integers(4, 12), st.integers(4, 12)), bank=SIDE)
    def begin(self, amounts: tuple[int, int], bank: int) -> None:
        """Let there be two rights, and one pledge that has been applied for."""
        self.stage.begin()
        for amount in amounts:
            right = self.stage.verified(f"{amount}.000000")
            self.model.rights[right.id] = right
        self.draft(bank, bank == 1, (2, 0))
        self.submit(0)

    # Who does what

    def _command(
        self, client: str, path: str, body: object, expected: str | Collection[str], status: int = 200, **headers: str
    ) -> tuple[str, Any]:
        """Give a command that must be answered so; return the code and the body."""
        self.stage.clock.turn(timedelta(seconds=1))
        told, code, answer = self.stage.ask(client, path, body, **headers)
        allowed = {expected} if isinstance(expected, str) else set(expected)
        assert code in allowed, f"{client} {path}: {told} {code!r}, not {allowed}: {answer}"
        assert told == (status if code == OK else STATUS_OF.get(code, 409)), f"{client} {path}: {told} {answer}"
        return code, answer

    def _act(self, client: str, pledge: PledgeModel, verb: str, body: object, expected: str) -> None:
        """Give a command on a pledge, of which the model has done what it does already."""
        waits = pledge.status in {"freezing", "releasing"} or verb.startswith("release")
        done = 200 if verb == "release/cancel" or not waits else 202
        _, answer = self._command(client, f"/v1/pledges/{pledge.id}/{verb}", body, expected, done)
        if expected == OK:
            assert answer["status"] == pledge.status, answer

    def _pledge(self, pick: int) -> PledgeModel:
        pledges = list(self.model.pledges.values())
        return pledges[pick % len(pledges)]

    def _right(self, side: int) -> RightModel:
        return list(self.model.rights.values())[side]

    def _has_pledge(self) -> bool:
        return bool(self.model.pledges)

    def _has_loan(self) -> bool:
        return any(pledge.loan for pledge in self.model.pledges.values())

    # The application

    @precondition(lambda self: len(self.model.pledges) < PLEDGES_MAX)
    @rule(bank=SIDE, hubei=st.booleans(), amounts=st.tuples(st.integers(1, 6), st.integers(0, 4)))
    def draft(self, bank: int, hubei: bool, amounts: tuple[int, int]) -> None:  # noqa: FBT001 - drawn by Hypothesis
        """Draft a pledge of one right or both; the first bank's have a loan."""
        rights = list(self.model.rights)
        items = {right: f"{amount}.000000" for right, amount in zip(rights, amounts, strict=True) if amount}
        loan = None
        if bank == 0:
            _, told = self._command("bank-a.officer", "/v1/loans", a_loan_body(f"{PRINCIPAL}.00"), OK, 201)
            loan = told["id"]
        workflow = "hubei" if hubei else "zhejiang"
        body = a_pledge_body(items, [], pledgee=BANKS[bank], workflow=workflow)
        _, answer = self._command(ENTERPRISE, "/v1/pledges", body, OK, 201)
        parts = {right: Decimal(amount) for right, amount in items.items()}
        now = self.stage.clock()
        self.model.pledges[answer["id"]] = PledgeModel(answer["id"], BANKS[bank], workflow, parts, now, loan)

    @precondition(_has_pledge)
    @rule(pick=PICK)
    def submit(self, pick: int) -> None:
        """The enterprise applies."""
        pledge = self._pledge(pick)
        self._act(ENTERPRISE, pledge, "submit", {}, self.model.submit(pledge, self._soon()))

    @precondition(_has_pledge)
    @rule(pick=PICK)
    def verify_quantities(self, pick: int) -> None:
        """The authority agrees."""
        self._decide(AUTHORITY, self._pledge(pick), "verify-quantities")

    @precondition(_has_pledge)
    @rule(pick=PICK)
    def approve_loan(self, pick: int) -> None:
        """The bank approves."""
        pledge = self._pledge(pick)
        self._decide(f"{pledge.bank}.approver", pledge, "approve-loan")

    @precondition(_has_pledge)
    @rule(pick=PICK)
    def confirm(self, pick: int) -> None:
        """The enterprise confirms; after a refused freeze it orders the next."""
        self._decide(ENTERPRISE, self._pledge(pick), "confirm")

    @precondition(_has_pledge)
    @rule(pick=PICK, authority=st.booleans())
    def request_correction(self, pick: int, authority: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        """The bank or the authority sends it back."""
        pledge = self._pledge(pick)
        self._decide(AUTHORITY if authority else f"{pledge.bank}.officer", pledge, "request-correction")

    @precondition(_has_pledge)
    @rule(pick=PICK)
    def reject(self, pick: int) -> None:
        """The bank says no."""
        pledge = self._pledge(pick)
        self._decide(f"{pledge.bank}.officer", pledge, "reject")

    @precondition(_has_pledge)
    @rule(pick=PICK)
    def withdraw(self, pick: int) -> None:
        """The enterprise takes it back."""
        self._decide(ENTERPRISE, self._pledge(pick), "withdraw")

    @precondition(_has_pledge)
    @rule(pick=PICK)
    def advance(self, pick: int) -> None:
        """Whoever's turn it is does what is next."""
        pledge = self._pledge(pick)
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
        steps.get(pledge.status, lambda _: None)(pick)

    @precondition(_has_pledge)
    @rule(pick=PICK, steps=st.integers(2, 5))
    def advance_far(self, pick: int, steps: int) -> None:
        """The same, several times in one."""
        for _ in range(steps):
            self.advance(pick)

    def _decide(self, client: str, pledge: PledgeModel, verb: str) -> None:
        items = [{"right_id": right, "quantity": quantity(str(amount))} for right, amount in pledge.items.items()]
        approval: dict[str, object] = {"amount": yuan(f"{PRINCIPAL}.00"), "rate": "0.0345"}
        if pledge.loan is not None:
            approval["loans"] = [pledge.loan]
        bodies: dict[str, object] = {
            "verify-quantities": {"items": items},
            "approve-loan": approval,
            "request-correction": {"reason": "资料不全"},
            "reject": {"reason": "不符合条件"},
        }
        expected = self.model.decide(pledge, verb, self._soon())
        self._act(client, pledge, verb, bodies.get(verb, {}), expected)

    # The registry

    @rule()
    def work(self) -> None:
        """The worker and the registry do what waits; where two were rivals, either may have won."""
        wanted = registry.outcomes(self.model)
        self.stage.work(list(self.model.rights))
        now = self.stage.clock()
        for name, allowed in wanted.items():
            outcome = self._outcome(name)
            assert outcome in allowed, f"{name} was {outcome}, not {allowed}"
            registry.settle(self.model, name, outcome, now)

    def _outcome(self, name: str) -> str:
        """Read what became of a pledge or of an amendment."""
        pledge = self.model.pledges.get(name)
        if pledge is not None:
            status = self._read(pledge)["status"]
            return "executed" if status in {"active", "released"} else "refused"
        owner = next(each for each in self.model.pledges.values() if each.amendment and each.amendment.id == name)
        path = f"/v1/pledges/{owner.id}/amendments/{name}"
        status = self.stage.business.get(f"{owner.bank}.officer", path)["status"]
        assert status in {"effective", "refused"}, status
        return "executed" if status == "effective" else "refused"

    @rule(
        operation=st.sampled_from(["freeze", "release", "query"]),
        kind=st.sampled_from(["lose_reply", "error", "garbage", "duplicate", "late", "closed", "slow"]),
        times=st.integers(1, 3),
    )
    def registry_misbehaves(self, operation: str, kind: str, times: int) -> None:
        """The registry will answer badly."""
        self.stage.business.registry.arm(operation, kind, times)

    @rule(side=SIDE)
    def registry_reduces(self, side: int) -> None:
        """A tonne is lost, unless it is the last."""
        right = self._right(side)
        if right.truth.quantity > 1:
            self.stage.change(right, "reduce", Decimal(1))
            right.truth = Told(right.truth.quantity - 1, "reduced", right.truth.version + 1)

    @rule(side=SIDE, kind=st.sampled_from(["suspend", "reinstate", "reinstate", "revoke"]))
    def registry_changes_the_status(self, side: int, kind: str) -> None:
        """The registry suspends, reinstates or revokes."""
        right = self._right(side)
        status = {"suspend": "suspended", "reinstate": "effective", "revoke": "revoked"}[kind]
        self.stage.change(right, kind)
        right.truth = Told(right.truth.quantity, status, right.truth.version + 1)

    @rule(side=SIDE)
    def verify_again(self, side: int) -> None:
        """The holder asks the registry what is so now."""
        right = self._right(side)
        body = {"registry": "zhejiang", "registry_no": right.number, "holder_uscc": self.holder}
        self._command(ENTERPRISE, "/v1/rights/verifications", body, OK)
        right.hear()

    # The end of a pledge

    @precondition(_has_pledge)
    @rule(pick=PICK, approver=st.booleans(), reason=st.sampled_from(["waived", "claim_extinguished"]))
    def order_release(self, pick: int, approver: bool, reason: str) -> None:  # noqa: FBT001 - drawn by Hypothesis
        """The first person of the bank wants it released."""
        pledge = self._pledge(pick)
        client = f"{pledge.bank}.{'approver' if approver else 'officer'}"
        expected = self.model.order_release(pledge, client, reason)
        self._act(client, pledge, "release", {"reason": reason}, expected)

    @precondition(_has_pledge)
    @rule(pick=PICK)
    def approve_release(self, pick: int) -> None:
        """The second person approves, if it is another."""
        pledge = self._pledge(pick)
        client = f"{pledge.bank}.approver"
        expected = self.model.approve_release(pledge, client, self._soon())
        self._act(client, pledge, "release/approve", {}, expected)

    @precondition(_has_pledge)
    @rule(pick=PICK)
    def cancel_release(self, pick: int) -> None:
        """The bank thinks better of it."""
        pledge = self._pledge(pick)
        self._act(f"{pledge.bank}.officer", pledge, "release/cancel", {}, self.model.cancel_release(pledge))

    # Time

    @rule(hours=st.integers(1, 24 * 9))
    def time_passes(self, hours: int) -> None:
        """Hours or days go by."""
        self.stage.clock.turn(timedelta(hours=hours))

    @precondition(_has_pledge)
    @rule(pick=PICK)
    def the_night_looks_at(self, pick: int) -> None:
        """What nobody moved for ten working days lapses."""
        pledge = self._pledge(pick)
        due = self.stage.overdue_since(pledge.progressed_at)
        assert self.stage.lapse(pledge.id) == self.model.lapse(pledge, self.stage.clock(), due=due)

    # Strangers, the late, and those who say it twice

    @precondition(_has_pledge)
    @rule(pick=PICK, side=SIDE)
    def a_stranger_reads(self, pick: int, side: int) -> None:
        """What is another's answers as what is not there."""
        pledge = self._pledge(pick)
        absent = "0" * 32
        others = [STRANGER, *(f"{bank}.officer" for bank in BANKS if bank != pledge.bank)]
        for client in others:
            for path in ("", "/history", "/coverage", "/amendments", "/certificate"):
                self._alike(client, f"/v1/pledges/{pledge.id}{path}", f"/v1/pledges/pledge_{absent}{path}")
        right = self._right(side)
        paths = f"/v1/rights/{right.id}", f"/v1/rights/right_{absent}"
        self._alike(STRANGER, *paths)
        for bank in BANKS:
            if self._is_shown(right, bank):
                assert self.stage.business.get(f"{bank}.officer", paths[0])["id"] == right.id
            else:
                self._alike(f"{bank}.officer", *paths)

    @precondition(_has_pledge)
    @rule(pick=PICK, verb=st.sampled_from(["submit", "confirm", "withdraw", "reject", "release", "release/approve"]))
    def a_stranger_commands(self, pick: int, verb: str) -> None:
        """Whoever may not know of a pledge can do nothing to it, and learns nothing."""
        pledge = self._pledge(pick)
        of_a_bank = verb in {"reject", "release", "release/approve"}
        other = next(bank for bank in BANKS if bank != pledge.bank)
        client = f"{other}.approver" if of_a_bank else STRANGER
        body = {"reject": {"reason": "无"}, "release": {"reason": "waived"}}.get(verb, {})
        absent = "pledge_" + "0" * 32
        _, told = self._command(client, f"/v1/pledges/{pledge.id}/{verb}", body, "not_found")
        _, void = self._command(client, f"/v1/pledges/{absent}/{verb}", body, "not_found")
        assert _less(told, pledge.id) == _less(void, absent)

    @precondition(_has_pledge)
    @rule(pick=PICK)
    def somebody_is_late(self, pick: int) -> None:
        """A command on a version that is no more is refused before anything else."""
        pledge = self._pledge(pick)
        headers = {"If-Match": f'"{self._read(pledge)["version"] + 1}"'}
        self._command(ENTERPRISE, f"/v1/pledges/{pledge.id}/withdraw", {}, "version_mismatch", **headers)

    @precondition(_has_pledge)
    @rule(pick=PICK)
    def it_is_said_twice(self, pick: int) -> None:
        """The same command under the same key is one command."""
        pledge = self._pledge(pick)
        expected = self.model.submit(pledge, self._soon())
        headers = {"Idempotency-Key": f"twice-{self.stage.clock().isoformat()}-{pledge.id}"}
        path = f"/v1/pledges/{pledge.id}/submit"
        first = self._command(ENTERPRISE, path, {}, expected, **headers)
        assert self._command(ENTERPRISE, path, {}, expected, **headers) == first

    # Holds of other kinds

    @rule(side=SIDE, amount=TONNES, court=st.booleans())
    def post_a_hold(self, side: int, amount: Decimal, court: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        """A court takes what it wants; a listing takes what is free."""
        right = self._right(side)
        expected = OK if court or right.free >= amount else "quantity_unavailable"
        body = {
            "kind": "judicial" if court else "listing",
            "quantity": quantity(str(amount)),
            "reference": "(2026)浙0602执1号",
            "reason": "财产保全",
        }
        _, answer = self._command(AUTHORITY, f"/v1/rights/{right.id}/holds", body, expected, 201)
        if expected == OK:
            right.holds[answer["id"]] = amount
            right.seized = right.seized or court

    @rule(side=SIDE, pick=PICK, part=st.booleans())
    def lift_a_hold(self, side: int, pick: int, part: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        """All of a hold is lifted, or a tonne of it; no other is."""
        right = self._right(side)
        posted = [name for name in right.holds if name.startswith("hold_")]
        if posted:
            name = posted[pick % len(posted)]
            given = Decimal(1) if part else right.holds[name]
            body = {"reason": "解除", "reference": "(2026)浙0602执1号之一", "quantity": quantity(str(given))}
            self._command(AUTHORITY, f"/v1/rights/{right.id}/holds/{name}/lift", body, OK)
            right.holds[name] -= given
            if not right.holds[name]:
                del right.holds[name]

    # Loans

    @precondition(_has_loan)
    @rule(pick=PICK)
    def disburse(self, pick: int) -> None:
        """Money goes out, if it may."""
        pledge = self._lent(pick)
        code = self._event(pledge, "disbursed", STEP, self.model.disburse(pledge, STEP))
        if code == OK:
            pledge.drawn += STEP
            pledge.owed += STEP

    @precondition(_has_loan)
    @rule(pick=PICK)
    def repay(self, pick: int) -> None:
        """Money comes back, never more than is owed."""
        pledge = self._lent(pick)
        if self._event(pledge, "repaid", STEP, self.model.repay(pledge, STEP)) == OK:
            pledge.owed -= STEP

    @precondition(_has_loan)
    @rule(pick=PICK)
    def is_overdue(self, pick: int) -> None:
        """The borrower does not pay."""
        pledge = self._lent(pick)
        self._event(pledge, "overdue", None, OK)
        pledge.overdue = True

    def _lent(self, pick: int) -> PledgeModel:
        lent = [pledge for pledge in self.model.pledges.values() if pledge.loan]
        return lent[pick % len(lent)]

    def _event(self, pledge: PledgeModel, kind: str, amount: Decimal | None, expected: str | Collection[str]) -> str:
        on = self.stage.clock().date().isoformat()
        body: dict[str, object] = {"type": kind, "on": on, "reference": f"{kind} {self.stage.clock().isoformat()}"}
        if amount is not None:
            body["principal"] = yuan(f"{amount}.00")
        return self._command("bank-a.officer", f"/v1/loans/{pledge.loan}/events", body, expected, 201)[0]

    # Amendments

    @precondition(_has_pledge)
    @rule(pick=PICK, side=SIDE, amount=st.integers(1, 3).map(Decimal), more=st.booleans())
    def propose_an_amendment(self, pick: int, side: int, amount: Decimal, more: bool) -> None:  # noqa: FBT001 - drawn
        """The bank wants more of a right, or gives some back."""
        pledge, right = self._pledge(pick), self._right(side)
        kind = "top_up" if more else "partial_release"
        expected = self.model.propose(pledge, kind, right.id, amount)
        body = {"kind": kind, "items": [{"right_id": right.id, "quantity": quantity(str(amount))}]}
        client = f"{pledge.bank}.officer"
        _, answer = self._command(client, f"/v1/pledges/{pledge.id}/amendments", body, expected, 201)
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
        self._command(client, f"/v1/pledges/{pledge.id}/amendments/{amendment.id}/{verb}", {}, expected, status)

    # Default

    @precondition(_has_loan)
    @rule(pick=PICK)
    def propose_enforcement(self, pick: int) -> None:
        """The bank wants its money out of the right."""
        pledge = self._lent(pick)
        expected = self.model.propose_enforcement(pledge)
        path, body = f"/v1/pledges/{pledge.id}/enforcements", {"route": "auction"}
        _, answer = self._command("bank-a.officer", path, body, expected, 201)
        if expected == OK:
            pledge.enforcement, pledge.enforcement_id = "proposed", answer["id"]

    @precondition(lambda self: self._enforced())
    @rule(pick=PICK)
    def approve_enforcement(self, pick: int) -> None:
        """A second person agrees."""
        pledge = self._in_default(pick)
        self._enforce("bank-a.approver", pledge, "approve", {}, self.model.approve_enforcement(pledge, self._soon()))

    @precondition(lambda self: self._enforced())
    @rule(pick=PICK, lift=st.booleans())
    def a_court_stays_it(self, pick: int, lift: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        """A court stops it, or lets it go on."""
        pledge = self._in_default(pick)
        expected = self.model.stay(pledge, self._soon(), lift=lift)
        body = {"reference": "(2026)浙破1号"} if lift else {"reference": "(2026)浙破1号", "reason": "受理破产申请"}
        self._enforce(AUTHORITY, pledge, "lift-stay" if lift else "stay", body, expected)

    @precondition(lambda self: self._enforced())
    @rule(pick=PICK)
    def end_enforcement(self, pick: int) -> None:
        """The bank lets it be."""
        pledge = self._in_default(pick)
        expected = self.model.end_enforcement(pledge, self._soon())
        self._enforce("bank-a.officer", pledge, "end", {"reason": "已清偿"}, expected)

    def _enforced(self) -> list[PledgeModel]:
        return [pledge for pledge in self.model.pledges.values() if pledge.enforcement_id is not None]

    def _in_default(self, pick: int) -> PledgeModel:
        enforced = self._enforced()
        return enforced[pick % len(enforced)]

    def _enforce(self, client: str, pledge: PledgeModel, verb: str, body: object, expected: str) -> None:
        self._command(client, f"/v1/pledges/{pledge.id}/enforcements/{pledge.enforcement_id}/{verb}", body, expected)

    # What must hold after every step

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
        pledge = self._pledge(self.stage.answers.total())
        told = self._read(pledge)
        assert told["status"] == pledge.status, told
        items = {item["right_id"]: Decimal(item["quantity"]["amount"]) for item in told["items"]}
        assert items == pledge.items, told
        history = self.stage.business.get(ENTERPRISE, f"/v1/pledges/{pledge.id}/history")["items"]
        moves = [entry["details"] for entry in history if "from" in entry["details"]]
        for move in moves:
            assert (pledge.workflow, move["from"], move["to"]) in EDGES, move
        assert all(one["to"] == next_one["from"] for one, next_one in zip(moves, moves[1:], strict=False)), moves

    def _soon(self) -> Any:  # noqa: ANN401 - a datetime
        """Return the moment at which the next command arrives."""
        return self.stage.clock() + timedelta(seconds=1)
