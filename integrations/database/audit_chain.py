"""The audit chains: leaves as the database sealed them, the tree that a job grows, and the checkpoints.

The database alone writes leaves, at commit (see the migration); here they are read. Growing the tree takes one advisory
lock, so that two workers never put a leaf at two places.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, insert, select, text
from sqlalchemy.dialects import postgresql

from domain.ports.audit_chain import GENESIS, AuditLeaf, ChainHead, Checkpoint, TreeHead
from domain.values.merkle import HASH_BYTES, Peaks, consistency_proof
from integrations.database.audit_tables import CHAINS, CHECKPOINTS, LEAVES, TREE_HEADS, TREE_LEAVES
from integrations.database.connection import Connection, Prepared

SEAL: Final = ("set constraints audit_sealed immediate", "set constraints audit_sealed deferred")
LOCK_TREE: Final = Prepared(text("select pg_advisory_xact_lock(hashtext('greenlien.audit_tree'))"))
HEAD: Final = Prepared(select(CHAINS).where(CHAINS.c.chain == bindparam("of")))
TOLD: Final = (LEAVES.c.chain, LEAVES.c.sequence, LEAVES.c.hash, LEAVES.c.leaf)
LEAF_OF: Final = Prepared(
    select(*TOLD).where(LEAVES.c.entry_id == bindparam("entry"), LEAVES.c.chain == bindparam("of"))
)
LEAF_AT: Final = Prepared(select(*TOLD).where(LEAVES.c.chain == bindparam("of"), LEAVES.c.sequence == bindparam("at")))
LEAVES_AFTER: Final = Prepared(
    select(*TOLD)
    .where(LEAVES.c.chain == bindparam("of"), LEAVES.c.sequence > bindparam("after"))
    .order_by(LEAVES.c.sequence)
    .limit(bindparam("at_most", type_=BigInteger))
)
LATEST: Final = Prepared(
    select(CHECKPOINTS).where(CHECKPOINTS.c.chain == bindparam("of")).order_by(CHECKPOINTS.c.sequence.desc()).limit(1)
)
ADD: Final = Prepared(postgresql.insert(CHECKPOINTS).on_conflict_do_nothing(), [each.name for each in CHECKPOINTS.c])
LAST_HEAD: Final = Prepared(select(TREE_HEADS).order_by(TREE_HEADS.c.size.desc()).limit(1))
ADD_HEAD: Final = Prepared(insert(TREE_HEADS), [each.name for each in TREE_HEADS.c])
ADD_TREE_LEAF: Final = Prepared(insert(TREE_LEAVES), [each.name for each in TREE_LEAVES.c])
OUTSIDE_THE_TREE: Final = Prepared(
    text(
        """select l.chain, l.sequence, l.hash from audit_chains c
           cross join lateral (
               select coalesce(max(t.sequence), 0) as reached from audit_tree_leaves t where t.chain = c.chain) t
           join audit_leaves l on l.chain = c.chain and l.sequence > t.reached and l.sequence <= c.sequence
           where c.sequence > t.reached order by l.chain collate "C", l.sequence limit cast(:at_most as bigint)"""
    )
)
UNSIGNED: Final = Prepared(
    text(
        """select l.chain, l.sequence, l.hash as head from audit_chains c
           cross join lateral (select max(t.sequence) as reached from audit_tree_leaves t where t.chain = c.chain) t
           join audit_leaves l on l.chain = c.chain and l.sequence = t.reached
           where not exists (select from audit_checkpoints k where k.chain = c.chain and k.sequence >= t.reached)
           order by l.chain collate "C" """
    )
)


class DatabaseAuditChains:
    """Read the chains, grow the tree, keep checkpoints."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def seal(self) -> None:
        """Give this transaction's entries their leaves now."""
        for statement in SEAL:
            await self._connection.execute(text(statement))

    async def leaf_of(self, entry_id: str, chain: str) -> AuditLeaf | None:
        """Return an entry's leaf in a chain, none where there is none."""
        row = await self._connection.row(LEAF_OF, {"entry": entry_id, "of": chain})
        return None if row is None else _leaf(row)

    async def head_of(self, chain: str) -> ChainHead:
        """Return how far a chain reaches."""
        row = await self._connection.row(HEAD, {"of": chain})
        return ChainHead(chain=chain, sequence=0, head=GENESIS) if row is None else _head(row)

    async def leaves(self, chain: str, after: int, limit: int) -> Sequence[AuditLeaf]:
        """Return leaves of a chain after a number."""
        rows = await self._connection.rows(LEAVES_AFTER, {"of": chain, "after": after, "at_most": limit})
        return [_leaf(row) for row in rows]

    async def leaf_at(self, chain: str, sequence: int) -> AuditLeaf | None:
        """Return the leaf with a number."""
        row = await self._connection.row(LEAF_AT, {"of": chain, "at": sequence})
        return None if row is None else _leaf(row)

    async def latest_checkpoint(self, chain: str) -> Checkpoint | None:
        """Return a chain's newest checkpoint."""
        row = await self._connection.row(LATEST, {"of": chain})
        return None if row is None else _checkpoint(row)

    async def checkpoints(self, chain: str, after: str | None, limit: int) -> Sequence[Checkpoint]:
        """Return checkpoints of a chain, oldest first."""
        wanted = select(CHECKPOINTS).where(CHECKPOINTS.c.chain == chain).order_by(CHECKPOINTS.c.sequence).limit(limit)
        if after is not None:
            reached = select(CHECKPOINTS.c.sequence).where(CHECKPOINTS.c.id == after, CHECKPOINTS.c.chain == chain)
            wanted = wanted.where(CHECKPOINTS.c.sequence > reached.scalar_subquery())
        return [_checkpoint(row) for row in (await self._connection.execute(wanted)).all()]

    async def tree_root(self) -> bytes | None:
        """Return the root of the tree as last grown."""
        last = await self._connection.row(LAST_HEAD, {})
        return None if last is None else bytes(last.root)

    async def grow_tree(self, limit: int, at: datetime) -> int:
        """Put leaves that are not in the tree yet into it."""
        await self._connection.value(LOCK_TREE, {})
        fresh = await self._connection.rows(OUTSIDE_THE_TREE, {"at_most": limit})
        if not fresh:
            return 0
        last = await self._connection.row(LAST_HEAD, {})
        before = Peaks() if last is None else Peaks(last.size, _hashes(last.peaks))
        hashes = [bytes(row.hash) for row in fresh]
        after = before.grown(hashes)
        places = [
            {"position": place, "chain": row.chain, "sequence": row.sequence}
            for place, row in enumerate(fresh, before.size)
        ]
        await self._connection.run_each(ADD_TREE_LEAF, places)
        head = {"size": after.size, "root": after.root, "peaks": b"".join(after.peaks), "at": at}
        proof = b"".join(consistency_proof(before, hashes))
        await self._connection.run(ADD_HEAD, {**head, "proof": proof})
        return len(fresh)

    async def unsigned_heads(self) -> Sequence[ChainHead]:
        """Return where each chain stands that went on since its newest checkpoint."""
        return [_head(row) for row in await self._connection.rows(UNSIGNED, {})]

    async def tree_heads(self, after: int, limit: int) -> Sequence[TreeHead]:
        """Return the tree's heads with more than `after` leaves."""
        wanted = select(TREE_HEADS).where(TREE_HEADS.c.size > after).order_by(TREE_HEADS.c.size).limit(limit)
        rows = (await self._connection.execute(wanted)).all()
        return [TreeHead(tree=Peaks(row.size, _hashes(row.peaks)), proof=_hashes(row.proof), at=row.at) for row in rows]

    async def add_checkpoint(self, checkpoint: Checkpoint) -> bool:
        """Write one; false where the chain has one of this number already."""
        values = {name: getattr(checkpoint, name) for name in CHECKPOINTS.c.keys()}  # noqa: SIM118 - columns, not a dict
        return await self._connection.run(ADD, values) == 1


def _hashes(joined: bytes) -> tuple[bytes, ...]:
    return tuple(bytes(joined[start : start + HASH_BYTES]) for start in range(0, len(joined), HASH_BYTES))


def _leaf(row: Any) -> AuditLeaf:  # noqa: ANN401 - a row of either kind
    return AuditLeaf(chain=row.chain, sequence=row.sequence, hash=bytes(row.hash), leaf=bytes(row.leaf))


def _head(row: Any) -> ChainHead:  # noqa: ANN401 - a row of either kind
    return ChainHead(chain=row.chain, sequence=row.sequence, head=bytes(row.head))


def _checkpoint(row: Any) -> Checkpoint:  # noqa: ANN401 - a row of either kind
    return Checkpoint(
        id=row.id,
        chain=row.chain,
        sequence=row.sequence,
        head=bytes(row.head),
        tree_root=bytes(row.tree_root),
        issued_at=row.issued_at,
        jws=row.jws,
    )
