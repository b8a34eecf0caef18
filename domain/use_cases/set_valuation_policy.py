"""A bank's policy of valuation: one person puts it forward, a second approves or rejects it."""

from dataclasses import replace
from datetime import datetime

from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import NotFound
from domain.use_cases.second_person import require_second_person
from domain.valuation.proposals import Proposal
from domain.valuation.valuation_policy import PolicyTerms, ValuationPolicy
from domain.values.actors import Actor
from domain.values.identifiers import new_id


async def propose_policy(uow: UnitOfWork, actor: Actor, terms: PolicyTerms, now: datetime) -> ValuationPolicy:
    """Write a policy that does not hold until a second person approves it."""
    policy = ValuationPolicy(
        id=new_id("policy"), tenant=actor.tenant, terms=terms, proposal=Proposal.by(actor.client_id, now)
    )
    await uow.policies.add(policy)
    await _told(uow, actor, policy, now)
    return policy


async def decide_on_policy(
    uow: UnitOfWork, actor: Actor, policy_id: str, *, rejection: str | None, if_match: int | None, now: datetime
) -> ValuationPolicy:
    """Approve a policy, which then holds instead of the one before, or reject it where a reason is given.

    Raises:
        NotFound: the bank has no such policy.
        SamePerson, Forbidden, VersionMismatch: as `require_second_person` says.
        AlreadyDecided: somebody has decided.
    """
    policy = await uow.policies.lock(policy_id)
    if policy is None:
        raise NotFound("policy")
    require_second_person(actor, policy.proposal, if_match, "policy:approve")
    decided = replace(policy, proposal=policy.proposal.decided(actor.client_id, now, rejection))
    await uow.policies.decide(policy.id, decided.proposal)
    await _told(uow, actor, decided, now)
    return decided


async def _told(uow: UnitOfWork, actor: Actor, policy: ValuationPolicy, now: datetime) -> None:
    action = f"policy.{policy.proposal.status.value}"
    terms = policy.terms
    details = {
        "revaluation_months": terms.revaluation_months,
        "liquidation_days": terms.liquidation_days,
        "loan_end_margin_days": terms.loan_end_margin_days,
    }
    await uow.audit.write(actor, action, policy.id, details, (actor.tenant,), now)
