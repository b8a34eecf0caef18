"""Documents of pledges, their bytes in parts beside them, and what the pledgee demands."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, tuple_
from sqlalchemy.dialects import postgresql

from domain.pledges.documents import Document, DocumentDemand, DocumentKind, StoredFile
from integrations.database.certificate_tables import DEMANDS, DOCUMENT_PARTS, DOCUMENTS
from integrations.database.connection import Among, Connection, Prepared

OF_PLEDGES = Among(
    lambda key: select(DOCUMENTS).where(DOCUMENTS.c.pledge_id == key).order_by(DOCUMENTS.c.added_at, DOCUMENTS.c.id)
)
DEMANDED = Among(
    lambda key: select(DEMANDS).where(DEMANDS.c.pledge_id == key).order_by(DEMANDS.c.demanded_at, DEMANDS.c.kind)
)
DEMAND = Prepared(postgresql.insert(DEMANDS).on_conflict_do_nothing())


class DatabaseDocuments:
    """Keep documents and what is demanded of them."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, document: Document, parts: Sequence[bytes]) -> Document:
        """Write a document, each part a statement of its own, so that none is large; the same one is written once."""
        adding = postgresql.insert(DOCUMENTS).values(_values(document)).on_conflict_do_nothing()
        if (await self._connection.execute(adding)).rowcount != 1:
            return await self._same(document)
        for place, content in enumerate(parts):
            part = {"document_id": document.id, "place": place, "parties": list(document.parties), "content": content}
            await self._connection.execute(insert(DOCUMENT_PARTS).values(part))
        return document

    async def find(self, pledge_id: str, document_id: str) -> Document | None:
        """Return a document of a pledge, none where the caller sees no such."""
        wanted = select(DOCUMENTS).where(DOCUMENTS.c.pledge_id == pledge_id, DOCUMENTS.c.id == document_id)
        row = (await self._connection.execute(wanted)).first()
        return None if row is None else _document(row)

    async def content(self, document_id: str) -> bytes:
        """Return a document's bytes."""
        part = DOCUMENT_PARTS
        wanted = select(part.c.content).where(part.c.document_id == document_id).order_by(part.c.place)
        return b"".join((await self._connection.execute(wanted)).scalars())

    async def page(self, pledge_id: str, after: str | None, limit: int) -> Sequence[Document]:
        """Return documents of a pledge, oldest first."""
        table = DOCUMENTS
        wanted = select(table).where(table.c.pledge_id == pledge_id).order_by(table.c.added_at, table.c.id).limit(limit)
        if after is not None:
            last = select(table.c.added_at, table.c.id).where(table.c.id == after, table.c.pledge_id == pledge_id)
            wanted = wanted.where(tuple_(table.c.added_at, table.c.id) > last.scalar_subquery())
        return [_document(row) for row in (await self._connection.execute(wanted)).all()]

    async def of_pledges(self, pledge_ids: Sequence[str]) -> Sequence[Document]:
        """Return all documents of some pledges, oldest first."""
        return [_document(row) for row in await self._connection.rows_among(OF_PLEDGES, pledge_ids)]

    async def demand(self, demand: DocumentDemand) -> None:
        """Write a demand; one that stands already is left as it is."""
        written = {
            "pledge_id": demand.pledge_id,
            "parties": list(demand.parties),
            "kind": demand.kind.value,
            "demanded_by": demand.demanded_by,
            "demanded_at": demand.demanded_at,
        }
        await self._connection.run(DEMAND, written)

    async def demands(self, pledge_ids: Sequence[str]) -> Sequence[DocumentDemand]:
        """Return what is demanded for some pledges, oldest first."""
        return [
            DocumentDemand(
                pledge_id=row.pledge_id,
                parties=tuple(row.parties),
                kind=DocumentKind(row.kind),
                demanded_by=row.demanded_by,
                demanded_at=row.demanded_at,
            )
            for row in await self._connection.rows_among(DEMANDED, pledge_ids)
        ]

    async def _same(self, document: Document) -> Document:
        """Return the one that the pledge has already."""
        table = DOCUMENTS
        wanted = select(table).where(
            table.c.pledge_id == document.pledge_id,
            table.c.kind == document.kind.value,
            table.c.sha256 == document.sha256,
            table.c.file_name.is_(None) == (document.file is None),
        )
        return _document((await self._connection.execute(wanted)).one())


def _values(document: Document) -> dict[str, object]:
    file = document.file
    return {
        "id": document.id,
        "pledge_id": document.pledge_id,
        "parties": list(document.parties),
        "kind": document.kind.value,
        "title": document.title,
        "sha256": document.sha256,
        "seal": document.seal,
        "file_name": None if file is None else file.name,
        "media_type": None if file is None else file.media_type,
        "size_bytes": None if file is None else file.size_bytes,
        "added_by": document.added_by,
        "added_for": document.added_for,
        "added_at": document.added_at,
    }


def _document(row: Row[Any]) -> Document:
    file = (
        None
        if row.file_name is None
        else StoredFile(name=row.file_name, media_type=row.media_type, size_bytes=row.size_bytes)
    )
    return Document(
        id=row.id,
        pledge_id=row.pledge_id,
        parties=tuple(row.parties),
        kind=DocumentKind(row.kind),
        title=row.title,
        sha256=row.sha256,
        seal=row.seal,
        file=file,
        added_by=row.added_by,
        added_for=row.added_for,
        added_at=row.added_at,
    )
