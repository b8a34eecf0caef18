"""The audit trail as chains that nobody can rewrite unseen, and the tree and checkpoints over them.

Every entry becomes a leaf in the chain of each tenant that may see it. A leaf is the canonical JSON of what was written,
with the chain's name, a number without gaps and the hash of the leaf before; its own hash is SHA-256 over a zero byte and
those bytes, which is also what RFC 6962 calls a leaf's hash. Sealing is a deferred trigger: it runs at commit, in the
transaction that wrote the entries, when every other lock has long been taken; it takes the chains' rows in the order of
their names, for all entries of the transaction together, so no two transactions can wait for each other here.

The subtle thing is what is global: nothing that is written at commit. A number across all tenants would tell each how busy
the others are, and a lock across all would make them wait for each other. The tree over all leaves is grown afterwards, by
a job, and its positions are shown to no tenant.

Leaves have no foreign keys: one function writes them, nothing that they name can be deleted, and the checks would cost each
commit more than the hashes do.

A party that is a USCC belongs to the tenant with that USCC; while there is none, to a chain of that USCC's own.

Source: RFC 6962 section 2.1 (hashes), RFC 8785 (canonical JSON); GB/T 22239-2019 8.1.4.3 (audit records are protected from
change and deletion).
"""

from migrations.rows import protect, run

revision = "audit_chain"
down_revision = "clients"

FROZEN = ("audit_entries", "audit_leaves", "audit_tree_leaves", "audit_tree_heads", "audit_checkpoints")
"""What nobody changes or deletes, not even the owner, unless a trigger is dropped first."""

CANONICAL_JSON = """
create function canonical_json(value jsonb) returns text immutable parallel safe language sql set search_path = public as $$
    select case jsonb_typeof(value)
        when 'object' then '{' || coalesce((
            select string_agg(to_json(m.key)::text || ':' || case when jsonb_typeof(m.value) in ('object', 'array')
                              then canonical_json(m.value) else m.value::text end, ',' order by m.key collate "C")
            from jsonb_each(value) m), '') || '}'
        when 'array' then '[' || coalesce((
            select string_agg(canonical_json(m.value), ',' order by m.place)
            from jsonb_array_elements(value) with ordinality m(value, place)), '') || ']'
        else value::text end $$"""

CANONICAL_ENTRY = """
create function canonical_entry(entry audit_entries) returns text stable language sql set search_path = public as $$
    select '{"action":' || to_json(entry.action)::text || ',"actor":' || to_json(entry.actor)::text
        || ',"at":"' || to_char(entry.at at time zone 'UTC' + interval '8 hours', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+08:00"'
        || ',"details":' || canonical_json(entry.details) || ',"id":' || to_json(entry.id)::text
        || ',"subject":' || to_json(entry.subject)::text || ',"tenant":' || to_json(entry.tenant)::text || '}' $$"""

CHAINS_OF = """
create function audit_chains_of(entry audit_entries) returns setof text stable language sql set search_path = public as $$
    select distinct coalesce(named.id, holder.id, party) collate "C"
    from unnest(case when cardinality(entry.parties) = 0 then array[entry.tenant] else entry.parties end) party
    left join tenants named on named.id = party
    left join tenants holder on holder.uscc = party $$"""

SEAL_ENTRIES = """
create function seal_audit_entries(since bigint) returns void security definer set search_path = public language plpgsql as $$
declare
    following record;
    chain_now text collate "C";
    number bigint;
    before bytea;
    written bytea;
begin
    for following in
        with waiting as materialized (
            select e.id, e.sequence, canonical_entry(e) as body, array(select audit_chains_of(e)) as chains from audit_entries e
            where e.sequence >= since and not exists (select from audit_leaves l where l.entry_id = e.id))
        select w.id, w.body, c.chain from waiting w cross join lateral unnest(w.chains) c(chain)
        order by c.chain collate "C", w.sequence
    loop
        if chain_now is distinct from following.chain then
            if chain_now is not null then
                update audit_chains set sequence = number, head = before where chain = chain_now;
            end if;
            chain_now := following.chain;
            select sequence, head into number, before from audit_chains where chain = chain_now for update;
            if not found then
                insert into audit_chains (chain) values (chain_now) on conflict do nothing;
                select sequence, head into strict number, before from audit_chains where chain = chain_now for update;
            end if;
        end if;
        number := number + 1;
        written := convert_to('{"algorithm":"sha256","chain":' || to_json(chain_now)::text || ',"entry":' || following.body
                              || ',"previous":"' || encode(before, 'hex') || '","sequence":' || number || '}', 'UTF8');
        before := sha256('\\x00'::bytea || written);
        insert into audit_leaves (chain, sequence, entry_id, leaf, hash) values (chain_now, number, following.id, written, before);
    end loop;
    if chain_now is not null then
        update audit_chains set sequence = number, head = before where chain = chain_now;
    end if;
end $$"""

SEAL_AT_COMMIT = """
create function seal_audit_at_commit() returns trigger security definer set search_path = public language plpgsql as $$
begin
    if not exists (select from audit_leaves where entry_id = new.id) then
        perform seal_audit_entries(new.sequence);  -- the transaction's first entry, and with it all that came after
    end if;
    return null;
end $$"""

REFUSE = """
create function refuse_audit_change() returns trigger language plpgsql as $$
begin
    raise exception 'the audit trail is never changed: % on %', tg_op, tg_table_name using errcode = 'insufficient_privilege';
end $$"""


def upgrade() -> None:
    """Chain what there is, in order, and everything from now on."""
    run(
        "create unique index audit_in_order on audit_entries (sequence)",
        """create table audit_chains (
               chain text primary key, sequence bigint not null default 0, head bytea not null default decode(repeat('00', 32), 'hex'))""",
        """create table audit_leaves (
               chain text not null, sequence bigint not null, entry_id text not null, leaf bytea not null, hash bytea not null,
               primary key (chain, sequence), unique (entry_id, chain))""",
        "create table audit_tree_leaves (position bigint primary key, chain text not null, sequence bigint not null, unique (chain, sequence))",
        """create table audit_tree_heads (
               size bigint primary key, root bytea not null, peaks bytea not null, proof bytea not null, at timestamptz not null)""",
        """create table audit_checkpoints (
               id text primary key, chain text not null, sequence bigint not null, head bytea not null, tree_root bytea not null,
               issued_at timestamptz not null, jws text not null, unique (chain, sequence))""",
        CANONICAL_JSON,
        CANONICAL_ENTRY,
        CHAINS_OF,
        SEAL_ENTRIES,
        SEAL_AT_COMMIT,
        REFUSE,
    )
    protect("audit_chains", "chain = any(current_parties())", app="select")
    protect("audit_leaves", "chain = any(current_parties())", app="select")
    protect("audit_checkpoints", "chain = any(current_parties())", app="select")
    protect("audit_tree_leaves", "false", app="select")
    protect("audit_tree_heads", "false", app="select")
    run(
        "grant insert on audit_tree_leaves, audit_tree_heads, audit_checkpoints to greenlien_worker",
        *(
            f"revoke all on function {function} from public"
            for function in (
                "canonical_json(jsonb)",
                "canonical_entry(audit_entries)",
                "audit_chains_of(audit_entries)",
                "seal_audit_entries(bigint)",
                "seal_audit_at_commit()",
                "refuse_audit_change()",
            )
        ),
        "select seal_audit_entries(0)",
        """create constraint trigger audit_sealed after insert on audit_entries deferrable initially deferred
               for each row execute function seal_audit_at_commit()""",
        "alter table audit_entries enable always trigger audit_sealed",
    )
    for table in FROZEN:
        run(
            f"""create trigger {table}_frozen before update or delete on {table}
                for each row execute function refuse_audit_change()""",
            f"""create trigger {table}_kept before truncate on {table}
                for each statement execute function refuse_audit_change()""",
            f"alter table {table} enable always trigger {table}_frozen",
            f"alter table {table} enable always trigger {table}_kept",
        )


def downgrade() -> None:
    """Drop everything this revision made; the entries themselves stay."""
    run(
        "drop trigger audit_sealed on audit_entries",
        "drop trigger audit_entries_frozen on audit_entries",
        "drop trigger audit_entries_kept on audit_entries",
        "drop table audit_checkpoints, audit_tree_heads, audit_tree_leaves, audit_leaves, audit_chains",
        "drop function seal_audit_at_commit(), seal_audit_entries(bigint), audit_chains_of(audit_entries)",
        "drop function canonical_entry(audit_entries), canonical_json(jsonb), refuse_audit_change()",
        "drop index audit_in_order",
    )
