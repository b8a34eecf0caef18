"""Where searches are kept, and what they look through."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.rights.holder_names import HolderName
from domain.rights.rights import Right
from domain.rights.searches import Encumbrance, Search, SearchBy


class Searches(Protocol):
    """Look through what the caller may see, and keep what was found."""

    async def rights(self, by: SearchBy, value: str) -> Sequence[Right]:
        """Return the visible rights under a number or of a holder, in order of registry and number."""
        ...

    async def encumbrances(self, rights: Sequence[Right]) -> Mapping[str, Sequence[Encumbrance]]:
        """Return what lies on each visible right now, by the right's id, in order of rank, what has none last."""
        ...

    async def holder_names(self) -> Sequence[HolderName]:
        """Return the holders of all visible rights."""
        ...

    async def add(self, search: Search) -> bool:
        """Write a search; false where its number is another's."""
        ...

    async def find(self, search_id: str) -> Search | None:
        """Return one of the caller's, none otherwise."""
        ...
