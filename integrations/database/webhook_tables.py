"""The tables of webhooks, their keys and their deliveries.

They are in the same metadata as all others; whoever opens a unit of work has them there.
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, Text

from integrations.database.tables import INSTANT, METADATA, TEXTS

WEBHOOKS: Final = Table(
    "webhooks",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("tenant", Text),
    Column("parties", TEXTS),
    Column("url", Text),
    Column("event_types", TEXTS),
    *(Column(name, Text) for name in ("description", "state", "disabled_reason")),
    Column("failures", Integer),
    *(Column(name, INSTANT) for name in ("failing_since", "paused_until")),
    Column("spread_to", BigInteger),
    Column("created_by", Text),
    *(Column(name, INSTANT) for name in ("created_at", "updated_at")),
    Column("version", BigInteger),
)
WEBHOOK_KEYS: Final = Table(
    "webhook_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    *(Column(name, Text) for name in ("webhook_id", "tenant", "sealed_shared", "sealed_seed", "public_key")),
    *(Column(name, INSTANT) for name in ("created_at", "expires_at")),
)
WEBHOOK_DELIVERIES: Final = Table(
    "webhook_deliveries",
    METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("webhook_id", "tenant", "event_id", "type", "subject")),
    Column("position", BigInteger),
    Column("head", Boolean),
    Column("state", Text),
    *(Column(name, Integer) for name in ("attempts", "replays")),
    *(Column(name, INSTANT) for name in ("first_attempt_at", "last_attempt_at", "next_attempt_at")),
    Column("response_status", Integer),
    Column("error", Text),
    *(Column(name, INSTANT) for name in ("delivered_at", "created_at")),
)
