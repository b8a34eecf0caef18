"""Search for rights and what lies on them; the answer is written down before it is told, so that it can be cited."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import NotFound
from domain.rights.holder_names import HolderName, close_to
from domain.rights.rights import Right
from domain.rights.searches import NUMBER_PREFIX, Encumbrance, Extent, Search, SearchBy, SearchNotAuthorised
from domain.values.actors import Actor, Role
from domain.values.canonical_json import digest_of
from domain.values.identifiers import PermitNo, Uscc, holder_of_permit, new_id
from domain.values.numbers import new_number
from domain.values.time import business_date, rfc3339

DRAWS_MAX: Final = 5


async def search_rights(uow: UnitOfWork, actor: Actor, by: SearchBy, value: str, now: datetime) -> Search:
    """Search, keep the result and return it; `as_of` is the oldest of the registries' times that it rests on.

    Raises SearchNotAuthorised for whoever has neither the holder's consent nor a pledge on anything that is found; the
    same whether there is such a right or not.
    """
    rights = await uow.searches.rights(by, value)
    extent = await _extent(uow, actor, by, value, rights, now)
    standing = await uow.searches.encumbrances(rights)
    similar = close_to(_names(rights), await uow.searches.holder_names() if rights else ())
    as_of = min((right.as_of for right in rights), default=None)
    found: dict[str, object] = {
        "by": by.value,
        "value": value,
        "searched_at": rfc3339(now),
        "as_of": None if as_of is None else rfc3339(as_of),
        "extent": extent.value,
        "results": [_result(right, standing.get(right.id, ())) for right in rights],
        "similar": [{"name": each.name, "uscc": each.uscc} for each in similar],
    }
    search = await _kept(uow, actor, found, now)
    details = {"number": search.number, "by": by.value, "value": value, "digest": search.digest}
    await uow.audit.write(actor, "search.made", search.id, details, actor.parties, now)
    return search


async def read_search(uow: UnitOfWork, search_id: str) -> Search:
    """Return a search of the caller's; raises NotFound."""
    search = await uow.searches.find(search_id)
    if search is None:
        raise NotFound("search")
    return search


async def _kept(uow: UnitOfWork, actor: Actor, found: Mapping[str, object], now: datetime) -> Search:
    """Write a search under a number that nobody has."""
    for _ in range(DRAWS_MAX):
        number = new_number(NUMBER_PREFIX, business_date(now))
        statement = {"number": number, **found}
        search = Search(
            id=new_id("search"),
            number=number,
            tenant=actor.tenant,
            client_id=actor.client_id,
            searched_at=now,
            statement=statement,
            digest=digest_of(statement),
        )
        if await uow.searches.add(search):
            return search
    raise RuntimeError("no free number was drawn")


async def _extent(
    uow: UnitOfWork, actor: Actor, by: SearchBy, value: str, rights: Sequence[Right], now: datetime
) -> Extent:
    """Return how much of what is searched for the actor can see; raises SearchNotAuthorised for nothing."""
    if actor.role is Role.AUTHORITY:
        return Extent.DIVISION
    holders: set[Uscc] = {right.holder_uscc for right in rights}
    named = _holder_named(by, value)
    if named is not None:
        holders.add(named)
    if holders and all([await _is_open(uow, actor, holder, now) for holder in sorted(holders)]):
        return Extent.ALL
    if not rights:
        raise SearchNotAuthorised(value)
    return Extent.PLEDGED


async def _is_open(uow: UnitOfWork, actor: Actor, holder: Uscc, now: datetime) -> bool:
    """Tell whether a holder is the actor, or has consented."""
    return actor.uscc == holder or await uow.authorizations.in_force(holder, actor.tenant, business_date(now))


def _holder_named(by: SearchBy, value: str) -> Uscc | None:
    """Return the holder whom the searched number names by itself, none where it names none."""
    if by is SearchBy.USCC:
        return Uscc(value)
    return holder_of_permit(PermitNo(value)) if by is SearchBy.PERMIT_NO else None


def _names(rights: Sequence[Right]) -> list[HolderName]:
    return [HolderName(name=right.holder_name, uscc=right.holder_uscc) for right in rights]


def _result(right: Right, standing: Sequence[Encumbrance]) -> dict[str, object]:
    unit = right.quantity.unit.value
    return {
        "right_id": right.id,
        "registry": right.registry,
        "registry_no": right.registry_no,
        "permit_no": right.permit_no,
        "holder": {"uscc": right.holder_uscc, "name": right.holder_name},
        "pollutant": right.pollutant.value,
        "quantity": {"amount": right.quantity.wire(), "unit": unit},
        "available": {"amount": right.available.wire(), "unit": unit},
        "status": right.status.value,
        "as_of": rfc3339(right.as_of),
        "encumbrances": [
            {
                "kind": each.kind.value,
                "blocks": [blocked.value for blocked in each.blocks],
                "quantity": {"amount": each.quantity.wire(), "unit": unit},
                "rank": each.rank,
                "registered_at": None if each.registered_at is None else rfc3339(each.registered_at),
                "register": each.register,
            }
            for each in standing
        ],
    }
