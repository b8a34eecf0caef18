"""Workbooks: the first visible sheet of an XLSX file, row by row, without ever building a tree of it.

The subtle thing is what a small file may become. The container is judged by its directory before anything is unpacked;
the XML is read as a stream of events with document types forbidden, so that neither entities nor a hundred million
empty elements fill the memory; and a formula is never evaluated, nor is the result that somebody stored beside it
believed: its cell is the formula's own text behind `=`, which no reader takes for a figure.

Source: ECMA-376 part 1, chapters 18.2 (workbook), 18.3 (sheets) and 18.4 (shared strings); APPNOTE.TXT 6.3 (ZIP).
"""

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final
from xml.sax import SAXException

from integrations.exchange.delimited import TOO_MANY_COLUMNS, Record
from integrations.exchange.reading import FileRefused, Findings
from integrations.exchange.sheets import Relations, SheetRows, Strings, Workbook, events_of

MEMBERS_MAX: Final = 200
DIRECTORY_BYTES_MAX: Final = 64 << 10
EXPANDED_BYTES_MAX: Final = 100 << 20
SMALL_MEMBER_BYTES: Final = 4 << 20
RATIO_MAX: Final = 50
"""How much larger than packed a member may be, once it is not small; deflate can reach a thousand."""
PLAIN_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

WORKBOOK: Final = "xl/workbook.xml"
RELATIONS: Final = "xl/_rels/workbook.xml.rels"
STRINGS: Final = "xl/sharedStrings.xml"

_END: Final = struct.Struct("<4s4H2LH")
_END_MARK: Final = b"PK\x05\x06"
_ZIP64_LOCATOR: Final = b"PK\x06\x07"
_ZIP64_LOCATOR_BYTES: Final = 20
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    SAXException,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What the libraries raise for a file that is not what it claims to be; DefusedXmlException is a ValueError."""


def records_of(content: bytes, findings: Findings) -> Iterator[Record]:
    """Yield the rows that are not empty, each with its number in the sheet, its cells as text, `=` before a formula.

    Raises:
        FileRefused: no XLSX file, a damaged one, or one that would unpack into more than we take.
    """
    try:
        with _opened(content) as container:
            book = Workbook()
            events_of(container, WORKBOOK, book)
            strings = Strings()
            if STRINGS in container.namelist():
                events_of(container, STRINGS, strings)
            member = _sheet_member(container, book, findings)
            findings.since_1904 = book.since_1904
            rows = SheetRows(strings.texts)
            for number, cells, is_too_wide in rows.read(container, member):
                raw = "\t".join(cells)
                if is_too_wide:
                    yield Record(number, None, raw, TOO_MANY_COLUMNS)
                elif any(cell.strip() for cell in cells):
                    yield Record(number, cells, raw)
    except _BROKEN as error:
        raise FileRefused(
            "workbook_unreadable",
            "文件不是完整的 XLSX 工作簿，或含有不被接受的内容（如外部实体）。",
            "the file is no intact XLSX workbook, or holds what is not accepted, such as entities",
        ) from error


def _opened(content: bytes) -> zipfile.ZipFile:
    """Return the container, its directory judged before the library reads it."""
    if len(content) < _END.size or not content.startswith(b"PK\x03\x04"):
        raise _not_a_workbook()
    mark, _, _, _, entries, directory_bytes, _, comment_bytes = _END.unpack(content[-_END.size :])
    locator = content[-_END.size - _ZIP64_LOCATOR_BYTES : -_END.size]
    if mark != _END_MARK or comment_bytes or locator.startswith(_ZIP64_LOCATOR):
        raise _not_a_workbook()
    if entries > MEMBERS_MAX or directory_bytes > DIRECTORY_BYTES_MAX:
        raise _bomb()
    container = zipfile.ZipFile(BytesIO(content))
    members = container.infolist()
    if len(members) > MEMBERS_MAX or sum(member.file_size for member in members) > EXPANDED_BYTES_MAX:
        raise _bomb()
    for member in members:
        if member.file_size > max(SMALL_MEMBER_BYTES, RATIO_MAX * member.compress_size):
            raise _bomb()
        if member.compress_type not in PLAIN_METHODS or member.flag_bits & 1:
            raise _not_a_workbook()
    return container


def _sheet_member(container: zipfile.ZipFile, book: Workbook, findings: Findings) -> str:
    """Return the member of the first visible sheet."""
    relations = Relations()
    events_of(container, RELATIONS, relations)
    visible = [sheet for sheet in book.sheets if not sheet.hidden]
    if not visible:
        raise FileRefused("no_sheet", "工作簿中没有可见的工作表。", "the workbook has no visible sheet")
    if len(book.sheets) > 1:
        findings.remark(
            "first_sheet_only",
            f"工作簿有{len(book.sheets)}个工作表，只读取第一个可见的工作表。",
            f"the workbook has {len(book.sheets)} sheets, and only the first visible one is read",
        )
    target = relations.targets[visible[0].relation]
    return posixpath.normpath(target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target))


def _not_a_workbook() -> FileRefused:
    return FileRefused(
        "not_a_workbook",
        "文件不是 XLSX 工作簿（或已加密）；XLS 请先另存为 XLSX。",
        "the file is no XLSX workbook, or is encrypted; save an XLS file as XLSX first",
    )


def _bomb() -> FileRefused:
    return FileRefused(
        "expands_too_much",
        f"工作簿解压后过大（上限{EXPANDED_BYTES_MAX >> 20} MiB，压缩比上限{RATIO_MAX}）。",
        f"the workbook unpacks into too much: at most {EXPANDED_BYTES_MAX >> 20} MiB and {RATIO_MAX} times its size",
    )
