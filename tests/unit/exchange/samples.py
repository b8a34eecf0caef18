"""Made-up files in the grammar of real ones: bulletins, notices, tables, workbooks."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook


def a_bulletin(
    listed: tuple[str, str] | None = ("1,250", "100,000.00"),
    block: tuple[str, str] | None = ("200,000", "15,800,000.00"),
    total: tuple[str, str] | None = ("201,250", "15,900,000.00"),
    *,
    later: bool = True,
    change: str = "上涨0.33%",
) -> str:
    """Return a bulletin of the later wording (the day's prices) or the older one (the listed trades' prices)."""
    prices = f"开盘价79.50元/吨,最高价81.00元/吨,最低价79.00元/吨,收盘价80.20元/吨,收盘价较前一日{change}。"
    quantities = []
    if listed is not None:
        quantities.append(f"挂牌协议交易成交量{listed[0]}吨,成交额{listed[1]}元")
    quantities.append("今日无大宗协议交易" if block is None else f"大宗协议交易成交量{block[0]}吨,成交额{block[1]}元")
    totals = "" if total is None else f"今日全国碳排放配额总成交量{total[0]}吨,总成交额{total[1]}元。"
    cumulative = "截至今日,全国碳市场碳排放配额累计成交量412,345,678吨,累计成交额23,456,789,012.34元。"
    if later:
        return f"今日全国碳市场综合价格行情为:{prices}今日{';'.join(quantities)}。{totals}{cumulative}"
    first, *rest = quantities
    return f"今日全国碳市场碳排放配额(CEA){first},{prices}{'。今日'.join(['', *rest])}。{totals}{cumulative}"


def full_width(text: str) -> str:
    """Return a text with its ASCII digits and punctuation in full width."""
    return "".join(chr(ord(each) + 0xFEE0) if each in "0123456789,.:;()%/" else each for each in text)


def csv_of(header: Sequence[str], rows: Iterable[Sequence[str]], encoding: str = "utf-8") -> bytes:
    """Return a table as CSV."""
    written = io.StringIO()
    csv.writer(written).writerows([header, *rows])
    return written.getvalue().encode(encoding)


def workbook_of(rows: Iterable[Sequence[Any]], *, title: str = "成交") -> bytes:
    """Return a table as a workbook with one sheet."""
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    return saved(book)


def saved(book: Workbook) -> bytes:
    """Return a workbook as bytes."""
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
