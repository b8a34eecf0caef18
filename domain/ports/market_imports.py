"""Where imports are kept: the file, how far it is read, and the rows that were refused."""

from collections.abc import Sequence
from typing import Protocol

from domain.market.imports import MarketImport, RefusedRow


class MarketImports(Protocol):
    """Keep imports."""

    async def add(self, imported: MarketImport, parts: Sequence[bytes]) -> None:
        """Write an import with its file, in parts."""
        ...

    async def find(self, import_id: str) -> MarketImport | None:
        """Return one of the caller's, none otherwise."""
        ...

    async def lock(self, import_id: str) -> MarketImport | None:
        """Return one and keep others from moving it meanwhile."""
        ...

    async def content(self, import_id: str) -> bytes:
        """Return the file."""
        ...

    async def update(self, imported: MarketImport) -> None:
        """Write how far it is, and what is said of it."""
        ...

    async def add_refused(self, imported: MarketImport, rows: Sequence[RefusedRow]) -> None:
        """Write refused rows of an import."""
        ...

    async def page(self, after: str | None, limit: int) -> Sequence[MarketImport]:
        """Return up to `limit` of the caller's imports, newest first, after one."""
        ...

    async def refused(self, import_id: str, after: str | None, limit: int) -> Sequence[RefusedRow]:
        """Return up to `limit` of an import's refused rows in the order of the file, after one."""
        ...
