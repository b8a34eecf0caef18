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
from api.jobs import market_imports
from api.jobs.lapses import lapse_pledges
from api.jobs.registry_orders import carry_out_order, verify_right
from api.jobs.revaluation import revalue_pledges
from api.settings import Settings
from domain.use_cases import revalue_pledges as revaluation

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

log: Final = structlog.get_logger("greenlien.worker")


def make_worker(house: House, settings: Settings) -> App:
    """Return the job application with its tasks."""
    app = App(connector=PsycopgConnector(conninfo=_libpq(settings.need("worker_database_url")), min_size=1, max_size=6))

    @app.task(name="carry_out_order", retry=AFTER_A_FAULT_OF_OURS)
    async def carry_out(order_id: str) -> None:
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

    return app


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
