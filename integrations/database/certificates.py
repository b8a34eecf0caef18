"""Certificates: written once, sealed once; the public address reads through a function that wants a proof."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select, text, update
from sqlalchemy.dialects import postgresql

from domain.pledges.certificates import Certificate, CertificateKind, Seal
from domain.ports.certificates import ShownCertificate
from integrations.database.certificate_tables import CERTIFICATES
from integrations.database.connection import Connection, Prepared

TOLD = [column for column in CERTIFICATES.c if column.name not in {"sheet", "sealed_at", "sequence"}]
ADD = Prepared(
    postgresql.insert(CERTIFICATES).on_conflict_do_nothing(),
    ("number", "kind", "pledge_id", "occasion", "parties", "issued_at", "statement", "digest"),
)
FIND = Prepared(select(*TOLD).where(CERTIFICATES.c.number == bindparam("wanted")))
OF_OCCASION = Prepared(
    select(*TOLD).where(
        CERTIFICATES.c.pledge_id == bindparam("of_pledge"),
        CERTIFICATES.c.kind == bindparam("of_kind"),
        CERTIFICATES.c.occasion == bindparam("on_occasion"),
    )
)
OF_PLEDGE = Prepared(
    select(*TOLD).where(CERTIFICATES.c.pledge_id == bindparam("of_pledge")).order_by(CERTIFICATES.c.sequence)
)
SHEET = Prepared(select(CERTIFICATES.c.sheet).where(CERTIFICATES.c.number == bindparam("wanted")))
SEAL = Prepared(
    update(CERTIFICATES).where(CERTIFICATES.c.number == bindparam("wanted"), CERTIFICATES.c.sealed_at.is_(None)),
    ("jws", "sheet", "sheet_sha256", "sealed_at"),
)
SHOWN = Prepared(text("select statement, digest, jws from certificate_by_digest(:wanted, :proof)"))


class DatabaseCertificates:
    """Keep certificates."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, certificate: Certificate) -> bool:
        """Write one; false where its number is taken, or the pledge has one of this kind and occasion."""
        written = {
            "number": certificate.number,
            "kind": certificate.kind.value,
            "pledge_id": certificate.pledge_id,
            "occasion": certificate.occasion,
            "parties": list(certificate.parties),
            "issued_at": certificate.issued_at,
            "statement": dict(certificate.statement),
            "digest": certificate.digest,
        }
        return await self._connection.run(ADD, written) == 1

    async def of_occasion(self, pledge_id: str, kind: CertificateKind, occasion: str) -> Certificate | None:
        """Return the one that was issued on an occasion."""
        values = {"of_pledge": pledge_id, "of_kind": kind.value, "on_occasion": occasion}
        row = await self._connection.row(OF_OCCASION, values)
        return None if row is None else _certificate(row)

    async def find(self, number: str) -> Certificate | None:
        """Return a certificate that the caller may see, none otherwise."""
        row = await self._connection.row(FIND, {"wanted": number})
        return None if row is None else _certificate(row)

    async def of_pledge(self, pledge_id: str) -> Sequence[Certificate]:
        """Return a pledge's certificates, oldest first."""
        return [_certificate(row) for row in await self._connection.rows(OF_PLEDGE, {"of_pledge": pledge_id})]

    async def sheet(self, number: str) -> bytes:
        """Return the sheet of a sealed certificate."""
        return bytes(await self._connection.value(SHEET, {"wanted": number}))

    async def seal(self, number: str, seal: Seal) -> bool:
        """Set the seal; false where there is one."""
        values = {
            "wanted": number,
            "jws": seal.jws,
            "sheet": seal.sheet,
            "sheet_sha256": seal.sheet_sha256,
            "sealed_at": seal.sealed_at,
        }
        return await self._connection.run(SEAL, values) == 1

    async def shown(self, number: str, proof: str) -> ShownCertificate | None:
        """Return what anybody may know who brings the beginning of the digest."""
        row = await self._connection.row(SHOWN, {"wanted": number, "proof": proof})
        if row is None:
            return None
        statement = json.loads(row.statement) if isinstance(row.statement, str) else row.statement
        return ShownCertificate(statement=statement, digest=row.digest, jws=row.jws)


def _certificate(row: Row[Any]) -> Certificate:
    return Certificate(
        number=row.number,
        kind=CertificateKind(row.kind),
        pledge_id=row.pledge_id,
        occasion=row.occasion,
        parties=tuple(row.parties),
        issued_at=row.issued_at,
        statement=row.statement,
        digest=row.digest,
        jws=row.jws,
        sheet_sha256=row.sheet_sha256,
    )
