"""Workbooks: the same rows as openpyxl sees, from a stream, and none of the ways to fill the memory."""

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal

import pytest
from openpyxl import Workbook, load_workbook

from domain.market.imports import FileReport, RowRead, RowRefused
from integrations.exchange import workbooks
from integrations.exchange.reading import Findings
from tests.unit.exchange.reader import codes, good, read, remarks
from tests.unit.exchange.samples import saved, workbook_of

HEADER = ("日期", "成交价", "成交量", "成交额", "地点")
ROW = (date(2024, 7, 1), 80.25, 10, 802.5, "湖北")
SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def book(content: bytes) -> tuple[list[RowRead | RowRefused], FileReport]:
    return read(content, "xlsx", instrument="carbon_allowance", kind="listed")


def failure(content: bytes) -> str:
    rows, report = book(content)
    assert rows == []
    assert report.failure is not None
    return report.failure.code


def rewritten(content: bytes, **members: str | bytes) -> bytes:
    """Return a workbook with members replaced or added; a name is written with `__` for `/` and `_` for a dot."""
    changed = {name.replace("__", "/").replace("_xml", ".xml"): data for name, data in members.items()}
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changed:
                new.writestr(name, old.read(name))
        for name, data in changed.items():
            new.writestr(name, data)
    return written.getvalue()


def sheet(rows: str) -> str:
    return f"<worksheet {NAMESPACE}><sheetData>{rows}</sheetData></worksheet>"


HEAD = '<row r="1">' + "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in HEADER) + "</row>"


def test_a_workbook_is_read_like_its_csv() -> None:
    rows, report = book(workbook_of([HEADER, ROW]))

    row = good(rows)[0].row
    assert (row["traded_on"], row["venue"]) == ("2024-07-01", "湖北")
    assert row["price"]["amount"] == "80.250000"  # type: ignore[index]  # a price is a dictionary
    assert row["amount"] == {"amount": "802.50", "currency": "CNY"}
    assert (report.failure, remarks(report)) == (None, set())


def test_the_rows_are_those_that_openpyxl_sees() -> None:
    written: list[list[object]] = [
        ["标题"],
        [],
        list(HEADER),
        [1, 2.5, "三", None, "x"],
        ["a" * 300, 0.0625, 12345678.9, "=", ""],
        [None, None, 7],
    ]
    content = workbook_of(written)

    ours = [record.cells for record in workbooks.records_of(content, Findings()) if record.cells is not None]

    theirs = []
    for row in load_workbook(io.BytesIO(content), read_only=True).active.iter_rows(values_only=True):
        cells = [
            "" if value is None else f"{Decimal(f'{value:.15g}') if isinstance(value, float) else value}"
            for value in row
        ]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            theirs.append(cells)
    assert ours == theirs


def test_binary_noise_in_a_figure_is_taken_away() -> None:
    content = workbook_of([HEADER, (date(2024, 7, 1), 57.77, 0.1 + 0.2, 17.331, "湖北")])
    noisy = rewritten(
        content, xl__worksheets__sheet1_xml=_member(content, SHEET).replace("57.77", "57.770000000000003")
    )

    row = good(book(noisy)[0])[0].row

    assert row["price"]["amount"] == "57.770000"  # type: ignore[index]  # a price is a dictionary
    assert row["quantity"] == {"amount": "0.300000", "unit": "tCO2e"}


def test_days_are_serial_numbers_in_either_calendar_or_texts() -> None:
    rows = [HEADER, ROW, (datetime(2024, 7, 2, 15, 30), *ROW[1:]), ("2024/7/3", *ROW[1:]), (20240704, *ROW[1:])]  # noqa: DTZ001 - a cell has no zone
    assert [row.row["traded_on"] for row in good(book(workbook_of(rows))[0])] == [
        f"2024-07-0{day}" for day in range(1, 5)
    ]
    content = workbook_of([HEADER, (44012, *ROW[1:])])
    old_mac = rewritten(
        content,
        xl__workbook_xml=_member(content, "xl/workbook.xml").replace("<workbookPr />", '<workbookPr date1904="1"/>'),
    )

    assert good(book(old_mac)[0])[0].row["traded_on"] == "2024-07-01"


def test_a_formula_refuses_its_row_whatever_result_is_stored_beside_it() -> None:
    content = workbook_of([HEADER, ROW, (date(2024, 7, 2), 80, 10, "=B3*C3", "湖北")])
    stored = rewritten(
        content,
        xl__worksheets__sheet1_xml=_member(content, SHEET)
        .replace("<v />", "<v>800</v>")
        .replace("<v></v>", "<v>800</v>"),
    )

    for each in (content, stored):
        rows, _ = book(each)
        assert codes(rows) == [(3, "formula_cell")]
        assert len(good(rows)) == 1


def test_merged_cells_and_a_header_of_two_rows_are_read() -> None:
    made = Workbook()
    sheet_ = made.active
    for cells in (("日期", "成交情况", None, None, "地点"), (None, "成交价", "成交量", "成交额", None), ROW):
        sheet_.append(cells)
    sheet_.merge_cells("B1:D1")

    assert len(good(book(saved(made))[0])) == 1


def test_the_first_visible_sheet_is_read_and_the_others_are_named() -> None:
    made = Workbook()
    made.active.sheet_state = "hidden"
    made.active.append(("x",))
    shown = made.create_sheet("成交")
    for cells in (HEADER, ROW):
        shown.append(cells)

    rows, report = book(saved(made))

    assert len(good(rows)) == 1
    assert "first_sheet_only" in remarks(report)


def test_shared_strings_are_found_without_their_pronunciation_and_prefixes_do_not_matter() -> None:
    content = workbook_of([HEADER, ROW])
    strings = "<x:sst xmlns:x='u'><x:si><x:t>湖北</x:t><x:rPh><x:t>hubei</x:t></x:rPh></x:si></x:sst>"
    row = '<row r="2"><c><v>45474</v></c><c><v>80</v></c><c><v>1</v></c><c r="E2" t="s"><v>0</v></c></row>'
    shared = rewritten(content, xl__sharedStrings_xml=strings, xl__worksheets__sheet1_xml=sheet(HEAD + row))

    assert good(book(shared)[0])[0].row["venue"] == "湖北"


def test_empty_cells_far_to_the_right_cost_nothing_and_filled_ones_refuse_their_row() -> None:
    row = '<row r="2"><c r="A2"><v>45474</v></c><c r="B2"><v>80</v></c><c r="C2"><v>1</v></c><c r="XFD2" s="1"/></row>'
    wide = '<row r="3"><c r="XFD3"><v>1</v></c></row>'
    content = rewritten(workbook_of([HEADER]), xl__worksheets__sheet1_xml=sheet(HEAD + row + wide))

    rows, _ = book(content)

    assert len(good(rows)) == 1
    assert codes(rows) == [(3, "too_many_columns")]


def test_entities_and_document_types_are_refused() -> None:
    bomb = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
    for declaration in (f'<!DOCTYPE x [<!ENTITY a0 "x">{bomb}]>', '<!DOCTYPE x SYSTEM "file:///etc/passwd">'):
        content = rewritten(workbook_of([HEADER]), xl__worksheets__sheet1_xml=declaration + sheet(HEAD))
        assert failure(content) == "workbook_unreadable"


def test_a_member_that_unpacks_into_far_more_is_refused_before_it_is_unpacked() -> None:
    big = rewritten(workbook_of([HEADER, ROW]), xl__worksheets__sheet1_xml=sheet(HEAD + "<row/>" * 1_000_000))

    assert len(big) < 100_000
    assert failure(big) == "expands_too_much"


@pytest.mark.parametrize("member", ["xl__media__a_xml", "xl__sharedStrings_xml"])
def test_many_members_or_much_in_all_are_refused(member: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = rewritten(workbook_of([HEADER, ROW]), **{member: "x" * 5000})

    monkeypatch.setattr(workbooks, "EXPANDED_BYTES_MAX", 5000)
    assert failure(content) == "expands_too_much"
    monkeypatch.setattr(workbooks, "EXPANDED_BYTES_MAX", 1 << 30)
    monkeypatch.setattr(workbooks, "MEMBERS_MAX", 3)
    assert failure(content) == "expands_too_much"


def test_a_million_elements_more_than_any_sheet_has_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.exchange.sheets.ELEMENTS_MAX", 1000)
    content = rewritten(workbook_of([HEADER]), xl__worksheets__sheet1_xml=sheet(HEAD + "<row/>" * 1000))

    assert failure(content) == "sheet_too_large"


def test_a_deep_tree_is_given_up() -> None:
    content = rewritten(
        workbook_of([HEADER]), xl__worksheets__sheet1_xml=sheet(HEAD + "<a>" * 10_000 + "</a>" * 10_000)
    )

    assert failure(content) == "sheet_too_large"


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\x03\x04" + b"\x00" * 40, b"\xd0\xcf\x11\xe0" * 20, b"\x1f\x8b" * 30, b"a,b\n"]
)
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    assert failure(content) == "not_a_workbook"


def test_a_damaged_workbook_keeps_what_was_read() -> None:
    rows = [HEADER, *(ROW for _ in range(3000))]
    content = workbook_of(rows)
    text = _member(content, SHEET)
    cut = rewritten(content, xl__worksheets__sheet1_xml=text[: len(text) * 2 // 3])

    read_rows, report = book(cut)

    assert 1000 < len(good(read_rows)) < 3000
    assert report.failure is not None
    assert report.failure.code == "workbook_unreadable"


def test_a_workbook_without_its_parts_is_refused() -> None:
    for missing in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", SHEET):
        written = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(workbook_of([HEADER, ROW]))) as old, zipfile.ZipFile(written, "w") as new:
            for name in old.namelist():
                if name != missing:
                    new.writestr(name, old.read(name))
        assert failure(written.getvalue()) == "workbook_unreadable"


def _member(content: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as container:
        return container.read(name).decode()
