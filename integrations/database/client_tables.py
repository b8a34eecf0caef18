"""The tables of clients, their keys, and what was used up, in the same metadata as all others."""

from typing import Final

from sqlalchemy import Column, Computed, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from integrations.database.tables import INSTANT, METADATA

CLIENTS: Final = Table(
    "clients",
    METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("tenant", "role", "status")),
    Column("created_at", INSTANT),
    *(Column(name, Text) for name in ("person", "reinstatement_by", "proposed_by")),
    Column("proposed_at", INSTANT),
    Column("decided_by", Text),
    Column("decided_at", INSTANT),
    Column("reason", Text),
    Column("version", Integer),
)
CLIENT_KEYS: Final = Table(
    "client_keys",
    METADATA,
    Column("client_id", Text, primary_key=True),
    Column("kid", Text, primary_key=True),
    Column("public_jwk", JSONB),
    Column("revoked_at", INSTANT),
    Column("purpose", Text),
    Column("state", Text),
    Column("thumbprint", Text, Computed("key_thumbprint(public_jwk)", persisted=True)),
    Column("valid_from", INSTANT),
    Column("valid_until", INSTANT),
    Column("replaces", Text),
    Column("overlap_seconds", Integer),
    Column("proposed_by", Text),
    Column("proposed_at", INSTANT),
    Column("decided_by", Text),
    Column("decided_at", INSTANT),
    Column("reason", Text),
)
CLIENT_ASSERTIONS: Final = Table(
    "client_assertions",
    METADATA,
    Column("client_id", Text, primary_key=True),
    Column("jti", Text, primary_key=True),
    Column("expires_at", INSTANT),
)
USED_PROOFS: Final = Table(
    "used_proofs",
    METADATA,
    Column("thumbprint", Text, primary_key=True),
    Column("proof_id", Text, primary_key=True),
    Column("expires_at", INSTANT),
)
