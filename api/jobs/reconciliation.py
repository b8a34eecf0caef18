"""Reconcile with a registry: its daily file, our books, and a live question for each right that differs.

Each right is compared in a transaction of its own, with no transaction open while the registry is asked. Whoever
crashes leaves a run that is pending and cases that are open; the next attempt finds what was done equal and opens
nothing twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from api.house import House
from domain.ports.reconciliations import ReconciliationRun, RunStatus
from domain.ports.registry import (
    DailyBalance,
    DailyBalances,
    RegistryRight,
    RegistryRightNotFound,
    RegistryUnavailable,
)
from domain.rights.reconciliation import Book, Difference, difference
from domain.use_cases.reconcile_registry import Compared, compare, of_file, request_run
from domain.use_cases.review_right import review_right
from domain.values.actors import WORKER
from domain.values.identifiers import RegistryNo
from domain.values.time import business_date

BATCH: Final = 1000
ATTEMPTS_MAX: Final = 20
SECONDS_BETWEEN_ATTEMPTS: Final = 60
A_DAY: Final = timedelta(days=1)

log: Final = structlog.get_logger("greenlien.jobs")


async def request_daily_runs(house: House) -> int:
    """Ask for today's run with every registry of whose rights we keep any."""
    async with house.open(None) as uow:
        names = await uow.reconciliations.registries()
        for name in names:
            await request_run(uow, WORKER, name, business_date(house.now()), house.now())
        await uow.commit()
    return len(names)


async def reconcile_registry(house: House, run_id: str) -> None:
    """Carry a run out; raises RegistryUnavailable where the registry does not answer, and may then be repeated."""
    async with house.open(None) as uow:
        run = await uow.reconciliations.find_run(run_id)
    if run is None or run.status is not RunStatus.PENDING:
        return
    file = await _file(house, run)
    rows = {row.registry_no: row for row in file.rows}
    rights = moved = differences = 0
    after = ""
    while True:
        async with house.open(None) as uow:
            books = await uow.reconciliations.books(run.registry, after, BATCH)
        for ours in _suspects(books, rows):
            found = await _compare(house, run.id, ours, rows.get(ours.registry_no))
            differences += found is not None
            moved += found is None
        rights += len(books)
        if len(books) < BATCH:
            break
        after = books[-1].registry_no
    done = replace(
        run,
        status=RunStatus.DONE,
        finished_at=house.now(),
        file_day=file.on,
        file_sha256=file.sha256,
        rights=rights,
        moved=moved,
        differences=differences,
    )
    await _save(house, done)
    log.info("reconciled", run_id=run.id, registry=run.registry, rights=rights, moved=moved, differences=differences)


async def compare_right(house: House, right_id: str) -> None:
    """Compare one right live, outside any run; raises RegistryUnavailable where the registry does not answer."""
    async with house.open(None) as uow:
        ours = await uow.reconciliations.book(right_id)
    if ours is not None:
        await _compare(house, None, ours, None)


async def give_up(house: House, run_id: str, reason: str) -> None:
    """Write that a run came to nothing, because the registry never answered."""
    async with house.open(None) as uow:
        run = await uow.reconciliations.find_run(run_id)
    if run is not None and run.status is RunStatus.PENDING:
        await _save(house, replace(run, status=RunStatus.FAILED, finished_at=house.now(), failure=reason))
        log.error("reconciliation_failed", run_id=run_id, registry=run.registry, reason=reason)


def _suspects(books: Sequence[Book], rows: Mapping[RegistryNo, DailyBalance]) -> list[Book]:
    """Return the rights of which the file says other than we do."""
    return [ours for ours in books if difference(ours, of_file(rows.get(ours.registry_no))) is not None]


async def _file(house: House, run: ReconciliationRun) -> DailyBalances:
    """Return the file of the run's day, or of the day before where there is none yet."""
    try:
        return await house.registry.daily_balances(run.registry, run.on)
    except RegistryUnavailable:
        return await house.registry.daily_balances(run.registry, run.on - A_DAY)


async def _compare(house: House, run_id: str | None, ours: Book, balance: DailyBalance | None) -> Difference | None:
    live = await _live(house, ours)
    async with house.open(None) as uow:
        found = await compare(uow, run_id, ours.right_id, Compared(live, balance), house.now())
        await uow.commit()
    if found is not None:
        async with house.open(None) as uow:
            await review_right(uow, ours.right_id, house.now())
            await uow.commit()
    return found


async def _live(house: House, ours: Book) -> RegistryRight | None:
    try:
        told = await house.registry.lookup_right(ours.registry, registry_no=ours.registry_no)
    except RegistryRightNotFound:
        return None
    return next(iter(told), None)


async def _save(house: House, run: ReconciliationRun) -> None:
    async with house.open(None) as uow:
        await uow.reconciliations.save_run(run)
        await uow.commit()
