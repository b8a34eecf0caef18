"""Declared closures of registries, alarms, the figures of operation, and two kinds of certificates.

A closure is nobody's: every role reads it, the worker writes it. At most one of a registry lasts, and a unique index
says so. The figures are sums over all tenants, so they are read through a function of their own, which shows no row.
"""

from migrations.rows import PARTIES, grant_execute, protect, run

revision = "estimates"
down_revision = "amendments"

KINDS = ("registration", "amendment", "release")
MORE_KINDS = (*KINDS, "publicity", "disposal")


def upgrade() -> None:
    """Create closures, alarms and figures."""
    run(
        """create table registry_closures (
               id text primary key, registry text not null, since timestamptz not null, until timestamptz, ended_at timestamptz)""",
        "create unique index one_lasting_closure_per_registry on registry_closures (registry) where ended_at is null",
        "create index registry_closures_by_registry on registry_closures (registry, since)",
        """create table alarms (
               id text primary key, sequence bigint generated always as identity, kind text not null, registry text not null,
               pledge_id text not null references pledges, order_id text not null, parties text[] not null,
               state text not null check (state in ('open', 'acknowledged', 'resolving', 'resolved')), reason text, owner text,
               notes jsonb not null, opened_at timestamptz not null, acknowledged_at timestamptz, resolved_by text,
               resolved_at timestamptz, confirmed_by text, version bigint not null default 1,
               unique (order_id, kind), check (confirmed_by is null or confirmed_by <> resolved_by),
               check ((state = 'resolved') = (resolved_at is not null)))""",
        "create index alarms_by_state on alarms (state, sequence)",
        "create index alarms_by_time on alarms (opened_at)",
        "create index registry_orders_by_time on registry_orders (created_at)",
        "create index notice_orders_by_time on notice_orders (created_at)",
    )
    protect("registry_closures", "true", app="select")
    run("grant insert, update on registry_closures to greenlien_worker")
    protect("alarms", PARTIES)
    run("""create function operating_figures(at timestamptz) returns jsonb
           stable security definer set search_path = public language sql as $$
               with every_order as (
                   select r.registry, o.kind, o.state, o.created_at from registry_orders o join rights r on r.id = o.right_id
                   union all select 'notice_registry', o.kind, o.state, o.created_at from notice_orders o)
               select jsonb_build_object(
                   'orders', (select coalesce(jsonb_agg(each), '[]') from (
                       select registry, kind, state, count(*) as count, min(created_at) as oldest
                       from every_order group by registry, kind, state order by registry, kind, state) each),
                   'alarms', (select coalesce(jsonb_agg(each), '[]') from (
                       select kind as name, count(*) as count from alarms where state <> 'resolved' group by kind order by kind) each),
                   'jobs', (select coalesce(jsonb_agg(each), '[]') from (
                       select task_name as name, count(*) as count from procrastinate_jobs where status = 'todo'
                       group by task_name order by task_name) each),
                   'cases', (select coalesce(jsonb_agg(each), '[]') from (
                       select kind as name, count(*) as count from reconciliation_cases where state <> 'resolved'
                       group by kind order by kind) each),
                   'closed', (select coalesce(jsonb_agg(registry order by registry), '[]') from registry_closures
                              where ended_at is null and (until is null or until > at)),
                   'orders_lately', (select count(*) from every_order where created_at > at - interval '30 days'),
                   'alarms_lately', (select count(*) from alarms where opened_at > at - interval '30 days')) $$""")
    grant_execute("operating_figures(timestamptz)")
    _kinds_of_certificates(MORE_KINDS)


def downgrade() -> None:
    """Drop everything this revision made; certificates of the two later kinds go with it."""
    run(
        "drop function operating_figures(timestamptz)",
        "drop index registry_orders_by_time, notice_orders_by_time",
        "drop table alarms, registry_closures",
        "delete from certificates where kind in ('publicity', 'disposal')",
    )
    _kinds_of_certificates(KINDS)


def _kinds_of_certificates(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    run(
        "alter table certificates drop constraint certificates_kind_check",
        f"alter table certificates add constraint certificates_kind_check check (kind in ({listed}))",
    )
