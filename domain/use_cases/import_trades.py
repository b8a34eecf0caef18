"""Import a file of trades: keep it first, then take its rows in, a few hundred in a transaction.

A worker that dies between two transactions leaves an import that says how many rows are done, and the next one reads
the same bytes and goes on after them; rows that were taken in twice all the same would be duplicates by their content.
Whoever comes second to the same rows finds the import further than expected, and leaves it alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from domain.jurisdictions.rulebook import Rulebook
from domain.market.imports import (
    FileFormat,
    FileReport,
    ImportStatus,
    ImportTotals,
    Licence,
    MarketImport,
    RefusedRow,
    Remark,
    RowRead,
    RowRefused,
    Stage,
    kept_text,
    stricter,
)
from domain.market.told import SentTrade
from domain.ports.unit_of_work import UnitOfWork
from domain.use_cases.take_in_trades import Intake, take_in_trades
from domain.values.actors import Actor
from domain.values.identifiers import new_id

TASK: Final = "import_trades"
ROWS_A_TRANSACTION: Final = 500
OUR_FAULT: Final = Remark(
    "internal_error",
    "系统内部错误，文件未能读完；已入库的行有效，可重新发送同一文件，不会重复入库。",
    "a failure of ours; the rows taken in so far stand, and the same file may be sent again without doubling them",
)

ReadTrade = Callable[[str, Mapping[str, Any], datetime], SentTrade]
"""What makes a row into a trade as sent: source, row, when it was received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedImport:
    """A file as its sender hands it over."""

    source: str
    feed: str | None
    format: FileFormat
    licence: Licence
    defaults: Mapping[str, str]
    file_name: str
    file_sha256: str
    parts: Sequence[bytes]


async def request_import(uow: UnitOfWork, actor: Actor, wanted: WantedImport, now: datetime) -> MarketImport:
    """Keep the file and enqueue its reading; a tenant's files are read one after another, in the order they came."""
    imported = MarketImport(
        id=new_id("imp"),
        sent_by=actor.tenant,
        client_id=actor.client_id,
        role=actor.role,
        source=wanted.source,
        feed=wanted.feed,
        format=wanted.format,
        licence=wanted.licence,
        defaults=dict(wanted.defaults),
        file_name=wanted.file_name,
        file_sha256=wanted.file_sha256,
        size_bytes=sum(map(len, wanted.parts)),
        status=ImportStatus.QUEUED,
        rows_done=0,
        totals=ImportTotals(),
        remarks=(),
        notices=(),
        failure=None,
        created_at=now,
        updated_at=now,
        finished_at=None,
    )
    await uow.market_imports.add(imported, wanted.parts)
    details = {"file_sha256": imported.file_sha256, "format": imported.format.value, "source": imported.source}
    await uow.audit.write(actor, "import.requested", imported.id, details, actor.parties, now)
    await uow.jobs.enqueue(TASK, f"imports:{actor.tenant}", {"import_id": imported.id})
    return imported


async def import_rows(
    uow: UnitOfWork,
    expected: MarketImport,
    rows: Sequence[RowRead | RowRefused],
    now: datetime,
    *,
    read_trade: ReadTrade,
    rulebook: Rulebook,
    licence_notice: bool,
) -> MarketImport | None:
    """Take the next rows in and return the import as it then is; none when somebody else was here first.

    `licence_notice` tells that the file itself forbids publication; then its trades are nobody's but the sender's.
    """
    imported = await _still(uow, expected)
    if imported is None:
        return None
    if licence_notice:
        imported = replace(imported, licence=stricter(imported.licence, Licence.RESTRICTED))
    readable = [row for row in rows if isinstance(row, RowRead)]
    sent = [read_trade(imported.source, row.row, now) for row in readable]
    shared = None if imported.licence is Licence.OPEN else False
    intake = Intake(0, 0, ())
    if sent:
        intake = await take_in_trades(uow, imported.actor, sent, now, rulebook=rulebook, shared=shared)
    fallen = [_unread(row) for row in rows if isinstance(row, RowRefused)]
    fallen += [
        _unbelieved(
            readable[judged.index],
            Remark(judged.quarantine.code.value, judged.quarantine.detail_zh, judged.quarantine.detail_en),
        )
        for judged in intake.quarantined
    ]
    await uow.market_imports.add_refused(imported, sorted(fallen, key=lambda row: row.row_number))
    moved = replace(
        imported,
        status=ImportStatus.RUNNING,
        rows_done=imported.rows_done + len(rows),
        totals=replace(
            imported.totals,
            accepted=imported.totals.accepted + intake.accepted,
            duplicates=imported.totals.duplicates + intake.duplicates,
            quarantined=imported.totals.quarantined + len(intake.quarantined),
            refused=imported.totals.refused + len(rows) - len(readable),
        ),
        updated_at=now,
    )
    await uow.market_imports.update(moved)
    return moved


async def finish_import(
    uow: UnitOfWork, expected: MarketImport, report: FileReport, now: datetime
) -> MarketImport | None:
    """Write what the reader says of the whole file; none when somebody else was here first."""
    imported = await _still(uow, expected)
    if imported is None:
        return None
    totals = replace(imported.totals, quantities=report.quantities, amount=report.amount, stated=report.stated)
    finished = replace(
        imported,
        licence=stricter(imported.licence, Licence.RESTRICTED) if report.licence_notice else imported.licence,
        status=ImportStatus.DONE if report.failure is None else ImportStatus.FAILED,
        totals=totals,
        remarks=report.remarks,
        notices=report.notices,
        failure=report.failure,
        updated_at=now,
        finished_at=now,
    )
    await _close(uow, finished, now)
    return finished


async def give_up_import(uow: UnitOfWork, import_id: str, now: datetime) -> None:
    """Write that reading came to nothing by a fault of ours, after it was tried often enough."""
    imported = await uow.market_imports.lock(import_id)
    if imported is None or imported.status.is_over:
        return
    failed = replace(imported, status=ImportStatus.FAILED, failure=OUR_FAULT, updated_at=now, finished_at=now)
    await _close(uow, failed, now)


async def _close(uow: UnitOfWork, finished: MarketImport, now: datetime) -> None:
    await uow.market_imports.update(finished)
    totals = finished.totals
    counts = {
        "status": finished.status.value,
        "accepted": totals.accepted,
        "duplicates": totals.duplicates,
        "quarantined": totals.quarantined,
        "refused": totals.refused,
    }
    await uow.audit.write(finished.actor, "import.finished", finished.id, counts, finished.actor.parties, now)


async def _still(uow: UnitOfWork, expected: MarketImport) -> MarketImport | None:
    """Return the import, locked, if it is where the reader believes it to be."""
    imported = await uow.market_imports.lock(expected.id)
    if imported is None or imported.status.is_over or imported.rows_done != expected.rows_done:
        return None
    return imported


def _unread(row: RowRefused) -> RefusedRow:
    return _fallen(row.row_number, Stage.READING, row.why, row.raw)


def _unbelieved(row: RowRead, why: Remark) -> RefusedRow:
    return _fallen(row.row_number, Stage.SCREENING, why, row.raw)


def _fallen(row_number: int, stage: Stage, why: Remark, raw: str) -> RefusedRow:
    return RefusedRow(id=new_id("row"), row_number=row_number, stage=stage, why=why, raw=kept_text(raw))
