"""The tables of revaluation, in the same metadata as all others; whoever opens a unit of work has them there."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, Table, Text

from integrations.database.tables import INSTANT, METADATA, MONEY, QUANTITY, RATIO, TEXTS

RUNS: Final = Table(
    "revaluation_runs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("price_day", Date),
    *(Column(name, INSTANT) for name in ("started_at", "finished_at")),
    *(Column(name, Integer) for name in ("pledges", "changed", "unpriced")),
)
SNAPSHOTS: Final = Table(
    "pledge_valuations",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    *(Column(name, Text) for name in ("pledge_id", "right_id", "run_id")),
    Column("parties", TEXTS),
    Column("as_of", Date),
    Column("known_at", INSTANT),
    Column("unit_value", QUANTITY),
    *(Column(name, MONEY) for name in ("market_value", "collateral_value", "adopted_value")),
    Column("loan_to_value_cap", RATIO),
    *(Column(name, Integer) for name in ("confidence_level", "tier")),
    Column("stale", Boolean),
    *(Column(name, Text) for name in ("unpriced", "digest")),
    Column("created_at", INSTANT),
)
LEVELS: Final = Table(
    "coverage_levels",
    METADATA,
    Column("pledge_id", Text, primary_key=True),
    Column("level", Text),
    Column("since", INSTANT),
)
STALE_PRICES: Final = Table(
    "stale_prices",
    METADATA,
    Column("price", Text, primary_key=True),
    Column("newest_on", Date),
    Column("told_at", INSTANT),
)
