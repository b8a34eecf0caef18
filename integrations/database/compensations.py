"""Money that came in for pledged rights."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, func, select, tuple_, update
from sqlalchemy.dialects import postgresql

from domain.pledges.compensations import (
    Application,
    Compensation,
    CompensationKind,
    CompensationStatus,
    Payment,
)
from domain.values.money import Money
from integrations.database.compensation_tables import COMPENSATIONS as SUMS
from integrations.database.connection import Connection


class DatabaseCompensations:
    """Keep compensations."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, compensation: Compensation) -> bool:
        """Write a new one; false where its pledge has one under this reference."""
        fixed = {
            "id": compensation.id,
            "pledge_id": compensation.pledge_id,
            "parties": list(compensation.parties),
            "right_id": compensation.right_id,
            "kind": compensation.kind.value,
            "amount": compensation.amount.amount,
            "received_on": compensation.received_on,
            "reference": compensation.reference,
            "application": compensation.application.value,
            "lost": compensation.lost,
            "proposed_by": compensation.proposed_by,
            "proposed_at": compensation.proposed_at,
        }
        written = postgresql.insert(SUMS).values(**fixed, **_changing(compensation))
        once = written.on_conflict_do_nothing(index_elements=["pledge_id", "reference"]).returning(SUMS.c.id)
        return (await self._connection.execute(once)).first() is not None

    async def find(self, pledge_id: str, compensation_id: str) -> Compensation | None:
        """Return a pledge's compensation, none otherwise."""
        return await self._one(_wanted(pledge_id, compensation_id))

    async def lock(self, pledge_id: str, compensation_id: str) -> Compensation | None:
        """Return one and keep others from changing it until the transaction ends."""
        return await self._one(_wanted(pledge_id, compensation_id).with_for_update())

    async def save(self, compensation: Compensation) -> None:
        """Write a locked one's changed fields."""
        changed = update(SUMS).where(SUMS.c.id == compensation.id).values(**_changing(compensation))
        await self._connection.execute(changed)

    async def page(self, pledge_id: str, after: str | None, limit: int) -> Sequence[Compensation]:
        """Return a pledge's, newest first."""
        wanted = select(SUMS).where(SUMS.c.pledge_id == pledge_id)
        if after is not None:
            last = select(SUMS.c.proposed_at, SUMS.c.id).where(SUMS.c.id == after).subquery()
            wanted = wanted.where(
                tuple_(SUMS.c.proposed_at, SUMS.c.id) < select(last.c.proposed_at, last.c.id).scalar_subquery()
            )
        ordered = wanted.order_by(SUMS.c.proposed_at.desc(), SUMS.c.id.desc()).limit(limit)
        return [_compensation(row) for row in (await self._connection.execute(ordered)).all()]

    async def deposited(self, pledge_ids: Sequence[str]) -> Money:
        """Return what lies deposited for these pledges together."""
        total = select(func.coalesce(func.sum(SUMS.c.deposited), 0)).where(
            SUMS.c.pledge_id.in_(list(pledge_ids)), SUMS.c.status == CompensationStatus.APPROVED.value
        )
        return Money(Decimal((await self._connection.execute(total)).scalar_one()))

    async def _one(self, wanted: Select[Any]) -> Compensation | None:
        row = (await self._connection.execute(wanted)).first()
        return None if row is None else _compensation(row)


def _wanted(pledge_id: str, compensation_id: str) -> Select[Any]:
    return select(SUMS).where(SUMS.c.id == compensation_id, SUMS.c.pledge_id == pledge_id)


def _changing(compensation: Compensation) -> dict[str, object]:
    return {
        "status": compensation.status.value,
        "lines": [_line_values(line) for line in compensation.lines],
        "deposited": compensation.deposited.amount,
        "surplus": compensation.surplus.amount,
        "reason": compensation.reason,
        "decided_by": compensation.decided_by,
        "decided_at": compensation.decided_at,
        "version": compensation.version,
    }


def _line_values(line: Payment) -> dict[str, str]:
    return {
        "loan_id": line.loan_id,
        "fees": line.fees.wire(),
        "interest": line.interest.wire(),
        "penalty": line.penalty.wire(),
        "principal": line.principal.wire(),
    }


def _line(told: Mapping[str, str]) -> Payment:
    return Payment(
        loan_id=told["loan_id"],
        fees=Money.of(told["fees"]),
        interest=Money.of(told["interest"]),
        penalty=Money.of(told["penalty"]),
        principal=Money.of(told["principal"]),
    )


def _compensation(row: Row[Any]) -> Compensation:
    return Compensation(
        id=row.id,
        pledge_id=row.pledge_id,
        parties=tuple(row.parties),
        right_id=row.right_id,
        kind=CompensationKind(row.kind),
        amount=Money(row.amount),
        received_on=row.received_on,
        reference=row.reference,
        application=Application(row.application),
        lost=row.lost,
        status=CompensationStatus(row.status),
        lines=tuple(_line(told) for told in row.lines),
        deposited=Money(row.deposited),
        surplus=Money(row.surplus),
        reason=row.reason,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        version=row.version,
    )
