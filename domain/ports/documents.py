"""Where the documents of pledges are kept."""

from collections.abc import Sequence
from typing import Protocol

from domain.pledges.documents import Document, DocumentDemand


class Documents(Protocol):
    """Keep documents and what the pledgee demands of them; none is ever changed."""

    async def add(self, document: Document, parts: Sequence[bytes]) -> Document:
        """Write a document with its bytes, in parts of at most 1 MiB, and return it.

        Where the pledge has the same one already (kind, digest, and whether we hold its bytes), that is returned.
        """
        ...

    async def find(self, pledge_id: str, document_id: str) -> Document | None:
        """Return a document of a pledge, none where the caller sees no such."""
        ...

    async def content(self, document_id: str) -> bytes:
        """Return a document's bytes; none at all for one that is only named by its digest."""
        ...

    async def page(self, pledge_id: str, after: str | None, limit: int) -> Sequence[Document]:
        """Return up to `limit` documents of a pledge, oldest first, after one."""
        ...

    async def of_pledges(self, pledge_ids: Sequence[str]) -> Sequence[Document]:
        """Return all documents of some pledges, oldest first."""
        ...

    async def demand(self, demand: DocumentDemand) -> None:
        """Write a demand; one that stands already is left as it is."""
        ...

    async def demands(self, pledge_ids: Sequence[str]) -> Sequence[DocumentDemand]:
        """Return what is demanded for some pledges, oldest first."""
        ...
