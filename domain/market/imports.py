"""An import: a file of trades as somebody sent it, how far it is read, and what became of every row of it.

The subtle thing is the licence. Whoever sends a file may see its trades, but an exchange's trades become everybody's
evidence only under an open licence: a bulletin that says that nobody may publish it is never shared, whoever sends it.
A licence therefore only ever gets stricter, and what the file itself says of it counts as much as what its sender says.

Source: contract section 4 (imports); the national exchange's bulletins, each of which forbids publication.

>>> stricter(Licence.OPEN, Licence.RESTRICTED).value
'restricted'
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from domain.values.actors import Actor, Role

RAW_BYTES_MAX: Final = 2048
"""How much of a refused row's own text is kept."""


class FileFormat(StrEnum):
    """What kind of file it is."""

    CEA_BULLETIN = "cea_bulletin"
    AUCTION_NOTICE = "auction_notice"
    CSV = "csv"
    XLSX = "xlsx"


class Licence(StrEnum):
    """What may be done with a feed's trades, from the loosest to the strictest."""

    OPEN = "open"
    RESTRICTED = "restricted"
    PRIVATE = "private"


class ImportStatus(StrEnum):
    """How far an import is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more will happen."""
        return self in {ImportStatus.DONE, ImportStatus.FAILED}


class Stage(StrEnum):
    """Where a row fell: it could not be read, or it was read and not believed."""

    READING = "reading"
    SCREENING = "screening"


@dataclass(frozen=True, slots=True)
class Remark:
    """A statement about a file, or about a row, with a stable code, in both languages."""

    code: str
    detail_zh: str
    detail_en: str


@dataclass(frozen=True, slots=True)
class RowRead:
    """A row of a file in the shape of a trade (contract section 4), with its place and its own text."""

    row_number: int
    row: Mapping[str, object]
    raw: str


@dataclass(frozen=True, slots=True)
class RowRefused:
    """A row that could not be read, with the reason, its place and its own text."""

    row_number: int
    why: Remark
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A row that is no evidence, as kept: its `code` is the reader's or the screening's, as `stage` says."""

    id: str
    row_number: int
    stage: Stage
    why: Remark
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What a reader says of a file as a whole; complete once every row was asked for.

    `quantities` sums what was read by unit, `amount` in yuan; `stated` are the totals that the file itself prints, by
    the same names. `notices` are announcements, which offer lots and are no deals. `failure` is why the rest of the
    file was not read, none when all of it was.
    """

    rows_read: int = 0
    rows_refused: int = 0
    quantities: Mapping[str, Decimal] = field(default_factory=dict)
    amount: Decimal = Decimal(0)
    stated: Mapping[str, Decimal] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    notices: tuple[Mapping[str, object], ...] = ()
    licence_notice: bool = False
    failure: Remark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTotals:
    """What became of the rows so far; the four kinds add up to `rows_read`."""

    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    refused: int = 0
    quantities: Mapping[str, Decimal] = field(default_factory=dict)
    amount: Decimal = Decimal(0)
    stated: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def rows_read(self) -> int:
        """Return how many rows have been dealt with."""
        return self.accepted + self.duplicates + self.quarantined + self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketImport:
    """An import as kept; its bytes lie elsewhere. `defaults` say what a file does not say in a column of its own."""

    id: str
    sent_by: str
    client_id: str
    role: Role
    source: str
    feed: str | None
    format: FileFormat
    licence: Licence
    defaults: Mapping[str, str]
    file_name: str
    file_sha256: str
    size_bytes: int
    status: ImportStatus
    rows_done: int
    totals: ImportTotals
    remarks: tuple[Remark, ...]
    notices: tuple[Mapping[str, object], ...]
    failure: Remark | None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None

    @property
    def actor(self) -> Actor:
        """Return who sent it, for whom the worker takes the rows in."""
        return Actor(client_id=self.client_id, tenant=self.sent_by, role=self.role, uscc=None, division=None)

    @property
    def is_shared(self) -> bool:
        """Tell whether its trades become everybody's evidence."""
        return self.role is Role.EXCHANGE and self.licence is Licence.OPEN


def stricter(one: Licence, other: Licence) -> Licence:
    """Return the stricter of two licences."""
    order = tuple(Licence)
    return max(one, other, key=order.index)


def kept_text(raw: str) -> str:
    """Return a row's own text as it is kept: at most 2 kB of UTF-8, without what PostgreSQL cannot hold.

    >>> kept_text("a" + chr(0) + "b")
    'a\N{REPLACEMENT CHARACTER}b'
    """
    shown = raw[:RAW_BYTES_MAX].replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return shown.encode("utf-8", "replace")[:RAW_BYTES_MAX].decode("utf-8", "ignore")
