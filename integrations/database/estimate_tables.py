"""The tables of declared closures and of alarms, in the same metadata as all others."""

from typing import Final

from sqlalchemy import BigInteger, Column, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from integrations.database.tables import INSTANT, METADATA, TEXTS

REGISTRY_CLOSURES: Final = Table(
    "registry_closures",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("registry", Text),
    *(Column(name, INSTANT) for name in ("since", "until", "ended_at")),
)
ALARMS: Final = Table(
    "alarms",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    *(Column(name, Text) for name in ("kind", "registry", "pledge_id", "order_id")),
    Column("parties", TEXTS),
    *(Column(name, Text) for name in ("state", "reason", "owner")),
    Column("notes", JSONB),
    *(Column(name, INSTANT) for name in ("opened_at", "acknowledged_at")),
    Column("resolved_by", Text),
    Column("resolved_at", INSTANT),
    Column("confirmed_by", Text),
    Column("version", BigInteger),
)
