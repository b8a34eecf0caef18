"""Bring in a bank's existing pledges: one person puts the batch forward, a second approves, the registry decides.

Each row is asked of its registry with no transaction open and written in one of its own, so a crash repeats at most a
row, and a row that has its result is passed over. Nothing is ever sent to the registry: the freeze stands there, and
our books take over from "frozen for others" to "frozen for this pledge" what the registry counts already. That quantity
first becomes free and is then taken by the guarded update, both in one transaction, so that a freeze which is ours
already cannot be counted a second time.

Source: 民法典 art. 414 (rank by the time of registration); house decision 2 (holds are records, the total is guarded).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from domain.errors import DomainError
from domain.pledges.imports import (
    PENDING,
    BroughtPledge,
    Code,
    PledgeImport,
    RowOutcome,
    RowResult,
    Shown,
    contradiction,
    refusal_of,
)
from domain.ports.registry import RegistryFreeze, RegistryRight
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden, NotFound
from domain.use_cases.bring_in_pledge import Refused, bring_in_pledge
from domain.use_cases.hear_registry import hear
from domain.use_cases.second_person import require_second_person
from domain.valuation.proposals import Proposal
from domain.values.actors import Actor, Role
from domain.values.identifiers import new_id
from domain.values.time import business_date

TASK: Final = "import_pledges"


@dataclass(eq=False)
class InvalidBatch(DomainError):
    """Refuse a batch that names one freeze twice; a batch repeated is no such thing."""

    code = "invalid_batch"

    pointer: str
    reason_zh: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a registry said of a row: the right, and the freeze under its reference; each none where it knows none."""

    right: RegistryRight | None
    freeze: RegistryFreeze | None


async def propose_import(uow: UnitOfWork, actor: Actor, rows: Sequence[BroughtPledge], now: datetime) -> PledgeImport:
    """Write a batch that changes nothing until a second person approves it; raises InvalidBatch."""
    if actor.uscc is None:
        raise Forbidden("pledge:import")
    references = [(row.registry, row.registry_no, row.registry_ref) for row in rows]
    for index, reference in enumerate(references):
        if reference in references[:index]:
            raise InvalidBatch(
                f"#/rows/{index}/registry_ref",
                "同一冻结凭证在批次中出现了两次。",
                "One freeze stands twice in the batch.",
            )
    imported = PledgeImport(
        id=new_id("pledgeimport"),
        tenant=actor.tenant,
        tenant_uscc=actor.uscc,
        proposal=Proposal.by(actor.client_id, now),
        rows=tuple(rows),
        results=(PENDING,) * len(rows),
    )
    await uow.pledge_imports.add(imported)
    details: dict[str, object] = {"rows": len(rows)}
    await uow.audit.write(actor, "pledge_import.proposed", imported.id, details, (actor.tenant,), now)
    return imported


async def decide_on_import(
    uow: UnitOfWork, actor: Actor, import_id: str, *, rejection: str | None, if_match: int | None, now: datetime
) -> PledgeImport:
    """Approve a batch, which has it asked of the registry, or reject it where a reason is given.

    Raises:
        NotFound: no such batch of this bank.
        SamePerson, Forbidden, VersionMismatch: as `require_second_person` says.
        AlreadyDecided: somebody has decided.
    """
    imported = await uow.pledge_imports.lock(import_id)
    if imported is None:
        raise NotFound("pledgeimport")
    require_second_person(actor, imported.proposal, if_match, "pledge:import_approve")
    proposal = imported.proposal.decided(actor.client_id, now, rejection)
    await uow.pledge_imports.decide(import_id, proposal)
    told = f"pledge_import.{proposal.status.value}"
    await uow.audit.write(actor, told, import_id, {"rejection": rejection}, (actor.tenant,), now)
    if proposal.is_approved:
        await uow.jobs.enqueue(TASK, f"import:{import_id}", {"import_id": import_id})
    return replace(imported, proposal=proposal)


async def next_row(uow: UnitOfWork, import_id: str) -> tuple[PledgeImport, int] | None:
    """Return an approved batch and the first of its rows without a result, none where nothing is left; reads only."""
    imported = await uow.pledge_imports.find(import_id)
    if imported is None or not imported.proposal.is_approved or imported.is_finished:
        return None
    return imported, imported.results.index(PENDING)


def actor_of(imported: PledgeImport) -> Actor:
    """Return who takes the rows in: the second person, whose word set it going."""
    assert imported.proposal.decided_by is not None, "only an approved batch is taken in"
    return Actor(
        client_id=imported.proposal.decided_by,
        tenant=imported.tenant,
        role=Role.BANK_APPROVER,
        uscc=imported.tenant_uscc,
        division=None,
    )


async def take_in_row(
    uow: UnitOfWork, actor: Actor, import_id: str, position: int, told: Told, now: datetime
) -> RowResult:
    """Judge a row by what the registry told, and bring its pledge in; what has a result keeps it."""
    imported = await uow.pledge_imports.lock(import_id)
    assert imported is not None, "a batch is never deleted"
    if imported.results[position].outcome is not RowOutcome.PENDING:
        return imported.results[position]
    result = await _judged(uow, actor, imported, imported.rows[position], told, now)
    await uow.pledge_imports.settle(import_id, position, result)
    details = {
        "position": position,
        "outcome": result.outcome.value,
        "code": None if result.code is None else result.code.value,
        "pledge_id": result.pledge_id,
        "evidence_sha256": None if told.freeze is None else told.freeze.evidence_sha256,
    }
    await uow.audit.write(actor, "pledge_import.row", import_id, details, (imported.tenant,), now)
    return result


async def _judged(
    uow: UnitOfWork, actor: Actor, imported: PledgeImport, row: BroughtPledge, told: Told, now: datetime
) -> RowResult:
    code = refusal_of(row, business_date(now)) or contradiction(row, imported.tenant_uscc, _shown(told))
    if code is not None:
        return await _unless_known(uow, row, told, code)
    assert told.right is not None, "what agrees with the row is there"
    assert told.freeze is not None, "what agrees with the row is there"
    right_id = await hear(uow, told.right, now)
    if right_id is None:
        return _quarantined(Code.UNIT_CHANGED)
    right = await uow.rights.lock(right_id)
    assert right is not None, "what was entered is there"
    known = await uow.registry_orders.frozen_under(right_id, row.registry_ref)
    if known is not None:
        return RowResult(outcome=RowOutcome.DUPLICATE, pledge_id=known)
    try:
        async with uow.savepoint():
            pledge = await bring_in_pledge(uow, actor, row, right, told.freeze, now)
    except Refused as refused:
        return _quarantined(refused.why)
    return RowResult(outcome=RowOutcome.ACCEPTED, pledge_id=pledge.id)


async def _unless_known(uow: UnitOfWork, row: BroughtPledge, told: Told, code: Code) -> RowResult:
    """Return a quarantine, unless the freeze is a pledge's with us and shown for this bank: that has only gone on."""
    known = await uow.rights.known(row.registry, row.registry_no)
    if known is not None and told.freeze is not None and code in {Code.QUANTITY_DIFFERS, Code.RANK_DIFFERS}:
        pledge_id = await uow.registry_orders.frozen_under(known.id, row.registry_ref)
        if pledge_id is not None:
            return RowResult(outcome=RowOutcome.DUPLICATE, pledge_id=pledge_id)
    return _quarantined(code)


def _quarantined(code: Code) -> RowResult:
    return RowResult(outcome=RowOutcome.QUARANTINED, code=code)


def _shown(told: Told) -> Shown:
    right, freeze = told.right, told.freeze
    return Shown(
        holder_uscc=None if right is None else right.holder_uscc,
        beneficiary=None if freeze is None else freeze.beneficiary,
        quantity=None if freeze is None else freeze.quantity,
        registered_on=None if freeze is None else business_date(freeze.registered_at),
        rank=None if freeze is None else freeze.rank,
    )
