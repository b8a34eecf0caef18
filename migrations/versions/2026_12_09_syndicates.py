"""Groups of banks and of pledges: syndicates, existing pledges brought in, and purchases that a loan pays for.

A syndicate's members stand in the pledge's own row, because they never change once it is submitted; the pledge's
parties name them, so that they read it. A member reads the loans behind it by a policy of its own, and nothing else of
the agent's.

A batch of existing pledges is the bank's alone. `registrations.rank` is what the registry itself said of a freeze that
was none of our orders.

A settlement account is an exchange's statement for all banks; it is written once, and followed by another.
"""

from migrations.rows import grant_execute, protect, run

revision = "syndicates"
down_revision = "parties"

MY_TENANT = "tenant = current_tenant()"

BANK_OR_OWN = """exchange = current_tenant()
                 or exists (select 1 from tenants t where t.id = current_tenant() and t.kind = 'bank')"""

SHARES_IN_LOAN = """
create function shares_in_loan(of_loan text) returns boolean
stable security definer set search_path = public language sql as $$
    -- whoever has accepted a share in a pledge reads the loans that it secures
    select exists (select 1 from pledge_loans l join pledges p on p.id = l.pledge_id
                   cross join jsonb_array_elements(case when jsonb_typeof(p.syndicate) = 'array' then p.syndicate else '[]' end) m
                   where l.loan_id = of_loan and m ->> 'tenant' = current_tenant() and m ->> 'accepted_at' is not null) $$"""


def upgrade() -> None:
    """Add a pledge's syndicate and the imports of pledges."""
    run(
        "alter table pledges add column syndicate jsonb",
        "alter table registrations add column rank integer check (rank > 0)",
        """create table pledge_imports (
               id text primary key, tenant text not null references tenants, tenant_uscc text not null, status text not null,
               proposed_by text not null, proposed_at timestamptz not null, decided_by text, decided_at timestamptz,
               rejection text, version bigint not null default 1)""",
        "create index pledge_imports_by_tenant on pledge_imports (tenant, proposed_at)",
        """create table pledge_import_rows (
               import_id text not null references pledge_imports, position integer not null, tenant text not null,
               content jsonb not null, outcome text not null, code text, pledge_id text references pledges,
               primary key (import_id, position),
               check (outcome in ('pending', 'accepted', 'duplicate', 'quarantined')),
               check ((outcome = 'quarantined') = (code is not null)),
               check ((outcome in ('accepted', 'duplicate')) = (pledge_id is not null)))""",
        """create table settlement_accounts (
               id text primary key, exchange text not null references tenants, account_no text not null, account_name text not null,
               bank_name text not null, valid_from date not null, source_title text not null, source_sha256 text not null,
               stated_by text not null, stated_at timestamptz not null)""",
        "create index settlement_accounts_by_exchange on settlement_accounts (exchange, valid_from)",
        "alter table loan_events add column payee jsonb",
        SHARES_IN_LOAN,
    )
    grant_execute("shares_in_loan(text)")
    run(
        "create policy loans_shared on loans for select to greenlien_app using (shares_in_loan(id))",
        "create policy loan_events_shared on loan_events for select to greenlien_app using (shares_in_loan(loan_id))",
    )
    for table in ("pledge_imports", "pledge_import_rows"):
        protect(table, MY_TENANT)
    protect("settlement_accounts", BANK_OR_OWN, app="select, insert", writable="exchange = current_tenant()")


def downgrade() -> None:
    """Drop everything this revision made."""
    run(
        "alter table loan_events drop column payee",
        "drop table settlement_accounts, pledge_import_rows, pledge_imports",
        "drop policy loan_events_shared on loan_events",
        "drop policy loans_shared on loans",
        "drop function shares_in_loan(text)",
        "alter table registrations drop column rank",
        "alter table pledges drop column syndicate",
    )
