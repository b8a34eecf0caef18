"""A bank's own appraisals, the values it adopts, and its policy, each put forward by one person and decided by another.

All three are private to the bank: not even the holder of the right sees them. What was put forward never changes; only
the decision is written, once, and the columns that it may touch are the only ones the roles may update.
"""

from migrations.rows import protect, run

revision = "appraisals"
down_revision = "imports"

OWN = "tenant = current_tenant()"
DECIDED = """status text not null default 'proposed' check (status in ('proposed', 'approved', 'rejected')),
               proposed_by text not null, proposed_at timestamptz not null, decided_by text, decided_at timestamptz,
               rejection text, version bigint not null default 1,
               check ((status = 'proposed') = (decided_by is null)), check ((decided_by is null) = (decided_at is null)),
               check (decided_by <> proposed_by), check ((status = 'rejected') = (rejection is not null))"""
DECISION = "select, insert, update (status, decided_by, decided_at, rejection, version)"


def upgrade() -> None:
    """Create appraisals, adopted values and the banks' policies."""
    run(
        f"""create table appraisals (
               id text primary key, tenant text not null references tenants, right_id text not null references rights,
               kind text not null check (kind in ('internal', 'external')), value numeric(20, 2) not null check (value > 0),
               quantity numeric(24, 6) not null check (quantity > 0), unit text not null, as_of date not null,
               valid_until date not null check (valid_until >= as_of), appraiser jsonb not null, report jsonb not null, method text,
               {DECIDED})""",
        "create index appraisals_by_right on appraisals (tenant, right_id)",
        f"""create table adopted_values (
               id text primary key, tenant text not null references tenants, right_id text not null references rights,
               basis text not null check (basis in ('valuation', 'appraisal', 'value')), valuation_id text references valuations,
               appraisal_id text references appraisals, value numeric(20, 2) not null check (value > 0),
               quantity numeric(24, 6) not null check (quantity > 0), unit text not null, valued_on date not null,
               valid_until date, reason text not null,
               check ((basis = 'valuation') = (valuation_id is not null)), check ((basis = 'appraisal') = (appraisal_id is not null)),
               {DECIDED})""",
        "create index adopted_values_by_right on adopted_values (tenant, right_id)",
        f"""create table bank_policies (
               id text primary key, tenant text not null references tenants,
               revaluation_months integer not null check (revaluation_months between 1 and 12),
               liquidation_days integer not null check (liquidation_days between 0 and 3650),
               loan_end_margin_days integer check (loan_end_margin_days between 0 and 3650),
               {DECIDED})""",
        "create index bank_policies_by_tenant on bank_policies (tenant, proposed_at)",
    )
    for table in ("appraisals", "adopted_values", "bank_policies"):
        protect(table, OWN, app=DECISION)


def downgrade() -> None:
    """Drop everything this revision made."""
    run("drop table bank_policies, adopted_values, appraisals")
