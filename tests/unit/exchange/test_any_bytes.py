"""Any bytes give a report: never an exception, never more than the limits, and the numbers always add up."""

import io
import json
import zipfile
from datetime import date
from decimal import Decimal
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from api.trade_rows import sent_trade
from domain.market.imports import RAW_BYTES_MAX, FileFormat, FileReport, RowRead, RowRefused, kept_text
from integrations.exchange.reading import ROWS_MAX
from tests.builders import NOW
from tests.unit.exchange.reader import good, read
from tests.unit.exchange.samples import a_bulletin, csv_of, workbook_of
from tests.unit.exchange.test_notices import RESULT

EXAMPLES: Final = 60
HEADER: Final = ("日期", "成交价(元/吨)", "成交量(吨)", "成交额(万元)", "地点", "污染物")
SAMPLES: Final = {
    FileFormat.CEA_BULLETIN: (
        f"20241018{a_bulletin()}\n2024年10月21日\n{a_bulletin(block=None, total=None, later=False)}"
    ).encode(),
    FileFormat.AUCTION_NOTICE: (RESULT + "<table><tr><td>污染物</td><td>数量(t/a)</td></tr></table>").encode("gb18030"),
    FileFormat.CSV: csv_of(HEADER, [("2024-07-01", "1,5", '8"0', "1.5万", "湖北", "COD")] * 3),
    FileFormat.XLSX: workbook_of(
        [HEADER, (date(2024, 7, 1), 80, 10, 0.08, "湖北", "=1"), ("x", None, 1, "-", "", "COD")]
    ),
}

FORMATS = st.sampled_from(list(FileFormat))
CELLS = st.one_of(
    st.text(max_size=12),
    st.decimals(allow_nan=True).map(str),
    st.dates().map(str),
    st.sampled_from(["合计", '"', "=1", "-", "10万元", "4000元/吨·年", "４５", "COD", "\x00", "9" * 40, "1e9", "吨"]),
)


def check(rows: list[RowRead | RowRefused], report: FileReport) -> None:
    """Check what holds of every reading; what a row says must be storable."""
    assert report.rows_read == len(rows) == len(good(rows)) + report.rows_refused
    assert len(rows) <= ROWS_MAX
    assert [row.row_number for row in rows] == sorted({row.row_number for row in rows})
    assert report.failure is not None or rows or report.notices
    quantities: dict[str, Decimal] = {}
    for row in good(rows):
        told = json.dumps(row.row, ensure_ascii=False)
        assert "\\u0000" not in told
        told.encode()
        assert sent_trade("x", row.row, NOW).content_sha256
        if "quantity" in row.row:
            stated = dict(row.row["quantity"])  # type: ignore[call-overload]  # a quantity is a dictionary
            quantities[stated["unit"]] = quantities.get(stated["unit"], Decimal(0)) + Decimal(stated["amount"])
    assert dict(report.quantities) == quantities
    for kept in (kept_text(each.raw) for each in rows):
        assert len(kept.encode()) <= RAW_BYTES_MAX
        assert "\x00" not in kept
    for remark in (*report.remarks, *(each.why for each in rows if isinstance(each, RowRefused))):
        assert "\x00" not in remark.detail_zh + remark.detail_en
    assert "\\u0000" not in json.dumps(report.notices)


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=400), FORMATS)
def test_bytes_of_no_meaning(content: bytes, form: FileFormat) -> None:
    check(*read(content, form.value, "2024-01-01.txt"))


@settings(max_examples=EXAMPLES)
@given(FORMATS, st.data())
def test_a_good_file_with_something_cut_out_put_in_or_changed(form: FileFormat, data: st.DataObject) -> None:
    content = bytearray(SAMPLES[form])
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 30))
        content[start : start + length] = data.draw(st.binary(max_size=8))

    check(*read(bytes(content), form.value, instrument="carbon_allowance", kind="listed"))


@settings(max_examples=EXAMPLES)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=8), max_size=12), st.sampled_from(["utf-8", "gb18030"]))
def test_tables_of_strange_cells(rows: list[list[str]], encoding: str) -> None:
    content = "\n".join([",".join(HEADER), *(",".join(cells) for cells in rows)])

    check(*read(content.encode(encoding, "replace"), "csv", instrument="discharge_right", venue="x", division="330600"))


@settings(max_examples=EXAMPLES)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=8), max_size=6), st.booleans())
def test_notices_and_bulletins_of_strange_words(rows: list[list[str]], page: bool) -> None:
    between = "</td><td>" if page else "，"
    text = RESULT + "<tr><td>" * page + "\n".join(between.join(cells) for cells in rows)

    check(*read(text.encode("utf-8", "replace"), "auction_notice"))
    check(*read((a_bulletin() + text).encode("utf-8", "replace"), "cea_bulletin"))


@settings(max_examples=EXAMPLES)
@given(st.data())
def test_workbooks_whose_xml_was_tampered_with(data: st.DataObject) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(SAMPLES[FileFormat.XLSX])) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            member = old.read(name).decode()
            if name.endswith(("sheet1.xml", "workbook.xml", "workbook.xml.rels")):
                place = data.draw(st.integers(0, len(member)))
                piece = data.draw(
                    st.sampled_from(["<c>", "</row>", '<c r="ZZZ9" t="s"><v>7</v></c>', "&#0;", "<v>1e999</v>", "x"])
                )
                member = member[:place] + piece + member[place:]
            new.writestr(name, member)

    check(*read(written.getvalue(), "xlsx", instrument="carbon_allowance"))
