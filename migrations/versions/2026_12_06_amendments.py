"""Amendments of a pledge: each a record with its number, the consents of the pledgors, and what it adds and removes.

At most one amendment of a pledge is pending; a unique index says so too. An order to the registry may belong to an
amendment. Beside them: which pledgors have confirmed, when a maximum amount was determined and what the contract says
of coverage (pledges), what was approved for a loan that joined later (pledge_loans), and what an overdue loan costs more
(loans).

Two doors for the pledgee's sight of a right: it is shown the rights of an amendment that is carried out, and no longer
shown what no living pledge to it holds. A third links a right with its successor of the next plan period.
"""

from migrations.rows import PARTIES, grant_execute, protect, run

revision = "amendments"
down_revision = "notices"

PENDING = "status in ('proposed', 'registering', 'exception')"

SHOW_RIGHT = """
create or replace function show_right(shown text, viewer text) returns void
security definer set search_path = public language plpgsql as $$
begin
    -- only the parties of a pledge of this right may show it, and only to that pledge's pledgee
    if exists (select 1 from pledge_items i join pledges p on p.id = i.pledge_id
               where i.right_id = shown and p.pledgee = viewer and p.parties && current_parties()){more} then
        insert into right_viewers values (shown, viewer) on conflict do nothing;
    end if;
end $$"""

BY_AMENDMENT = """
       or exists (select 1 from amendments a join pledges p on p.id = a.pledge_id
                  where a.status = 'registering' and a.additions @> jsonb_build_array(jsonb_build_object('right_id', shown))
                        and p.pledgee = viewer and p.parties && current_parties())"""

HIDE_RIGHT = """
create function hide_right(hidden text, viewer text) returns void
security definer set search_path = public language plpgsql as $$
begin
    -- a pledgee sees a right for as long as a living pledge to it, or an amendment of one, holds it
    if not exists (select 1 from pledge_items i join pledges p on p.id = i.pledge_id
                   where i.right_id = hidden and p.pledgee = viewer and i.hold_id is not null
                         and p.status not in ('released', 'rejected', 'withdrawn', 'disposed'))
       and not exists (select 1 from amendments a join pledges p on p.id = a.pledge_id
                       where a.status in ('registering', 'exception') and p.pledgee = viewer
                             and a.additions @> jsonb_build_array(jsonb_build_object('right_id', hidden))) then
        delete from right_viewers where right_id = hidden and tenant = viewer;
    end if;
end $$"""

LINK_SUCCESSOR = """
create function link_successor(former text, follower text) returns boolean
security definer set search_path = public language plpgsql as $$
begin
    -- only where an amendment replaces the one by the other, and both are of one holder and one pollutant
    if not exists (select 1 from amendments a join rights o on o.id = former join rights n on n.id = follower
                   where a.kind = 'replace_right' and a.terms ->> 'right_id' = former
                         and a.terms ->> 'successor_id' = follower
                         and o.holder_uscc = n.holder_uscc and o.pollutant = n.pollutant and o.registry = n.registry) then
        return false;
    end if;
    update rights set successor_id = follower where id = former;
    update rights set predecessor_id = former where id = follower;
    return true;
end $$"""


def upgrade() -> None:
    """Create amendments and their consents, and the columns and doors that they need."""
    run(
        f"""create table amendments (
               id text primary key, pledge_id text not null references pledges, parties text[] not null,
               number integer not null check (number > 0), kind text not null, status text not null,
               terms jsonb not null, additions jsonb not null default '[]', removals jsonb not null default '[]',
               entries jsonb not null default '[]', proposed_by text not null, proposed_at timestamptz not null,
               decided_by text, decided_at timestamptz, ended_at timestamptz, reason text,
               version bigint not null default 1, unique (pledge_id, number),
               check (status in ('proposed', 'registering', 'effective', 'withdrawn', 'rejected', 'refused', 'exception')),
               check (({PENDING}) = (ended_at is null)))""",
        f"create unique index one_amendment_pending_per_pledge on amendments (pledge_id) where {PENDING}",
        """create table amendment_consents (
               amendment_id text not null references amendments, uscc text not null, parties text[] not null,
               given_by text not null, given_at timestamptz not null, primary key (amendment_id, uscc))""",
        "alter table registry_orders add column amendment_id text references amendments",
        "alter table pledges add column confirmed_by text[] not null default '{}'",
        "alter table pledges add column determined_on date",
        "alter table pledges add column determination text",
        "alter table pledges add column coverage_terms jsonb",
        "alter table pledge_loans add column approved numeric(20, 2) check (approved > 0)",
        "alter table loans add column overdue_surcharge numeric(9, 6) check (overdue_surcharge >= 0)",
        "grant delete on pledge_items, registrations to greenlien_worker",
    )
    protect("amendments", PARTIES)
    protect("amendment_consents", PARTIES, app="select, insert")
    run(SHOW_RIGHT.format(more=BY_AMENDMENT), HIDE_RIGHT, LINK_SUCCESSOR)
    grant_execute("hide_right(text, text)", "link_successor(text, text)")


def downgrade() -> None:
    """Drop everything this revision made."""
    run(
        "drop function link_successor(text, text)",
        "drop function hide_right(text, text)",
        SHOW_RIGHT.format(more=""),
        "revoke delete on pledge_items, registrations from greenlien_worker",
        "alter table loans drop column overdue_surcharge",
        "alter table pledge_loans drop column approved",
        "alter table pledges drop column coverage_terms, drop column determination, drop column determined_on, drop column confirmed_by",
        "alter table registry_orders drop column amendment_id",
        "drop table amendment_consents, amendments",
    )
