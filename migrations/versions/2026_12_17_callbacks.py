"""Callbacks of the registries: which were heard, what they are about, and a step that comes sooner.

Nobody is known when a callback comes, so what it is about is found by functions that see past the policies. They tell
ids of orders and rights to the application, which tells them to nobody; the registry's name stands in each, so that one
registry speaks of its own alone.

A step that waits has its lock's place behind those that wait longer; hastened, it goes before them.
"""

from migrations.rows import grant_execute, protect, run

revision = "callbacks"
down_revision = "one_next_step"

FUNCTIONS = (
    "hear_callback(text, text, timestamptz)",
    "sent_order(text, text)",
    "open_orders(text, integer)",
    "right_numbered(text, text)",
    "hasten_job(text, text, jsonb, timestamptz)",
)


def upgrade() -> None:
    """Make the table and what is asked of it, and the door for jobs."""
    run(
        """create table heard_callbacks (
               registry text not null,
               message_id text not null,
               forget_at timestamptz not null,
               primary key (registry, message_id))""",
        "create index heard_callbacks_by_end on heard_callbacks (forget_at)",
    )
    protect("heard_callbacks", "false", app="select")
    run(
        "grant delete on heard_callbacks to greenlien_worker",
        """create function hear_callback(from_registry text, used_id text, until timestamptz) returns boolean
           security definer set search_path = public language plpgsql as $$
           begin
               insert into heard_callbacks values (from_registry, used_id, until) on conflict do nothing;
               return found;
           end $$""",
        """create function sent_order(at_registry text, wanted text) returns table (order_id text, right_id text)
           stable security definer set search_path = public language sql as $$
               select o.id, o.right_id from registry_orders o join rights r on r.id = o.right_id
               where o.id = wanted and r.registry = at_registry
                     and o.state not in ('recorded', 'executed', 'refused') $$""",
        """create function open_orders(at_registry text, most integer) returns table (order_id text, right_id text)
           stable security definer set search_path = public language sql as $$
               select o.id, o.right_id from registry_orders o join rights r on r.id = o.right_id
               where r.registry = at_registry and o.state not in ('executed', 'refused')
               order by o.created_at, o.id limit most $$""",
        """create function right_numbered(at_registry text, number text) returns text
           stable security definer set search_path = public language sql as $$
               select r.id from rights r where r.registry = at_registry and r.registry_no = number $$""",
        """create function hasten_job(task text, subject text, arguments jsonb, at timestamptz) returns boolean
           security definer set search_path = public language plpgsql as $$
           begin
               update procrastinate_jobs j set scheduled_at = least(j.scheduled_at, at), priority = greatest(j.priority, 1)
                   where j.lock = subject and j.task_name = task and j.args = arguments and j.status = 'todo'
                         and j.attempts = 0;
               if found then return true; end if;
               perform enqueue_job(task, subject, arguments, at);
               return false;
           end $$""",
    )
    grant_execute(*FUNCTIONS)


def downgrade() -> None:
    """Forget them; what was hastened stays so."""
    run(*(f"drop function {function}" for function in reversed(FUNCTIONS)), "drop table heard_callbacks")
