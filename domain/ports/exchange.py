"""What an exchange sends: files of trades in its own form, and the feeds that are known by name.

Reading never fails: whatever the bytes are, there are rows, refused rows, and a report that says the rest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from domain.market.imports import FileFormat, FileReport, Licence, RowRead, RowRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A source of files that is known by name; `defaults` say what its files never say."""

    name: str
    title: str
    format: FileFormat
    source: str
    licence: Licence
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A file to be read; `defaults` stand for the columns that it lacks."""

    content: bytes
    format: FileFormat
    name: str
    defaults: Mapping[str, str] = field(default_factory=dict)


class FileReading(Protocol):
    """One reading of one file."""

    def rows(self) -> Iterator[RowRead | RowRefused]:
        """Yield the rows in the order of the file, lazily, once; the same bytes give the same rows again."""
        ...

    def report(self) -> FileReport:
        """Return what is to be said of the file so far."""
        ...


class ExchangeFiles(Protocol):
    """Read files, and know feeds."""

    def read(self, sent: SentFile) -> FileReading:
        """Begin to read a file."""
        ...

    def feed(self, name: str) -> Feed | None:
        """Return a feed by its name, none when it is unknown."""
        ...
