"""Searches: through what row level security shows the caller, and kept for the tenant alone.

The view of encumbrances is read beside the right itself, which the caller must see: it says of every hold what
everybody may know, and to whom is for the policies on rights to decide.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.dialects import postgresql

from domain.rights.holder_names import HolderName
from domain.rights.holds import Blocked, HoldKind
from domain.rights.rights import Right
from domain.rights.searches import Encumbrance, Search, SearchBy
from domain.values.identifiers import Uscc
from domain.values.quantity import Quantity
from integrations.database.certificate_tables import ENCUMBRANCES, SEARCHES
from integrations.database.connection import Among, Connection, Prepared
from integrations.database.rights import WITH_BALANCE, right_from
from integrations.database.tables import RIGHTS

COLUMNS = {SearchBy.REGISTRY_NO: "registry_no", SearchBy.PERMIT_NO: "permit_no", SearchBy.USCC: "holder_uscc"}
UNDER = {
    by: Prepared(
        WITH_BALANCE.where(RIGHTS.c[column] == bindparam("wanted")).order_by(
            RIGHTS.c.registry, RIGHTS.c.registry_no, RIGHTS.c.id
        )
    )
    for by, column in COLUMNS.items()
}
ON_RIGHTS = Among(
    lambda key: (
        select(ENCUMBRANCES)
        .join(RIGHTS, RIGHTS.c.id == ENCUMBRANCES.c.right_id)
        .where(RIGHTS.c.id == key, ENCUMBRANCES.c.right_id == key)
        .order_by(
            ENCUMBRANCES.c.right_id,
            ENCUMBRANCES.c.place.nulls_last(),
            ENCUMBRANCES.c.kind,
            ENCUMBRANCES.c.quantity,
        )
    )
)
NAMES = Prepared(select(RIGHTS.c.holder_uscc, RIGHTS.c.holder_name).distinct())
ADD = Prepared(postgresql.insert(SEARCHES).on_conflict_do_nothing())
FIND = Prepared(select(SEARCHES).where(SEARCHES.c.id == bindparam("search_id")))


class DatabaseSearches:
    """Look through what the caller may see, and keep what was found."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def rights(self, by: SearchBy, value: str) -> Sequence[Right]:
        """Return the visible rights under a number or of a holder."""
        return [right_from(row) for row in await self._connection.rows(UNDER[by], {"wanted": value})]

    async def encumbrances(self, rights: Sequence[Right]) -> Mapping[str, Sequence[Encumbrance]]:
        """Return what lies on each visible right now, by the right's id."""
        units = {right.id: right.quantity.unit for right in rights}
        found: dict[str, list[Encumbrance]] = {right_id: [] for right_id in units}
        for row in await self._connection.rows_among(ON_RIGHTS, sorted(units)):
            found[row.right_id].append(_encumbrance(row, Quantity(row.quantity, units[row.right_id])))
        return found

    async def holder_names(self) -> Sequence[HolderName]:
        """Return the holders of all visible rights."""
        rows = await self._connection.rows(NAMES, {})
        return [HolderName(name=row.holder_name, uscc=Uscc(row.holder_uscc)) for row in rows]

    async def add(self, search: Search) -> bool:
        """Write a search; false where its number is another's."""
        written = {
            "id": search.id,
            "number": search.number,
            "tenant": search.tenant,
            "client_id": search.client_id,
            "searched_at": search.searched_at,
            "statement": dict(search.statement),
            "digest": search.digest,
        }
        return await self._connection.run(ADD, written) == 1

    async def find(self, search_id: str) -> Search | None:
        """Return one of the caller's, none otherwise."""
        row = await self._connection.row(FIND, {"search_id": search_id})
        if row is None:
            return None
        return Search(
            id=row.id,
            number=row.number,
            tenant=row.tenant,
            client_id=row.client_id,
            searched_at=row.searched_at,
            statement=row.statement,
            digest=row.digest,
        )


def _encumbrance(row: Row[Any], quantity: Quantity) -> Encumbrance:
    return Encumbrance(
        kind=HoldKind(row.kind),
        blocks=tuple(Blocked(each) for each in row.blocks),
        quantity=quantity,
        register=row.register,
        registered_at=row.registered_at,
        rank=row.place,
    )
