"""Webhooks: endpoints, their sealed keys, and a delivery for each event that an endpoint is told of.

`spread_to` is the place in the feed up to which an endpoint's deliveries have been written. Of a subject's waiting
deliveries one is its head, and a unique index says that there is no second; only heads are sent.

Who publishes an event wakes the endpoints that want it, in the same transaction and without knowing of them: a job is
enqueued unless one waits already. Events of older code wake them just so.
"""

from migrations.rows import grant_execute, protect, run

revision = "webhooks"
down_revision = "audit_chain"

OWN = "tenant = current_tenant()"


def upgrade() -> None:
    """Create endpoints, keys and deliveries, and what wakes them."""
    run(
        """create table webhooks (
               id text primary key, sequence bigint generated always as identity unique, tenant text not null references tenants, parties text[] not null,
               url text not null, event_types text[] not null check (cardinality(event_types) > 0), description text,
               state text not null check (state in ('enabled', 'disabled', 'deleted')),
               disabled_reason text check (disabled_reason in ('by_owner', 'gone', 'failing')),
               failures integer not null default 0, failing_since timestamptz, paused_until timestamptz, spread_to bigint not null,
               created_by text not null, created_at timestamptz not null, updated_at timestamptz not null, version bigint not null,
               check ((state = 'disabled') = (disabled_reason is not null) or state = 'deleted'))""",
        "create index webhooks_by_tenant on webhooks (tenant, sequence)",
        """create table webhook_keys (
               id text primary key, sequence bigint generated always as identity, webhook_id text not null references webhooks,
               tenant text not null references tenants, sealed_shared text not null, sealed_seed text not null, public_key text not null,
               created_at timestamptz not null, expires_at timestamptz)""",
        "create index webhook_keys_by_webhook on webhook_keys (webhook_id, sequence)",
        """create table webhook_deliveries (
               id text primary key, webhook_id text not null references webhooks, tenant text not null, event_id text not null references events,
               type text not null, subject text not null, position bigint not null, head boolean not null,
               state text not null check (state in ('pending', 'delivered', 'dead')), attempts integer not null default 0, replays integer not null default 0,
               first_attempt_at timestamptz, last_attempt_at timestamptz, next_attempt_at timestamptz, response_status integer, error text,
               delivered_at timestamptz, created_at timestamptz not null,
               unique (webhook_id, position), unique (webhook_id, event_id),
               check (state = 'pending' or not head), check ((state = 'pending') = (next_attempt_at is not null)))""",
        "create unique index one_head_per_subject on webhook_deliveries (webhook_id, subject) where head",
        "create index webhook_deliveries_due on webhook_deliveries (webhook_id, next_attempt_at, position) where head",
        "create index webhook_deliveries_waiting on webhook_deliveries (webhook_id, subject, position) where state = 'pending'",
        """create function newest_event_position() returns bigint security definer set search_path = public language plpgsql as $$
           begin
               perform publish_events();
               return coalesce((select max(position) from events), 0);
           end $$""",
        """create function wants_event(wanted text[], type text) returns boolean immutable language sql as $$
               select '*' = any(wanted) or type = any(wanted) or split_part(type, '.', 1) || '.*' = any(wanted) $$""",
        """create function wake_webhooks() returns trigger security definer set search_path = public language plpgsql as $$
           declare
               hook record;
           begin
               for hook in select w.id from webhooks w where w.state = 'enabled' and w.parties && new.parties and wants_event(w.event_types, new.type) loop
                   perform enqueue_job_once('deliver_webhook', 'webhook:' || hook.id, null);
               end loop;
               return null;
           end $$""",
        "create trigger events_wake_webhooks after insert on events for each row execute function wake_webhooks()",
    )
    protect("webhooks", OWN, writable=f"{OWN} and parties <@ current_parties()")
    protect("webhook_keys", OWN, app="select, insert, update, delete")
    protect("webhook_deliveries", OWN, app="select, update")
    run("grant insert on webhook_deliveries to greenlien_worker", "revoke all on function wake_webhooks() from public")
    grant_execute("newest_event_position()", "wants_event(text[], text)")


def downgrade() -> None:
    """Drop everything this revision made."""
    run(
        "drop trigger events_wake_webhooks on events",
        "drop function wake_webhooks()",
        "drop function wants_event(text[], text)",
        "drop function newest_event_position()",
        "drop table webhook_deliveries, webhook_keys, webhooks",
    )
