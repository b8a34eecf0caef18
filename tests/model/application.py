"""The application: from the draft to the confirmation, and the ways out of it."""

from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.integration.business import a_loan_body, a_pledge_body, yuan
from tests.model.playing import AUTHORITY, BANKS, ENTERPRISE, PICK, PLEDGES_MAX, SIDE, Playing, a_quantity, may
from tests.model.things import OK, PRINCIPAL, PledgeModel


class Application(Playing):
    """What applicant, authority and bank do until the registry has the word."""

    @precondition(lambda self: len(self.model.pledges) < PLEDGES_MAX)
    @rule(bank=SIDE, hubei=st.booleans(), amounts=st.tuples(st.integers(1, 6), st.integers(0, 4)))
    def draft(self, bank: int, hubei: bool, amounts: tuple[int, int]) -> None:
        """Draft a pledge of one right or both; the first bank's have a loan."""
        rights = list(self.model.rights)
        items = {right: f"{amount}.000000" for right, amount in zip(rights, amounts, strict=True) if amount}
        loan = None
        if bank == 0:
            _, told = self.command("bank-a.officer", "/v1/loans", a_loan_body(f"{PRINCIPAL}.00"), OK, 201)
            loan = told["id"]
        workflow = "hubei" if hubei else "zhejiang"
        body = a_pledge_body(items, [], pledgee=BANKS[bank], workflow=workflow)
        _, answer = self.command(ENTERPRISE, "/v1/pledges", body, OK, 201)
        parts = {right: Decimal(amount) for right, amount in items.items()}
        now = self.stage.clock()
        self.model.pledges[answer["id"]] = PledgeModel(answer["id"], BANKS[bank], workflow, parts, now, loan)

    @precondition(may("submit"))
    @rule(pick=PICK)
    def submit(self, pick: int) -> None:
        """The enterprise applies."""
        pledge = self.pledge(pick, lambda each: each.may("submit"))
        self.act(ENTERPRISE, pledge, "submit", {}, self.model.submit(pledge, self.soon()))

    @precondition(may("verify-quantities"))
    @rule(pick=PICK)
    def verify_quantities(self, pick: int) -> None:
        """The authority agrees."""
        self.decide(AUTHORITY, self._due(pick, "verify-quantities"), "verify-quantities")

    @precondition(may("approve-loan"))
    @rule(pick=PICK)
    def approve_loan(self, pick: int) -> None:
        """The bank approves."""
        pledge = self._due(pick, "approve-loan")
        self.decide(f"{pledge.bank}.approver", pledge, "approve-loan")

    @precondition(may("confirm"))
    @rule(pick=PICK)
    def confirm(self, pick: int) -> None:
        """The enterprise confirms; after a refused freeze it orders the next."""
        self.decide(ENTERPRISE, self._due(pick, "confirm"), "confirm")

    @precondition(may("request-correction"))
    @rule(pick=PICK, authority=st.booleans())
    def request_correction(self, pick: int, authority: bool) -> None:
        """The bank or the authority sends it back."""
        pledge = self.pledge(pick)
        self.decide(AUTHORITY if authority else f"{pledge.bank}.officer", pledge, "request-correction")

    @precondition(may("reject"))
    @rule(pick=PICK)
    def reject(self, pick: int) -> None:
        """The bank says no."""
        pledge = self.pledge(pick)
        self.decide(f"{pledge.bank}.officer", pledge, "reject")

    @precondition(may("withdraw"))
    @rule(pick=PICK)
    def withdraw(self, pick: int) -> None:
        """The enterprise takes it back."""
        self.decide(ENTERPRISE, self.pledge(pick), "withdraw")

    def _due(self, pick: int, verb: str) -> PledgeModel:
        return self.pledge(pick, lambda each: each.may(verb))

    def decide(self, client: str, pledge: PledgeModel, verb: str) -> None:
        """Give one of the decisions on an application."""
        items = [{"right_id": right, "quantity": a_quantity(amount)} for right, amount in pledge.items.items()]
        approval: dict[str, object] = {"amount": yuan(f"{PRINCIPAL}.00"), "rate": "0.0345"}
        if pledge.loan is not None:
            approval["loans"] = [pledge.loan]
        bodies: dict[str, object] = {
            "verify-quantities": {"items": items},
            "approve-loan": approval,
            "request-correction": {"reason": "资料不全"},
            "reject": {"reason": "不符合条件"},
        }
        expected = self.model.decide(pledge, verb, self.soon())
        self.act(client, pledge, verb, bodies.get(verb, {}), expected)
