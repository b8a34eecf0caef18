"""A pledge changes hands: the claim moves to another bank, or another enterprise takes a pledgor's place by law.

An order to the registry may now also amend a freeze; it names those who stand there and those who shall. The rows of a
pledge carry their parties, and only `change_parties` moves those: the worker alone may call it, for an amendment whose every
order is settled. What stands (pledge, items, loans, holds, registrations, the entry at the notice registry) becomes the new
party's. What has happened (events of a loan, orders, searches, documents, earlier amendments) is shown to the new party
beside the old one, who keeps seeing its own past and nothing that comes after. The audit trail and the event feed are never
touched, and no more are sealed certificates.

Beside it: money that comes in for a pledged right without a default (civil code art. 390).
"""

from migrations.rows import PARTIES, protect, run

revision = "parties"
down_revision = "estimates"

KINDS = "'freeze', 'release', 'transfer'"

MOVED = """
create function moved(parties text[], former text, follower text) returns text[] immutable language sql as $$
    select coalesce(array_agg(party order by place), '{}') from (
        select case when party = former then follower else party end as party, min(place) as place
        from unnest(parties) with ordinality as each(party, place) group by 1) as once $$"""

SHOWN = """
create function shown(parties text[], former text, follower text) returns text[] immutable language sql as $$
    select case when former = any(parties) and not follower = any(parties) then parties || follower else parties end $$"""

STANDING = ("pledge_items", "pledge_loans", "registrations", "document_demands", "notice_entries", "compensations")
PAST = ("registry_orders", "amendments", "notice_orders", "pledge_searches", "pledge_documents", "pledge_valuations")

CHANGE_PARTIES = f"""
create function change_parties(by_amendment text) returns boolean
security definer set search_path = public language plpgsql as $$
declare
    a amendments;
    p pledges;
    former text;
    follower text;
begin
    select * into a from amendments where id = by_amendment and status = 'registering'
        and (kind = 'change_party' or (kind = 'transfer_of_claim' and accepted_by is not null));
    if not found or exists (select 1 from registry_orders o where o.amendment_id = by_amendment
                            and o.state not in ('executed', 'refused')) then
        return false;
    end if;
    select * into p from pledges where id = a.pledge_id for update;
    if a.kind = 'transfer_of_claim' then
        former := p.pledgee;
        follower := a.terms ->> 'transferee';
        update pledges set pledgee = follower, pledgee_uscc = (select t.uscc from tenants t where t.id = follower) where id = p.id;
        update loans l set tenant = follower, contract_no = case when exists (
                   select 1 from loans other where other.tenant = follower and other.contract_no = l.contract_no)
                   then l.contract_no || '-' || l.id else l.contract_no end
            where l.tenant = former and l.id in (select loan_id from pledge_loans where pledge_id = p.id);
        update notice_codes set tenant = follower where pledge_id = p.id and tenant = former;
        insert into right_viewers select i.right_id, follower from pledge_items i where i.pledge_id = p.id on conflict do nothing;
    else
        former := a.terms ->> 'former_uscc';
        follower := a.terms ->> 'successor_uscc';
        update pledges set pledgors = moved(pledgors, former, follower), confirmed_by = moved(confirmed_by, former, follower)
            where id = p.id;
        update loans l set borrower_uscc = follower
            where l.borrower_uscc = former and l.id in (select loan_id from pledge_loans where pledge_id = p.id);
    end if;
    update pledges set parties = moved(parties, former, follower) where id = p.id;
    update loans set parties = moved(parties, former, follower) where id in (select loan_id from pledge_loans where pledge_id = p.id);
    update holds set parties = moved(parties, former, follower) where id in (select hold_id from pledge_items where pledge_id = p.id);
    update impairments set parties = moved(parties, former, follower) where pledge_id = p.id and until is null;
    {"; ".join(f"update {table} set parties = moved(parties, former, follower) where pledge_id = p.id" for table in STANDING)};
    {"; ".join(f"update {table} set parties = shown(parties, former, follower) where pledge_id = p.id" for table in PAST)};
    update impairments set parties = shown(parties, former, follower) where pledge_id = p.id and until is not null;
    update loan_events set parties = shown(parties, former, follower)
        where loan_id in (select loan_id from pledge_loans where pledge_id = p.id);
    update amendment_consents set parties = shown(parties, former, follower)
        where amendment_id in (select id from amendments where pledge_id = p.id);
    update pledge_document_parts set parties = shown(parties, former, follower)
        where document_id in (select id from pledge_documents where pledge_id = p.id);
    update valuations v set parties = shown(parties, former, follower)
        where v.id in (select valuation_id from pledge_items where pledge_id = p.id) and v.parties && p.pledgors;
    perform hide_right(i.right_id, former) from pledge_items i where i.pledge_id = p.id;
    return true;
end $$"""


def upgrade() -> None:
    """Let orders amend freezes, keep who accepted a transfer, and open the door that moves parties; keep compensations."""
    run(
        "alter table amendments add column accepted_by text, add column accepted_at timestamptz",
        """alter table amendments add constraint amendments_accepted_check check ((accepted_by is null) = (accepted_at is null)),
               add constraint amendments_acceptor_check check (accepted_by is null or accepted_by not in (proposed_by, coalesce(decided_by, '')))""",
        """alter table registry_orders add column beneficiary text, add column new_beneficiary text,
               add column holder text, add column new_holder text""",
        "alter table registry_orders drop constraint registry_orders_kind_check",
        f"alter table registry_orders add constraint registry_orders_kind_check check (kind in ({KINDS}, 'amend'))",
        """alter table registry_orders add constraint registry_orders_change_check
               check ((kind = 'amend') = (beneficiary is not null) and (kind = 'amend') = (new_beneficiary is not null)
                      and (kind = 'amend') = (holder is not null) and (kind = 'amend') = (new_holder is not null)
                      and (kind <> 'amend' or amendment_id is not null))""",
        "alter table registry_tasks drop constraint registry_tasks_kind_check",
        f"alter table registry_tasks add constraint registry_tasks_kind_check check (kind in ({KINDS}, 'amend'))",
        """create table compensations (
               id text primary key, pledge_id text not null references pledges, parties text[] not null,
               right_id text not null references rights, kind text not null
                   check (kind in ('buy_back', 'expropriation', 'insurance', 'compensation')),
               amount numeric(20, 2) not null check (amount > 0), received_on date not null, reference text not null,
               application text not null check (application in ('prepay', 'deposit')), lost numeric(24, 6) check (lost > 0),
               status text not null check (status in ('proposed', 'approved', 'rejected', 'applied', 'returned')),
               lines jsonb not null default '[]', deposited numeric(20, 2) not null default 0 check (deposited >= 0),
               surplus numeric(20, 2) not null default 0 check (surplus >= 0), reason text,
               proposed_by text not null, proposed_at timestamptz not null, decided_by text, decided_at timestamptz,
               version bigint not null default 1, unique (pledge_id, reference),
               check (deposited + surplus <= amount), check (decided_by is null or decided_by <> proposed_by),
               check ((decided_by is null) = (decided_at is null)), check ((status = 'proposed') = (decided_by is null)))""",
    )
    protect("compensations", PARTIES)
    run(
        MOVED,
        SHOWN,
        CHANGE_PARTIES,
        "revoke all on function change_parties(text) from public",
        "grant execute on function change_parties(text) to greenlien_worker",
    )


def downgrade() -> None:
    """Drop everything this revision made; amendments of freezes that were ordered are forgotten with their columns."""
    run(
        "drop function change_parties(text)",
        "drop function shown(text[], text, text)",
        "drop function moved(text[], text, text)",
        "drop table compensations",
        "alter table registry_tasks drop constraint registry_tasks_kind_check",
        "delete from registry_tasks where kind = 'amend'",
        f"alter table registry_tasks add constraint registry_tasks_kind_check check (kind in ({KINDS}))",
        "alter table registry_orders drop constraint registry_orders_change_check",
        "alter table registry_orders drop constraint registry_orders_kind_check",
        "delete from registry_orders where kind = 'amend'",
        f"alter table registry_orders add constraint registry_orders_kind_check check (kind in ({KINDS}))",
        "alter table registry_orders drop column beneficiary, drop column new_beneficiary, drop column holder, drop column new_holder",
        "alter table amendments drop constraint amendments_acceptor_check, drop constraint amendments_accepted_check",
        "alter table amendments drop column accepted_by, drop column accepted_at",
    )
