"""Imports: the file in parts, how far it is read, and its refused rows."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, and_, insert, select, tuple_, update

from domain.market.imports import (
    FileFormat,
    ImportStatus,
    ImportTotals,
    Licence,
    MarketImport,
    RefusedRow,
    Remark,
    Stage,
)
from domain.values.actors import Role
from integrations.database.connection import Connection
from integrations.database.tables import MARKET_IMPORT_PARTS, MARKET_IMPORT_REFUSALS, MARKET_IMPORTS


class DatabaseMarketImports:
    """Keep imports."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, imported: MarketImport, parts: Sequence[bytes]) -> None:
        """Write an import with its file; each part is a statement of its own, so that none is large."""
        written = {"id": imported.id, "created_at": imported.created_at, **_sent(imported), **_moving(imported)}
        await self._connection.execute(insert(MARKET_IMPORTS).values(written))
        for place, content in enumerate(parts):
            part = {"import_id": imported.id, "place": place, "sent_by": imported.sent_by, "content": content}
            await self._connection.execute(insert(MARKET_IMPORT_PARTS).values(part))

    async def find(self, import_id: str) -> MarketImport | None:
        """Return one of the caller's, none otherwise."""
        wanted = select(MARKET_IMPORTS).where(MARKET_IMPORTS.c.id == import_id)
        row = (await self._connection.execute(wanted)).first()
        return None if row is None else _imported(row)

    async def lock(self, import_id: str) -> MarketImport | None:
        """Return one and keep others from moving it meanwhile."""
        wanted = select(MARKET_IMPORTS).where(MARKET_IMPORTS.c.id == import_id).with_for_update()
        row = (await self._connection.execute(wanted)).first()
        return None if row is None else _imported(row)

    async def content(self, import_id: str) -> bytes:
        """Return the file."""
        part = MARKET_IMPORT_PARTS
        wanted = select(part.c.content).where(part.c.import_id == import_id).order_by(part.c.place)
        return b"".join((await self._connection.execute(wanted)).scalars())

    async def update(self, imported: MarketImport) -> None:
        """Write how far it is."""
        changed = update(MARKET_IMPORTS).where(MARKET_IMPORTS.c.id == imported.id).values(_moving(imported))
        await self._connection.execute(changed)

    async def add_refused(self, imported: MarketImport, rows: Sequence[RefusedRow]) -> None:
        """Write refused rows."""
        if not rows:
            return
        written = [
            {
                "id": row.id,
                "import_id": imported.id,
                "sent_by": imported.sent_by,
                "row_number": row.row_number,
                "stage": row.stage.value,
                "code": row.why.code,
                "detail_zh": row.why.detail_zh,
                "detail_en": row.why.detail_en,
                "raw": row.raw,
            }
            for row in rows
        ]
        await self._connection.execute(insert(MARKET_IMPORT_REFUSALS), written)

    async def page(self, after: str | None, limit: int) -> Sequence[MarketImport]:
        """Return the caller's imports, newest first."""
        table = MARKET_IMPORTS
        wanted = select(table).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
        if after is not None:
            last = select(table.c.created_at, table.c.id).where(table.c.id == after)
            wanted = wanted.where(tuple_(table.c.created_at, table.c.id) < last.scalar_subquery())
        return [_imported(row) for row in (await self._connection.execute(wanted)).all()]

    async def refused(self, import_id: str, after: str | None, limit: int) -> Sequence[RefusedRow]:
        """Return an import's refused rows in the order of the file."""
        table = MARKET_IMPORT_REFUSALS
        wanted = select(table).where(table.c.import_id == import_id).order_by(table.c.row_number).limit(limit)
        if after is not None:
            last = select(table.c.row_number).where(and_(table.c.id == after, table.c.import_id == import_id))
            wanted = wanted.where(table.c.row_number > last.scalar_subquery())
        return [
            RefusedRow(
                id=row.id,
                row_number=row.row_number,
                stage=Stage(row.stage),
                why=Remark(row.code, row.detail_zh, row.detail_en),
                raw=row.raw,
            )
            for row in (await self._connection.execute(wanted)).all()
        ]


def _sent(imported: MarketImport) -> dict[str, object]:
    return {
        "sent_by": imported.sent_by,
        "client_id": imported.client_id,
        "role": imported.role.value,
        "source": imported.source,
        "feed": imported.feed,
        "format": imported.format.value,
        "defaults": dict(imported.defaults),
        "file_name": imported.file_name,
        "file_sha256": imported.file_sha256,
        "size_bytes": imported.size_bytes,
    }


def _moving(imported: MarketImport) -> dict[str, object]:
    totals = imported.totals
    return {
        "licence": imported.licence.value,
        "status": imported.status.value,
        "rows_done": imported.rows_done,
        "totals": {
            "accepted": totals.accepted,
            "duplicates": totals.duplicates,
            "quarantined": totals.quarantined,
            "refused": totals.refused,
            "quantities": _texts(totals.quantities),
            "amount": f"{totals.amount:f}",
            "stated": _texts(totals.stated),
        },
        "remarks": [_told(remark) for remark in imported.remarks],
        "notices": [dict(notice) for notice in imported.notices],
        "failure": None if imported.failure is None else _told(imported.failure),
        "updated_at": imported.updated_at,
        "finished_at": imported.finished_at,
    }


def _imported(row: Row[Any]) -> MarketImport:
    totals = row.totals
    return MarketImport(
        id=row.id,
        sent_by=row.sent_by,
        client_id=row.client_id,
        role=Role(row.role),
        source=row.source,
        feed=row.feed,
        format=FileFormat(row.format),
        licence=Licence(row.licence),
        defaults=row.defaults,
        file_name=row.file_name,
        file_sha256=row.file_sha256,
        size_bytes=row.size_bytes,
        status=ImportStatus(row.status),
        rows_done=row.rows_done,
        totals=ImportTotals(
            accepted=totals["accepted"],
            duplicates=totals["duplicates"],
            quarantined=totals["quarantined"],
            refused=totals["refused"],
            quantities=_decimals(totals["quantities"]),
            amount=Decimal(totals["amount"]),
            stated=_decimals(totals["stated"]),
        ),
        remarks=tuple(Remark(**remark) for remark in row.remarks),
        notices=tuple(row.notices),
        failure=None if row.failure is None else Remark(**row.failure),
        created_at=row.created_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
    )


def _told(remark: Remark) -> dict[str, str]:
    return {"code": remark.code, "detail_zh": remark.detail_zh, "detail_en": remark.detail_en}


def _texts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: f"{amount:f}" for name, amount in amounts.items()}


def _decimals(texts: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(text) for name, text in texts.items()}
