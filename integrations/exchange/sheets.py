"""The XML inside a workbook, as a stream of events: its sheets, its strings, and the rows of one sheet.

Element names are compared without their prefix, because some writers put one before every name. What is counted here
is what costs: elements, strings and characters, however small the file was.

Source: ECMA-376 part 1, chapters 18.2, 18.3 and 18.4.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.expatreader import DefusedExpatParser

from integrations.exchange.reading import CELL_CHARACTERS_MAX, COLUMNS_MAX, FileRefused

CHUNK_BYTES: Final = 64 << 10
ELEMENTS_MAX: Final = 12_000_000
STRINGS_MAX: Final = 1_000_000
STRING_CHARACTERS_MAX: Final = 40_000_000
DEPTH_MAX: Final = 32
ROWS_OF_A_SHEET: Final = 1_048_576
COLUMN_LETTERS_MAX: Final = 3

_TRUTHS: Final = frozenset({"1", "true", "on"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook, by the relation that leads to it."""

    relation: str
    hidden: bool


class Counted(ContentHandler):
    """A handler of events that gives up on a document with more elements than any honest one, or too deep a tree."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        super().__init__()
        self._elements = self._depth = 0

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - SAX's name
        """Count an element and hand it on without its prefix."""
        self._elements += 1
        self._depth += 1
        if self._elements > ELEMENTS_MAX or self._depth > DEPTH_MAX:
            raise _too_much()
        self.begin(name.rpartition(":")[2], attrs)

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX's name
        """Hand the end of an element on without its prefix."""
        self._depth -= 1
        self.end(name.rpartition(":")[2])

    def begin(self, name: str, attributes: AttributesImpl) -> None:
        """Take the beginning of an element."""

    def end(self, name: str) -> None:
        """Take the end of an element."""


class Workbook(Counted):
    """The workbook itself: its sheets in order, and from which year its serial dates count."""

    def __init__(self) -> None:
        """Begin with no sheet."""
        super().__init__()
        self.sheets: list[Sheet] = []
        self.since_1904 = False

    def begin(self, name: str, attributes: AttributesImpl) -> None:
        """Take a sheet, or the calendar."""
        if name == "workbookPr":
            self.since_1904 = attributes.get("date1904", "").lower() in _TRUTHS
        elif name == "sheet":
            relation = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            self.sheets.append(Sheet(relation, attributes.get("state", "visible") != "visible"))


class Relations(Counted):
    """Where the workbook's relations lead."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.targets: dict[str, str] = {}

    def begin(self, name: str, attributes: AttributesImpl) -> None:
        """Take a relation."""
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            self.targets[attributes["Id"]] = attributes["Target"]


class Texts(Counted):
    """A handler that gathers the text of chosen elements, up to the length of a cell."""

    def __init__(self) -> None:
        """Begin outside any text."""
        super().__init__()
        self._pieces: list[str] = []
        self._length = 0
        self._gathers = False

    def characters(self, content: str) -> None:
        """Take text where it is wanted; one character beyond the limit is enough to see that it is too long."""
        if self._gathers and self._length <= CELL_CHARACTERS_MAX:
            self._pieces.append(content[: CELL_CHARACTERS_MAX + 1 - self._length])
            self._length += len(self._pieces[-1])

    def taken(self) -> str:
        """Return what was gathered, and forget it."""
        text = "".join(self._pieces)
        self._pieces.clear()
        self._length = 0
        return text


class Strings(Texts):
    """The strings that cells point at; the pronunciation of a word is not part of it."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.texts: list[str] = []
        self._characters = 0
        self._in_phonetic = False

    def begin(self, name: str, attributes: AttributesImpl) -> None:  # noqa: ARG002 - the shape of every handler
        """Take the beginning of a string or of its text."""
        if name == "rPh":
            self._in_phonetic = True
        self._gathers = name == "t" and not self._in_phonetic

    def end(self, name: str) -> None:
        """Take the end of a string."""
        self._gathers = False
        if name == "rPh":
            self._in_phonetic = False
        elif name == "si":
            text = self.taken()
            self._characters += len(text)
            if len(self.texts) == STRINGS_MAX or self._characters > STRING_CHARACTERS_MAX:
                raise _too_much()
            self.texts.append(text)


class SheetRows(Texts):
    """The rows of a sheet; those that are complete wait in `ready`."""

    def __init__(self, strings: list[str]) -> None:
        """Begin before the first row, with the workbook's strings."""
        super().__init__()
        self._strings = strings
        self._ready: list[tuple[int, list[str], bool]] = []
        self._row = self._column = 0
        self._cells: list[str] = []
        self._kind, self._value = "n", ""
        self._formula: str | None = None
        self._too_wide = False

    def read(self, container: zipfile.ZipFile, member: str) -> Iterator[tuple[int, list[str], bool]]:
        """Yield each row's number, cells, and whether it has more columns than we take (the rest is left out)."""
        parser = _parser(self)
        with container.open(member) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                parser.feed(chunk)
                yield from self._ready
                self._ready.clear()
        parser.close()
        yield from self._ready

    def begin(self, name: str, attributes: AttributesImpl) -> None:
        """Take the beginning of a row, a cell, or a text in it."""
        if name == "c":
            self._column = _column_of(attributes.get("r", ""), self._column + 1)
            self._kind, self._value, self._formula = attributes.get("t", "n"), "", None
        elif name == "row":
            number = attributes.get("r", "")
            self._row = int(number) if number.isdecimal() and int(number[:8]) > self._row else self._row + 1
            self._column, self._cells, self._too_wide = 0, [], False
            if self._row > ROWS_OF_A_SHEET:
                raise _too_much()
        self._gathers = name in {"v", "f", "t"}

    def end(self, name: str) -> None:
        """Take the end of a text, a cell or a row."""
        self._gathers = False
        if name == "f":
            self._formula = "=" + self.taken()
        elif name in {"v", "t"}:
            self._value += self.taken()
        elif name == "c":
            self._keep(self._text_of_cell())
        elif name == "row":
            self._ready.append((self._row, self._cells, self._too_wide))

    def _text_of_cell(self) -> str:
        if self._formula is not None:
            return self._formula
        value = self._value
        if self._kind == "s":
            return self._strings[int(value)] if value.isdecimal() and int(value[:8]) < len(self._strings) else "#REF!"
        return _plain(value) if self._kind == "n" else value

    def _keep(self, text: str) -> None:
        if not text:
            return
        if self._column > COLUMNS_MAX:
            self._too_wide = True
            return
        self._cells += [""] * (self._column - len(self._cells))
        self._cells[self._column - 1] = text


def events_of(container: zipfile.ZipFile, member: str, handler: ContentHandler) -> None:
    """Send a member through a handler, a piece at a time."""
    parser = _parser(handler)
    with container.open(member) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            parser.feed(chunk)
    parser.close()


def _parser(handler: ContentHandler) -> DefusedExpatParser:
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setContentHandler(handler)
    return parser


def _column_of(reference: str, following: int) -> int:
    """Return the column that a reference such as AB12 names, from 1; the following one where it names none."""
    letters = reference.rstrip("0123456789")
    if not letters or len(letters) > COLUMN_LETTERS_MAX or not (letters.isascii() and letters.isupper()):
        return following
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def _plain(value: str) -> str:
    """Return a binary number as the decimal that a spreadsheet shows: files hold 57.770000000000003 for 57.77."""
    try:
        number = Decimal(f"{float(value):.15g}")
    except ValueError:
        return value
    return f"{number:f}" if number.is_finite() else value


def _too_much() -> FileRefused:
    return FileRefused("sheet_too_large", "工作表内容过多，请分批报送。", "the sheet holds too much; send it in pieces")
