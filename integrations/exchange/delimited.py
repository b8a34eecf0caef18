r"""Delimited text: CSV cut into records, one broken record at a time.

The subtle thing is a quote that is never closed. To a reader of CSV it turns the rest of the file into one field, and
a thousand rows disappear without a word. So a quoted field may go on over line ends only for a few lines, only if none
of these lines looks like a record by itself, and only if the record that results has as many fields as the others.
Otherwise the line where the quote opened is refused, and reading goes on with the line below it.

Source: RFC 4180; OWASP ASVS 5.0 chapter 1.5.

>>> [record.cells for record in records_of(b'a,b\n"x, y",2\n"oh,3\n4,5')]
[['a', 'b'], ['x, y', '2'], None, ['4', '5']]
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from domain.market.imports import Remark
from integrations.exchange.encodings import lines_of
from integrations.exchange.reading import COLUMNS_MAX

DELIMITERS: Final = (",", "\t", ";", "|")
LINES_OF_ONE_FIELD_MAX: Final = 10
HEADER_LINES: Final = 30
QUOTE: Final = '"'

UNDECODABLE: Final = Remark(
    "encoding_error",
    "本行不是文件其余部分所用的编码，或超过64 KiB。",
    "the line is not in the encoding of the rest of the file, or is longer than 64 KiB",
)
UNCLOSED_QUOTE: Final = Remark(
    "unclosed_quote",
    "本行有未闭合的双引号；已跳过本行，后续各行照常读取。",
    "a quote is opened and not closed; the line is left out and the lines after it are read",
)
STRAY_QUOTE: Final = Remark(
    "stray_quote", "双引号之后还有其他字符。", "there is text after a closing quote and before the next field"
)
TOO_MANY_COLUMNS: Final = Remark(
    "too_many_columns", f"本行超过{COLUMNS_MAX}列。", f"the line has more than {COLUMNS_MAX} columns"
)


@dataclass(frozen=True, slots=True)
class Record:
    """A line, or the few lines of one record: its cells, none where it cannot be read, and why."""

    number: int
    cells: list[str] | None
    raw: str
    why: Remark | None = None


Line = tuple[int, str | None]


def records_of(content: bytes) -> Iterator[Record]:
    """Yield the records that are not empty, each with the number of its first line."""
    lines = _Lines(lines_of(content))
    delimiter = _delimiter_of(lines.peek(HEADER_LINES))
    width = 0
    while (line := lines.take()) is not None:
        number, text = line
        if text is None:
            yield Record(number, None, "", UNDECODABLE)
            continue
        if not text.strip() or not text.strip(delimiter + " \t"):
            continue
        record = _record(number, text, delimiter, lines, width)
        if record.cells is not None:
            width = max(width, len(record.cells))
        yield record


class _Lines:
    """Lines with a view ahead."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._ahead: list[Line] = []

    def take(self) -> Line | None:
        if self._ahead:
            return self._ahead.pop(0)
        return next(self._lines, None)

    def peek(self, count: int) -> list[Line]:
        while len(self._ahead) < count and (line := next(self._lines, None)) is not None:
            self._ahead.append(line)
        return self._ahead[:count]


def _record(number: int, text: str, delimiter: str, lines: _Lines, width: int) -> Record:
    cells, is_open, is_stray = _split(text, delimiter)
    if not is_open:
        if is_stray:
            return Record(number, None, text, STRAY_QUOTE)
        if len(cells) > COLUMNS_MAX:
            return Record(number, None, text, TOO_MANY_COLUMNS)
        return Record(number, cells, text)
    joined = text
    for count, (_, further) in enumerate(lines.peek(LINES_OF_ONE_FIELD_MAX), start=1):
        if further is None:
            break
        joined += "\n" + further
        cells, is_open, is_stray = _split(joined, delimiter)
        if not is_open and not is_stray and len(cells) == width:
            for _ in range(count):
                lines.take()
            return Record(number, cells, joined)
        if is_stray or not is_open or further.count(delimiter) >= max(width - 1, 1):
            break
    return Record(number, None, text, UNCLOSED_QUOTE)


def _split(text: str, delimiter: str) -> tuple[list[str], bool, bool]:
    """Return the cells of a record, whether its last quote is open, and whether a quote stands where none may."""
    cells: list[str] = []
    position, stray = 0, False
    while True:
        rest = text[position:].lstrip(" ") if text.startswith(" ", position) else None
        if rest is not None and rest.startswith(QUOTE):
            position = len(text) - len(rest)
        if text.startswith(QUOTE, position):
            cell, position, closed = _quoted(text, position + 1)
            if not closed:
                return [*cells, cell], True, stray
            end = text.find(delimiter, position)
            end = len(text) if end < 0 else end
            stray = stray or bool(text[position:end].strip())
        else:
            end = text.find(delimiter, position)
            end = len(text) if end < 0 else end
            cell = text[position:end]
        cells.append(cell)
        if end == len(text) or len(cells) > COLUMNS_MAX:
            return cells, False, stray
        position = end + len(delimiter)


def _quoted(text: str, start: int) -> tuple[str, int, bool]:
    """Return a quoted cell that begins at `start`, where it ends, and whether it does."""
    pieces: list[str] = []
    while (end := text.find(QUOTE, start)) >= 0:
        if not text.startswith(QUOTE, end + 1):
            return "".join((*pieces, text[start:end])), end + 1, True
        pieces.append(text[start : end + 1])
        start = end + 2
    return "".join((*pieces, text[start:])), len(text), False


def _delimiter_of(lines: list[Line]) -> str:
    """Return the delimiter that stands most often in the line that has most of one, a comma where there is none."""
    counts = [(text.count(each), -place, each) for _, text in lines if text for place, each in enumerate(DELIMITERS)]
    most = max(counts, default=(0, 0, ","))
    return most[2] if most[0] else ","
