"""The bank approves and writes amount and rate back; the melting rights must carry the loan to its last day.

The check is on the whole group: every loan of the linked pledges against the items of this pledge and of those that are
frozen and stay so, so that no value counts twice. Other security carries its stated value beside the rights. An amount
that is approved for several contracts is approved for each in proportion, and no more is ever paid out on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from domain.jurisdictions.rulebook import Rulebook
from domain.loans.loans import Loan
from domain.pledges.lifecycle import Event, State, Workflow, move
from domain.pledges.pledges import InvalidLoans, LoanExceedsCollateral, Pledge, TermExceedsValidity
from domain.pledges.third_parties import ThirdPartyUnconfirmed, third_parties
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden, NotFound
from domain.rights.rights import Right
from domain.use_cases.adopt_value import readopted
from domain.use_cases.change_pledge import fetch, happen
from domain.use_cases.lend_on_rights import lendable_on_rights, others_items
from domain.use_cases.order_freeze import order_freeze
from domain.valuation.repayment import Repayment, first_uncovered_on, max_principal
from domain.values.actors import Actor, Role
from domain.values.money import Money
from domain.values.time import business_date

TERM_RULE = "pledge.term_within_validity"


@dataclass(frozen=True, slots=True)
class Approval:
    """What the bank approves: principal, rate as a fraction per year, and contracts the application did not name."""

    amount: Money
    rate: Decimal
    loan_ids: tuple[str, ...]


async def approve_loan(
    uow: UnitOfWork,
    actor: Actor,
    rulebook: Rulebook,
    pledge_id: str,
    approval: Approval,
    if_match: int | None,
    now: datetime,
) -> Pledge:
    """Approve, and in the bank-led workflow order the freeze at once; there a refused freeze is approved anew.

    Raises:
        Forbidden: not an approver of the pledgee.
        InvalidLoans: more is approved than the linked contracts lend, or a loan is another bank's.
        TermExceedsValidity: a loan outlives a right where the rule pack forbids it.
        LoanExceedsCollateral: with the first day that is not covered.
        ThirdPartyUnconfirmed: in the bank-led workflow, before a third party has agreed.
    """
    pledge = await fetch(uow, pledge_id, if_match)
    if actor.tenant != pledge.pledgee or actor.role is not Role.BANK_APPROVER:
        raise Forbidden("pledge:approve-loan")
    again = pledge.workflow is Workflow.HUBEI and pledge.status is State.LOAN_APPROVED
    move(pledge.workflow, pledge.status, Event.FREEZE_ORDERED if again else Event.LOAN_APPROVED)
    pledge = replace(pledge, loan_ids=tuple(dict.fromkeys((*pledge.loan_ids, *approval.loan_ids))))
    rights = await uow.rights.find_many([item.right_id for item in pledge.items])
    loans = [await loan_of(uow, pledge, loan_id) for loan_id in pledge.loan_ids]
    _check_third_parties(pledge, loans)
    lent = sum((loan.principal.amount for loan in loans), Decimal(0))
    if loans and approval.amount.amount > lent:
        raise InvalidLoans(
            "#/amount", "审批金额超过所关联贷款合同的本金合计。", "More is approved than the linked contracts lend."
        )
    terms = await uow.policies.terms(pledge.pledgee)
    check_terms(pledge, rights, loans, rulebook, business_date(now), terms.loan_end_margin_days)
    await _check_collateral(uow, rulebook, pledge, loans, approval.amount, now)
    items = [
        await readopted(uow, pledge.pledgee, item, rights[item.right_id], business_date(now)) for item in pledge.items
    ]
    approved = replace(
        pledge,
        items=tuple(items),
        approved_amount=approval.amount,
        approved_rate=approval.rate,
        reason=None,
        confirmed_by=pledge.confirmed_by if pledge.workflow is Workflow.HUBEI else (),
    )
    if again:
        return await order_freeze(uow, actor, approved, now)
    details = {"amount": approval.amount.wire(), "rate": str(approval.rate)}
    moved = await happen(uow, actor, approved, Event.LOAN_APPROVED, now, details)
    return await order_freeze(uow, actor, moved, now) if moved.workflow is Workflow.HUBEI else moved


def _check_third_parties(pledge: Pledge, loans: Sequence[Loan]) -> None:
    """Raise ThirdPartyUnconfirmed where the bank's approval would freeze a third party's right without its consent."""
    if pledge.workflow is not Workflow.HUBEI:
        return
    others = third_parties(pledge.pledgors, [loan.borrower_uscc for loan in loans])
    waiting = tuple(uscc for uscc in others if uscc not in pledge.confirmed_by)
    if waiting:
        raise ThirdPartyUnconfirmed(waiting)


def approved_for(loan: Loan, loans: Sequence[Loan], amount: Money) -> Money:
    """Return what of an approved amount is for one of its contracts, in proportion to their principals, up to a fen."""
    share = Fraction(loan.principal.amount) / sum((Fraction(each.principal.amount) for each in loans), Fraction(0))
    return Money.ceiling(share * Fraction(amount.amount))


async def loan_of(uow: UnitOfWork, pledge: Pledge, loan_id: str) -> Loan:
    """Return a loan of the pledgee; raises NotFound for an unseen one, InvalidLoans for another bank's."""
    loan = await uow.loans.find(loan_id)
    if loan is None:
        raise NotFound("loan")
    if loan.tenant != pledge.pledgee:
        raise InvalidLoans("#/loans", "该贷款不属于质权银行。", "The loan is not of the pledgee.")
    return loan


def check_terms(
    pledge: Pledge,
    rights: dict[str, Right],
    loans: Sequence[Loan],
    rulebook: Rulebook,
    on: date,
    margin_days: int | None,
) -> None:
    """Raise TermExceedsValidity for a loan that outlives a right, or ends later than the bank's margin before it."""
    for item in pledge.items:
        right = rights[item.right_id]
        rule = rulebook.find(TERM_RULE, right.division, on)
        if right.valid_to is None or (margin_days is None and (rule is None or rule.value is not True)):
            continue
        for loan in loans:
            if (right.valid_to - loan.end).days < (margin_days or 0):
                raise TermExceedsValidity(right.id, right.valid_to, loan.end, margin_days or 0)


async def _check_collateral(
    uow: UnitOfWork, rulebook: Rulebook, pledge: Pledge, loans: Sequence[Loan], amount: Money, now: datetime
) -> None:
    """Raise LoanExceedsCollateral unless what is lent to the group is carried on every day of its life."""
    items, others = [*pledge.items, *await others_items(uow, pledge)], await _other_loans(uow, pledge)
    lendable_on = await lendable_on_rights(uow, rulebook, pledge, items, now)
    today = business_date(now)
    if not loans:
        if Fraction(amount.amount) > lendable_on(today):
            raise LoanExceedsCollateral(Money.floor(lendable_on(today)), today)
        return
    asked = [(loan, approved_for(loan, loans, amount)) for loan in loans]
    repayment = _together(asked, others, today)
    uncovered = first_uncovered_on(repayment, today, lendable_on)
    if uncovered is not None:
        raise LoanExceedsCollateral(max_principal(repayment, lendable_on), uncovered)


async def _other_loans(uow: UnitOfWork, pledge: Pledge) -> list[tuple[Loan, Money]]:
    """Return the group's other loans with their principal."""
    _, loan_ids = await uow.pledges.linked(pledge.id)
    others = []
    for loan_id in loan_ids:
        if loan_id not in pledge.loan_ids:
            loan = await uow.loans.find(loan_id)
            if loan is not None:
                others.append((loan, loan.principal))
    return others


def _together(asked: Sequence[tuple[Loan, Money]], others: Sequence[tuple[Loan, Money]], today: date) -> Repayment:
    """Return the one schedule of several loans, each scaled to its amount.

    What is asked is owed from today on, so an instalment of it that was due before is owed today.
    """
    due: dict[date, Money] = {}
    for loans, earliest in ((asked, today), (others, date.min)):
        for loan, amount in loans:
            for on, instalment in Repayment(loan.repayment).scaled_to(amount).schedule:
                day = max(on, earliest)
                due[day] = due.get(day, Money.zero()) + instalment
    return Repayment(tuple(sorted(due.items())))
