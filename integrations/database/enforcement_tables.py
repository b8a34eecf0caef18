"""The tables of enforcements, in the same metadata as all others."""

from typing import Final

from sqlalchemy import BigInteger, Column, Date, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from integrations.database.tables import INSTANT, METADATA, MONEY, TEXTS

ENFORCEMENTS: Final = Table(
    "enforcements",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("pledge_id", Text),
    Column("parties", TEXTS),
    *(Column(name, Text) for name in ("route", "status")),
    Column("grounds", JSONB),
    Column("proposed_by", Text),
    Column("proposed_at", INSTANT),
    Column("approved_by", Text),
    Column("approved_at", INSTANT),
    Column("stays", JSONB),
    *(Column(name, Text) for name in ("end_reason", "ended_by")),
    Column("distribution", JSONB(none_as_null=True)),
    *(Column(name, INSTANT) for name in ("settled_at", "created_at", "updated_at")),
    Column("version", BigInteger),
)
CONDITIONS: Final = Table(
    "enforcement_conditions",
    METADATA,
    Column("enforcement_id", Text, primary_key=True),
    Column("position", Integer),
    Column("parties", TEXTS),
    Column("code", Text, primary_key=True),
    *(Column(name, Text) for name in ("named", "rule", "standing")),
    Column("days", Integer),
    Column("met_on", Date),
    Column("met_by", Text),
    Column("met_at", INSTANT),
    Column("document", JSONB(none_as_null=True)),
    Column("amount", MONEY),
)
ROUNDS: Final = Table(
    "enforcement_rounds",
    METADATA,
    Column("enforcement_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("parties", TEXTS),
    Column("reserve_price", MONEY),
    Column("opened_by", Text),
    Column("opened_at", INSTANT),
    Column("outcome", Text),
    Column("happened_on", Date),
    *(Column(name, Text) for name in ("reference", "reported_by")),
    Column("reported_at", INSTANT),
    Column("result", JSONB(none_as_null=True)),
)
