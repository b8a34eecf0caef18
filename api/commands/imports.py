"""`import`: what the product would make of a file of trades; nothing is stored, and no database is needed.

A bank tries its own spreadsheets here before it sends the first of them. Trades are read and not judged: whether a
price may be believed depends on what else is known.
"""

import argparse
import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from api import wiring
from api.bodies import UPLOAD_BYTES_MAX
from domain.market.imports import FileReport, Remark, RowRead, RowRefused, kept_text
from domain.market.trades import TradeKind
from domain.ports.exchange import SentFile
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.price import Period
from domain.values.quantity import Unit

DEFAULTS: Final[Mapping[str, type[StrEnum] | None]] = MappingProxyType(
    {
        "division": None,
        "venue": None,
        "instrument": Instrument,
        "pollutant": Pollutant,
        "kind": TradeKind,
        "unit": Unit,
        "per_period": Period,
        "term_years": None,
    }
)
"""What may be said for a file that lacks such a column, and of which words."""
ROWS_SHOWN: Final = 20


def show(arguments: argparse.Namespace) -> int:
    """Print the report on a file as JSON; exit 1 where the file could not be read to its end."""
    file: Path = arguments.file
    if not file.is_file() or file.stat().st_size > UPLOAD_BYTES_MAX:
        print(f"{file.name}: no file of at most {UPLOAD_BYTES_MAX >> 20} MiB")
        return 1
    said = {name: str(value) for name in DEFAULTS if (value := getattr(arguments, name)) is not None}
    reading = wiring.ExchangeFileReader().read(
        SentFile(content=file.read_bytes(), format=arguments.format, name=file.name, defaults=said)
    )
    shown: list[RowRead] = []
    refused: list[RowRefused] = []
    for row in reading.rows():
        if isinstance(row, RowRefused):
            refused.append(row)
        elif len(shown) < ROWS_SHOWN:
            shown.append(row)
    print(json.dumps(_told(reading.report(), shown, refused), ensure_ascii=False, indent=2))
    return 0 if reading.report().failure is None else 1


def _told(report: FileReport, shown: list[RowRead], refused: list[RowRefused]) -> dict[str, object]:
    return {
        "rows_read": report.rows_read,
        "rows_refused": report.rows_refused,
        "quantities": {unit: f"{amount:f}" for unit, amount in report.quantities.items()},
        "amount": f"{report.amount:f}",
        "stated": {name: f"{amount:f}" for name, amount in report.stated.items()},
        "licence_notice": report.licence_notice,
        "failure": None if report.failure is None else _remark(report.failure),
        "remarks": [_remark(remark) for remark in report.remarks],
        "notices": [dict(notice) for notice in report.notices],
        "first_rows": [{"row": row.row_number, "trade": dict(row.row)} for row in shown],
        "refused": [{"row": row.row_number, **_remark(row.why), "raw": kept_text(row.raw)} for row in refused],
    }


def _remark(remark: Remark) -> dict[str, str]:
    return {"code": remark.code, "zh": remark.detail_zh, "en": remark.detail_en}
