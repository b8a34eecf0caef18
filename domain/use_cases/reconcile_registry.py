"""Reconcile our books with a registry: a run over its daily file, and one right at a time live.

The steps are a job's, each in a transaction of its own, and each may be repeated: a case is one a right, and a right
that was brought up to date is found equal the next time. The registry's change is entered and told like any other; what
the registry denies of our books is not, and stops the money until somebody has looked.

Source: issue 4 (reconciliation: three ways, cases with an owner; the affected bank is told, and no other).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from domain.pledges.pledges import VersionMismatch
from domain.ports.reconciliations import ReconciliationRun, RunStatus
from domain.ports.registry import DailyBalance, RegistryRight
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import NotFound
from domain.rights.reconciliation import (
    DENIED,
    Book,
    Case,
    CaseResolved,
    CaseState,
    Difference,
    Word,
    difference,
    our_page,
    their_page,
)
from domain.use_cases.hear_registry import ask_for_review, hear
from domain.values.actors import WORKER, Actor, Role
from domain.values.identifiers import new_id

RUN_TASK: Final = "reconcile_registry"


@dataclass(frozen=True, slots=True)
class Compared:
    """What the registry says of one right: live, none where it knows none, and as its file had it."""

    live: RegistryRight | None
    balance: DailyBalance | None


async def request_run(uow: UnitOfWork, actor: Actor, registry: str, on: date, now: datetime) -> ReconciliationRun:
    """Write a run and the job that carries it out.

    Raises:
        NotFound: an authority that sees no right of this registry.
    """
    if actor.role is Role.AUTHORITY and registry not in await uow.reconciliations.registries():
        raise NotFound("registry")
    run = ReconciliationRun(
        id=new_id("run"),
        registry=registry,
        on=on,
        status=RunStatus.PENDING,
        requested_by=actor.client_id,
        parties=(actor.tenant,),
        created_at=now,
        finished_at=None,
        file_day=None,
        file_sha256=None,
        rights=0,
        moved=0,
        differences=0,
        failure=None,
    )
    await uow.reconciliations.add_run(run)
    details = {"registry": registry, "on": on.isoformat()}
    await uow.audit.write(actor, "reconciliation.requested", run.id, details, run.parties, now)
    await uow.jobs.enqueue(RUN_TASK, f"reconciliation:{registry}", {"run_id": run.id})
    return run


def of_file(balance: DailyBalance | None) -> Word | None:
    """Return the file's page."""
    if balance is None:
        return None
    return Word(quantity=balance.quantity, frozen=balance.frozen, version=balance.version)


def of_live(told: RegistryRight | None) -> Word | None:
    """Return the live answer's page."""
    if told is None:
        return None
    return Word(
        quantity=told.quantity,
        frozen=told.frozen,
        version=told.version,
        holder_uscc=told.holder_uscc,
        status=told.status,
        as_of=told.as_of,
    )


async def compare(
    uow: UnitOfWork, run_id: str | None, right_id: str, compared: Compared, now: datetime
) -> Difference | None:
    """Compare one right with the registry's live answer; open its case, and enter what is the registry's to say.

    Returns the difference, none where there is none (any more). What it means for the pledges is a review's to say, in
    a transaction of its own, because a review locks pledges and whoever holds a pledge may wait for the right.
    """
    ours = await uow.reconciliations.book(right_id)
    if ours is None:
        return None
    found = difference(ours, of_live(compared.live))
    if found is None:
        return None
    await _open_case(uow, run_id, ours, compared, found, now)
    if found not in DENIED and compared.live is not None:
        await hear(uow, compared.live, now)
    await ask_for_review(uow, right_id)
    return found


async def acknowledge_case(
    uow: UnitOfWork, actor: Actor, case_id: str, owner: str, if_match: int | None, now: datetime
) -> Case:
    """Give a case to its owner; raises NotFound, VersionMismatch, or CaseResolved where it is over."""
    case = await _locked(uow, case_id, if_match)
    taken = replace(case, state=CaseState.ACKNOWLEDGED, owner=owner, acknowledged_at=now, version=case.version + 1)
    return await _saved(uow, actor, taken, "acknowledged", {"owner": owner}, now)


async def resolve_case(
    uow: UnitOfWork, actor: Actor, case_id: str, note: str, if_match: int | None, now: datetime
) -> Case:
    """Write how a case ended, and have its right reviewed; raises NotFound, VersionMismatch, or CaseResolved."""
    case = await _locked(uow, case_id, if_match)
    ended = replace(case, state=CaseState.RESOLVED, note=note, resolved_at=now, version=case.version + 1)
    await ask_for_review(uow, case.right_id)
    return await _saved(uow, actor, ended, "resolved", {"note": note}, now)


async def _locked(uow: UnitOfWork, case_id: str, if_match: int | None) -> Case:
    case = await uow.reconciliations.lock_case(case_id)
    if case is None:
        raise NotFound("reconciliation_case")
    if if_match is not None and if_match != case.version:
        raise VersionMismatch(case.version)
    if case.state is CaseState.RESOLVED:
        raise CaseResolved(case.id)
    return case


async def _saved(
    uow: UnitOfWork, actor: Actor, case: Case, done: str, details: dict[str, object], now: datetime
) -> Case:
    await uow.reconciliations.save_case(case)
    parties = tuple(dict.fromkeys((actor.tenant, *case.parties)))
    await uow.audit.write(actor, f"reconciliation.{done}", case.id, details, parties, now)
    return case


async def _open_case(
    uow: UnitOfWork, run_id: str | None, ours: Book, compared: Compared, found: Difference, now: datetime
) -> None:
    stakes = await uow.impairments.stakes(ours.right_id)
    banks = tuple(dict.fromkeys(each.pledgee for each in stakes))
    case = Case(
        id=new_id("case"),
        run_id=run_id,
        registry=ours.registry,
        registry_no=ours.registry_no,
        right_id=ours.right_id,
        division=ours.division,
        parties=banks,
        kind=found,
        ours=our_page(ours),
        theirs_balance=their_page(of_file(compared.balance)),
        theirs_live=their_page(of_live(compared.live)),
        state=CaseState.OPEN,
        owner=await uow.tenants.authority_of(ours.division) or WORKER.tenant,
        note=None,
        opened_at=now,
        acknowledged_at=None,
        resolved_at=None,
        version=1,
    )
    kept = await uow.reconciliations.open_case(case)
    if kept is None:
        return
    data = {"case_id": kept, "right_id": ours.right_id, "kind": found.value}
    await uow.audit.write(WORKER, "reconciliation.difference", kept, data, (case.owner, *banks), now)
    if banks:
        await uow.outbox.publish("reconciliation.difference", ours.right_id, data, banks, now)
