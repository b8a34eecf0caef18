"""The tables of pledges brought in and of settlement accounts, in the same metadata as all others."""

from typing import Final

from sqlalchemy import BigInteger, Column, Date, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from integrations.database.tables import INSTANT, METADATA

PLEDGE_IMPORTS: Final = Table(
    "pledge_imports",
    METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("tenant", "tenant_uscc", "status", "proposed_by", "decided_by", "rejection")),
    Column("proposed_at", INSTANT),
    Column("decided_at", INSTANT),
    Column("version", BigInteger),
)
PLEDGE_IMPORT_ROWS: Final = Table(
    "pledge_import_rows",
    METADATA,
    Column("import_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("tenant", Text),
    Column("content", JSONB),
    *(Column(name, Text) for name in ("outcome", "code", "pledge_id")),
)
SETTLEMENT_ACCOUNTS: Final = Table(
    "settlement_accounts",
    METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("exchange", "account_no", "account_name", "bank_name")),
    Column("valid_from", Date),
    *(Column(name, Text) for name in ("source_title", "source_sha256", "stated_by")),
    Column("stated_at", INSTANT),
)
