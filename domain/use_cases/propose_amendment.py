"""Propose an amendment of a pledge, agree to it, or let it fall: nothing has changed until a second person approves."""

from dataclasses import replace
from datetime import datetime

from domain.jurisdictions.rulebook import Rulebook
from domain.pledges.amendments import (
    Amendment,
    AmendmentCannotMove,
    AmendmentEvent,
    AmendmentKind,
    AmendmentPending,
    AmendmentState,
    Consent,
    Terms,
    after,
)
from domain.pledges.lifecycle import State
from domain.pledges.pledges import NotActive, Pledge, VersionMismatch
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden, NotFound
from domain.use_cases.change_pledge import fetch
from domain.use_cases.plan_amendment import plan_amendment
from domain.use_cases.plan_change_of_party import named_in_full
from domain.values.actors import Actor, Role
from domain.values.identifiers import new_id


async def propose_amendment(
    uow: UnitOfWork,
    actor: Actor,
    rulebook: Rulebook,
    pledge_id: str,
    wanted: tuple[AmendmentKind, Terms],
    if_match: int | None,
    now: datetime,
) -> Amendment:
    """Write a proposal under the pledge's next number; whoever proposes sees at once what stands against it.

    Raises:
        Forbidden: not a person of the pledgee.
        NotActive: the pledge is not active.
        AmendmentPending: an earlier amendment is.
        What planning raises.
    """
    kind, terms = wanted
    pledge = await fetch(uow, pledge_id, if_match)
    if actor.tenant != pledge.pledgee or not actor.role.of_a_bank:
        raise Forbidden("pledge:amend")
    require_active(pledge)
    await require_none_pending(uow, pledge)
    terms = await named_in_full(uow, kind, terms)
    await plan_amendment(uow, rulebook, pledge, kind, terms, now)
    joining = (terms.transferee, terms.successor_uscc)
    amendment = Amendment(
        id=new_id("amendment"),
        pledge_id=pledge.id,
        parties=tuple(dict.fromkeys((*pledge.parties, *(each for each in joining if each is not None)))),
        number=await uow.amendments.last_number(pledge.id) + 1,
        kind=kind,
        status=AmendmentState.PROPOSED,
        terms=terms,
        proposed_by=actor.client_id,
        proposed_at=now,
    )
    await uow.amendments.add(amendment)
    await tell(uow, actor, amendment, "proposed", now)
    return amendment


async def consent_to_amendment(
    uow: UnitOfWork, actor: Actor, pledge_id: str, amendment_id: str, if_match: int | None, now: datetime
) -> Amendment:
    """A pledgor agrees; agreeing twice is agreeing once.

    Raises:
        Forbidden: not a pledgor.
        AmendmentCannotMove: it waits for nobody's consent any more.
    """
    pledge, amendment = await fetch_amendment(uow, pledge_id, amendment_id, if_match)
    if actor.uscc is None or actor.uscc not in pledge.pledgors:
        raise Forbidden("amendment:consent")
    if amendment.status is not AmendmentState.PROPOSED:
        raise AmendmentCannotMove(amendment.status.value, "consented")
    if actor.uscc in {consent.uscc for consent in amendment.consents}:
        return amendment
    consent = Consent(actor.uscc, actor.client_id, now)
    await uow.amendments.consent(amendment, consent)
    agreed = replace(amendment, consents=(*amendment.consents, consent), version=amendment.version + 1)
    await uow.amendments.save(agreed)
    await tell(uow, actor, agreed, "consented", now)
    return agreed


async def withdraw_amendment(
    uow: UnitOfWork, actor: Actor, pledge_id: str, amendment_id: str, if_match: int | None, now: datetime
) -> Amendment:
    """The pledgee takes its proposal back; raises Forbidden, AmendmentCannotMove."""
    pledge, amendment = await fetch_amendment(uow, pledge_id, amendment_id, if_match)
    if actor.tenant != pledge.pledgee:
        raise Forbidden("pledge:amend")
    return await end(uow, actor, amendment, AmendmentEvent.WITHDRAWN, None, now)


async def reject_amendment(
    uow: UnitOfWork, actor: Actor, pledge_id: str, amendment_id: str, reason: str, if_match: int | None, now: datetime
) -> Amendment:
    """A pledgor, the pledgee's second person, or whoever was offered the claim, says no.

    Raises Forbidden, AmendmentCannotMove.
    """
    offered = await _offered(uow, actor, pledge_id, amendment_id, if_match)
    if offered is not None:
        return await end(uow, actor, offered, AmendmentEvent.REJECTED, reason, now)
    pledge, amendment = await fetch_amendment(uow, pledge_id, amendment_id, if_match)
    if actor.tenant != pledge.pledgee and actor.uscc not in pledge.pledgors:
        raise Forbidden("amendment:reject")
    return await end(uow, actor, amendment, AmendmentEvent.REJECTED, reason, now)


async def accept_amendment(
    uow: UnitOfWork, actor: Actor, pledge_id: str, amendment_id: str, if_match: int | None, now: datetime
) -> Amendment:
    """An approver of the bank that is offered a claim accepts it, once; the pledge itself it does not see yet.

    Raises:
        NotFound: nothing is offered to this bank here.
        Forbidden: no approver.
        AmendmentCannotMove: it waits for nobody's acceptance any more.
    """
    offered = await _offered(uow, actor, pledge_id, amendment_id, if_match)
    if offered is None:
        raise NotFound("amendment")
    if actor.role is not Role.BANK_APPROVER:
        raise Forbidden("amendment:accept")
    if offered.status is not AmendmentState.PROPOSED:
        raise AmendmentCannotMove(offered.status.value, "accepted")
    if offered.accepted_by is not None:
        return offered
    accepted = replace(offered, accepted_by=actor.client_id, accepted_at=now, version=offered.version + 1)
    await uow.amendments.save(accepted)
    await tell(uow, actor, accepted, "accepted", now)
    return accepted


async def _offered(
    uow: UnitOfWork, actor: Actor, pledge_id: str, amendment_id: str, if_match: int | None
) -> Amendment | None:
    """Return the locked amendment by which a claim is offered to the actor's bank, none where it is not."""
    amendment = await uow.amendments.lock(amendment_id)
    if amendment is None or (amendment.pledge_id, amendment.terms.transferee) != (pledge_id, actor.tenant):
        return None
    if if_match is not None and if_match != amendment.version:
        raise VersionMismatch(amendment.version)
    return amendment


async def end(
    uow: UnitOfWork, actor: Actor, amendment: Amendment, event: AmendmentEvent, reason: str | None, now: datetime
) -> Amendment:
    """Move an amendment to where the table says, note the end where it is one, and leave a trail."""
    status = after(amendment.status, event)
    moved = replace(amendment, status=status, reason=reason, version=amendment.version + 1)
    if event in {AmendmentEvent.REJECTED, AmendmentEvent.WITHDRAWN}:
        moved = replace(moved, decided_by=actor.client_id, decided_at=now)
    if not moved.is_pending:
        moved = replace(moved, ended_at=now)
    await uow.amendments.save(moved)
    await tell(uow, actor, moved, status.value, now)
    return moved


async def fetch_amendment(
    uow: UnitOfWork, pledge_id: str, amendment_id: str, if_match: int | None
) -> tuple[Pledge, Amendment]:
    """Return a pledge and its amendment, both locked; `if_match` is the amendment's version.

    Raises:
        NotFound: absent, or another's.
        VersionMismatch: the caller saw another version.
    """
    pledge = await fetch(uow, pledge_id, None)
    amendment = await uow.amendments.lock(amendment_id)
    if amendment is None or amendment.pledge_id != pledge.id:
        raise NotFound("amendment")
    if if_match is not None and if_match != amendment.version:
        raise VersionMismatch(amendment.version)
    return pledge, amendment


def require_active(pledge: Pledge) -> None:
    """Raise NotActive unless the pledge is active and frozen whole."""
    if pledge.status is not State.ACTIVE or not pledge.under_control:
        raise NotActive(("active",))


async def require_none_pending(uow: UnitOfWork, pledge: Pledge) -> None:
    """Raise AmendmentPending while an amendment of the pledge is; release and disposal ask so too."""
    pending = await uow.amendments.pending(pledge.id)
    if pending is not None:
        raise AmendmentPending(pending.number)


async def tell(uow: UnitOfWork, actor: Actor, amendment: Amendment, what: str, now: datetime) -> None:
    """Leave an audit entry and an event `amendment.*` on the pledge."""
    details: dict[str, object] = {
        "amendment_id": amendment.id,
        "number": amendment.number,
        "kind": amendment.kind.value,
        "status": amendment.status.value,
    }
    said = {**details, "reason": amendment.reason}
    await uow.audit.write(actor, f"amendment.{what}", amendment.pledge_id, said, amendment.parties, now)
    await uow.outbox.publish(f"amendment.{what}", amendment.pledge_id, details, amendment.parties, now)
