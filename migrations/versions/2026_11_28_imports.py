"""Files of trades that were sent as they are: what was in them, how far they are read, and every row that was refused.

The bytes lie in parts of at most 1 MiB beside the import, so that listing imports never touches them; a refused row is
kept with its place in the file and its own text. Only the sender sees any of it, whatever the licence of the trades.
"""

from migrations.rows import protect, run

revision = "imports"
down_revision = "believed_trades"


def upgrade() -> None:
    """Create imports, their parts and their refused rows."""
    run(
        """create table market_imports (
               id text primary key, sent_by text not null references tenants, client_id text not null, role text not null, source text not null,
               feed text, format text not null, licence text not null check (licence in ('open', 'restricted', 'private')),
               defaults jsonb not null, file_name text not null, file_sha256 text not null, size_bytes bigint not null check (size_bytes >= 0),
               status text not null check (status in ('queued', 'running', 'done', 'failed')),
               rows_done bigint not null default 0, totals jsonb not null, remarks jsonb not null, notices jsonb not null, failure jsonb,
               created_at timestamptz not null, updated_at timestamptz not null, finished_at timestamptz,
               check ((status in ('done', 'failed')) = (finished_at is not null)), check ((status = 'failed') = (failure is not null)))""",
        "create index market_imports_by_sender on market_imports (sent_by, created_at desc, id desc)",
        """create table market_import_parts (
               import_id text not null references market_imports, place integer not null, sent_by text not null, content bytea not null,
               primary key (import_id, place))""",
        """create table market_import_refusals (
               id text primary key, import_id text not null references market_imports, sent_by text not null, row_number bigint not null,
               stage text not null check (stage in ('reading', 'screening')), code text not null, detail_zh text not null, detail_en text not null,
               raw text not null check (octet_length(raw) <= 2048), unique (import_id, row_number))""",
    )
    protect("market_imports", "sent_by = current_tenant()")
    protect("market_import_parts", "sent_by = current_tenant()", app="select, insert")
    protect("market_import_refusals", "sent_by = current_tenant()", app="select, insert")


def downgrade() -> None:
    """Drop everything this revision made."""
    run("drop table market_import_refusals, market_import_parts, market_imports")
