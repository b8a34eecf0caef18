"""Which database this is, so that one which was restored is known, and sends nothing until two persons have let it.

A restored database believes what was true yesterday: it would order again what has been done since. So the database
writes down which one it is (the cluster's own number, its timeline, its number in the cluster), and whoever is about to
send compares. A dump that is read into another database, a cluster that is brought back from its log, a standby that
takes over: each differs, and is barred without anybody having to remember.

A copy that is made on purpose from a database at rest, as tests do, says so in a setting of the database, which neither
a dump nor a copy carries on.

Processes may also read which revision the schema has, so that one that is newer says so instead of failing somewhere.
"""

from migrations.rows import grant_execute, protect, run

revision = "key_store"
down_revision = "signed_orders"


def upgrade() -> None:
    """Create the permit and what compares it."""
    run(
        """create function database_identity() returns text stable language sql as $$
               select (select system_identifier from pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
                      || '/' || (select oid from pg_database where datname = current_database()) $$""",
        """create table sending_permit (
               only_one boolean primary key default true check (only_one), identity text not null,
               restored_at timestamptz, restored_from text,
               ops_client text, ops_at timestamptz, security_client text, security_at timestamptz,
               check ((ops_client is null) = (ops_at is null)), check ((security_client is null) = (security_at is null)))""",
    )
    protect("sending_permit", "false", app="select")
    run(
        "insert into sending_permit (identity) select database_identity()",
        """create function sending_barred() returns text stable security definer set search_path = public language sql as $$
               select case when p.restored_at is not null then 'restored'
                           when p.identity = database_identity() or current_setting('greenlien.copy', true) = 'on purpose' then null
                           else 'another_database' end
               from (select true as here) as always left join sending_permit p on true $$""",
    )
    grant_execute("sending_barred()")
    run("grant select on alembic_version to greenlien_app, greenlien_worker")


def downgrade() -> None:
    """Drop everything this revision made."""
    run(
        "revoke select on alembic_version from greenlien_app, greenlien_worker",
        "drop function sending_barred()",
        "drop table sending_permit",
        "drop function database_identity()",
    )
