"""Tenants, clients, their public keys, and the context that row level security reads.

Revision: identity, first.
"""

from migrations.rows import grant_execute, protect, run

revision = "identity"
down_revision = None


def upgrade() -> None:
    """Create the caller's context functions, tenants and clients."""
    run(
        """create function current_tenant() returns text stable parallel safe language sql as
           $$ select nullif(current_setting('greenlien.tenant', true), '') $$""",
        """create function current_uscc() returns text stable parallel safe language sql as
           $$ select nullif(current_setting('greenlien.uscc', true), '') $$""",
        """create function current_division() returns text stable parallel safe language sql as
           $$ select nullif(current_setting('greenlien.division', true), '') $$""",
        """create function current_parties() returns text[] stable parallel safe language sql as
           $$ select array_remove(array[current_tenant(), current_uscc()], null) $$""",
        """create table tenants (
               id text primary key,
               kind text not null check (kind in ('bank', 'enterprise', 'authority', 'exchange', 'portal', 'fund', 'platform')),
               name text not null,
               uscc text unique,
               division text,
               created_at timestamptz not null default now())""",
        """create table clients (
               id text primary key,
               tenant text not null references tenants,
               role text not null,
               status text not null default 'active' check (status in ('active', 'suspended')),
               created_at timestamptz not null default now())""",
        """create table client_keys (
               client_id text not null references clients,
               kid text not null,
               public_jwk jsonb not null,
               revoked_at timestamptz,
               primary key (client_id, kid))""",
        """create table client_assertions (
               client_id text not null references clients,
               jti text not null,
               expires_at timestamptz not null,
               primary key (client_id, jti))""",
    )
    protect("tenants", "current_tenant() is not null", app="select")
    protect("clients", "tenant = current_tenant()", app="select")
    protect("client_keys", "false", app="select")
    protect("client_assertions", "false", app="select")
    run(
        """create function find_client(wanted text) returns jsonb stable security definer set search_path = public language sql as
           $$ select jsonb_build_object('id', c.id, 'tenant', c.tenant, 'role', c.role, 'status', c.status, 'uscc', t.uscc,
                     'division', t.division, 'name', t.name, 'public_keys',
                     coalesce((select jsonb_agg(k.public_jwk) from client_keys k where k.client_id = c.id and k.revoked_at is null), '[]'))
              from clients c join tenants t on t.id = c.tenant where c.id = wanted $$""",
        """create function consume_assertion(by_client text, used_jti text, until timestamptz) returns boolean
           security definer set search_path = public language plpgsql as $$
           begin
               delete from client_assertions where expires_at < now() - interval '1 hour';
               insert into client_assertions values (by_client, used_jti, until) on conflict do nothing;
               return found;
           end $$""",
        """create function authority_of(place text) returns text stable security definer set search_path = public language sql as
           $$ select id from tenants where kind = 'authority' and place like division || '%'
              order by length(division) desc limit 1 $$""",
    )
    grant_execute("find_client(text)", "consume_assertion(text, text, timestamptz)", "authority_of(text)")


def downgrade() -> None:
    """Drop everything this revision made."""
    run(
        "drop function authority_of(text)",
        "drop function consume_assertion(text, text, timestamptz)",
        "drop function find_client(text)",
        "drop table client_assertions, client_keys, clients, tenants",
        "drop function current_parties(), current_division(), current_uscc(), current_tenant()",
    )
