"""Valuations, kept as answered."""

from datetime import datetime

from sqlalchemy import bindparam, insert, select

from domain.ports.valuations import StoredValuation
from domain.valuation.answer import body_of, evidence_of, exclusions_of
from domain.valuation.appraisal import Appraisal
from domain.valuation.inputs import inputs_body
from domain.values.identifiers import new_id
from integrations.database.connection import Connection, Prepared
from integrations.database.tables import VALUATIONS

ADD = Prepared(insert(VALUATIONS))
FIND = Prepared(select(VALUATIONS).where(VALUATIONS.c.id == bindparam("valuation_id")))


class DatabaseValuations:
    """Keep valuations."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(
        self, appraisal: Appraisal, right_id: str | None, tenant: str, parties: tuple[str, ...], created_at: datetime
    ) -> str:
        """Write an appraisal and return its id."""
        valuation_id = new_id("val")
        valuation = {
            "id": valuation_id,
            "tenant": tenant,
            "parties": parties,
            "right_id": right_id,
            "as_of": appraisal.as_of,
            "body": body_of(appraisal),
            "evidence": evidence_of(appraisal),
            "digest": appraisal.digest,
            "created_at": created_at,
            "inputs": inputs_body(appraisal.inputs),
            "exclusions": exclusions_of(appraisal),
        }
        await self._connection.run(ADD, valuation)
        return valuation_id

    async def find(self, valuation_id: str) -> StoredValuation | None:
        """Return one that the caller may see, none otherwise."""
        row = await self._connection.row(FIND, {"valuation_id": valuation_id})
        if row is None:
            return None
        return StoredValuation(
            id=row.id,
            right_id=row.right_id,
            body=row.body,
            evidence=row.evidence,
            exclusions=row.exclusions,
            inputs=row.inputs,
            created_at=row.created_at,
        )
