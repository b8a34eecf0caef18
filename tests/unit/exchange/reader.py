"""What every test of a reader does: read a file to its end."""

from domain.market.imports import FileFormat, FileReport, RowRead, RowRefused
from domain.ports.exchange import SentFile
from integrations.exchange.files import ExchangeFileReader


def read(
    content: bytes | str, form: str, file_name: str = "file", /, **defaults: str
) -> tuple[list[RowRead | RowRefused], FileReport]:
    """Return the rows of a file, and the report on it."""
    data = content.encode() if isinstance(content, str) else content
    reading = ExchangeFileReader().read(
        SentFile(content=data, format=FileFormat(form), name=file_name, defaults=defaults)
    )
    rows = list(reading.rows())
    return rows, reading.report()


def good(rows: list[RowRead | RowRefused]) -> list[RowRead]:
    """Return the rows that could be read."""
    return [row for row in rows if isinstance(row, RowRead)]


def codes(rows: list[RowRead | RowRefused]) -> list[tuple[int, str]]:
    """Return place and reason of the rows that could not be read."""
    return [(row.row_number, row.why.code) for row in rows if isinstance(row, RowRefused)]


def remarks(report: FileReport) -> set[str]:
    """Return the codes of what is said of the file."""
    return {remark.code for remark in report.remarks}
