"""The tables of amendments, in the same metadata as all others."""

from typing import Final

from sqlalchemy import BigInteger, Column, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from integrations.database.tables import INSTANT, METADATA, TEXTS

AMENDMENTS: Final = Table(
    "amendments",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("pledge_id", Text),
    Column("parties", TEXTS),
    Column("number", Integer),
    *(Column(name, Text) for name in ("kind", "status")),
    *(Column(name, JSONB) for name in ("terms", "additions", "removals", "entries")),
    Column("proposed_by", Text),
    Column("proposed_at", INSTANT),
    Column("decided_by", Text),
    Column("decided_at", INSTANT),
    Column("ended_at", INSTANT),
    Column("reason", Text),
    Column("accepted_by", Text),
    Column("accepted_at", INSTANT),
    Column("version", BigInteger),
)
CONSENTS: Final = Table(
    "amendment_consents",
    METADATA,
    Column("amendment_id", Text, primary_key=True),
    Column("uscc", Text, primary_key=True),
    Column("parties", TEXTS),
    Column("given_by", Text),
    Column("given_at", INSTANT),
)
