"""How imports are told on the wire."""

from collections.abc import Mapping
from decimal import Decimal

from api.answers.rights import instant
from domain.market.imports import ImportTotals, MarketImport, RefusedRow, Remark
from domain.values.decimals import round_half_even


def import_answer(imported: MarketImport, *, chinese: bool) -> dict[str, object]:
    """Return an import without its refused rows."""
    return {
        "id": imported.id,
        "status": imported.status.value,
        "source": imported.source,
        "feed": imported.feed,
        "format": imported.format.value,
        "licence": imported.licence.value,
        "shared": imported.is_shared,
        "defaults": dict(imported.defaults),
        "file": {"name": imported.file_name, "sha256": imported.file_sha256, "size_bytes": imported.size_bytes},
        "rows_done": imported.rows_done,
        "totals": _totals(imported.totals),
        "remarks": [_remark(remark, chinese=chinese) for remark in imported.remarks],
        "notices": [dict(notice) for notice in imported.notices],
        "failure": None if imported.failure is None else _remark(imported.failure, chinese=chinese),
        "created_at": instant(imported.created_at),
        "finished_at": None if imported.finished_at is None else instant(imported.finished_at),
    }


def refused_row_answer(row: RefusedRow, *, chinese: bool) -> dict[str, object]:
    """Return a row that is no evidence."""
    return {
        "id": row.id,
        "row": row.row_number,
        "stage": row.stage.value,
        **_remark(row.why, chinese=chinese),
        "raw": row.raw,
    }


def _totals(totals: ImportTotals) -> Mapping[str, object]:
    return {
        "rows_read": totals.rows_read,
        "rows_accepted": totals.accepted,
        "rows_duplicate": totals.duplicates,
        "rows_quarantined": totals.quarantined,
        "rows_refused": totals.refused,
        "quantities": [{"amount": _places(amount, 6), "unit": unit} for unit, amount in totals.quantities.items()],
        "amount": {"amount": _places(totals.amount, 2), "currency": "CNY"} if totals.amount else None,
        "stated": [{"name": name, "amount": _places(amount, 6)} for name, amount in totals.stated.items()],
    }


def _remark(remark: Remark, *, chinese: bool) -> dict[str, str]:
    return {"code": remark.code, "detail": remark.detail_zh if chinese else remark.detail_en}


def _places(amount: Decimal, places: int) -> str:
    return f"{round_half_even(amount, places):f}"
