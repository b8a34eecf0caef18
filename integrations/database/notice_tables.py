"""The tables of the notice registry and of the clerk's queue.

They are in the same metadata as all others; whoever opens a unit of work has them there.
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from integrations.database.tables import INSTANT, METADATA, MONEY, TEXTS


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text) for name in names]


NOTICE_ENTRIES: Final = Table(
    "notice_entries",
    METADATA,
    Column("pledge_id", Text, primary_key=True),
    Column("parties", TEXTS),
    *_texts("certificate_no", "description"),
    Column("secured_amount", MONEY),
    Column("asset_numbers", TEXTS),
    Column("registered_at", INSTANT),
    Column("expires_on", Date),
    Column("updated_at", INSTANT),
)
NOTICE_CODES: Final = Table(
    "notice_codes",
    METADATA,
    Column("pledge_id", Text, primary_key=True),
    *_texts("tenant", "certificate_no", "modify_code"),
)
NOTICE_ORDERS: Final = Table(
    "notice_orders",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    *_texts("pledge_id"),
    Column("parties", TEXTS),
    *_texts("kind", "state"),
    Column("attempts", Integer),
    Column("content", JSONB),
    *_texts("certificate_no"),
    Column("executed_at", INSTANT),
    Column("expires_on", Date),
    *_texts("reason", "message", "evidence_sha256", "ordered_by"),
    Column("created_at", INSTANT),
    Column("updated_at", INSTANT),
)
PLEDGE_SEARCHES: Final = Table(
    "pledge_searches",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    *_texts("pledge_id"),
    Column("parties", TEXTS),
    Column("searched_at", INSTANT),
    Column("clear", Boolean),
    Column("findings", JSONB),
    Column("covers", TEXTS),
    Column("notice_rank", Integer),
    *_texts("evidence_sha256"),
)
REGISTRY_TASKS: Final = Table(
    "registry_tasks",
    METADATA,
    Column("id", Text, primary_key=True),
    *_texts("tenant", "registry", "order_id", "subject", "kind"),
    Column("content", JSONB),
    *_texts("state", "outcome", "reference"),
    Column("executed_on", Date),
    Column("receipt", JSONB(none_as_null=True)),
    *_texts("reason", "answered_by"),
    Column("answered_at", INSTANT),
    *_texts("confirmed_by"),
    Column("confirmed_at", INSTANT),
    Column("created_at", INSTANT),
    Column("version", BigInteger),
)
