"""The tables of what befalls a right or a pledge, and of what a registry says other than we do.

They are in the same metadata as all others; whoever opens a unit of work has them there.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Date, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from integrations.database.tables import INSTANT, METADATA, QUANTITY, TEXTS

STANDINGS: Final = Table(
    "right_standings",
    METADATA,
    Column("right_id", Text, primary_key=True),
    Column("status", Text),
    Column("quantity", QUANTITY),
    Column("holder_uscc", Text),
    Column("valid_to", Date),
    Column("overtaken", QUANTITY),
    Column("told_at", INSTANT),
    Column("reconfirmation_due", Date),
)
IMPAIRMENTS: Final = Table(
    "impairments",
    METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("pledge_id", "right_id")),
    Column("parties", TEXTS),
    Column("kind", Text),
    Column("quantity", QUANTITY),
    Column("unit", Text),
    Column("since", INSTANT),
    Column("until", INSTANT),
    Column("reference", Text),
    Column("rank", Integer),
    Column("pledged", QUANTITY),
    Column("lost", QUANTITY),
)
RECONCILIATION_RUNS: Final = Table(
    "reconciliation_runs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("registry", Text),
    Column("on_day", Date),
    *(Column(name, Text) for name in ("status", "requested_by")),
    Column("parties", TEXTS),
    Column("created_at", INSTANT),
    Column("finished_at", INSTANT),
    Column("file_day", Date),
    Column("file_sha256", Text),
    *(Column(name, Integer) for name in ("rights", "moved", "differences")),
    Column("failure", Text),
)
RECONCILIATION_CASES: Final = Table(
    "reconciliation_cases",
    METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("run_id", "registry", "registry_no", "right_id", "division")),
    Column("parties", TEXTS),
    Column("kind", Text),
    Column("ours", JSONB),
    *(Column(name, JSONB(none_as_null=True)) for name in ("theirs_balance", "theirs_live")),
    *(Column(name, Text) for name in ("state", "owner", "note")),
    *(Column(name, INSTANT) for name in ("opened_at", "acknowledged_at", "resolved_at")),
    Column("version", BigInteger),
)
