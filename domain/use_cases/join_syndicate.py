"""A bank joins a syndicate: its approver accepts the share, before the agent or the enterprise submits the pledge.

Who is in a syndicate, and with what, is fixed with the draft, because a row's parties never change; what may still
happen is that a bank accepts. One that does not is left out by drafting anew.
"""

from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from domain.pledges.lifecycle import PledgeCannotMove, State
from domain.pledges.pledges import Pledge
from domain.pledges.syndicates import InvalidShares, Member, check_members
from domain.ports.tenants import Tenant
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden
from domain.use_cases.change_pledge import fetch
from domain.values.actors import Actor, Role

Shares = tuple[Fraction, tuple[tuple[str, Fraction], ...]]
"""The agent's share, and each participant's by its tenant."""


async def members_of(uow: UnitOfWork, agent: Tenant, shares: Shares | None) -> tuple[Member, ...]:
    """Return the members of a syndicate that a draft names, the agent first; raises InvalidShares."""
    if shares is None:
        return ()
    own, participants = shares
    members = [_member(agent, own)]
    for index, (name, share) in enumerate(participants):
        bank = await uow.tenants.find(name)
        if bank is None or bank.kind != "bank" or bank.uscc is None:
            raise InvalidShares(
                f"#/syndicate/participants/{index}/bank",
                "该参与行不是已接入的银行。",
                "This participant is no bank here.",
            )
        members.append(_member(bank, share))
    check_members(members)
    return tuple(members)


async def accept_share(uow: UnitOfWork, actor: Actor, pledge_id: str, if_match: int | None, now: datetime) -> Pledge:
    """Accept the share of the actor's bank; accepting again changes nothing.

    Raises:
        Forbidden: no approver of a participant that was named.
        PledgeCannotMove: the pledge is no draft any more.
    """
    pledge = await fetch(uow, pledge_id, if_match)
    mine = next((member for member in pledge.syndicate[1:] if member.tenant == actor.tenant), None)
    if mine is None or actor.role is not Role.BANK_APPROVER:
        raise Forbidden("syndicate:accept")
    if mine.accepted_at is not None:
        return pledge
    if pledge.status is not State.DRAFT:
        raise PledgeCannotMove(pledge.status.value, "share_accepted")
    accepted = replace(mine, accepted_by=actor.client_id, accepted_at=now)
    joined = replace(
        pledge,
        syndicate=tuple(accepted if member is mine else member for member in pledge.syndicate),
        updated_at=now,
        version=pledge.version + 1,
    )
    await uow.pledges.save(joined)
    details: dict[str, object] = {"bank": mine.tenant, "share": str(mine.share)}
    await uow.audit.write(actor, "pledge.share_accepted", pledge.id, details, pledge.parties, now)
    told = {"status": joined.status.value, "version": joined.version}
    await uow.outbox.publish("pledge.share_accepted", pledge.id, told, pledge.parties, now)
    return joined


def _member(bank: Tenant, share: Fraction) -> Member:
    assert bank.uscc is not None, "a bank is a legal person"
    return Member(tenant=bank.id, uscc=bank.uscc, name=bank.name, share=share, accepted_by=None, accepted_at=None)
