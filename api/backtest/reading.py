"""The deals' file: `market,instrument,date,price,volume`, one line a row, read line by line.

A line is a row: a quoted field may not run over the end of its line, so that one unclosed quote costs one row and never
the rest of the file. What cannot be read is skipped, counted, and told with its line number; nothing is repaired.
A row without volume is a quote and no deal.

>>> read_lines(["market,instrument,date,price,volume", "SX,COD,2026-01-05,1250.5,2", "SX,COD,2026-13-05,1,1"]).skipped
(Skipped(line=3, reason='the date is not a calendar day written YYYY-MM-DD'),)
"""

import csv
import hashlib
import re
from codecs import getincrementaldecoder
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import IO, Final

from domain.market.trades import TradeKind
from domain.valuation.daily_items import DailyItem

COLUMNS: Final = ("market", "instrument", "date", "price", "volume")
LINE_LENGTH_MAX: Final = 4_000
NAME_LENGTH_MAX: Final = 64
SKIPPED_KEPT_MAX: Final = 200
"""How many skipped rows are told one by one; all are counted."""

PRICE_SCALE: Final = 10**6
VOLUME_SCALE: Final = 10**9
BLOCK_BYTES: Final = 1 << 20

_NUMBER: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class UnusableFile(Exception):
    """Say why a file gives nothing to value, in one plain sentence."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that could not be used."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Series:
    """One instrument of one market, its rows in order of date, then of the file."""

    key: str
    market: str
    instrument: str
    rows: tuple[DailyItem, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds: its series in order of key, and what was left out."""

    series: tuple[Series, ...]
    rows: int
    skipped: tuple[Skipped, ...]
    skipped_by_reason: dict[str, int]
    notes: tuple[str, ...]
    sha256: str = ""
    encoding: str = "utf-8"

    @property
    def used(self) -> int:
        """The number of rows that became items."""
        return sum(len(series.rows) for series in self.series)


def read_file(path: Path) -> Reading:
    """Read a file in UTF-8 (with or without byte order mark) or, where it is not that, in GB18030.

    Raises:
        UnusableFile: the file cannot be opened or decoded, lacks a column, or holds no usable row.
    """
    try:
        sha256, encoding = _examine(path)
        with path.open(encoding=encoding, newline="") as stream:
            reading = read_lines(_lines(stream))
    except OSError as error:
        raise UnusableFile(f"{path} cannot be read: {error.strerror or error}") from error
    return Reading(
        reading.series, reading.rows, reading.skipped, reading.skipped_by_reason, reading.notes, sha256, encoding
    )


def read_lines(lines: Iterable[str]) -> Reading:
    """Read a header and its rows.

    Raises:
        UnusableFile: there is no header, it lacks a column, or no row is usable.
    """
    numbered = enumerate(lines, start=1)
    places, notes = _header(next(numbered, (1, ""))[1])
    found: dict[tuple[str, str], list[DailyItem]] = defaultdict(list)
    skipped: list[Skipped] = []
    reasons: Counter[str] = Counter()
    rows = 0
    for number, line in numbered:
        if not line.strip():
            continue
        rows += 1
        try:
            instrument, item = _row(line, places)
        except ValueError as error:
            reasons[str(error)] += 1
            if len(skipped) < SKIPPED_KEPT_MAX:
                skipped.append(Skipped(number, str(error)))
        else:
            found[item.venue, instrument].append(item)
    if not found:
        first = f"; the first, line {skipped[0].line}: {skipped[0].reason}" if skipped else ""
        raise UnusableFile(f"the file holds no usable row among {rows}{first}")
    return Reading(_series(found), rows, tuple(skipped), dict(sorted(reasons.items())), notes)


def _series(found: dict[tuple[str, str], list[DailyItem]]) -> tuple[Series, ...]:
    markets = Counter(instrument for _, instrument in found)
    series = [
        Series(
            instrument if markets[instrument] == 1 else f"{market}/{instrument}",
            market,
            instrument,
            tuple(sorted(items, key=lambda item: item.on)),
        )
        for (market, instrument), items in found.items()
    ]
    return tuple(sorted(series, key=lambda each: (each.key, each.market)))


def _header(line: str) -> tuple[dict[str, int], tuple[str, ...]]:
    try:
        names = [name.strip().lower() for name in _fields(line)] if line.strip() else []
    except ValueError as error:
        raise UnusableFile(f"the first line names no columns: {error}") from error
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise UnusableFile(f"the first line must name the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}")
    twice = sorted(name for name in COLUMNS if names.count(name) > 1)
    if twice:
        raise UnusableFile(f"the first line names a column twice: {', '.join(twice)}")
    notes = []
    if "known_at" in names:
        notes.append("The column known_at is not read: every deal counts as known at the end of its own date.")
    others = sorted({name for name in names if name and name not in {*COLUMNS, "known_at"}})
    if others:
        notes.append(f"Columns that are not read: {', '.join(name[:NAME_LENGTH_MAX] for name in others)}.")
    return {name: names.index(name) for name in COLUMNS}, tuple(notes)


def _row(line: str, places: dict[str, int]) -> tuple[str, DailyItem]:
    """Return the instrument and the item of a line, or raise ValueError with the reason."""
    if len(line) >= LINE_LENGTH_MAX:
        raise ValueError(f"the line is longer than {LINE_LENGTH_MAX} characters")
    fields = _fields(line)
    if len(fields) <= max(places.values()):
        raise ValueError("the line has too few fields")
    market, instrument, on, price, volume = (fields[places[name]].strip() for name in COLUMNS)
    for name, text in (("market", market), ("instrument", instrument)):
        if not text or len(text) > NAME_LENGTH_MAX or not text.isprintable():
            raise ValueError(f"the {name} is not a name of 1 to {NAME_LENGTH_MAX} printable characters")
    return instrument, DailyItem(
        on=_day(on),
        price=_scaled("price", price, PRICE_SCALE),
        volume=_scaled("volume", volume, VOLUME_SCALE),
        venue=market,
        group="",
        kind=TradeKind.LISTED,
    )


def _fields(line: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r\n")], strict=True))
    except (csv.Error, StopIteration) as error:
        raise ValueError("the line's quotes do not close") from error


def _day(text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("the date is not a calendar day written YYYY-MM-DD")


def _scaled(name: str, text: str, scale: int) -> int:
    """Return a number as a whole count of its smallest unit, to the nearest, a half to the even one."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"the {name} is not a plain number above zero")
    value = round(Fraction(text) * scale)
    if value <= 0:
        raise ValueError(f"the {name} is zero")
    if value >= scale * 10**15:
        raise ValueError(f"the {name} is beyond any {name}")
    return value


def _lines(stream: IO[str]) -> Iterator[str]:
    """Yield the lines, of an endless one only its beginning, so that no line fills the memory."""
    while line := stream.readline(LINE_LENGTH_MAX):
        rest = line
        while not rest.endswith(("\n", "\r")) and len(rest) == LINE_LENGTH_MAX:
            rest = stream.readline(LINE_LENGTH_MAX)
        yield line


def _examine(path: Path) -> tuple[str, str]:
    """Return the file's digest and the encoding that reads all of it, in one pass over its bytes."""
    digest = hashlib.sha256()
    decoders = {name: getincrementaldecoder(name)() for name in ("utf-8-sig", "gb18030")}
    with path.open("rb") as stream:
        while True:
            block = stream.read(BLOCK_BYTES)
            digest.update(block)
            for name in list(decoders):
                try:
                    decoders[name].decode(block, final=not block)
                except UnicodeDecodeError:
                    del decoders[name]
            if not block:
                break
    if not decoders:
        raise UnusableFile(f"{path} is text neither in UTF-8 nor in GB18030")
    return digest.hexdigest(), next(iter(decoders))
