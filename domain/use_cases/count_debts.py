"""What is owed of several loans today, as far as the caller may see them."""

from collections.abc import Sequence
from datetime import date

from domain.loans.accrual import Debt, debt_of
from domain.ports.unit_of_work import UnitOfWork


async def debts_of(uow: UnitOfWork, loan_ids: Sequence[str], on: date) -> dict[str, Debt]:
    """Return what is owed of each of these loans that the caller may see, by id."""
    if not loan_ids:
        return {}
    loans = await uow.loans.find_many(loan_ids)
    events = await uow.loans.events_of_each(loan_ids)
    return {loan_id: debt_of(loan, events[loan_id], on) for loan_id, loan in loans.items()}
