"""Rows of the exchanged files, in JSON lines or CSV, with the control file that says what a whole file is.

The subtle thing is when a file is whole: only its control file says so, which is written last and bears the number of
rows, the sum of their quantities and the digest of the exact bytes. A file without one is still on its way. All values
are texts; one that is absent is left out of a JSON line, and is an empty cell of a CSV file.

    orders-*    order_id kind registry_no holder_uscc quantity unit beneficiary contract_no expected_version
                registry_ref buyer buyer_permit_no new_beneficiary new_holder
    answers-*   order_id status (accepted|executed|refused) quantity unit registry_ref executed_at reason message
    rights-*    one row a right, the whole register at the end of a day: rights-2026-11-21.csv
    *.ok        {"file", "rows", "quantity_total", "sha256"}

Source: house format; no provincial registry's file interface is published.
"""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from domain.errors import InvalidDecimal
from domain.values.decimals import parse_decimal
from integrations.outbound.strict_json import Unreadable, read_object, write_object

ORDER_COLUMNS: Final = (
    "order_id",
    "kind",
    "registry_no",
    "holder_uscc",
    "quantity",
    "unit",
    "beneficiary",
    "contract_no",
    "expected_version",
    "registry_ref",
    "buyer",
    "buyer_permit_no",
    "new_beneficiary",
    "new_holder",
)
ANSWER_COLUMNS: Final = (
    "order_id",
    "status",
    "quantity",
    "unit",
    "registry_ref",
    "executed_at",
    "reason",
    "message",
)
RIGHT_COLUMNS: Final = (
    "registry_no",
    "permit_no",
    "holder_uscc",
    "holder_name",
    "instrument",
    "pollutant",
    "vintage",
    "quantity",
    "unit",
    "frozen",
    "origin",
    "acquisition_basis",
    "acquisition_amount",
    "acquired_on",
    "fee_paid_through",
    "tenure",
    "valid_from",
    "valid_to",
    "division",
    "status",
    "as_of",
    "version",
)
FORMATS: Final = ("jsonl", "csv")
FILE_BYTES_MAX: Final = 20 * 1024 * 1024
ROWS_MAX: Final = 200_000
CELL_LENGTH_MAX: Final = 500

Row = Mapping[str, str]


class FileRefused(ValueError):
    """Say why a whole file is refused; the argument is a code."""


def write_rows(rows: Sequence[Row], columns: Sequence[str], form: str) -> bytes:
    """Return a file's bytes; an absent value is an empty text."""
    full = [{name: row.get(name, "") for name in columns} for row in rows]
    if form == "jsonl":
        present = [{name: value for name, value in row.items() if value} for row in full]
        return b"".join(write_object(row) + b"\n" for row in present)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(full)
    return text.getvalue().encode()


def read_rows(content: bytes, columns: Sequence[str], form: str) -> list[Row]:
    """Return a file's rows.

    Raises:
        FileRefused: not text, another header, too many rows, or a line that is no row of these columns.
    """
    try:
        text = content.decode("utf-8")
        rows = _from_lines(content, columns) if form == "jsonl" else _from_csv(text, columns)
    except (UnicodeDecodeError, csv.Error, Unreadable) as error:
        raise FileRefused("file_malformed") from error
    if len(rows) > ROWS_MAX:
        raise FileRefused("too_many_rows")
    return rows


def quantity_total(rows: Sequence[Row]) -> str:
    """Return the exact sum of the quantities as the control file writes it; raises FileRefused."""
    try:
        total = sum((parse_decimal(row["quantity"]) for row in rows if row["quantity"]), Decimal(0))
    except InvalidDecimal as error:
        raise FileRefused("quantity_malformed") from error
    return f"{total:.6f}"


def write_control(name: str, content: bytes, rows: Sequence[Row]) -> bytes:
    """Return the control file of a file."""
    return write_object(
        {
            "file": name,
            "rows": len(rows),
            "quantity_total": quantity_total(rows),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    )


def check_control(control: bytes, name: str, content: bytes, rows: Sequence[Row]) -> None:
    """Return if a control file is this file's; raises FileRefused with what does not agree."""
    try:
        told = read_object(control)
        named, count = told.text("file"), told.integer("rows")
        total, digest = told.text("quantity_total"), told.text("sha256")
    except Unreadable as error:
        raise FileRefused("control_malformed") from error
    checks = {
        "control_of_another_file": named != name,
        "digest_mismatch": digest != hashlib.sha256(content).hexdigest(),
        "row_count_mismatch": count != len(rows),
        "quantity_total_mismatch": total != quantity_total(rows),
    }
    for code, wrong in checks.items():
        if wrong:
            raise FileRefused(code)


def _from_lines(content: bytes, columns: Sequence[str]) -> list[Row]:
    if content and not content.endswith(b"\n"):
        raise FileRefused("file_truncated")
    rows: list[Row] = []
    for line in content.splitlines():
        told = read_object(line)
        rows.append({name: told.optional_text(name, CELL_LENGTH_MAX) or "" for name in columns})
    return rows


def _from_csv(text: str, columns: Sequence[str]) -> list[Row]:
    if not text.endswith("\n"):
        raise FileRefused("file_truncated")
    reader = csv.reader(io.StringIO(text), strict=True)
    if next(reader, None) != list(columns):
        raise FileRefused("header_mismatch")
    rows: list[Row] = []
    for cells in reader:
        if len(cells) != len(columns) or any(len(cell) > CELL_LENGTH_MAX for cell in cells):
            raise FileRefused("file_malformed")
        rows.append(dict(zip(columns, cells, strict=True)))
    return rows
