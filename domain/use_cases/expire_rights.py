"""What the calendar does: rights expire, a plan period ends, a confirmation falls due, a posted hold comes to its end.

Nothing that is pledged is released by a date. A hold that an authority posted until a moment ends then by its own
terms, like the court order behind it; a pledge's hold has no end but the registry's word.

Source: issue 4 (roll-over; no release by expiry or silence); domain/rights/expiry.py.
"""

from datetime import date, datetime

from domain.jurisdictions.rulebook import Rulebook
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.expiry import plan_period_on, reconfirmation_due_on, status_on
from domain.rights.holds import HoldKind, HoldState
from domain.rights.rights import Right
from domain.use_cases.change_pledge import hold_details
from domain.use_cases.hear_registry import ask_for_review
from domain.use_cases.review_right import concerned, review_right
from domain.values.actors import WORKER
from domain.values.time import business_date


def is_due(right: Right, rulebook: Rulebook, on: date) -> bool:
    """Tell whether a day does anything to a right."""
    period = plan_period_on(rulebook, right.division, on)
    return status_on(right, period, on) is not right.status or reconfirmation_due_on(right, period, on) is not None


async def apply_calendar(uow: UnitOfWork, rulebook: Rulebook, right_id: str, now: datetime) -> bool:
    """Let a right become what the day makes of it, and tell; false where the day changes nothing that was not told."""
    right = await uow.rights.lock(right_id)
    if right is None:
        return False
    on = business_date(now)
    period = plan_period_on(rulebook, right.division, on)
    status = status_on(right, period, on)
    if status is not right.status:
        await uow.rights.change_status(right.id, status)
        return await review_right(uow, right.id, now)
    due_on = reconfirmation_due_on(right, period, on)
    if due_on is None or not await uow.impairments.newly_due(right.id, due_on):
        return False
    parties = await concerned(uow, right, await uow.impairments.stakes(right.id))
    data = {"due_on": due_on.isoformat(), "valid_to": None if right.valid_to is None else right.valid_to.isoformat()}
    await uow.audit.write(WORKER, "right.reconfirmation_due", right.id, data, parties, now)
    await uow.outbox.publish("right.reconfirmation_due", right.id, data, parties, now)
    return True


async def expire_hold(uow: UnitOfWork, hold_id: str, now: datetime) -> bool:
    """End a posted hold whose end has come, and give its quantity back; false where it does not stand any more."""
    posted = await uow.holds.lock(hold_id)
    if posted is None or posted.hold.kind is HoldKind.PLEDGE or posted.hold.until is None or posted.hold.until > now:
        return False
    hold = posted.hold
    await uow.rights.give_back(hold.right_id, hold.quantity.amount)
    await uow.holds.change(hold.id, HoldState.EXPIRED, now)
    details = hold_details(hold.id, hold.quantity.wire())
    await uow.audit.write(WORKER, "hold.expired", hold.right_id, details, posted.parties, now)
    await ask_for_review(uow, hold.right_id)
    return True
