"""The audit trail as chains: leaves, the tree over them, and the checkpoints that are handed out.

A chain is named by the tenant whose entries it holds (by a USCC while no tenant has that). A leaf exists once its
transaction has committed, or once `seal` was called in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from domain.values.merkle import HASH_BYTES, Peaks

GENESIS: Final = bytes(HASH_BYTES)
"""What a chain's first leaf names as the hash before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLeaf:
    """Where an entry stands in a chain; `leaf` are the exact bytes that were hashed."""

    chain: str
    sequence: int
    hash: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """How far a chain reaches, and the hash of its last leaf; GENESIS where it has none."""

    chain: str
    sequence: int
    head: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """The tree over every tenant's leaves at a moment; `proof` shows that it begins with the tree before.

    Its size counts everybody's entries and is for the platform's own audit alone.
    """

    tree: Peaks
    proof: tuple[bytes, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed statement of a chain's head; `tree_root` is the same for every checkpoint of one moment."""

    id: str
    chain: str
    sequence: int
    head: bytes
    tree_root: bytes
    issued_at: datetime
    jws: str


class AuditChains(Protocol):
    """Read chains, grow the tree, keep checkpoints; nothing in them is ever changed."""

    async def seal(self) -> None:
        """Give this transaction's entries their leaves now instead of at commit; send it last of a transaction.

        It takes the chains' rows, so whatever else is locked after it could wait for another in a circle.
        """
        ...

    async def leaf_of(self, entry_id: str, chain: str) -> AuditLeaf | None:
        """Return an entry's leaf in a chain that the caller may see; none where there is none (yet)."""
        ...

    async def head_of(self, chain: str) -> ChainHead:
        """Return how far a chain reaches, as far as the caller may know."""
        ...

    async def leaves(self, chain: str, after: int, limit: int) -> Sequence[AuditLeaf]:
        """Return up to `limit` leaves of a chain after a number, in order."""
        ...

    async def leaf_at(self, chain: str, sequence: int) -> AuditLeaf | None:
        """Return the leaf with a number, none where there is none."""
        ...

    async def latest_checkpoint(self, chain: str) -> Checkpoint | None:
        """Return a chain's newest checkpoint, none before the first."""
        ...

    async def checkpoints(self, chain: str, after: str | None, limit: int) -> Sequence[Checkpoint]:
        """Return up to `limit` checkpoints of a chain, oldest first, after one."""
        ...

    async def tree_root(self) -> bytes | None:
        """Return the root of the tree as last grown, none before the first time; workers only.

        Asked again and again, it would tell whether others are busy; a checkpoint, whose own chain went on, does not.
        """
        ...

    async def grow_tree(self, limit: int, at: datetime) -> int:
        """Put up to `limit` leaves that are not in the tree yet into it, and return how many; workers only."""
        ...

    async def unsigned_heads(self) -> Sequence[ChainHead]:
        """Return where each chain stands that went on since its newest checkpoint, as far as the tree goes."""
        ...

    async def tree_heads(self, after: int, limit: int) -> Sequence[TreeHead]:
        """Return the tree's heads with more than `after` leaves, smallest first; workers only."""
        ...

    async def add_checkpoint(self, checkpoint: Checkpoint) -> bool:
        """Write one; false where the chain has one of this number already."""
        ...
