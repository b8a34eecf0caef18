"""The audit trail, the event feed, and idempotency keys.

An event gets its place in the feed (`position`) only after its transaction has committed, by `publish_events()` under one
advisory lock: numbers drawn inside business transactions commit out of order, and a reader would skip some for ever.
Within a subject the draw order is the true order, because each writer holds the subject's row lock when it draws.
"""

from migrations.rows import PARTIES, grant_execute, protect, run

revision = "trail"
down_revision = "pledges"


def upgrade() -> None:
    """Create the trail."""
    run(
        """create table audit_entries (
               id text primary key, sequence bigint generated always as identity, at timestamptz not null, actor text not null,
               tenant text not null, action text not null, subject text not null, details jsonb not null, parties text[] not null)""",
        "create index audit_by_subject on audit_entries (subject, sequence)",
        "create index audit_by_tenant on audit_entries (tenant, sequence)",
        """create table events (
               id text primary key, sequence bigint generated always as identity, position bigint unique, type text not null,
               subject text not null, at timestamptz not null, business_date date not null, data jsonb not null, parties text[] not null)""",
        "create index events_unpublished on events (sequence) where position is null",
        "create sequence event_positions",
        """create table idempotency_keys (
               client_id text not null, route text not null, key text not null, body_sha256 text not null, subject text,
               status integer, headers jsonb, body bytea, created_at timestamptz not null, primary key (client_id, route, key))""",
    )
    protect("audit_entries", PARTIES, app="select, insert")
    protect("events", PARTIES, app="select, insert")
    protect(
        "idempotency_keys",
        "client_id = nullif(current_setting('greenlien.client', true), '')",
        app="select, insert, update, delete",
    )
    run(
        """create function publish_events() returns integer security definer set search_path = public language plpgsql as $$
           declare
               published integer := 0;
               waiting record;
           begin
               if not exists (select 1 from events where position is null) then return 0; end if;
               perform pg_advisory_xact_lock(hashtext('greenlien.events'));
               for waiting in select id from events where position is null order by sequence loop
                   update events set position = nextval('event_positions') where id = waiting.id;
                   published := published + 1;
               end loop;
               return published;
           end $$""",
    )
    grant_execute("publish_events()")


def downgrade() -> None:
    """Drop everything this revision made."""
    run(
        "drop function publish_events()",
        "drop table idempotency_keys, events, audit_entries",
        "drop sequence event_positions",
    )
