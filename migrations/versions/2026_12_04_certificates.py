"""Searches that can be cited, documents of a pledge, and certificates that are issued once.

What a certificate says is written in the transaction that made it true; signature and sheet are added once, by the
worker, and a trigger refuses to touch them again. A search and a document are never changed at all. The bytes of a
document lie in parts of at most 1 MiB beside it, so that listing documents never touches them.

A number is random, so that it neither counts nor can be guessed; what makes it unique is the primary key. The public
address reads certificates through a function of its own, which shows a row only to whoever brings its number and the
beginning of the digest that is printed beside it. Encumbrances show of every hold what whoever sees the right may know,
and nothing of whose it is.
"""

from migrations.rows import PARTIES, grant_execute, protect, run

revision = "certificates"
down_revision = "enforcements"


def upgrade() -> None:
    """Create searches, documents and certificates."""
    run(
        """create table searches (
               id text primary key, number text not null unique, tenant text not null references tenants, client_id text not null,
               searched_at timestamptz not null, statement jsonb not null, digest text not null)""",
        "create index searches_by_tenant on searches (tenant, searched_at)",
        """create table pledge_documents (
               id text primary key, pledge_id text not null references pledges, parties text[] not null, kind text not null,
               title text not null, sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'), seal text,
               file_name text, media_type text, size_bytes bigint check (size_bytes >= 0),
               added_by text not null, added_for text not null, added_at timestamptz not null,
               check ((file_name is null) = (media_type is null)), check ((file_name is null) = (size_bytes is null)))""",
        "create unique index one_document_once on pledge_documents (pledge_id, kind, sha256, (file_name is null))",
        "create index pledge_documents_by_pledge on pledge_documents (pledge_id, added_at)",
        """create table pledge_document_parts (
               document_id text not null references pledge_documents, place integer not null, parties text[] not null,
               content bytea not null check (octet_length(content) <= 1048576), primary key (document_id, place))""",
        """create table document_demands (
               pledge_id text not null references pledges, kind text not null, parties text[] not null,
               demanded_by text not null, demanded_at timestamptz not null, primary key (pledge_id, kind))""",
        """create table certificates (
               number text primary key, sequence bigint generated always as identity, kind text not null check (kind in ('registration', 'amendment', 'release')),
               pledge_id text not null references pledges, occasion text not null, parties text[] not null,
               issued_at timestamptz not null, statement jsonb not null, digest text not null,
               jws text, sheet bytea, sheet_sha256 text, sealed_at timestamptz,
               unique (pledge_id, kind, occasion),
               check ((jws is null) = (sealed_at is null)), check ((jws is null) = (sheet is null)),
               check ((sheet is null) = (sheet_sha256 is null)))""",
        "create index certificates_by_pledge on certificates (pledge_id, sequence)",
        """create function certificates_are_sealed_once() returns trigger language plpgsql as $$
           begin
               if old.sealed_at is not null then raise exception 'certificate % is sealed', old.number; end if;
               return new;
           end $$""",
        """create trigger certificates_sealed_once before update on certificates
               for each row execute function certificates_are_sealed_once()""",
        """create function certificate_by_digest(wanted text, proof text) returns table (statement jsonb, digest text, jws text)
           stable security definer set search_path = public language sql as $$
               select c.statement, c.digest, c.jws from certificates c
               where c.number = wanted and length(proof) between 16 and 64 and starts_with(c.digest, proof)
                     and c.sealed_at is not null $$""",
    )
    run(
        """create view encumbrances with (security_barrier) as
           select f.*, case when f.registered_at is not null
                            then rank() over (partition by f.right_id, f.registered_at is null order by f.registered_at) end as place
           from (select h.right_id, h.kind, h.blocks, h.quantity,
                        case when h.state = 'posted' then coalesce(r.registered_at, h.since) end as registered_at,
                        case when h.state = 'posted' and (r.registered_at is not null or h.reason = 'registry_reported')
                             then 'emission_registry' end as register
                 from holds h
                 left join pledge_items i on i.hold_id = h.id
                 left join registrations r on r.pledge_id = i.pledge_id and r.position = i.position
                           and r.register = 'emission_registry' and r.status = 'registered'
                 where h.state in ('pending', 'posted')) f""",
        "grant select on encumbrances to greenlien_app, greenlien_worker",
    )
    protect("searches", "tenant = current_tenant()", app="select, insert")
    protect("pledge_documents", PARTIES, app="select, insert")
    protect("pledge_document_parts", PARTIES, app="select, insert")
    protect("document_demands", PARTIES, app="select, insert")
    protect("certificates", PARTIES, app="select, insert, update (jws, sheet, sheet_sha256, sealed_at)")
    grant_execute("certificate_by_digest(text, text)")


def downgrade() -> None:
    """Drop everything this revision made."""
    run(
        "drop view encumbrances",
        "drop function certificate_by_digest(text, text)",
        "drop table certificates",
        "drop function certificates_are_sealed_once()",
        "drop table document_demands, pledge_document_parts, pledge_documents, searches",
    )
