"""Rights, what is taken of them, holds, authorizations and verifications.

The sum that is taken lives in `right_balances`, apart from the right, so that the one hot row is narrow. It moves only by
a guarded update; the check constraint says the same again. `overtaken` rises only when the registry or a court takes more
than is free.
"""

from migrations.rows import PARTIES, grant_execute, protect, run

revision = "rights"
down_revision = "identity"

VISIBLE_RIGHT = """holder_uscc = current_uscc()
    or division like current_division() || '%'
    or exists (select 1 from authorizations a where a.enterprise_uscc = rights.holder_uscc and a.grantee = current_tenant()
               and a.revoked_at is null and (now() at time zone 'Asia/Shanghai')::date between a.valid_from and a.valid_to)
    or exists (select 1 from right_viewers v where v.right_id = rights.id and v.tenant = current_tenant())"""

RECORD_VERIFIED_RIGHT = """
create function record_verified_right(new_id text, new_hold_id text, told jsonb, verified timestamptz) returns text
security definer set search_path = public language plpgsql as $$
declare
    known text;
    place_taken numeric;
    ours numeric;
    uncertain numeric;
    frozen numeric := (told ->> 'frozen')::numeric;
    foreign_now numeric;
    foreign_before numeric;
    fresh rights := jsonb_populate_record(null::rights, told);
begin
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
        version = rights.version + (rights.registry_version <> excluded.registry_version)::int
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
    select coalesce(sum(h.quantity), 0) into foreign_before from holds h
        where h.right_id = known and h.reason = 'registry_reported' and h.state = 'posted';
    if exists (select 1 from registry_orders o where o.right_id = known and o.executed_at > fresh.as_of) then
        foreign_now := foreign_before;  -- it was told before an order of ours was executed, so it counts that one wrongly
    else  -- an order in flight may or may not be in the sum: believe what we did before as far as the sum allows
        foreign_now := greatest(0, least(greatest(foreign_before, frozen - ours - uncertain), frozen - ours));
    end if;
    if foreign_now <> foreign_before then
        update holds set state = 'released', until = verified where right_id = known and reason = 'registry_reported' and state = 'posted';
        if foreign_now > 0 then
            insert into holds (id, right_id, kind, blocks, quantity, state, since, reason, reference, parties)
            values (new_hold_id, known, 'administrative', '{transfer,lease}', foreign_now, 'posted', verified, 'registry_reported', null, '{}');
        end if;
    end if;
    update right_balances set
        quantity = (told ->> 'quantity')::numeric,
        taken = taken - foreign_before + foreign_now,
        overtaken = greatest(0, taken - foreign_before + foreign_now - (told ->> 'quantity')::numeric)
    where right_id = known;
    return known;
end $$"""


SHOW_RIGHT = """
create function show_right(shown text, viewer text) returns void
security definer set search_path = public language plpgsql as $$
begin
    -- only the parties of a pledge of this right may show it, and only to that pledge's pledgee
    if exists (select 1 from pledge_items i join pledges p on p.id = i.pledge_id
               where i.right_id = shown and p.pledgee = viewer and p.parties && current_parties()) then
        insert into right_viewers values (shown, viewer) on conflict do nothing;
    end if;
end $$"""


GIVE_BACK_UNSEEN = """
create function give_back_unseen(given_right text, given numeric) returns boolean
security definer set search_path = public language plpgsql as $$
begin
    -- a party to a live hold may end it although the right itself is hidden from it, as another's or as sold since
    if not exists (select 1 from holds h where h.right_id = given_right and h.quantity = given
                   and h.state in ('pending', 'posted') and h.parties && current_parties()) then
        return false;
    end if;
    update right_balances set taken = taken - given, overtaken = greatest(0, taken - given - quantity)
        where right_id = given_right;
    return found;
end $$"""


def upgrade() -> None:
    """Create rights and everything that takes from them."""
    run(
        """create table rights (
               id text primary key, registry text not null, registry_no text not null, permit_no text not null,
               holder_uscc text not null, holder_name text not null, instrument text not null, pollutant text not null,
               vintage integer, unit text not null, origin text not null, acquisition_basis text not null,
               acquisition_amount numeric(20, 2), acquired_on date, fee_paid_through date, tenure text not null,
               valid_from date not null, valid_to date, predecessor_id text references rights, successor_id text references rights,
               division text not null, status text not null, registry_version bigint not null, as_of timestamptz not null,
               evidence_sha256 text not null, verified_at timestamptz not null, version bigint not null default 1,
               unique (registry, registry_no))""",
        "create index rights_by_holder on rights (holder_uscc, id)",
        """create table right_balances (
               right_id text primary key references rights,
               quantity numeric(24, 6) not null check (quantity >= 0),
               taken numeric(24, 6) not null default 0 check (taken >= 0),
               overtaken numeric(24, 6) not null default 0 check (overtaken >= 0),
               constraint taken_within_quantity check (taken <= quantity + overtaken))""",
        """create table right_viewers (
               right_id text not null references rights, tenant text not null references tenants, primary key (right_id, tenant))""",
        """create table authorizations (
               id text primary key, enterprise_uscc text not null, grantee text not null references tenants, scope text[] not null,
               valid_from date not null, valid_to date not null, document jsonb not null, created_by text not null,
               created_at timestamptz not null, revoked_at timestamptz, check (valid_from <= valid_to))""",
        "create index authorizations_by_enterprise on authorizations (enterprise_uscc, grantee)",
        """create table verifications (
               id text primary key, parties text[] not null, client_id text not null, registry text not null, registry_no text,
               permit_no text, holder_uscc text not null, pollutant text, status text not null
                   check (status in ('pending', 'verified', 'refused')),
               refusal jsonb, right_ids text[] not null default '{}', created_at timestamptz not null, finished_at timestamptz)""",
        """create table holds (
               id text primary key, right_id text not null references rights,
               kind text not null check (kind in ('pledge', 'lease', 'judicial', 'administrative', 'listing', 'compliance')),
               blocks text[] not null, quantity numeric(24, 6) not null check (quantity > 0),
               state text not null check (state in ('pending', 'posted', 'voided', 'expired', 'released')),
               since timestamptz not null, until timestamptz, reason text not null, reference text, parties text[] not null)""",
        "create index holds_by_right on holds (right_id) where state in ('pending', 'posted')",
        "create index holds_by_reference on holds (reference)",
    )
    protect(
        "authorizations",
        "grantee = current_tenant() or enterprise_uscc = current_uscc()",
        writable="enterprise_uscc = current_uscc()",
    )
    protect("right_viewers", "tenant = current_tenant()", app="select")
    protect("rights", VISIBLE_RIGHT, app="select")
    protect("right_balances", "exists (select 1 from rights r where r.id = right_id)", app="select, update")
    protect("verifications", PARTIES)
    protect("holds", PARTIES)
    run(
        """create view hold_summaries with (security_barrier) as
               select right_id, kind, blocks, quantity, parties from holds where state in ('pending', 'posted')""",
        "grant select on hold_summaries to greenlien_app, greenlien_worker",
        RECORD_VERIFIED_RIGHT,
        SHOW_RIGHT,
        GIVE_BACK_UNSEEN,
    )
    grant_execute(
        "give_back_unseen(text, numeric)",
        "show_right(text, text)",
        "record_verified_right(text, text, jsonb, timestamptz)",
    )


def downgrade() -> None:
    """Drop everything this revision made."""
    run(
        "drop function give_back_unseen(text, numeric)",
        "drop function show_right(text, text)",
        "drop function record_verified_right(text, text, jsonb, timestamptz)",
        "drop view hold_summaries",
        "drop table holds, verifications",
        "drop policy rights_app on rights",
        "drop table right_balances, right_viewers, authorizations, rights",
    )
