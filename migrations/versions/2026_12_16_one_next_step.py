"""One door more for jobs: the next step of an order, unless a fresh one waits already.

A job that a worker lost is given out again, and both may end well; each would enqueue the next step, and so would each
of those, for ever. A job that was itself given out again (`attempts` above 0) does not count as waiting: the worker that
lost it may still end it.
"""

from migrations.rows import grant_execute, run

revision = "one_next_step"
down_revision = "key_store"


def upgrade() -> None:
    """Create the door."""
    run(
        """create function enqueue_next_job(task text, subject text, arguments jsonb, at timestamptz) returns bigint
           security definer set search_path = public language plpgsql as $$
           begin
               if exists (select 1 from procrastinate_jobs j where j.lock = subject and j.task_name = task
                              and j.args = arguments and j.status = 'todo' and j.attempts = 0) then return null; end if;
               return enqueue_job(task, subject, arguments, at);
           end $$""",
    )
    grant_execute("enqueue_next_job(text, text, jsonb, timestamptz)")


def downgrade() -> None:
    """Drop it."""
    run("drop function enqueue_next_job(text, text, jsonb, timestamptz)")
