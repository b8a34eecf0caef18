"""Where the batches of existing pledges that banks bring in are kept, with what became of each row."""

from collections.abc import Sequence
from typing import Protocol

from domain.pledges.imports import PledgeImport, RowResult
from domain.valuation.proposals import Proposal


class PledgeImports(Protocol):
    """Keep imports of pledges."""

    async def add(self, imported: PledgeImport) -> None:
        """Write a batch with its rows."""
        ...

    async def find(self, import_id: str) -> PledgeImport | None:
        """Return one of the caller's bank, none otherwise."""
        ...

    async def lock(self, import_id: str) -> PledgeImport | None:
        """Return one and keep others from deciding on it, or taking a row of it in, meanwhile."""
        ...

    async def page(self, after: str | None, limit: int) -> Sequence[PledgeImport]:
        """Return up to `limit` of the caller's bank, newest first, after one."""
        ...

    async def decide(self, import_id: str, proposal: Proposal) -> None:
        """Write the decision on a locked one."""
        ...

    async def settle(self, import_id: str, position: int, result: RowResult) -> None:
        """Write what became of a row."""
        ...
