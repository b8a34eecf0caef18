"""Loans and pledges, many to many, with items, registrations and the numbers written at each step.

A row's parties never change after it is written, so the children carry copies.
"""

from migrations.rows import PARTIES, protect, run

revision = "pledges"
down_revision = "market"


def upgrade() -> None:
    """Create loans and pledges."""
    run(
        """create table loans (
               id text primary key, tenant text not null references tenants, parties text[] not null, borrower_uscc text not null,
               contract_no text not null, kind text not null, principal numeric(20, 2) not null check (principal > 0),
               rate_kind text not null, rate_value numeric(9, 6), rate_tenor text, rate_spread_bp integer, rate_reset text,
               start_on date not null, end_on date not null, repayment jsonb not null, purpose text not null,
               version bigint not null default 1, created_at timestamptz not null, unique (tenant, contract_no), check (start_on < end_on))""",
        """create table loan_events (
               id text primary key, loan_id text not null references loans, parties text[] not null, sequence integer not null,
               type text not null, principal numeric(20, 2), interest numeric(20, 2), penalty numeric(20, 2), fee numeric(20, 2),
               happened_on date not null, reference text not null, recorded_by text not null, recorded_at timestamptz not null,
               unique (loan_id, sequence), unique (loan_id, reference))""",
        """create table pledges (
               id text primary key, parties text[] not null, status text not null, workflow text not null, applicant text not null,
               created_by text not null, pledgors text[] not null, pledgee text not null references tenants, pledgee_uscc text not null,
               authority text, security_type text not null, secured jsonb not null, other_security jsonb not null,
               approved_amount numeric(20, 2), approved_rate numeric(9, 6), reason text, order_round integer not null default 0,
               release_reason text, release_ordered_by text, release_ordered_at timestamptz, release_approved_by text,
               progressed_at timestamptz not null, created_at timestamptz not null, updated_at timestamptz not null,
               version bigint not null default 1)""",
        "create index pledges_by_pledgee on pledges (pledgee, created_at)",
        "create index pledges_by_update on pledges (updated_at)",
        """create table pledge_items (
               pledge_id text not null references pledges, position integer not null, right_id text not null references rights,
               parties text[] not null, quantity numeric(24, 6) not null check (quantity > 0), unit text not null,
               hold_id text references holds, expected_version bigint, valuation_id text references valuations,
               market_value numeric(20, 2), collateral_value numeric(20, 2), adopted_value numeric(20, 2), loan_to_value_cap numeric(9, 6),
               primary key (pledge_id, position), unique (pledge_id, right_id))""",
        "create index pledge_items_by_right on pledge_items (right_id)",
        """create table pledge_loans (
               pledge_id text not null references pledges, loan_id text not null references loans, parties text[] not null,
               primary key (pledge_id, loan_id))""",
        "create index pledge_loans_by_loan on pledge_loans (loan_id)",
        """create table registrations (
               pledge_id text not null references pledges, register text not null, position integer not null, parties text[] not null,
               status text not null, reference text, registered_at timestamptz, primary key (pledge_id, register, position))""",
        """create table registry_orders (
               id text primary key, kind text not null check (kind in ('freeze', 'release')), pledge_id text not null references pledges,
               right_id text not null references rights, hold_id text not null references holds, round integer not null,
               quantity numeric(24, 6) not null, expected_version bigint,
               state text not null check (state in ('recorded', 'sent', 'accepted', 'executed', 'refused', 'unknown')),
               attempts integer not null default 0, registry_ref text, freeze_ref text, executed_at timestamptz, reason text, message text,
               evidence_sha256 text, created_at timestamptz not null, updated_at timestamptz not null, parties text[] not null)""",
        """create unique index one_order_in_flight_per_right on registry_orders (right_id)
               where state in ('sent', 'accepted', 'unknown')""",
        "create index registry_orders_by_pledge on registry_orders (pledge_id)",
    )
    for table in (
        "loans",
        "loan_events",
        "pledges",
        "pledge_items",
        "pledge_loans",
        "registrations",
        "registry_orders",
    ):
        protect(table, PARTIES)


def downgrade() -> None:
    """Drop everything this revision made."""
    run(
        "drop table registry_orders, registrations, pledge_loans, pledge_items, pledges, loan_events, loans",
    )
