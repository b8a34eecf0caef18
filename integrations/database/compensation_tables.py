"""The table of compensations, in the same metadata as all others."""

from typing import Final

from sqlalchemy import BigInteger, Column, Date, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from integrations.database.tables import INSTANT, METADATA, MONEY, QUANTITY, TEXTS

COMPENSATIONS: Final = Table(
    "compensations",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("pledge_id", Text),
    Column("parties", TEXTS),
    *(Column(name, Text) for name in ("right_id", "kind")),
    Column("amount", MONEY),
    Column("received_on", Date),
    *(Column(name, Text) for name in ("reference", "application")),
    Column("lost", QUANTITY),
    Column("status", Text),
    Column("lines", JSONB),
    *(Column(name, MONEY) for name in ("deposited", "surplus")),
    *(Column(name, Text) for name in ("reason", "proposed_by")),
    Column("proposed_at", INSTANT),
    Column("decided_by", Text),
    Column("decided_at", INSTANT),
    Column("version", BigInteger),
)
