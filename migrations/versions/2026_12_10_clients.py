"""Clients under two persons' eyes, keys with a purpose and an interval, and the proofs that were used.

A client's key gets a thumbprint, unique over all clients and for ever: no key serves two clients, or two purposes. The
application may now write clients, but only in a transaction of the platform's security administrator, which names its
role in `greenlien.role`; what was registered is never changed afterwards, only where it stands.

The functions keep their names and members, and hide what an older program could not read: proposed and rejected
clients, and every key that signs no assertions today.

Revision: clients, after syndicates.
"""

from migrations.rows import grant_execute, protect, run

revision = "clients"
down_revision = "syndicates"

SECURITY = "registers_clients()"


def upgrade() -> None:
    """Extend clients and keys; create the used proofs."""
    run(
        """create function registers_clients() returns boolean stable language sql as
           $$ select coalesce(current_setting('greenlien.role', true) = 'platform_security', false)
              and exists (select 1 from tenants t where t.id = current_tenant() and t.kind = 'platform') $$""",
        """create function key_thumbprint(key jsonb) returns text immutable language sql as
           $$ select rtrim(translate(encode(sha256(convert_to(
                  '{"crv":"' || (key->>'crv') || '","kty":"' || (key->>'kty') || '","x":"' || (key->>'x')
                  || '","y":"' || (key->>'y') || '"}', 'UTF8')), 'base64'), '+/', '-_'), '=') $$""",
        "alter table clients drop constraint clients_status_check",
        """alter table clients
               add constraint clients_status_check check (status in ('proposed', 'active', 'suspended', 'rejected')),
               add person text,
               add reinstatement_by text,
               add proposed_by text,
               add proposed_at timestamptz,
               add decided_by text,
               add decided_at timestamptz,
               add reason text,
               add version integer not null default 1""",
        """create unique index clients_one_administrator_a_person on clients (person)
               where role like 'platform%' and status <> 'rejected'""",
        "create index clients_by_tenant on clients (tenant, id)",
        """alter table client_keys
               add purpose text not null default 'token' check (purpose in ('token', 'order')),
               add state text not null default 'active' check (state in ('proposed', 'active', 'rejected')),
               add thumbprint text generated always as (key_thumbprint(public_jwk)) stored,
               add valid_from timestamptz,
               add valid_until timestamptz,
               add replaces text,
               add overlap_seconds integer check (overlap_seconds >= 0),
               add proposed_by text,
               add proposed_at timestamptz,
               add decided_by text,
               add decided_at timestamptz,
               add reason text,
               add check (valid_until is null or valid_from is null or valid_from <= valid_until)""",
        "create unique index client_keys_thumbprint on client_keys (thumbprint)",
        """create table used_proofs (
               thumbprint text not null,
               proof_id text not null,
               expires_at timestamptz not null,
               primary key (thumbprint, proof_id))""",
        "create index used_proofs_by_end on used_proofs (expires_at)",
    )
    protect("used_proofs", "false", app="select")
    _open_to_security()
    _functions()


def _open_to_security() -> None:
    """Let the platform's security administrator see all clients and write new ones, and where they stand."""
    run(
        "drop policy clients_app on clients",
        "drop policy client_keys_app on client_keys",
        f"""create policy clients_app on clients to greenlien_app
            using (tenant = current_tenant() or {SECURITY}) with check ({SECURITY})""",
        f"""create policy client_keys_app on client_keys to greenlien_app
            using (exists (select 1 from clients c where c.id = client_id)) with check ({SECURITY})""",
        "grant insert on clients, client_keys to greenlien_app",
        """grant update (status, reinstatement_by, decided_by, decided_at, reason, version) on clients to greenlien_app""",
        """grant update (state, valid_from, valid_until, revoked_at, decided_by, decided_at, reason) on client_keys
           to greenlien_app""",
        "grant delete on used_proofs to greenlien_worker",
    )


def _functions() -> None:
    """Say what the token endpoint and the door ask before anybody is known."""
    run(
        """create or replace function find_client(wanted text) returns jsonb stable security definer
           set search_path = public language sql as
           $$ select jsonb_build_object('id', c.id, 'tenant', c.tenant, 'role', c.role, 'status', c.status, 'uscc', t.uscc,
                     'division', t.division, 'name', t.name, 'public_keys',
                     coalesce((select jsonb_agg(k.public_jwk) from client_keys k
                         where k.client_id = c.id and k.revoked_at is null and k.state = 'active' and k.purpose = 'token'
                           and coalesce(k.valid_from <= now(), true) and coalesce(now() < k.valid_until, true)), '[]'),
                     'keys', coalesce((select jsonb_agg(jsonb_build_object('kid', k.kid, 'thumbprint', k.thumbprint,
                                'public_jwk', k.public_jwk, 'purpose', k.purpose, 'valid_from', k.valid_from,
                                'valid_until', k.valid_until)) from client_keys k
                         where k.client_id = c.id and k.revoked_at is null and k.state = 'active'), '[]'))
              from clients c join tenants t on t.id = c.tenant
              where c.id = wanted and c.status in ('active', 'suspended') $$""",
        """create function standing_of(wanted text) returns jsonb stable security definer set search_path = public language sql as
           $$ select jsonb_build_object('status', c.status, 'revoked',
                     coalesce((select jsonb_agg(k.thumbprint) from client_keys k
                         where k.client_id = c.id and k.revoked_at is not null and k.thumbprint is not null), '[]'))
              from clients c where c.id = wanted $$""",
        """create function key_is_taken(wanted text[]) returns boolean stable security definer set search_path = public language sql as
           $$ select exists (select 1 from client_keys k where k.thumbprint = any(wanted)) $$""",
        """create function consume_proof(by_key text, used_id text, until timestamptz, at_once boolean) returns boolean
           security definer set search_path = public language plpgsql as $$
           begin
               if at_once then perform set_config('synchronous_commit', 'off', true); end if;
               insert into used_proofs values (by_key, used_id, until) on conflict do nothing;
               return found;
           end $$""",
    )
    grant_execute(
        "registers_clients()",
        "standing_of(text)",
        "key_is_taken(text[])",
        "consume_proof(text, text, timestamptz, boolean)",
    )


def downgrade() -> None:
    """Forget what the older schema cannot say: order keys, and all that is not in force or was in force once."""
    run(
        "drop function consume_proof(text, text, timestamptz, boolean)",
        "drop function key_is_taken(text[])",
        "drop function standing_of(text)",
        "drop table used_proofs",
        "delete from client_keys where purpose <> 'token' or state <> 'active'",
        "update client_keys set revoked_at = valid_until where revoked_at is null and valid_until <= now()",
        """delete from client_keys k using clients c where c.id = k.client_id and c.status in ('proposed', 'rejected')""",
        "delete from clients where status in ('proposed', 'rejected')",
        """create or replace function find_client(wanted text) returns jsonb stable security definer
           set search_path = public language sql as
           $$ select jsonb_build_object('id', c.id, 'tenant', c.tenant, 'role', c.role, 'status', c.status, 'uscc', t.uscc,
                     'division', t.division, 'name', t.name, 'public_keys',
                     coalesce((select jsonb_agg(k.public_jwk) from client_keys k
                         where k.client_id = c.id and k.revoked_at is null), '[]'))
              from clients c join tenants t on t.id = c.tenant where c.id = wanted $$""",
        "revoke insert, update on clients, client_keys from greenlien_app",
        "drop policy clients_app on clients",
        "drop policy client_keys_app on client_keys",
        "create policy clients_app on clients to greenlien_app using (tenant = current_tenant()) with check (tenant = current_tenant())",
        "create policy client_keys_app on client_keys to greenlien_app using (false) with check (false)",
        "alter table client_keys drop column thumbprint",
        """alter table client_keys drop column purpose, drop column state, drop column valid_from, drop column valid_until,
               drop column replaces, drop column overlap_seconds, drop column proposed_by, drop column proposed_at,
               drop column decided_by, drop column decided_at, drop column reason""",
        "drop index clients_one_administrator_a_person, clients_by_tenant",
        "alter table clients drop constraint clients_status_check",
        """alter table clients add constraint clients_status_check check (status in ('active', 'suspended')),
               drop column person, drop column reinstatement_by, drop column proposed_by, drop column proposed_at,
               drop column decided_by, drop column decided_at, drop column reason, drop column version""",
        "drop function key_thumbprint(jsonb)",
        "drop function registers_clients()",
    )
