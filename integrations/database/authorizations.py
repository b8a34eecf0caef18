"""Enterprises' consents."""

from datetime import date

from sqlalchemy import insert, select

from domain.rights.authorizations import Authorization
from domain.values.identifiers import Uscc
from integrations.database.connection import Connection
from integrations.database.tables import AUTHORIZATIONS


class DatabaseAuthorizations:
    """Keep consents."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, authorization: Authorization) -> None:
        """Write a consent."""
        await self._connection.execute(
            insert(AUTHORIZATIONS).values(
                id=authorization.id,
                enterprise_uscc=authorization.enterprise_uscc,
                grantee=authorization.grantee,
                scope=list(authorization.scope),
                valid_from=authorization.valid_from,
                valid_to=authorization.valid_to,
                document=authorization.document,
                created_by=authorization.created_by,
                created_at=authorization.created_at,
            ),
        )

    async def find(self, authorization_id: str) -> Authorization | None:
        """Return a consent of the caller's, given or received."""
        row = (
            await self._connection.execute(select(AUTHORIZATIONS).where(AUTHORIZATIONS.c.id == authorization_id))
        ).first()
        if row is None:
            return None
        return Authorization(
            id=row.id,
            enterprise_uscc=Uscc(row.enterprise_uscc),
            grantee=row.grantee,
            scope=tuple(row.scope),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            document=row.document,
            created_by=row.created_by,
            created_at=row.created_at,
        )

    async def in_force(self, enterprise_uscc: Uscc, grantee: str, on: date) -> bool:
        """Tell whether the grantee holds a consent of the enterprise on a day."""
        wanted = select(AUTHORIZATIONS.c.id).where(
            AUTHORIZATIONS.c.enterprise_uscc == enterprise_uscc,
            AUTHORIZATIONS.c.grantee == grantee,
            AUTHORIZATIONS.c.valid_from <= on,
            AUTHORIZATIONS.c.valid_to >= on,
            AUTHORIZATIONS.c.revoked_at.is_(None),
        )
        return (await self._connection.execute(wanted.limit(1))).first() is not None
