"""The notice registry's entries and orders, searches after registration, and the clerk's queue of the manual transport.

The code with which an entry can be changed at the notice registry is a secret of the pledgee: it has a table of its own,
whose rows only that bank and the worker see. At most one order about a pledge's entry is open, and a unique index says so.
A task of the manual transport belongs to the authority that answers for the right.
"""

from migrations.rows import PARTIES, protect, run

revision = "notices"
down_revision = "certificates"

OWN = "tenant = current_tenant()"


def upgrade() -> None:
    """Create entries, codes, orders, searches and tasks."""
    run(
        """create table notice_entries (
               pledge_id text primary key references pledges, parties text[] not null, certificate_no text not null,
               description text not null, secured_amount numeric(20, 2) not null check (secured_amount > 0),
               asset_numbers text[] not null, registered_at timestamptz not null, expires_on date not null,
               updated_at timestamptz not null)""",
        """create table notice_codes (
               pledge_id text primary key references pledges, tenant text not null references tenants,
               certificate_no text not null, modify_code text not null)""",
        """create table notice_orders (
               id text primary key, sequence bigint generated always as identity, pledge_id text not null references pledges,
               parties text[] not null, kind text not null check (kind in ('register', 'amend', 'extend', 'discharge', 'object')),
               state text not null check (state in ('recorded', 'sent', 'accepted', 'executed', 'refused', 'unknown')),
               attempts integer not null default 0, content jsonb not null, certificate_no text, executed_at timestamptz,
               expires_on date, reason text, message text, evidence_sha256 text, ordered_by text not null,
               created_at timestamptz not null, updated_at timestamptz not null)""",
        """create unique index one_open_notice_order_per_pledge on notice_orders (pledge_id)
               where state not in ('executed', 'refused')""",
        "create index notice_orders_by_pledge on notice_orders (pledge_id, sequence)",
        """create table pledge_searches (
               id text primary key, sequence bigint generated always as identity, pledge_id text not null references pledges,
               parties text[] not null, searched_at timestamptz not null, clear boolean not null, findings jsonb not null, covers text[] not null,
               notice_rank integer check (notice_rank > 0), evidence_sha256 text not null)""",
        "create index pledge_searches_by_pledge on pledge_searches (pledge_id, sequence)",
        """create table registry_tasks (
               id text primary key, tenant text not null references tenants, registry text not null, order_id text not null,
               subject text not null, kind text not null check (kind in ('freeze', 'release', 'transfer')), content jsonb not null,
               state text not null check (state in ('open', 'answered', 'confirmed')), outcome text check (outcome in ('executed', 'refused')),
               reference text, executed_on date, receipt jsonb, reason text, answered_by text, answered_at timestamptz,
               confirmed_by text, confirmed_at timestamptz, created_at timestamptz not null, version bigint not null default 1,
               unique (registry, order_id), check ((state = 'open') = (outcome is null)),
               check (confirmed_by is null or confirmed_by <> answered_by))""",
        "create index registry_tasks_by_tenant on registry_tasks (tenant, state, created_at)",
    )
    for table in ("notice_entries", "notice_orders", "pledge_searches"):
        protect(table, PARTIES)
    protect("notice_codes", OWN)
    protect("registry_tasks", OWN)


def downgrade() -> None:
    """Drop everything this revision made."""
    run("drop table registry_tasks, pledge_searches, notice_orders, notice_codes, notice_entries")
