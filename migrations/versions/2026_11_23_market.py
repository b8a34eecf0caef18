"""Trades with two clocks, their parties apart, and stored valuations.

An accepted trade of an exchange is everybody's evidence, without its parties; whatever is quarantined only its sender sees.
A corrected trade supersedes the old row and never overwrites it.
"""

from migrations.rows import PARTIES, protect, run

revision = "market"
down_revision = "rights"


def upgrade() -> None:
    """Create trades and valuations."""
    run(
        """create table trades (
               id text primary key, sent_by text not null references tenants, shared boolean not null, source text not null,
               trade_no text, revises text, traded_on date, known_at timestamptz not null, venue text, division text, instrument text,
               pollutant text, vintage integer, kind text, quantity numeric(24, 6), unit text, price_amount numeric(24, 6),
               price_unit text, price_period text, price_tax text, term_years numeric(9, 6), amount numeric(20, 2),
               row jsonb not null, content_sha256 text not null,
               status text not null check (status in ('accepted', 'quarantined', 'superseded')),
               code text, detail_zh text, detail_en text, received_at timestamptz not null,
               check ((status = 'quarantined') = (code is not null) or status = 'superseded'))""",
        "create unique index trades_once on trades (sent_by, source, content_sha256)",
        "create unique index trades_accepted_once on trades (sent_by, source, trade_no) where status = 'accepted'",
        """create index trades_as_evidence on trades (pollutant, instrument, left(division, 2), traded_on)
               where status in ('accepted', 'superseded')""",
        """create table trade_parties (
               trade_id text primary key references trades, sent_by text not null, seller text, buyer text)""",
        """create table valuations (
               id text primary key, tenant text not null, parties text[] not null, right_id text references rights,
               as_of date not null, body jsonb not null, evidence jsonb not null, digest text not null, created_at timestamptz not null)""",
        "create index valuations_by_tenant on valuations (tenant, created_at)",
    )
    protect(
        "trades",
        "sent_by = current_tenant() or (shared and (status = 'accepted' or (status = 'superseded' and code is null))"
        " and current_tenant() is not null)",
        writable="sent_by = current_tenant()",
    )
    protect("trade_parties", "sent_by = current_tenant()", app="select, insert")
    protect("valuations", PARTIES, app="select, insert")


def downgrade() -> None:
    """Drop everything this revision made."""
    run("drop table valuations, trade_parties, trades")
