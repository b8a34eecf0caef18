"""Requests to verify a right."""

from typing import Any

from sqlalchemy import Row, insert, select, update

from domain.rights.verifications import Verification, VerificationStatus
from domain.values.identifiers import PermitNo, RegistryNo, Uscc
from domain.values.pollutants import Pollutant
from integrations.database.connection import Connection
from integrations.database.tables import VERIFICATIONS


class DatabaseVerifications:
    """Keep verifications."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, verification: Verification) -> None:
        """Write a request."""
        await self._connection.execute(
            insert(VERIFICATIONS).values(
                id=verification.id,
                parties=list(verification.parties),
                client_id=verification.client_id,
                registry=verification.registry,
                registry_no=verification.registry_no,
                permit_no=verification.permit_no,
                holder_uscc=verification.holder_uscc,
                pollutant=None if verification.pollutant is None else verification.pollutant.value,
                status=verification.status.value,
                created_at=verification.created_at,
            ),
        )

    async def find(self, verification_id: str) -> Verification | None:
        """Return one of the caller's, none otherwise."""
        row = (
            await self._connection.execute(select(VERIFICATIONS).where(VERIFICATIONS.c.id == verification_id))
        ).first()
        return None if row is None else _verification(row)

    async def lock(self, verification_id: str) -> Verification | None:
        """Return one and keep others from finishing it meanwhile."""
        wanted = select(VERIFICATIONS).where(VERIFICATIONS.c.id == verification_id).with_for_update()
        row = (await self._connection.execute(wanted)).first()
        return None if row is None else _verification(row)

    async def finish(self, verification: Verification) -> None:
        """Write what came of it."""
        await self._connection.execute(
            update(VERIFICATIONS)
            .where(VERIFICATIONS.c.id == verification.id)
            .values(
                status=verification.status.value,
                refusal=None if verification.refusal is None else dict(verification.refusal),
                right_ids=list(verification.right_ids),
                finished_at=verification.finished_at,
            ),
        )


def _verification(row: Row[Any]) -> Verification:
    return Verification(
        id=row.id,
        client_id=row.client_id,
        parties=tuple(row.parties),
        registry=row.registry,
        registry_no=None if row.registry_no is None else RegistryNo(row.registry_no),
        permit_no=None if row.permit_no is None else PermitNo(row.permit_no),
        holder_uscc=Uscc(row.holder_uscc),
        pollutant=None if row.pollutant is None else Pollutant(row.pollutant),
        status=VerificationStatus(row.status),
        refusal=row.refusal,
        right_ids=tuple(row.right_ids),
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
