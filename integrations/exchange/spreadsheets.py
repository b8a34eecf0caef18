"""Spreadsheets: tables in CSV and XLSX, each of whose rows is a deal or a day's deals.

The subtle thing is what is left out. A cell that cannot be read refuses its row with the column's name; a cell that
says nothing leaves its field out, and the screening then says what is missing. Of a discharge right's price in 元/吨
the period is left out, since nobody can know whether it buys a year or the term. A row that has no number of its own is
known by its content, so the same row twice is one deal.

Source: contract section 4 (trade); the columns of public feeds of carbon markets.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Final

from domain.market.imports import Remark, RowRead, RowRefused
from integrations.exchange import delimited, workbooks
from integrations.exchange.columns import Cells, Table, header_of, merged_header_of, settled
from integrations.exchange.delimited import Record
from integrations.exchange.licences import HINT, forbids_publication
from integrations.exchange.numerals import amount_of, fold, scaled
from integrations.exchange.reading import CELL_CHARACTERS_MAX, YUAN, FileRefused, Findings
from integrations.exchange.table_rows import CellRefused, trade_row
from integrations.exchange.words import squeezed

HEADER_RECORDS: Final = 30
SAMPLE_RECORDS: Final = 50
TOTAL_WORDS: Final = frozenset({"合计", "总计", "共计", "total", "sum", "grandtotal"})
SUBTOTAL_WORDS: Final = frozenset({"小计", "本页小计", "本月小计", "subtotal"})

NO_HEADER: Final = FileRefused(
    "header_missing",
    f"前{HEADER_RECORDS}行中没有可识别的表头（须有日期列，并至少有成交价、成交量、成交额之一）。",
    f"no header is recognised in the first {HEADER_RECORDS} rows: a date and a price, quantity or amount must be named",
)
TOO_MANY_CELLS: Final = Remark(
    "column_count",
    "本行的列数多于表头；数字中的千位分隔符须加引号。",
    "the row has more columns than the header; figures with thousands separators need quotes",
)
TOO_LONG: Final = Remark(
    "cell_too_long",
    f"有单元格超过{CELL_CHARACTERS_MAX}个字符。",
    f"a cell has more than {CELL_CHARACTERS_MAX} characters",
)
FORMULA: Final = Remark(
    "formula_cell",
    "本行含有公式；公式不予计算，请粘贴为数值后再报送。",
    "the row holds a formula, which is never evaluated; paste it as a value and send the file again",
)

Defaults = Mapping[str, str]


def read_csv(content: bytes, defaults: Defaults, findings: Findings) -> Iterator[RowRead | RowRefused]:
    """Yield the rows of a CSV file; see `delimited` for what a broken line does, and `encodings` for its characters."""
    return _rows(delimited.records_of(content), defaults, findings)


def read_xlsx(content: bytes, defaults: Defaults, findings: Findings) -> Iterator[RowRead | RowRefused]:
    """Yield the rows of the first visible sheet of a workbook."""
    return _rows(workbooks.records_of(content, findings), defaults, findings)


def _rows(records: Iterator[Record], defaults: Defaults, findings: Findings) -> Iterator[RowRead | RowRefused]:
    table, first, header = _table(records, findings)
    sample = list(islice(records, SAMPLE_RECORDS))
    table = settled(table, [record.cells for record in sample if record.cells is not None], findings)
    for record in chain(first, sample, records):
        if record.cells is None:
            assert record.why is not None, "a record without cells says why"
            yield RowRefused(record.number, record.why, record.raw)
            continue
        if _is_aside(record.cells, table, header, findings):
            continue
        yield _row(record, record.cells, table, defaults, findings)


def _table(records: Iterator[Record], findings: Findings) -> tuple[Table, list[Record], Cells]:
    """Return the table, the broken records met before it, and its header; titles above it are passed over."""
    broken: list[Record] = []
    above: Cells | None = None
    for record in islice(records, HEADER_RECORDS):
        if record.cells is None:
            broken.append(record)
            continue
        _note_licence(record.raw, findings)
        table = header_of(record.cells) or (merged_header_of(above, record.cells) if above is not None else None)
        if table is not None:
            if not table.places.keys() & {"price", "quantity", "amount"}:
                raise FileRefused(
                    "announcement",
                    "表中只有起始价，是公告而不是成交；请按 auction_notice 报送。",
                    "the table offers lots at starting prices and is no list of deals; send it as auction_notice",
                )
            return table, broken, record.cells
        above = record.cells
    raise NO_HEADER


def _is_aside(cells: Cells, table: Table, header: Cells, findings: Findings) -> bool:
    """Tell whether a row is none of a deal: the header again, a total, or a note under the table."""
    filled = [cell for cell in cells if cell.strip()]
    if [cell.strip() for cell in cells] == [cell.strip() for cell in header]:
        findings.remark(
            "header_repeated", "表头在表中重复出现，已跳过。", "the header is repeated inside the table and was skipped"
        )
        return True
    word = squeezed(filled[0]).rstrip(":") if filled else ""
    if word in TOTAL_WORDS:
        _state_totals(cells, table, findings)
        return True
    if word in SUBTOTAL_WORDS:
        return True
    is_note = len(filled) == 1 and table.width > 1
    if is_note and (table.cell(cells, "traded_on") is None or not any(each.isdigit() for each in filled[0])):
        _note_licence(filled[0], findings)
        findings.remark("note_skipped", "表内的说明行已跳过。", "lines of notes were skipped")
        return True
    return False


def _state_totals(cells: Cells, table: Table, findings: Findings) -> None:
    for name, called in (("quantity", "quantity"), ("amount", YUAN)):
        text = table.cell(cells, name)
        figure = None if text is None else amount_of(text)
        if figure is None:
            continue
        if name == "amount" and "万" in table.units.get("amount", ""):
            figure = scaled(f"{figure:f}", "万") or figure
        findings.stated[called] = figure


def _note_licence(text: str, findings: Findings) -> None:
    if HINT in text and forbids_publication(fold(text)):
        findings.licence_notice = True
        findings.remark(
            "licence_notice",
            "文件声明未经同意不得发布，按受限许可入库。",
            "the file forbids publication; it is kept as restricted",
        )


def _row(record: Record, cells: Cells, table: Table, defaults: Defaults, findings: Findings) -> RowRead | RowRefused:
    if any(cell.strip() for cell in cells[table.width :]):
        return RowRefused(record.number, TOO_MANY_CELLS, record.raw)
    if any(len(cell) > CELL_CHARACTERS_MAX for cell in cells):
        return RowRefused(record.number, TOO_LONG, record.raw)
    named = {name: text for name in table.places if (text := table.cell(cells, name)) is not None}
    if any(text.startswith("=") for text in named.values()):
        return RowRefused(record.number, FORMULA, record.raw)
    try:
        row = trade_row(named, table, defaults, findings)
    except CellRefused as refusal:
        return RowRefused(record.number, refusal.why, record.raw)
    if "trade_no" not in row:
        row["trade_no"] = "row-" + _digest(row)
    return RowRead(record.number, row, record.raw)


def _digest(row: Mapping[str, object]) -> str:
    content = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.sha256(content).hexdigest()[:32]
