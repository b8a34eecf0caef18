"""Tables for the tests of CSV: ordinary days, and what becomes of them."""

from collections.abc import Mapping
from typing import Any

from domain.market.imports import FileReport, RowRead, RowRefused
from tests.unit.exchange.reader import good, read
from tests.unit.exchange.samples import csv_of

ALLOWANCES: Mapping[str, str] = {"instrument": "carbon_allowance", "kind": "listed"}
RIGHTS: Mapping[str, str] = {"instrument": "discharge_right", "division": "330600", "venue": "某中心"}
HEADER = ("日期", "成交价", "成交量", "成交额", "地点")


def days(count: int) -> list[tuple[str, ...]]:
    """Return so many days of trading in Hubei."""
    return [(f"2024-07-{day:02d}", "80.00", str(day * 10), f"{day * 800}.00", "湖北") for day in range(1, count + 1)]


def table(content: bytes | str, **defaults: str) -> tuple[list[RowRead | RowRefused], FileReport]:
    """Read a table of allowances."""
    return read(content, "csv", **{**ALLOWANCES, **defaults})


def rows_of(content: bytes | str, **defaults: str) -> list[dict[str, Any]]:
    """Read a table of allowances and return its good rows."""
    return [dict(row.row) for row in good(table(content, **defaults)[0])]


def right(header: str, *cells: str, **defaults: str) -> dict[str, Any]:
    """Return the row of a discharge right that a table of one line gives."""
    rows, _ = read(csv_of(header.split("|"), [cells]), "csv", **{**RIGHTS, **defaults})
    return dict(good(rows)[0].row)
