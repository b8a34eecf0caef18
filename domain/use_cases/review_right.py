"""Review a right that has changed: impair the pledges on it, and tell once whom it concerns.

It is one transaction under one lock a right, and compares what stands with what was told last, so that it may run as
often as it likes and at any time after the change. A pledge keeps its state, whatever has befallen its right: it is
told what, since when and how much, its version rises, and its value follows with the next revaluation.

Source: issue 4 (expiry and change: the bank is told, and nothing is silently released or mended).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from domain.pledges.impairments import Finding, Impairment, Stake, findings
from domain.pledges.pledges import Pledge
from domain.ports.impairments import StakeHolder, Standing
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.rights import Right, RightStatus
from domain.use_cases.revalue_pledges import JOB_SUBJECT, SETTLING, TASK
from domain.values.actors import WORKER
from domain.values.identifiers import new_id

GONE: Final = frozenset({RightStatus.REVOKED, RightStatus.RECLAIMED})


async def review_right(uow: UnitOfWork, right_id: str, now: datetime) -> bool:
    """Bring the impairments of every pledge on a right up to date; false where there is no such right."""
    before = await uow.impairments.lock_standing(right_id)
    right = await uow.rights.find(right_id)
    if before is None or right is None:
        return False
    stakes = await uow.impairments.stakes(right_id)
    after = Standing.of(right)
    changed = await _impair(uow, right, stakes, now)
    if after != before:
        await uow.impairments.keep_standing(right, now)
        await _tell(uow, right, before, stakes, now)
    if changed or (after != before and stakes):
        await uow.jobs.enqueue_once(TASK, JOB_SUBJECT, now + SETTLING)
    return True


async def concerned(uow: UnitOfWork, right: Right, stakes: Sequence[StakeHolder]) -> tuple[str, ...]:
    """Return everybody whom a change of a right concerns: its holder, its authority, and the banks of its pledges."""
    authority = await uow.tenants.authority_of(right.division)
    named = [right.holder_uscc, *([authority] if authority else []), *(each.pledgee for each in stakes)]
    return tuple(dict.fromkeys(named))


async def _impair(uow: UnitOfWork, right: Right, holders: Sequence[StakeHolder], now: datetime) -> bool:
    """Begin and end what has changed, pledge by pledge in the order of their ids; tell whether anything has."""
    stakes = [Stake(each.pledge_id, each.quantity, place) for place, each in enumerate(holders)]
    found = findings(
        right,
        stakes,
        {each.pledge_id: each.pledgors for each in holders},
        await uow.impairments.seizures(right.id),
        await uow.impairments.disputed(right.id),
        await uow.impairments.reserved(right.id),
    )
    lasting: dict[str, list[Impairment]] = {pledge_id: [] for pledge_id in found}
    for impairment in await uow.impairments.lasting(right.id):
        lasting.setdefault(impairment.pledge_id, []).append(impairment)
    changed = False
    for pledge_id in sorted(lasting):
        ended = [each for each in lasting[pledge_id] if not any(map(each.says, found.get(pledge_id, [])))]
        begun = [one for one in found.get(pledge_id, []) if not any(each.says(one) for each in lasting[pledge_id])]
        if ended or begun:
            await _write(uow, right, pledge_id, begun, ended, now)
            changed = True
    return changed


async def _write(
    uow: UnitOfWork, right: Right, pledge_id: str, begun: Sequence[Finding], ended: Sequence[Impairment], now: datetime
) -> None:
    pledge = await uow.pledges.lock(pledge_id)
    assert pledge is not None, "a stake is a pledge's"
    for impairment in ended:
        await uow.impairments.end(impairment.id, now)
    for finding in begun:
        await uow.impairments.begin(_kept(pledge, right, finding), pledge.parties, right.quantity.unit.value)
    moved = replace(pledge, updated_at=now, version=pledge.version + 1)
    await uow.pledges.save(moved)
    if begun:
        await _say(uow, moved, right, "pledge.impaired", begun, now)
    remaining = {(one.kind, one.reference) for one in begun}
    over = [each for each in ended if (each.kind, each.reference) not in remaining]
    if over:
        await _say(uow, moved, right, "pledge.impairment_ended", over, now)


def _kept(pledge: Pledge, right: Right, finding: Finding) -> Impairment:
    return Impairment(
        id=new_id("impairment"),
        pledge_id=pledge.id,
        right_id=right.id,
        kind=finding.kind,
        reference=finding.reference,
        since=finding.since,
        until=None,
        quantity=finding.quantity,
        loss=finding.loss,
    )


async def _say(
    uow: UnitOfWork, pledge: Pledge, right: Right, event: str, what: Sequence[Finding | Impairment], now: datetime
) -> None:
    told: Mapping[str, object] = {
        "right_id": right.id,
        "kinds": list(dict.fromkeys(each.kind.value for each in what)),
        "version": pledge.version,
    }
    lost = [each.loss.lost for each in what if each.loss is not None]
    details = {**told, "lost": [str(each) for each in lost], "references": [each.reference for each in what]}
    await uow.audit.write(WORKER, event, pledge.id, details, pledge.parties, now)
    await uow.outbox.publish(event, pledge.id, told, pledge.parties, now)


async def _tell(uow: UnitOfWork, right: Right, before: Standing, stakes: Sequence[StakeHolder], now: datetime) -> None:
    """Tell that the right itself is another; that more or less of it is taken is no change of the right."""
    after = Standing.of(right)
    if replace(after, overtaken=before.overtaken) == before:
        return
    parties = tuple(dict.fromkeys((*await concerned(uow, right, stakes), before.holder_uscc)))
    event = "right.revoked" if right.status in GONE and before.status not in GONE else "right.changed"
    data = {
        "status": right.status.value,
        "quantity": {"amount": right.quantity.wire(), "unit": right.quantity.unit.value},
        "valid_to": None if right.valid_to is None else right.valid_to.isoformat(),
        "version": right.version,
    }
    was = {"status": before.status.value, "quantity": str(before.quantity), "holder_uscc": before.holder_uscc}
    details = {**data, "was": was, "evidence_sha256": right.evidence_sha256, "registry_version": right.registry_version}
    await uow.audit.write(WORKER, event, right.id, details, parties, now)
    await uow.outbox.publish(event, right.id, data, parties, now)
