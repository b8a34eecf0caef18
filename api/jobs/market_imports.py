"""Read the files of trades that were sent: a few hundred rows, a commit, and so on.

The bytes are read in a thread of their own, so that a large workbook keeps neither the worker's heartbeat nor its other
jobs waiting. Whoever crashes leaves an import that says how far it is; the next reads the file again from its start,
which gives the same rows, and passes over those that are done.
"""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

import structlog

from api.house import House
from api.trade_rows import sent_trade
from domain.market.imports import MarketImport, RowRead, RowRefused
from domain.ports.exchange import FileReading, SentFile
from domain.use_cases.import_trades import ROWS_A_TRANSACTION, finish_import, give_up_import, import_rows

ATTEMPTS_MAX: Final = 20
SECONDS_BETWEEN_ATTEMPTS: Final = 15

log: Final = structlog.get_logger("greenlien.jobs")


async def import_trades(house: House, import_id: str) -> None:
    """Read an import to its end, from wherever it is; nothing is done for one that is over."""
    async with house.open(None) as uow:
        imported = await uow.market_imports.find(import_id)
        if imported is None or imported.status.is_over:
            return
        content = await uow.market_imports.content(import_id)
    sent = SentFile(content=content, format=imported.format, name=imported.file_name, defaults=imported.defaults)
    reading = house.exchange.read(sent)
    rows = reading.rows()
    await asyncio.to_thread(_pass_over, rows, imported.rows_done)
    while batch := await asyncio.to_thread(_next_rows, rows):
        moved = await _take_in(house, imported, batch, reading)
        if moved is None:
            return
        imported = moved
    async with house.open(imported.actor) as uow:
        finished = await finish_import(uow, imported, reading.report(), house.now())
        await uow.commit()
    if finished is not None:
        log.info("import_finished", import_id=import_id, status=finished.status.value, rows=finished.rows_done)


async def give_up(house: House, import_id: str) -> None:
    """Write that an import came to nothing by a fault of ours."""
    async with house.open(None) as uow:
        await give_up_import(uow, import_id, house.now())
        await uow.commit()


async def _take_in(
    house: House, imported: MarketImport, batch: Sequence[RowRead | RowRefused], reading: FileReading
) -> MarketImport | None:
    async with house.open(imported.actor) as uow:
        moved = await import_rows(
            uow,
            imported,
            batch,
            house.now(),
            read_trade=sent_trade,
            rulebook=house.rulebook,
            licence_notice=reading.report().licence_notice,
        )
        await uow.commit()
        return moved


def _next_rows(rows: Iterator[RowRead | RowRefused]) -> list[RowRead | RowRefused]:
    return list(islice(rows, ROWS_A_TRANSACTION))


def _pass_over(rows: Iterator[RowRead | RowRefused], count: int) -> None:
    for _ in islice(rows, count):
        pass
