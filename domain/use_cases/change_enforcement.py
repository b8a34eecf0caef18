"""What every command on an enforcement shares: fetch it with its pledge, move it by its table, leave a trail.

The pledge is locked before the enforcement, always, so that no two commands wait for each other.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from domain.pledges.enforcements import Enforcement, EnforcementEvent, after
from domain.pledges.pledges import Pledge, VersionMismatch
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden, NotFound
from domain.use_cases.change_pledge import fetch
from domain.values.actors import Actor


async def fetch_enforcement(
    uow: UnitOfWork, pledge_id: str, enforcement_id: str, if_match: int | None
) -> tuple[Pledge, Enforcement]:
    """Return a pledge and its enforcement, both locked.

    Raises:
        NotFound: absent, or another's.
        VersionMismatch: the caller saw another version of the enforcement.
    """
    pledge = await fetch(uow, pledge_id, None)
    enforcement = await uow.enforcements.lock(enforcement_id)
    if enforcement is None or enforcement.pledge_id != pledge.id:
        raise NotFound("enforcement")
    if if_match is not None and if_match != enforcement.version:
        raise VersionMismatch(enforcement.version)
    return pledge, enforcement


def by_pledgee(actor: Actor, pledge: Pledge, action: str) -> None:
    """Raise Forbidden unless the actor is a person of the pledgee."""
    if actor.tenant != pledge.pledgee or not actor.role.of_a_bank:
        raise Forbidden(action)


async def befall(
    uow: UnitOfWork,
    actor: Actor,
    enforcement: Enforcement,
    event: EnforcementEvent,
    now: datetime,
    details: Mapping[str, object] | None = None,
) -> Enforcement:
    """Move an enforcement by its table and keep it."""
    moved = replace(enforcement, status=after(enforcement.status, event))
    return await keep(uow, actor, moved, event.value, now, details)


async def keep(
    uow: UnitOfWork,
    actor: Actor,
    enforcement: Enforcement,
    what: str,
    now: datetime,
    details: Mapping[str, object] | None = None,
) -> Enforcement:
    """Write a changed enforcement, with an audit entry and an event under the pledge."""
    kept = replace(enforcement, updated_at=now, version=enforcement.version + 1)
    await uow.enforcements.save(kept)
    await told(uow, actor, kept, what, now, details)
    return kept


async def told(
    uow: UnitOfWork,
    actor: Actor,
    enforcement: Enforcement,
    what: str,
    now: datetime,
    details: Mapping[str, object] | None = None,
) -> None:
    """Leave an audit entry and an event."""
    action = f"enforcement.{what}"
    said = {"enforcement_id": enforcement.id, "status": enforcement.status.value, **(details or {})}
    await uow.audit.write(actor, action, enforcement.pledge_id, said, enforcement.parties, now)
    brief = {"enforcement_id": enforcement.id, "status": enforcement.status.value, "version": enforcement.version}
    await uow.outbox.publish(action, enforcement.pledge_id, brief, enforcement.parties, now)
