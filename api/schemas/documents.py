"""Bodies of the documents of a pledge (contract section 5)."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.imports import FileName
from api.schemas.wire import Choice, InstantReply, Items, ReplyModel, WireModel, text_string
from domain.pledges.documents import DocumentKind

TITLE_LENGTH_MAX: Final = 200
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class DocumentRequest(WireModel):
    """A document: a file in a form, or in JSON its digest alone; with a file, the digest must be the file's."""

    kind: Choice[DocumentKind]
    title: Annotated[str, text_string(TITLE_LENGTH_MAX)]
    file: FileName | None = None
    sha256: Sha256 | None = None
    seal: Annotated[str, text_string(TITLE_LENGTH_MAX)] | None = None

    @model_validator(mode="after")
    def _known_by_something(self) -> Self:
        if self.file is None and self.sha256 is None:
            kind, message = "missing_sha256", "a document comes as a file, or is named by its digest"
            raise PydanticCustomError(kind, message)
        return self


class DocumentReply(ReplyModel):
    """A document; `stored` tells whether its bytes are kept here, and only then name, type and size are known."""

    id: str
    kind: Choice[DocumentKind]
    title: str
    sha256: str
    seal: str | None
    stored: bool
    file_name: str | None
    media_type: str | None
    size_bytes: int | None
    added_by: str
    added_for: str
    added_at: InstantReply


class DocumentPage(ReplyModel):
    """A page of documents, oldest first."""

    items: list[DocumentReply]
    next_cursor: str | None


class DocumentDemandRequest(WireModel):
    """The kinds of documents that the pledgee wants to see before it pays out."""

    kinds: Annotated[Items[Choice[DocumentKind]], Field(min_length=1, max_length=20)]


class DocumentDemandReply(ReplyModel):
    """A kind that is demanded, and since when a document of it is there."""

    kind: Choice[DocumentKind]
    demanded_by: str
    demanded_at: InstantReply
    met_at: InstantReply | None


class DocumentDemandPage(ReplyModel):
    """What is demanded, oldest first."""

    items: list[DocumentDemandReply]
    next_cursor: str | None
