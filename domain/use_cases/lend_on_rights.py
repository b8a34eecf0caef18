"""What rights carry, day by day, and whether they carry what a group of loans owes to its last day.

The subtle thing is which debt is meant. Where something is given up, what counts is what is owed today and how it is to
be repaid; where something is lent, it is what has been promised, paid out or not. An instalment that is overdue is owed
today, and so are interest, penalty and fees.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from domain.jurisdictions.rulebook import Rulebook
from domain.loans.accrual import Debt
from domain.loans.loans import Loan, LoanEvent, LoanEventType, LoanKind, paid_out
from domain.pledges.amendments import reduced, still_to_release
from domain.pledges.lifecycle import State
from domain.pledges.pledges import Pledge, PledgeItem
from domain.ports.unit_of_work import UnitOfWork
from domain.use_cases.adopt_value import lowered
from domain.use_cases.appraise_right import appraise_subject, subject_of
from domain.valuation.repayment import Lendable, Repayment, first_uncovered_on, max_principal
from domain.values.money import Money
from domain.values.time import business_date

Due = tuple[date, Money]
"""A day, and what is owed through it and then falls due."""

CLOSING = frozenset({LoanEventType.SETTLED, LoanEventType.REFINANCED, LoanEventType.WRITTEN_OFF})
"""After these nothing more is paid out."""


@dataclass(frozen=True, slots=True)
class Uncovered:
    """The first day on which more is owed than is carried, what is owed in all, and what would be carried."""

    on: date
    owed: Money
    max_loan: Money


async def lendable_on_rights(
    uow: UnitOfWork, rulebook: Rulebook, pledge: Pledge, items: Sequence[PledgeItem], now: datetime
) -> Lendable:
    """Return what the items and the other security carry on a day, at today's prices or what the bank adopts below."""
    terms = await uow.policies.terms(pledge.pledgee)
    rights = await uow.rights.find_many([item.right_id for item in items])
    parts = []
    for item in items:
        subject = subject_of(rights[item.right_id], item.quantity)
        appraisal = await appraise_subject(
            uow, rulebook, subject, as_of=None, now=now, liquidation_days=terms.liquidation_days
        )
        right, ours = rights[item.right_id], appraisal.market_value
        share = await lowered(uow, pledge.pledgee, right, item.quantity, ours, business_date(now))
        parts.append((appraisal, share))
    beside = sum((Fraction(other.value.amount) for other in pledge.other_security), Fraction(0))

    def lendable_on(day: date) -> Fraction:
        return beside + sum((share * appraisal.lendable_on(day) for appraisal, share in parts), Fraction(0))

    return lendable_on


async def others_items(uow: UnitOfWork, pledge: Pledge) -> list[PledgeItem]:
    """Return the items of the other pledges of the group that are frozen and stay so."""
    pledge_ids, _ = await uow.pledges.linked(pledge.id)
    others = await uow.pledges.find_many([pledge_id for pledge_id in pledge_ids if pledge_id != pledge.id])
    staying: list[PledgeItem] = []
    for other in others:
        if other.under_control and other.status is State.ACTIVE:
            staying += await staying_items(uow, other)
    return staying


async def staying_items(uow: UnitOfWork, pledge: Pledge) -> tuple[PledgeItem, ...]:
    """Return a pledge's items without what an approved amendment gives up and the registry has not released yet."""
    amendment = await uow.amendments.pending(pledge.id)
    return pledge.items if amendment is None else reduced(pledge.items, still_to_release(amendment))


async def first_uncovered(
    uow: UnitOfWork, rulebook: Rulebook, pledge: Pledge, items: Sequence[PledgeItem], owed: Iterable[Due], now: datetime
) -> Uncovered | None:
    """Return the first day that these items and the group's others do not carry; none where they carry every day."""
    due: dict[date, Money] = {}
    for day, amount in owed:
        if amount.is_positive:
            due[day] = due.get(day, Money.zero()) + amount
    if not due:
        return None
    lendable_on = await lendable_on_rights(uow, rulebook, pledge, [*items, *await others_items(uow, pledge)], now)
    repayment = Repayment(tuple(sorted(due.items())))
    failing = first_uncovered_on(repayment, business_date(now), lendable_on)
    if failing is None:
        return None
    return Uncovered(failing, repayment.total, max_principal(repayment, lendable_on))


def owed_of(loan: Loan, debt: Debt, today: date) -> list[Due]:
    """Return when what is owed of a loan falls due: the latest instalments first, and what they leave is due today."""
    return [*_scheduled(loan, debt.principal, today), (today, debt.interest + debt.penalty + debt.fees)]


def promised_of(loan: Loan, debt: Debt, events: Sequence[LoanEvent], today: date) -> list[Due]:
    """Return the same with what may still be paid out: a line's whole limit, a loan's undrawn part."""
    if any(event.type in CLOSING for event in events):
        return owed_of(loan, debt, today)
    revolving = loan.kind is LoanKind.CREDIT_LINE
    undrawn = loan.principal - (debt.principal if revolving else paid_out(events))
    principal = debt.principal + max(undrawn, Money.zero())
    return [*_scheduled(loan, principal, today), (today, debt.interest + debt.penalty + debt.fees)]


def _scheduled(loan: Loan, principal: Money, today: date) -> list[Due]:
    left, due = principal, []
    for day, instalment in reversed(loan.repayment):
        part = min(instalment, left)
        due.append((max(day, today), part))
        left -= part
    return [*due, (today, left)]
