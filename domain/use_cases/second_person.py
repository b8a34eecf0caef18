"""The second person of a bank: who may decide on what another put forward.

Two refusals may hold at once, and their order is fixed: the same person is told so first, whatever the role, because
"a second person" is about persons; then the role.
"""

from domain.pledges.pledges import SamePerson, VersionMismatch
from domain.rights.authorizations import Forbidden
from domain.valuation.proposals import Proposal
from domain.values.actors import Actor, Role


def require_second_person(actor: Actor, proposal: Proposal, if_match: int | None, action: str) -> None:
    """Return for an approver of the bank who did not put it forward and saw this version.

    Raises:
        SamePerson: it is the actor's own proposal.
        Forbidden: the actor is no approver.
        VersionMismatch: the actor saw another version.
    """
    if proposal.proposed_by == actor.client_id:
        raise SamePerson(actor.client_id)
    if actor.role is not Role.BANK_APPROVER:
        raise Forbidden(action)
    if if_match is not None and if_match != proposal.version:
        raise VersionMismatch(proposal.version)
