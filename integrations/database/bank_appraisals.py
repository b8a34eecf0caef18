"""A bank's appraisals and explicit adoptions; what was put forward is written once, and then only decided."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, Table, bindparam, insert, select, update

from domain.valuation.adoption import Adoption, AdoptionBasis
from domain.valuation.bank_appraisals import AppraisalKind, Appraiser, BankAppraisal, Report
from domain.valuation.proposals import Proposal, ProposalStatus
from domain.values.identifiers import Uscc
from domain.values.money import Money
from domain.values.quantity import Quantity, Unit
from integrations.database.connection import Connection, Prepared
from integrations.database.proposal_tables import ADOPTED_VALUES, APPRAISALS

DECISION: Final = ("status", "decided_by", "decided_at", "rejection", "version")


def proposal_values(proposal: Proposal) -> dict[str, object]:
    """Return a proposal's columns, which three tables share."""
    return {
        "status": proposal.status.value,
        "proposed_by": proposal.proposed_by,
        "proposed_at": proposal.proposed_at,
        "decided_by": proposal.decided_by,
        "decided_at": proposal.decided_at,
        "rejection": proposal.rejection,
        "version": proposal.version,
    }


def proposal_from(row: Row[Any]) -> Proposal:
    """Translate a proposal's columns."""
    return Proposal(
        status=ProposalStatus(row.status),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        rejection=row.rejection,
        version=row.version,
    )


class Proposed:
    """The statements of a table whose rows are proposals."""

    def __init__(self, table: Table) -> None:
        """Compose them."""
        self.add: Final = Prepared(insert(table))
        self.lock: Final = Prepared(select(table).where(table.c.id == bindparam("of_id")).with_for_update())
        self.decide: Final = Prepared(update(table).where(table.c.id == bindparam("of_id")), DECISION)

    async def decided(self, connection: Connection, row_id: str, proposal: Proposal) -> None:
        """Write the decision on a locked row."""
        await connection.run(self.decide, {**proposal_values(proposal), "of_id": row_id})


def _of_right(table: Table) -> Prepared:
    return Prepared(
        select(table)
        .where(table.c.tenant == bindparam("of_tenant"), table.c.right_id == bindparam("of_right"))
        .order_by(table.c.proposed_at.desc(), table.c.id.desc())
    )


OF_APPRAISALS: Final = Proposed(APPRAISALS)
OF_ADOPTIONS: Final = Proposed(ADOPTED_VALUES)
APPRAISALS_OF_RIGHT: Final = _of_right(APPRAISALS)
ADOPTIONS_OF_RIGHT: Final = _of_right(ADOPTED_VALUES)


class DatabaseBankAppraisals:
    """Keep appraisals."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, appraisal: BankAppraisal) -> None:
        """Write a new one."""
        appraiser, report = appraisal.appraiser, appraisal.report
        values: Mapping[str, object] = {
            "id": appraisal.id,
            "tenant": appraisal.tenant,
            "right_id": appraisal.right_id,
            "kind": appraisal.kind.value,
            "value": appraisal.value.amount,
            "quantity": appraisal.quantity.amount,
            "unit": appraisal.quantity.unit.value,
            "as_of": appraisal.as_of,
            "valid_until": appraisal.valid_until,
            "appraiser": {"name": appraiser.name, "uscc": appraiser.uscc},
            "report": {"sha256": report.sha256, "title": report.title, "number": report.number},
            "method": appraisal.method,
            **proposal_values(appraisal.proposal),
        }
        await self._connection.run(OF_APPRAISALS.add, values)

    async def lock(self, appraisal_id: str) -> BankAppraisal | None:
        """Return one, locked."""
        row = await self._connection.row(OF_APPRAISALS.lock, {"of_id": appraisal_id})
        return None if row is None else _appraisal(row)

    async def decide(self, appraisal_id: str, proposal: Proposal) -> None:
        """Write the decision on a locked one."""
        await OF_APPRAISALS.decided(self._connection, appraisal_id, proposal)

    async def of_right(self, tenant: str, right_id: str) -> Sequence[BankAppraisal]:
        """Return all of a bank's of a right, the newest first."""
        wanted = {"of_tenant": tenant, "of_right": right_id}
        return [_appraisal(row) for row in await self._connection.rows(APPRAISALS_OF_RIGHT, wanted)]


class DatabaseAdoptions:
    """Keep explicit adoptions."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, adoption: Adoption) -> None:
        """Write a new one."""
        values: Mapping[str, object] = {
            "id": adoption.id,
            "tenant": adoption.tenant,
            "right_id": adoption.right_id,
            "basis": adoption.basis.value,
            "valuation_id": adoption.valuation_id,
            "appraisal_id": adoption.appraisal_id,
            "value": adoption.value.amount,
            "quantity": adoption.quantity.amount,
            "unit": adoption.quantity.unit.value,
            "valued_on": adoption.valued_on,
            "valid_until": adoption.valid_until,
            "reason": adoption.reason,
            **proposal_values(adoption.proposal),
        }
        await self._connection.run(OF_ADOPTIONS.add, values)

    async def lock(self, adoption_id: str) -> Adoption | None:
        """Return one, locked."""
        row = await self._connection.row(OF_ADOPTIONS.lock, {"of_id": adoption_id})
        return None if row is None else _adoption(row)

    async def decide(self, adoption_id: str, proposal: Proposal) -> None:
        """Write the decision on a locked one."""
        await OF_ADOPTIONS.decided(self._connection, adoption_id, proposal)

    async def of_right(self, tenant: str, right_id: str) -> Sequence[Adoption]:
        """Return all of a bank's of a right, the newest first."""
        wanted = {"of_tenant": tenant, "of_right": right_id}
        return [_adoption(row) for row in await self._connection.rows(ADOPTIONS_OF_RIGHT, wanted)]


def _appraisal(row: Row[Any]) -> BankAppraisal:
    appraiser = row.appraiser
    return BankAppraisal(
        id=row.id,
        tenant=row.tenant,
        right_id=row.right_id,
        kind=AppraisalKind(row.kind),
        value=Money(row.value),
        quantity=Quantity(row.quantity, Unit(row.unit)),
        as_of=row.as_of,
        valid_until=row.valid_until,
        appraiser=Appraiser(appraiser["name"], None if appraiser["uscc"] is None else Uscc(appraiser["uscc"])),
        report=Report(row.report["sha256"], row.report["title"], row.report["number"]),
        method=row.method,
        proposal=proposal_from(row),
    )


def _adoption(row: Row[Any]) -> Adoption:
    return Adoption(
        id=row.id,
        tenant=row.tenant,
        right_id=row.right_id,
        basis=AdoptionBasis(row.basis),
        valuation_id=row.valuation_id,
        appraisal_id=row.appraisal_id,
        value=Money(row.value),
        quantity=Quantity(row.quantity, Unit(row.unit)),
        valued_on=row.valued_on,
        valid_until=row.valid_until,
        reason=row.reason,
        proposal=proposal_from(row),
    )
