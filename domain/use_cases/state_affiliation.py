"""State that two enterprises belong together, so that a deal between them is no price.

An authority's statement counts for everybody's trades, an exchange's for its own. Told again for the same two and the
same first day, it takes the place of what was told before: that is how a link is ended, or a mistake put right. It is
held against rows that come after it; what was believed before stays as it was believed.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from domain.market.groups import Affiliation
from domain.ports.unit_of_work import UnitOfWork
from domain.values.actors import Actor, Role
from domain.values.identifiers import new_id


async def state_affiliation(
    uow: UnitOfWork, actor: Actor, told: Affiliation, document: Mapping[str, object] | None, now: datetime
) -> Affiliation:
    """Keep a link in its teller's name and return it."""
    earlier = await uow.affiliations.standing(told.party_a, told.party_b, told.since)
    affiliation = replace(
        told,
        id=new_id("affil"),
        document=document,
        shared=actor.role is Role.AUTHORITY,
        reported_by=actor.client_id,
        created_at=now,
    )
    await uow.affiliations.add(affiliation, None if earlier is None else earlier.id)
    details = {"replaces": None if earlier is None else earlier.id, "ground": told.ground}
    await uow.audit.write(actor, "affiliation.stated", affiliation.id, details, actor.parties, now)
    return affiliation
