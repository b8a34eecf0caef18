"""Bodies of imports of files of trades (contract section 4).

What a file lacks in a column of its own may be said once for the whole file; a column wins where there is one.
"""

from typing import Annotated, Any, Final, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from api.schemas.wire import (
    Choice,
    DecimalString,
    DivisionString,
    InstantReply,
    MoneyBody,
    QuantityBody,
    ReplyModel,
    Spelled,
    WireModel,
    text_string,
)
from domain.market.imports import FileFormat, ImportStatus, Licence, Stage
from domain.market.trades import TradeKind
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.price import Period
from domain.values.quantity import Unit
from domain.values.spelling import clean_text

FILE_NAME_LENGTH_MAX: Final = 200


def _read_file_name(text: str) -> str:
    """Return the last part of a file's name, which some clients send with a whole path."""
    return clean_text(text.replace("\\", "/").rpartition("/")[2], FILE_NAME_LENGTH_MAX)


FileName = Annotated[
    str,
    Spelled(_read_file_name, {"contentMediaType": "application/octet-stream", "description": "The file, 20 MiB."}),
]


class ImportForm(WireModel):
    """A file of trades, and what it does not say itself."""

    file: FileName
    format: Choice[FileFormat]
    source: Annotated[str, text_string(64)] | None = None
    feed: Annotated[str, text_string(64)] | None = None
    licence: Choice[Licence] | None = None
    division: DivisionString | None = None
    venue: Annotated[str, text_string(120)] | None = None
    instrument: Choice[Instrument] | None = None
    pollutant: Choice[Pollutant] | None = None
    kind: Choice[TradeKind] | None = None
    unit: Choice[Unit] | None = None
    per_period: Choice[Period] | None = None
    term_years: DecimalString | None = None

    @model_validator(mode="after")
    def _from_somewhere(self) -> Self:
        if self.source is None and self.feed is None:
            kind, message = "missing_source", "name a source or a feed"
            raise PydanticCustomError(kind, message)
        return self

    def defaults(self) -> dict[str, str]:
        """Return what is said for the whole file, by the names of the columns."""
        said: dict[str, Any] = {
            "division": self.division,
            "venue": self.venue,
            "instrument": self.instrument,
            "pollutant": self.pollutant,
            "kind": self.kind,
            "unit": self.unit,
            "per_period": self.per_period,
            "term_years": self.term_years,
        }
        return {name: f"{value}" for name, value in said.items() if value is not None}


class FileReply(ReplyModel):
    """The file as it was sent."""

    name: str
    sha256: str
    size_bytes: int


class RemarkReply(ReplyModel):
    """Something to be said of a file."""

    code: str
    detail: str


class StatedTotalReply(ReplyModel):
    """A total that the file itself prints: of amounts (`CNY`), or of quantities."""

    name: str
    amount: str


class ImportTotalsReply(ReplyModel):
    """What became of the rows so far; sums stand once the file is read."""

    rows_read: int
    rows_accepted: int
    rows_duplicate: int
    rows_quarantined: int
    rows_refused: int
    quantities: list[QuantityBody]
    amount: MoneyBody | None
    stated: list[StatedTotalReply]


class RefusedRowReply(ReplyModel):
    """A row that is no evidence: it could not be read, or it was read and quarantined."""

    id: str
    row: int
    stage: Choice[Stage]
    code: str
    detail: str
    raw: str


class RefusedRowPage(ReplyModel):
    """A page of rows that are no evidence, in the order of the file."""

    items: list[RefusedRowReply]
    next_cursor: str | None


class ImportSummaryReply(ReplyModel):
    """An import: how far it is, and what is said of the file; a failed one keeps the rows it took in."""

    id: str
    status: Choice[ImportStatus]
    source: str
    feed: str | None
    format: Choice[FileFormat]
    licence: Choice[Licence]
    shared: bool
    defaults: dict[str, str]
    file: FileReply
    rows_done: int
    totals: ImportTotalsReply
    remarks: list[RemarkReply]
    notices: list[dict[str, Any]]
    failure: RemarkReply | None
    created_at: InstantReply
    finished_at: InstantReply | None


class ImportReply(ImportSummaryReply):
    """An import, with a page of its rows that are no evidence."""

    rows_refused: RefusedRowPage


class ImportPage(ReplyModel):
    """A page of imports, newest first."""

    items: list[ImportSummaryReply]
    next_cursor: str | None
