"""A bank's own appraisal of a right: one person puts it forward, a second approves or rejects it.

Everything of it stays inside the bank: the trail and the events name the bank alone as party. What the bank then adopts
for a pledge is part of that pledge, and its parties see it there.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.errors import InvalidDate
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import InvalidPeriod, NotFound
from domain.use_cases.adopt_value import readopt, within
from domain.use_cases.second_person import require_second_person
from domain.valuation.bank_appraisals import AppraisalKind, Appraiser, BankAppraisal, Report
from domain.valuation.proposals import Proposal
from domain.values.actors import Actor
from domain.values.identifiers import new_id
from domain.values.money import Money
from domain.values.quantity import Quantity
from domain.values.time import business_date


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAppraisal:
    """What is put forward; without a quantity it speaks of the whole right."""

    kind: AppraisalKind
    value: Money
    quantity: Quantity | None
    as_of: date
    valid_until: date
    appraiser: Appraiser
    report: Report
    method: str | None


async def propose_appraisal(
    uow: UnitOfWork, actor: Actor, right_id: str, new: NewAppraisal, now: datetime
) -> BankAppraisal:
    """Write an appraisal that counts for nothing until a second person approves it.

    Raises:
        NotFound: the bank may not see such a right.
        InvalidDate: it is dated in the future, or ended before today.
        InvalidPeriod: it ends before its own day.
        InvalidQuantity: it speaks of more than the right has, or of nothing.
        InvalidUnit: its unit is not one of the right's.
    """
    right = await uow.rights.find(right_id)
    if right is None:
        raise NotFound("right")
    _check_days(new, business_date(now))
    appraisal = BankAppraisal(
        id=new_id("appraisal"),
        tenant=actor.tenant,
        right_id=right.id,
        kind=new.kind,
        value=new.value,
        quantity=within(right.quantity, new.quantity),
        as_of=new.as_of,
        valid_until=new.valid_until,
        appraiser=new.appraiser,
        report=new.report,
        method=new.method,
        proposal=Proposal.by(actor.client_id, now),
    )
    await uow.appraisals.add(appraisal)
    await _told(uow, actor, appraisal, now)
    return appraisal


async def decide_on_appraisal(
    uow: UnitOfWork,
    actor: Actor,
    appraisal_id: str,
    right_id: str,
    *,
    rejection: str | None,
    if_match: int | None,
    now: datetime,
) -> BankAppraisal:
    """Approve an appraisal, or reject it where a reason is given; an approved one lowers the bank's pledges at once.

    Raises:
        NotFound: no such appraisal of this right.
        SamePerson, Forbidden, VersionMismatch: as `require_second_person` says.
        AlreadyDecided: somebody has decided.
    """
    appraisal = await uow.appraisals.lock(appraisal_id)
    if appraisal is None or appraisal.right_id != right_id:
        raise NotFound("appraisal")
    require_second_person(actor, appraisal.proposal, if_match, "appraisal:approve")
    decided = replace(appraisal, proposal=appraisal.proposal.decided(actor.client_id, now, rejection))
    await uow.appraisals.decide(appraisal.id, decided.proposal)
    await _told(uow, actor, decided, now)
    if decided.proposal.is_approved:
        await readopt(uow, actor, right_id, now)
    return decided


def _check_days(new: NewAppraisal, today: date) -> None:
    if new.valid_until < new.as_of:
        raise InvalidPeriod(new.as_of, new.valid_until)
    if new.as_of > today or new.valid_until < today:
        raise InvalidDate(
            what="as_of" if new.as_of > today else "valid_until",
            value=(new.as_of if new.as_of > today else new.valid_until).isoformat(),
            reason_zh="评估基准日不得晚于今日,有效期不得早于今日。",
            reason_en="an appraisal is not of a later day than today, and has not ended",
        )


async def _told(uow: UnitOfWork, actor: Actor, appraisal: BankAppraisal, now: datetime) -> None:
    action = f"appraisal.{appraisal.proposal.status.value}"
    details = {"right_id": appraisal.right_id, "kind": appraisal.kind.value, "value": appraisal.value.wire()}
    await uow.audit.write(actor, action, appraisal.id, details, (actor.tenant,), now)
    status = {"right_id": appraisal.right_id, "version": appraisal.proposal.version}
    await uow.outbox.publish(action, appraisal.id, status, (actor.tenant,), now)
