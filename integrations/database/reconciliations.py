"""Reconciliations: the runs, our pages to compare, and the cases."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql

from domain.ports.reconciliations import ReconciliationRun, RunStatus
from domain.rights.reconciliation import Book, Case, CaseState, Difference
from domain.rights.rights import RightStatus
from domain.values.identifiers import Division, RegistryNo, Uscc
from domain.values.quantity import Quantity, Unit
from integrations.database.connection import Connection, Prepared
from integrations.database.impairment_tables import RECONCILIATION_CASES as CASES
from integrations.database.impairment_tables import RECONCILIATION_RUNS as RUNS

PAGES: Final = """
    select r.id, r.registry, r.registry_no, r.division, r.holder_uscc, r.status, r.registry_version, r.unit, b.quantity,
           coalesce(h.least, 0) as least, coalesce(h.most, 0) as most,
           (select max(o.executed_at) from registry_orders o where o.right_id = r.id) as last_executed_at
    from rights r join right_balances b on b.right_id = r.id
        left join lateral (
            select sum(each.quantity) filter (where each.state = 'posted' and not f.in_flight
                       and (each.kind = 'pledge' or each.parties = '{}')) as least,
                   sum(each.quantity) filter (where f.in_flight or (each.state = 'posted'
                       and each.kind in ('pledge', 'judicial', 'administrative'))) as most
            from holds each cross join lateral (
                select exists (select 1 from registry_orders o where o.hold_id = each.id
                               and o.state in ('sent', 'accepted', 'unknown')) as in_flight) f
            where each.right_id = r.id and each.state in ('pending', 'posted')) h on true
"""
BOOKS: Final = Prepared(
    text(PAGES + " where r.registry = :registry and r.registry_no > :after order by r.registry_no limit :up_to")
)
BOOK: Final = Prepared(text(PAGES + " where r.id = :right_id"))
REGISTRIES: Final = Prepared(text("select distinct registry from rights order by registry"))
PUT: Final = postgresql.insert(CASES)
FRESH: Final = ("run_id", "parties", "kind", "ours", "theirs_balance", "theirs_live")
"""What a later run brings up to date in a case that is not resolved; its state and owner stay."""


class DatabaseReconciliations:
    """Keep reconciliations."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def registries(self) -> Sequence[str]:
        """Return the names of the registries of whose rights the caller sees any."""
        return [row.registry for row in await self._connection.rows(REGISTRIES, {})]

    async def add_run(self, run: ReconciliationRun) -> None:
        """Write a run that is asked for."""
        await self._connection.execute(insert(RUNS).values(**_run_values(run)))

    async def find_run(self, run_id: str) -> ReconciliationRun | None:
        """Return a visible run, none otherwise."""
        row = (await self._connection.execute(select(RUNS).where(RUNS.c.id == run_id))).first()
        return None if row is None else _run(row)

    async def save_run(self, run: ReconciliationRun) -> None:
        """Write what came of a run."""
        await self._connection.execute(update(RUNS).where(RUNS.c.id == run.id).values(**_run_values(run)))

    async def books(self, registry: str, after: str, limit: int) -> Sequence[Book]:
        """Return our pages of a registry, in order of its numbers, after one."""
        rows = await self._connection.rows(BOOKS, {"registry": registry, "after": after, "up_to": limit})
        return [_book(row) for row in rows]

    async def book(self, right_id: str) -> Book | None:
        """Return our page of one right."""
        row = await self._connection.row(BOOK, {"right_id": right_id})
        return None if row is None else _book(row)

    async def open_case(self, case: Case) -> str | None:
        """Open a case, or bring the right's unresolved one up to date; none where nothing of it is new."""
        wanted = PUT.values(**_case_values(case)).on_conflict_do_update(
            index_elements=["right_id"],
            index_where=CASES.c.state != text("'resolved'"),
            set_={**{name: PUT.excluded[name] for name in FRESH}, "version": CASES.c.version + 1},
            where=or_(
                CASES.c.kind != PUT.excluded.kind,
                CASES.c.ours != PUT.excluded.ours,
                CASES.c.theirs_live.is_distinct_from(PUT.excluded.theirs_live),
            ),
        )
        row = (await self._connection.execute(wanted.returning(CASES.c.id))).first()
        return None if row is None else str(row.id)

    async def lock_case(self, case_id: str) -> Case | None:
        """Return a visible case and keep others from changing it."""
        row = (await self._connection.execute(select(CASES).where(CASES.c.id == case_id).with_for_update())).first()
        return None if row is None else _case(row)

    async def save_case(self, case: Case) -> None:
        """Write a locked case."""
        await self._connection.execute(update(CASES).where(CASES.c.id == case.id).values(**_case_values(case)))

    async def page(self, state: CaseState | None, after: str | None, limit: int) -> Sequence[Case]:
        """Return visible cases in order of id, after one."""
        wanted = select(CASES).order_by(CASES.c.id).limit(limit)
        if state is not None:
            wanted = wanted.where(CASES.c.state == state.value)
        if after is not None:
            wanted = wanted.where(CASES.c.id > after)
        return [_case(row) for row in (await self._connection.execute(wanted)).all()]


def _book(row: Row[Any]) -> Book:
    return Book(
        right_id=row.id,
        registry=row.registry,
        registry_no=RegistryNo(row.registry_no),
        division=Division(row.division),
        holder_uscc=Uscc(row.holder_uscc),
        status=RightStatus(row.status),
        quantity=Quantity(row.quantity, Unit(row.unit)),
        frozen_least=row.least,
        frozen_most=row.most,
        version=row.registry_version,
        last_executed_at=row.last_executed_at,
    )


def _run_values(run: ReconciliationRun) -> dict[str, object]:
    return {
        "id": run.id,
        "registry": run.registry,
        "on_day": run.on,
        "status": run.status.value,
        "requested_by": run.requested_by,
        "parties": list(run.parties),
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "file_day": run.file_day,
        "file_sha256": run.file_sha256,
        "rights": run.rights,
        "moved": run.moved,
        "differences": run.differences,
        "failure": run.failure,
    }


def _run(row: Row[Any]) -> ReconciliationRun:
    return ReconciliationRun(
        id=row.id,
        registry=row.registry,
        on=row.on_day,
        status=RunStatus(row.status),
        requested_by=row.requested_by,
        parties=tuple(row.parties),
        created_at=row.created_at,
        finished_at=row.finished_at,
        file_day=row.file_day,
        file_sha256=row.file_sha256,
        rights=row.rights,
        moved=row.moved,
        differences=row.differences,
        failure=row.failure,
    )


def _case_values(case: Case) -> dict[str, object]:
    return {
        "id": case.id,
        "run_id": case.run_id,
        "registry": case.registry,
        "registry_no": case.registry_no,
        "right_id": case.right_id,
        "division": case.division,
        "parties": list(case.parties),
        "kind": case.kind.value,
        "ours": dict(case.ours),
        "theirs_balance": None if case.theirs_balance is None else dict(case.theirs_balance),
        "theirs_live": None if case.theirs_live is None else dict(case.theirs_live),
        "state": case.state.value,
        "owner": case.owner,
        "note": case.note,
        "opened_at": case.opened_at,
        "acknowledged_at": case.acknowledged_at,
        "resolved_at": case.resolved_at,
        "version": case.version,
    }


def _case(row: Row[Any]) -> Case:
    return Case(
        id=row.id,
        run_id=row.run_id,
        registry=row.registry,
        registry_no=RegistryNo(row.registry_no),
        right_id=row.right_id,
        division=Division(row.division),
        parties=tuple(row.parties),
        kind=Difference(row.kind),
        ours=row.ours,
        theirs_balance=row.theirs_balance,
        theirs_live=row.theirs_live,
        state=CaseState(row.state),
        owner=row.owner,
        note=row.note,
        opened_at=row.opened_at,
        acknowledged_at=row.acknowledged_at,
        resolved_at=row.resolved_at,
        version=row.version,
    )
