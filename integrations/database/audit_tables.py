"""The tables of the audit chains, in the same metadata as all others."""

from typing import Final

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from integrations.database.tables import INSTANT, METADATA

CHAINS: Final = Table(
    "audit_chains",
    METADATA,
    Column("chain", Text, primary_key=True),
    Column("sequence", BigInteger),
    Column("head", LargeBinary),
)
LEAVES: Final = Table(
    "audit_leaves",
    METADATA,
    Column("chain", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("entry_id", Text),
    Column("leaf", LargeBinary),
    Column("hash", LargeBinary),
)
TREE_LEAVES: Final = Table(
    "audit_tree_leaves",
    METADATA,
    Column("position", BigInteger, primary_key=True),
    Column("chain", Text),
    Column("sequence", BigInteger),
)
TREE_HEADS: Final = Table(
    "audit_tree_heads",
    METADATA,
    Column("size", BigInteger, primary_key=True),
    *(Column(name, LargeBinary) for name in ("root", "peaks", "proof")),
    Column("at", INSTANT),
)
CHECKPOINTS: Final = Table(
    "audit_checkpoints",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("chain", Text),
    Column("sequence", BigInteger),
    *(Column(name, LargeBinary) for name in ("head", "tree_root")),
    Column("issued_at", INSTANT),
    Column("jws", Text),
)
