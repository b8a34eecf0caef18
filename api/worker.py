"""The worker: procrastinate on our PostgreSQL, with the reaper that procrastinate leaves to its users.

A worker that dies with a job in hand is noticed by any other (or by itself, restarted) within half as much again as
GREENLIEN_WORKER_STALLED_SECONDS, fifteen seconds unless set, and the job is given out again; every job is written so
that running it twice is running it once.
"""

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from sqlalchemy import make_url

from api.house import House
from api.jobs import certificates, market_imports, pledge_imports, reconciliation
from api.jobs.audit_checkpoints import checkpoint_audit
from api.jobs.calendar import turn_the_calendar
from api.jobs.lapses import lapse_pledges
from api.jobs.notices import carry_out_notice, follow_notices, search_again
from api.jobs.proofs import prune_proofs
from api.jobs.registry_orders import carry_out_order, verify_right
from api.jobs.restoration import may_send
from api.jobs.revaluation import revalue_pledges
from api.jobs.reviews import review_right
from api.jobs.webhooks import WAKE_TASK, deliver_webhook, wake_awaited, wake_webhook, webhook_of
from api.settings import Settings
from domain.use_cases import checkpoint_audit as checkpointing
from domain.use_cases import hear_registry, import_pledges, issue_certificate, order_notice, reconcile_registry
from domain.use_cases import revalue_pledges as revaluation
from domain.use_cases import search_again as search_after
from domain.use_cases.keep_webhooks import TASK as DELIVER_TASK

HEARTBEATS_UNTIL_STALLED: Final = 3
REAPS_UNTIL_STALLED: Final = 2
POLL_SECONDS: Final = 0.5
CONCURRENCY: Final = 10
GRACE_SECONDS: Final = 6.0
ASK_AGAIN: Final = timedelta(seconds=5)
AFTER_A_FAULT_OF_OURS: Final = RetryStrategy(wait=5)
"""A step that raised is tried again for ever: an order must never be lost to a bug that a release will mend."""

UNTIL_GIVEN_UP: Final = RetryStrategy(wait=market_imports.SECONDS_BETWEEN_ATTEMPTS)
"""A file that is tried in vain for minutes is given up by the step itself, which says so in the import."""

UNTIL_THE_NEXT_EVENING: Final = RetryStrategy(max_attempts=6, exponential_wait=6)
"""Six seconds to the power of the attempt; what is left then comes again with the next prices, or in the evening."""

EVERY_WEEKDAY_EVENING: Final = "30 10 * * 1-5"
"""Half past six in Shanghai; procrastinate reads the clock of UTC."""

EVERY_NIGHT: Final = "10 16 * * *"
"""Ten past midnight in Shanghai: yesterday was somebody's last day."""

BEFORE_OFFICES_OPEN: Final = "30 20 * * *"
"""Half past four in Shanghai: yesterday's files have been written, and nobody trades."""

EVERY_HOUR: Final = "0 * * * *"
EVERY_MINUTE: Final = "* * * * *"

UNTIL_THE_REGISTRY_ANSWERS: Final = RetryStrategy(wait=reconciliation.SECONDS_BETWEEN_ATTEMPTS)
"""A run that is tried in vain for long is given up by its own step; the next night has another."""

log: Final = structlog.get_logger("greenlien.worker")


def make_worker(house: House, settings: Settings) -> App:
    """Return the job application with its tasks."""
    app = App(connector=PsycopgConnector(conninfo=_libpq(settings.need("worker_database_url")), min_size=1, max_size=6))

    @app.task(name="carry_out_order", retry=AFTER_A_FAULT_OF_OURS)
    async def carry_out(order_id: str) -> None:
        await may_send(house)
        await carry_out_order(house, order_id)

    @app.task(name="verify_right", retry=AFTER_A_FAULT_OF_OURS)
    async def verify(verification_id: str) -> None:
        if not await verify_right(house, verification_id):
            later = {"seconds": int(ASK_AGAIN.total_seconds())}
            await app.configure_task("verify_right", lock=verification_id, schedule_in=later).defer_async(
                verification_id=verification_id
            )

    @app.task(name="import_trades", retry=UNTIL_GIVEN_UP, pass_context=True)
    async def import_trades(context: JobContext, import_id: str) -> None:
        if context.job.attempts >= market_imports.ATTEMPTS_MAX:
            await market_imports.give_up(house, import_id)
        else:
            await market_imports.import_trades(house, import_id)

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="lapse_pledges", queueing_lock="lapse_pledges")
    async def lapse(timestamp: int) -> None:
        lapsed = await lapse_pledges(house, int(settings.lapse_working_days))
        log.info("lapsed", count=lapsed, timestamp=timestamp)

    @app.periodic(cron=EVERY_WEEKDAY_EVENING)
    @app.task(
        name=revaluation.TASK,
        lock=revaluation.JOB_SUBJECT,
        retry=UNTIL_THE_NEXT_EVENING,
    )
    async def revalue(timestamp: int | None = None) -> None:  # noqa: ARG001 - the scheduler says when it was due
        await revalue_pledges(house)

    @app.task(name=import_pledges.TASK, retry=UNTIL_THE_REGISTRY_ANSWERS)
    async def bring_in(import_id: str) -> None:
        await pledge_imports.import_pledges(house, import_id)

    @app.periodic(cron="*/5 * * * *")
    @app.task(name="prune_proofs", queueing_lock="prune_proofs")
    async def prune(timestamp: int) -> None:
        log.info("proofs_forgotten", count=await prune_proofs(house), timestamp=timestamp)

    _add_certificates(app, house)
    _add_checkpoints(app, house)
    _add_vigils(app, house)
    _add_notice_tasks(app, house)
    _add_webhooks(app, house)
    return app


def _add_vigils(app: App, house: House) -> None:
    """Add the tasks that watch rights: what changes at the registries, and what the calendar changes."""

    @app.task(name=hear_registry.REVIEW_TASK, retry=AFTER_A_FAULT_OF_OURS)
    async def review(right_id: str) -> None:
        await review_right(house, right_id)

    @app.task(name=hear_registry.COMPARE_TASK, retry=UNTIL_THE_REGISTRY_ANSWERS)
    async def compare(right_id: str) -> None:
        await reconciliation.compare_right(house, right_id)

    @app.task(name=reconcile_registry.RUN_TASK, retry=UNTIL_THE_REGISTRY_ANSWERS, pass_context=True)
    async def reconcile(context: JobContext, run_id: str) -> None:
        if context.job.attempts >= reconciliation.ATTEMPTS_MAX:
            await reconciliation.give_up(house, run_id, "the registry has not answered")
        else:
            await reconciliation.reconcile_registry(house, run_id)

    @app.periodic(cron=EVERY_NIGHT)
    @app.task(name="turn_the_calendar", queueing_lock="turn_the_calendar", retry=AFTER_A_FAULT_OF_OURS)
    async def turn(timestamp: int) -> None:  # noqa: ARG001 - the scheduler says when it was due
        await turn_the_calendar(house)

    @app.periodic(cron=BEFORE_OFFICES_OPEN)
    @app.task(name="request_daily_runs", queueing_lock="request_daily_runs")
    async def request_runs(timestamp: int) -> None:  # noqa: ARG001 - the scheduler says when it was due
        await reconciliation.request_daily_runs(house)


def _add_notice_tasks(app: App, house: House) -> None:
    """Add what concerns the notice registry, and the search after registration."""

    @app.task(name=order_notice.TASK, retry=AFTER_A_FAULT_OF_OURS)
    async def carry_out_at_notice_registry(order_id: str) -> None:
        await may_send(house)
        await carry_out_notice(house, order_id)

    @app.task(name=search_after.TASK, retry=AFTER_A_FAULT_OF_OURS)
    async def search_after_registration(pledge_id: str) -> None:
        await search_again(house, pledge_id)

    @app.periodic(cron=EVERY_NIGHT)
    @app.task(name="follow_notices", queueing_lock="follow_notices")
    async def follow(timestamp: int) -> None:
        changed = await follow_notices(house)
        log.info("notices_followed", changed=changed, timestamp=timestamp)


def _add_certificates(app: App, house: House) -> None:
    """Add the task that seals certificates."""

    @app.task(name=issue_certificate.TASK, retry=AFTER_A_FAULT_OF_OURS)
    async def seal_certificate(number: str) -> None:
        await certificates.seal(house, number)


def _add_checkpoints(app: App, house: House) -> None:
    """Add the task that signs the audit chains' heads, every hour and when somebody asks."""

    @app.periodic(cron=EVERY_HOUR)
    @app.task(
        name=checkpointing.TASK,
        lock=checkpointing.JOB_SUBJECT,
        retry=AFTER_A_FAULT_OF_OURS,
    )
    async def checkpoint(timestamp: int | None = None) -> None:  # noqa: ARG001 - the scheduler says when it was due
        await checkpoint_audit(house)


def _add_webhooks(app: App, house: House) -> None:
    """Add the tasks that tell webhooks of events; a job's lock names its endpoint."""

    @app.task(name=DELIVER_TASK, retry=AFTER_A_FAULT_OF_OURS, pass_context=True)
    async def deliver(context: JobContext) -> None:
        await may_send(house)
        await deliver_webhook(house, webhook_of(context.job.lock))

    @app.task(name=WAKE_TASK, retry=AFTER_A_FAULT_OF_OURS, pass_context=True)
    async def wake(context: JobContext) -> None:
        await wake_webhook(house, webhook_of(context.job.lock))

    @app.periodic(cron=EVERY_MINUTE)
    @app.task(name="wake_webhooks", queueing_lock="wake_webhooks")
    async def wake_all(timestamp: int) -> None:  # noqa: ARG001 - the scheduler says when it was due
        await wake_awaited(house)


async def run_worker(house: House, settings: Settings) -> None:
    """Work until told to stop; unfinished jobs get a few seconds, and otherwise come again."""
    app = make_worker(house, settings)
    stalled_seconds = float(settings.worker_stalled_seconds)
    async with app.open_async():
        reaper = asyncio.create_task(_reap(app, stalled_seconds))
        try:
            await app.run_worker_async(
                concurrency=CONCURRENCY,
                fetch_job_polling_interval=POLL_SECONDS,
                update_heartbeat_interval=stalled_seconds / HEARTBEATS_UNTIL_STALLED,
                stalled_worker_timeout=stalled_seconds,
                shutdown_graceful_timeout=GRACE_SECONDS,
                delete_jobs="successful",
            )
        finally:
            reaper.cancel()


async def _reap(app: App, stalled_seconds: float) -> None:
    """Give out again what dead workers held; never stops for an error, which the next round may not meet.

    It forgets no worker: one that slept for long would forget itself, and could never take a job again. Those that are
    gone are forgotten when the next one starts.
    """
    manager = app.job_manager
    while True:
        try:
            for job in await manager.get_stalled_jobs(seconds_since_heartbeat=stalled_seconds):
                log.warning("job_resumed", job_id=job.id, task=job.task_name)
                await manager.retry_job(job)
        except Exception:
            log.exception("reaper")
        await asyncio.sleep(stalled_seconds / REAPS_UNTIL_STALLED)


def _libpq(url: str) -> str:
    """Return an address as psycopg reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
