"""Verify a right at its registry, in two steps with the question to the registry between them.

The request is committed first, so that a slow registry or a crash loses nothing: a job asks again where the first
asking did not finish. Recording the answer twice changes nothing, because the second finds the request finished.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.errors import DomainError
from domain.ports.registry import RegistryRight, RegistryRightNotFound
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import AuthorizationRequired
from domain.rights.rights import HolderMismatch, RightNotFound, UnitChanged
from domain.rights.verifications import Verification, VerificationStatus
from domain.use_cases.hear_registry import hear, hear_of_known
from domain.values.actors import Actor, Role
from domain.values.identifiers import PermitNo, RegistryNo, Uscc, new_id
from domain.values.pollutants import Pollutant
from domain.values.time import business_date

TASK = "verify_right"
ASK_AGAIN_AFTER = timedelta(seconds=8)
"""The job starts later than the request's own patience of 5 s, and finds nothing to do when that sufficed."""


async def request_verification(
    uow: UnitOfWork,
    actor: Actor,
    *,
    registry: str,
    registry_no: RegistryNo | None,
    permit_no: PermitNo | None,
    holder_uscc: Uscc,
    pollutant: Pollutant | None,
    now: datetime,
) -> Verification:
    """Write the request and the job that finishes it if nobody else does.

    Raises AuthorizationRequired without consent.
    """
    own = actor.uscc == holder_uscc or actor.role is Role.AUTHORITY
    if not own and not await uow.authorizations.in_force(holder_uscc, actor.tenant, business_date(now)):
        raise AuthorizationRequired(holder_uscc)
    verification = Verification(
        id=new_id("verification"),
        client_id=actor.client_id,
        parties=actor.parties,
        registry=registry,
        registry_no=registry_no,
        permit_no=permit_no,
        holder_uscc=holder_uscc,
        pollutant=pollutant,
        status=VerificationStatus.PENDING,
        refusal=None,
        right_ids=(),
        created_at=now,
        finished_at=None,
    )
    await uow.verifications.add(verification)
    await uow.jobs.enqueue(TASK, verification.id, {"verification_id": verification.id}, now + ASK_AGAIN_AFTER)
    return verification


async def record_rights(
    uow: UnitOfWork, actor: Actor, verification_id: str, told: Sequence[RegistryRight], now: datetime
) -> Verification | None:
    """Write what the registry told, or the refusal that follows from it; none when there is no such request."""
    verification = await uow.verifications.lock(verification_id)
    if verification is None or verification.status is not VerificationStatus.PENDING:
        return verification
    wanted = [right for right in told if verification.pollutant in {None, right.pollutant}]
    if any(right.holder_uscc != verification.holder_uscc for right in wanted):
        for right in wanted:
            await hear_of_known(uow, right, now)
        return await _refuse(uow, actor, verification, HolderMismatch(verification.registry, verification.number), now)
    if not wanted:
        return await _refuse(uow, actor, verification, RightNotFound(verification.registry, verification.number), now)
    heard = [await hear(uow, right, now) for right in wanted]
    ids = [right_id for right_id in heard if right_id is not None]
    if len(ids) < len(wanted):
        return await _refuse(uow, actor, verification, UnitChanged(verification.registry, verification.number), now)
    finished = replace(verification, status=VerificationStatus.VERIFIED, right_ids=tuple(ids), finished_at=now)
    await uow.verifications.finish(finished)
    for right_id, right in zip(ids, wanted, strict=True):
        parties = tuple(dict.fromkeys((*verification.parties, right.holder_uscc)))
        evidence = {
            "registry_version": right.version,
            "as_of": right.as_of.isoformat(),
            "evidence_sha256": right.evidence_sha256,
        }
        await uow.audit.write(actor, "right.verified", right_id, evidence, parties, now)
        await uow.outbox.publish(
            "right.verified", right_id, {"registry": right.registry, "registry_no": right.registry_no}, parties, now
        )
    return finished


async def record_no_right(
    uow: UnitOfWork, actor: Actor, verification_id: str, told: RegistryRightNotFound, now: datetime
) -> Verification | None:
    """Write that the registry knows no such right; none when there is no such request."""
    verification = await uow.verifications.lock(verification_id)
    if verification is None or verification.status is not VerificationStatus.PENDING:
        return verification
    return await _refuse(uow, actor, verification, RightNotFound(told.registry, verification.number), now)


def refusal_of(verification: Verification) -> DomainError:
    """Return the refusal that a refused verification carries."""
    kinds = {refusal.code: refusal for refusal in (HolderMismatch, RightNotFound, UnitChanged)}
    assert verification.refusal is not None, "only a refused verification carries a refusal"
    return kinds[verification.refusal["code"]](verification.registry, verification.number)


async def _refuse(
    uow: UnitOfWork, actor: Actor, verification: Verification, refusal: DomainError, now: datetime
) -> Verification:
    refused = replace(verification, status=VerificationStatus.REFUSED, refusal={"code": refusal.code}, finished_at=now)
    await uow.verifications.finish(refused)
    details = {"code": refusal.code, "registry": verification.registry, "number": verification.number}
    await uow.audit.write(actor, "right.verification_refused", verification.id, details, verification.parties, now)
    return refused
