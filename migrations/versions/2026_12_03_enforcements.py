"""Enforcement: how a pledge in default is disposed of, in rounds, with what must be met before and who got what after.

What must be met and each round of a sale are rows of their own, kept whatever follows. At most one enforcement of a
pledge is open, and a unique index says so. An order to the registry may now also transfer what is frozen to a buyer.
"""

from migrations.rows import PARTIES, protect, run

revision = "enforcements"
down_revision = "impairments"


def upgrade() -> None:
    """Create enforcements with their conditions and rounds; let orders transfer."""
    run(
        """create table enforcements (
               id text primary key, pledge_id text not null references pledges, parties text[] not null,
               route text not null check (route in ('auction', 'agreed_sale', 'buy_back', 'court', 'setoff_at_value')),
               status text not null check (status in ('proposed', 'running', 'stayed', 'settling', 'settled', 'ended')),
               grounds jsonb not null, proposed_by text not null, proposed_at timestamptz not null, approved_by text, approved_at timestamptz,
               stays jsonb not null, end_reason text, ended_by text, distribution jsonb, settled_at timestamptz,
               created_at timestamptz not null, updated_at timestamptz not null, version bigint not null default 1,
               check (approved_by is null or approved_by <> proposed_by), check ((approved_by is null) = (approved_at is null)))""",
        """create unique index one_open_enforcement_per_pledge on enforcements (pledge_id)
               where status not in ('settled', 'ended')""",
        "create index enforcements_by_pledge on enforcements (pledge_id, created_at)",
        """create table enforcement_conditions (
               enforcement_id text not null references enforcements, position integer not null, parties text[] not null,
               code text not null, named text not null check (named in ('pledgee', 'pledgor', 'authority')),
               rule text, standing text not null, days integer check (days >= 0),
               met_on date, met_by text, met_at timestamptz, document jsonb, amount numeric(20, 2) check (amount >= 0),
               primary key (enforcement_id, code), unique (enforcement_id, position),
               check ((met_on is null) = (met_by is null)), check ((met_on is null) = (met_at is null)))""",
        """create table enforcement_rounds (
               enforcement_id text not null references enforcements, number integer not null check (number > 0), parties text[] not null,
               reserve_price numeric(20, 2) check (reserve_price > 0), opened_by text not null, opened_at timestamptz not null,
               outcome text check (outcome in ('failed', 'sold', 'transfer_refused')), happened_on date, reference text,
               reported_by text, reported_at timestamptz, result jsonb,
               primary key (enforcement_id, number),
               check ((outcome is null) = (reported_by is null)), check ((outcome is null) = (happened_on is null)))""",
        """alter table registry_orders add column buyer_uscc text, add column buyer_permit_no text,
               add column enforcement_id text references enforcements""",
        "alter table registry_orders drop constraint registry_orders_kind_check",
        """alter table registry_orders add constraint registry_orders_kind_check
               check (kind in ('freeze', 'release', 'transfer')),
               add constraint registry_orders_buyer_check check ((kind = 'transfer') = (buyer_uscc is not null)),
               add constraint registry_orders_sale_check check (kind <> 'transfer' or enforcement_id is not null)""",
    )
    for table in ("enforcements", "enforcement_conditions", "enforcement_rounds"):
        protect(table, PARTIES)


def downgrade() -> None:
    """Drop everything this revision made; transfers that were ordered are forgotten with the column that named the buyer."""
    run(
        "alter table registry_orders drop constraint registry_orders_buyer_check, drop constraint registry_orders_sale_check",
        "alter table registry_orders drop constraint registry_orders_kind_check",
        "delete from registry_orders where kind = 'transfer'",
        """alter table registry_orders add constraint registry_orders_kind_check check (kind in ('freeze', 'release'))""",
        "alter table registry_orders drop column buyer_uscc, drop column buyer_permit_no, drop column enforcement_id",
        "drop table enforcement_rounds, enforcement_conditions, enforcements",
    )
