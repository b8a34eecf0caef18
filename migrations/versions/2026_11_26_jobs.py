"""Background jobs: procrastinate's own schema, and the one door by which the application may enqueue.

The application cannot read jobs, only add them, through `enqueue_job`, inside its business transaction.
"""

from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import text

from migrations.rows import grant_execute, run

revision = "jobs"
down_revision = "trail"


def upgrade() -> None:
    """Create procrastinate's schema, the worker's rights on it, and the door."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(SchemaManager.get_schema())
    cursor.close()
    run(
        """do $$ declare item record; begin
               for item in select c.relname, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace
                           where n.nspname = 'public' and c.relname like 'procrastinate%' and c.relkind in ('r', 'S') loop
                   if item.relkind = 'r' then execute format('grant all on table %I to greenlien_worker', item.relname);
                   else execute format('grant all on sequence %I to greenlien_worker', item.relname); end if;
               end loop;
           end $$""",
        "grant select on procrastinate_workers to greenlien_app",
        """create function enqueue_job(task text, subject text, arguments jsonb, at timestamptz) returns bigint
           security definer set search_path = public language sql as $$
               select (procrastinate_defer_jobs_v1(array[row('default', task, 0, subject, null, arguments, at)::procrastinate_job_to_defer_v1]))[1] $$""",
    )
    grant_execute("enqueue_job(text, text, jsonb, timestamptz)")


def downgrade() -> None:
    """Drop the door and everything of procrastinate's."""
    run("drop function enqueue_job(text, text, jsonb, timestamptz)")
    objects = (
        op.get_bind()
        .execute(
            text("""select format('drop function if exists %s cascade', p.oid::regprocedure) from pg_proc p
                join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'public' and p.proname like 'procrastinate%'
                union all
                select format('drop table if exists %I cascade', c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = 'public' and c.relname like 'procrastinate%' and c.relkind = 'r'
                union all
                select format('drop type if exists %I cascade', t.typname) from pg_type t join pg_namespace n on n.oid = t.typnamespace
                where n.nspname = 'public' and t.typname like 'procrastinate%' and t.typrelid = 0 and t.typelem = 0
                union all
                select format('drop type if exists %I cascade', c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = 'public' and c.relname like 'procrastinate%' and c.relkind = 'c'"""),
        )
        .scalars()
    )
    run(*objects.all())
