"""Revaluation: what each pledged right was worth whenever that changed, how far each pledge's group is covered, the runs.

A snapshot is never changed; who sees the pledge sees its snapshots. What was told last (a group's level, a price that
nobody deals at) is kept so that a change is told once; that and the runs are the worker's alone, because a level says something
of a debt that not every party of a pledge may see.

A job may also be enqueued once for many: whoever asks holds a shared lock until his transaction ends, and the worker
waits for all of them before it looks, so that nobody is passed over who relied on a job that was there already. Two who
ask at the same moment get two jobs; a queueing lock would have one of them wait, and would keep a job that a dead worker
held from being given out again.
"""

from migrations.rows import PARTIES, grant_execute, protect, run

revision = "revaluation"
down_revision = "valuation_inputs"

NOBODY = "false"


def upgrade() -> None:
    """Create snapshots, levels, stale prices and runs, and the door for jobs that are wanted once."""
    run(
        """create table revaluation_runs (
               id text primary key, sequence bigint generated always as identity unique, price_day date not null,
               started_at timestamptz not null, finished_at timestamptz, pledges integer not null default 0, changed integer not null default 0, unpriced integer not null default 0)""",
        """create table pledge_valuations (
               id text primary key, sequence bigint generated always as identity, pledge_id text not null references pledges,
               right_id text not null references rights, parties text[] not null, run_id text not null references revaluation_runs,
               as_of date not null, known_at timestamptz not null,
               unit_value numeric(24, 6), market_value numeric(20, 2), collateral_value numeric(20, 2), adopted_value numeric(20, 2),
               loan_to_value_cap numeric(9, 6), confidence_level integer, tier integer, stale boolean not null, unpriced text,
               digest text not null, created_at timestamptz not null,
               check ((unpriced is null) = (market_value is not null)), check ((unpriced is null) = (unit_value is not null)))""",
        "create index pledge_valuations_by_pledge on pledge_valuations (pledge_id, sequence)",
        """create table coverage_levels (
               pledge_id text primary key references pledges, level text not null, since timestamptz not null)""",
        "create table stale_prices (price text primary key, newest_on date not null, told_at timestamptz not null)",
        """create function enqueue_job_once(task text, subject text, at timestamptz) returns bigint
           security definer set search_path = public language plpgsql as $$
           begin
               perform pg_advisory_xact_lock_shared(hashtextextended('greenlien.jobs.' || subject, 0));
               if exists (select 1 from procrastinate_jobs j where j.lock = subject and j.status = 'todo'
                              and coalesce(j.scheduled_at, '-infinity') <= coalesce(at, now())) then return null; end if;
               return (procrastinate_defer_jobs_v1(
                   array[row('default', task, 0, subject, null, '{}'::jsonb, at)::procrastinate_job_to_defer_v1]))[1];
           end $$""",
        """create function await_enqueuers(subject text) returns void language plpgsql as $$
           begin perform pg_advisory_xact_lock(hashtextextended('greenlien.jobs.' || subject, 0)); end $$""",
    )
    protect("revaluation_runs", NOBODY)
    protect("pledge_valuations", PARTIES, app="select, insert")
    protect("coverage_levels", NOBODY)
    protect("stale_prices", NOBODY)
    grant_execute("enqueue_job_once(text, text, timestamptz)", "await_enqueuers(text)")


def downgrade() -> None:
    """Drop everything this revision made."""
    run(
        "drop function await_enqueuers(text)",
        "drop function enqueue_job_once(text, text, timestamptz)",
        "drop table stale_prices, coverage_levels, pledge_valuations, revaluation_runs",
    )
