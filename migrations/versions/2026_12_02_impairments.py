"""What befalls a right or a pledge after it was entered, and the cases where a registry says other than we do.

`right_standings` keeps what was told last of each right, so that a change is told once and whoever finds one (a verification,
a reconciliation, a calendar day) needs not know who is concerned: the worker compares and tells. An impairment is a row of its
own with an end, never a state of the pledge.

`record_verified_right` is written anew: what the registry freezes for others leaves entries in the trail like every hold, a right
past its last day is expired whatever its registry says, and a quantity in another unit than ours is never entered.
"""

from importlib import import_module

from migrations.rows import PARTIES, grant_execute, protect, run

revision = "impairments"
down_revision = "revaluation"

NOBODY = "false"
PLATFORM = "exists (select 1 from tenants t where t.id = current_tenant() and t.kind = 'platform')"

RECORD_VERIFIED_RIGHT = """
create or replace function record_verified_right(new_id text, new_hold_id text, told jsonb, verified timestamptz) returns text
security definer set search_path = public language plpgsql as $$
declare
    known text;
    ours numeric;
    uncertain numeric;
    posted_here numeric;
    frozen numeric := (told ->> 'frozen')::numeric;
    foreign_now numeric;
    foreign_before numeric;
    former record;
    concerned text[];
    fresh rights := jsonb_populate_record(null::rights, told);
begin
    if exists (select 1 from rights r where r.registry = fresh.registry and r.registry_no = fresh.registry_no and r.unit <> fresh.unit) then
        raise exception 'the unit of % % has changed', fresh.registry, fresh.registry_no;
    end if;
    if fresh.status in ('effective', 'reduced') and fresh.valid_to < (verified at time zone 'Asia/Shanghai')::date then
        fresh.status := 'expired';
    end if;
    insert into rights (id, registry, registry_no, permit_no, holder_uscc, holder_name, instrument, pollutant, vintage, unit, origin,
                        acquisition_basis, acquisition_amount, acquired_on, fee_paid_through, tenure, valid_from, valid_to, division,
                        status, registry_version, as_of, evidence_sha256, verified_at, version)
    values (new_id, fresh.registry, fresh.registry_no, fresh.permit_no, fresh.holder_uscc, fresh.holder_name, fresh.instrument,
            fresh.pollutant, fresh.vintage, fresh.unit, fresh.origin, fresh.acquisition_basis, fresh.acquisition_amount, fresh.acquired_on,
            fresh.fee_paid_through, fresh.tenure, fresh.valid_from, fresh.valid_to, fresh.division, fresh.status, fresh.registry_version,
            fresh.as_of, fresh.evidence_sha256, verified, 1)
    on conflict (registry, registry_no) do update set
        permit_no = excluded.permit_no, holder_uscc = excluded.holder_uscc, holder_name = excluded.holder_name,
        fee_paid_through = excluded.fee_paid_through, acquisition_basis = excluded.acquisition_basis,
        acquisition_amount = excluded.acquisition_amount, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
        status = excluded.status, registry_version = excluded.registry_version, as_of = excluded.as_of,
        evidence_sha256 = excluded.evidence_sha256, verified_at = excluded.verified_at,
        version = rights.version + (rights.registry_version <> excluded.registry_version or rights.status <> excluded.status)::int
    where rights.as_of <= excluded.as_of
    returning id into known;
    if known is null then  -- an older answer than the one we hold: keep ours
        select id into known from rights where registry = fresh.registry and registry_no = fresh.registry_no;
        return known;
    end if;

    insert into right_balances (right_id, quantity) values (known, (told ->> 'quantity')::numeric) on conflict do nothing;
    perform 1 from right_balances where right_id = known for update;
    select coalesce(sum(h.quantity) filter (where h.state = 'posted' and not f.in_flight), 0),
           coalesce(sum(h.quantity) filter (where f.in_flight), 0)
        into ours, uncertain from holds h
        cross join lateral (select exists (select 1 from registry_orders o where o.hold_id = h.id
                                           and o.state in ('sent', 'accepted', 'unknown')) as in_flight) f
        where h.right_id = known and h.kind = 'pledge' and h.state in ('pending', 'posted');
    select coalesce(sum(h.quantity), 0) into posted_here from holds h
        where h.right_id = known and h.kind in ('judicial', 'administrative') and h.state = 'posted' and h.parties <> '{}';
    select coalesce(sum(h.quantity), 0) into foreign_before from holds h
        where h.right_id = known and h.reason = 'registry_reported' and h.parties = '{}' and h.state = 'posted';
    if exists (select 1 from registry_orders o where o.right_id = known and o.executed_at > fresh.as_of) then
        foreign_now := foreign_before;  -- it was told before an order of ours was executed, so it counts that one wrongly
    else  -- an order in flight, or one that an authority posted with us, may or may not be in the sum: believe what we did before
        foreign_now := greatest(0, least(greatest(foreign_before, frozen - ours - uncertain - posted_here), frozen - ours));
    end if;
    if foreign_now <> foreign_before then
        concerned := array_remove(array[fresh.holder_uscc, authority_of(fresh.division)], null);
        for former in update holds set state = 'released', until = verified
                      where right_id = known and reason = 'registry_reported' and parties = '{}' and state = 'posted' returning id, quantity loop
            insert into audit_entries (id, at, actor, tenant, action, subject, details, parties)
            values ('audit_' || replace(gen_random_uuid()::text, '-', ''), verified, 'greenlien.worker', 'greenlien', 'hold.released', known,
                    jsonb_build_object('hold_id', former.id, 'quantity', former.quantity::text, 'reason', 'registry_reported'), concerned);
        end loop;
        if foreign_now > 0 then
            insert into holds (id, right_id, kind, blocks, quantity, state, since, reason, reference, parties)
            values (new_hold_id, known, 'administrative', '{transfer,lease}', foreign_now, 'posted', verified, 'registry_reported', null, '{}');
            insert into audit_entries (id, at, actor, tenant, action, subject, details, parties)
            values ('audit_' || replace(gen_random_uuid()::text, '-', ''), verified, 'greenlien.worker', 'greenlien', 'hold.posted', known,
                    jsonb_build_object('hold_id', new_hold_id, 'quantity', foreign_now::numeric(24, 6)::text, 'reason', 'registry_reported'),
                    concerned);
        end if;
    end if;
    update right_balances set
        quantity = (told ->> 'quantity')::numeric,
        taken = taken - foreign_before + foreign_now,
        overtaken = greatest(0, taken - foreign_before + foreign_now - (told ->> 'quantity')::numeric)
    where right_id = known;
    insert into right_standings (right_id, status, quantity, holder_uscc, valid_to, overtaken, told_at)
        select r.id, r.status, b.quantity, r.holder_uscc, r.valid_to, b.overtaken, verified
        from rights r join right_balances b on b.right_id = r.id where r.id = known
        on conflict do nothing;
    return known;
end $$"""

KNOWN_RIGHT = """
create function known_right(of_registry text, of_number text) returns table (id text, unit text)
stable security definer set search_path = public language sql as $$
    select r.id, r.unit from rights r where r.registry = of_registry and r.registry_no = of_number $$"""

RIGHT_STANDS_OTHERWISE = """
create function right_stands_otherwise(of_right text) returns boolean
stable security definer set search_path = public language sql as $$
    select exists (select 1 from rights r join right_balances b on b.right_id = r.id join right_standings s on s.right_id = r.id
                   where r.id = of_right and (s.status, s.quantity, s.holder_uscc, s.valid_to, s.overtaken)
                         is distinct from (r.status, b.quantity, r.holder_uscc, r.valid_to, b.overtaken)) $$"""


def upgrade() -> None:
    """Create impairments, standings, reconciliation, and the functions that go with them."""
    run(
        "alter table holds add column document jsonb",
        """create table right_standings (
               right_id text primary key references rights, status text not null, quantity numeric(24, 6) not null,
               holder_uscc text not null, valid_to date, overtaken numeric(24, 6) not null, told_at timestamptz not null,
               reconfirmation_due date)""",
        """insert into right_standings (right_id, status, quantity, holder_uscc, valid_to, overtaken, told_at)
               select r.id, r.status, b.quantity, r.holder_uscc, r.valid_to, b.overtaken, r.verified_at
               from rights r join right_balances b on b.right_id = r.id""",
        """create table impairments (
               id text primary key, pledge_id text not null references pledges, right_id text not null references rights,
               parties text[] not null, kind text not null, quantity numeric(24, 6), unit text not null, since timestamptz not null,
               until timestamptz, reference text not null, rank integer, pledged numeric(24, 6), lost numeric(24, 6),
               check ((rank is null) = (lost is null) and (rank is null) = (pledged is null)), check (lost <= pledged))""",
        """create unique index impairments_that_last on impairments (pledge_id, right_id, kind, reference)
               where until is null""",
        "create index impairments_by_right on impairments (right_id) where until is null",
        """create table reconciliation_runs (
               id text primary key, registry text not null, on_day date not null, status text not null
                   check (status in ('pending', 'done', 'failed')),
               requested_by text not null, parties text[] not null, created_at timestamptz not null, finished_at timestamptz,
               file_day date, file_sha256 text, rights integer not null default 0, moved integer not null default 0,
               differences integer not null default 0, failure text)""",
        """create table reconciliation_cases (
               id text primary key, run_id text references reconciliation_runs, registry text not null, registry_no text not null,
               right_id text not null references rights, division text not null, parties text[] not null, kind text not null,
               ours jsonb not null, theirs_balance jsonb, theirs_live jsonb,
               state text not null check (state in ('open', 'acknowledged', 'resolved')), owner text not null, note text,
               opened_at timestamptz not null, acknowledged_at timestamptz, resolved_at timestamptz, version bigint not null default 1,
               check ((state = 'resolved') = (resolved_at is not null)))""",
        "create unique index one_case_a_right on reconciliation_cases (right_id) where state <> 'resolved'",
        "create index reconciliation_cases_by_state on reconciliation_cases (state, id)",
    )
    protect("right_standings", NOBODY)
    protect("impairments", PARTIES)
    protect("reconciliation_runs", f"{PARTIES} or {PLATFORM}")
    protect(
        "reconciliation_cases",
        f"{PARTIES} or division like current_division() || '%' or {PLATFORM}",
        writable=f"division like current_division() || '%' or {PLATFORM}",
    )
    run(
        "grant update on rights to greenlien_worker",
        KNOWN_RIGHT,
        RIGHT_STANDS_OTHERWISE,
        RECORD_VERIFIED_RIGHT,
    )
    grant_execute("known_right(text, text)", "right_stands_otherwise(text)")


def downgrade() -> None:
    """Drop everything this revision made, and let rights be recorded as before."""
    before = import_module("migrations.versions.2026_11_22_rights").RECORD_VERIFIED_RIGHT
    run(
        before.replace("create function", "create or replace function", 1),
        "drop function right_stands_otherwise(text)",
        "drop function known_right(text, text)",
        "revoke update on rights from greenlien_worker",
        "drop table reconciliation_cases, reconciliation_runs, impairments, right_standings",
        "alter table holds drop column document",
    )
