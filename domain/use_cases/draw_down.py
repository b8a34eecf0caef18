"""Whether money may go out on what is pledged today: nothing while the collateral is short, or would be afterwards.

The subtle thing is what counts as there: what an approved amendment gives up does not, although the registry has not
released it yet, and a right without a value carries nothing. Other security counts with the value that was agreed.

Source: contract section 5 (conditions before disbursement); civil code art. 423 (no claims after determination).
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from domain.loans.loans import LoanEvent
from domain.pledges.coverage import Level, coverage_of
from domain.pledges.pledges import NotActive, Pledge
from domain.ports.unit_of_work import UnitOfWork
from domain.use_cases.count_debts import debts_of
from domain.use_cases.lend_on_rights import others_items, staying_items
from domain.values.money import Money
from domain.values.time import business_date

UNDETERMINED = "not_determined"
COVERED = "coverage_sufficient"


async def require_drawable(uow: UnitOfWork, pledges: Sequence[Pledge], event: LoanEvent, now: datetime) -> None:
    """Raise NotActive with every condition that a disbursement lacks; the pledges for its loan are locked."""
    unmet = []
    if any(pledge.determination is not None for pledge in pledges):
        unmet.append(UNDETERMINED)
    for pledge in pledges:
        if not await _covered(uow, pledge, event.principal or Money.zero(), now):
            unmet.append(COVERED)
            break
    if unmet:
        raise NotActive(tuple(unmet))


async def _covered(uow: UnitOfWork, pledge: Pledge, drawn: Money, now: datetime) -> bool:
    """Tell whether the pledge's group still may be lent what it owes after the draw, less what other security bears."""
    items = [*await staying_items(uow, pledge), *await others_items(uow, pledge)]
    _, loan_ids = await uow.pledges.linked(pledge.id)
    debts = await debts_of(uow, loan_ids, business_date(now))
    owed = sum((debt.total.amount for debt in debts.values()), drawn.amount)
    beside = sum((other.value.amount for other in pledge.other_security), Decimal(0))
    beside += (await uow.compensations.deposited([pledge.id])).amount
    return coverage_of(items, [Money(max(Decimal(0), owed - beside))], now).level is Level.OK
