"""Deliver to one webhook: plan in a transaction, send with none open, record in another, until nothing is due.

An endpoint's jobs run one after another under a lock of its own, so one that hangs holds up no other. Whoever crashes
between sending and recording sends again: a receiver tells repeated messages by their id. A job ends after a while even
where there is more, and asks for another, so that a busy endpoint gives way to others.

Retries are woken by a job under a lock of their own: under the endpoint's lock one that is planned for tomorrow would
hold up everything that is due before.
"""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from api.house import House
from domain.use_cases.deliver_webhooks import Round, plan_round, record_round
from domain.use_cases.keep_webhooks import TASK, job_subject

WAKE_TASK: Final = "wake_webhook"
WAKE_SUBJECT: Final = "webhook-later:"
JOB_SECONDS_MAX: Final = 20.0
UNSETTLED: Final = timedelta(seconds=1)

log: Final = structlog.get_logger("greenlien.jobs")


def webhook_of(lock: str | None) -> str:
    """Return the endpoint that a job is about, which its lock names."""
    return (lock or "").split(":")[1]


async def deliver_webhook(house: House, webhook_id: str, draw: Callable[[], float] = random.random) -> datetime | None:
    """Send everything that is due to an endpoint; returns when to look again, none when nothing waits."""
    await _settle(house, webhook_id)
    until = time.monotonic() + JOB_SECONDS_MAX
    while True:
        async with house.open(None) as uow:
            planned = await plan_round(uow, house.secrets, webhook_id, house.now())
            if not planned.due and not planned.more and planned.look_again_at is not None:
                await uow.jobs.enqueue_once(WAKE_TASK, _later(webhook_id, planned.look_again_at), planned.look_again_at)
            await uow.commit()
        if planned.due:
            await _send(house, planned, draw)
        elif not planned.more:
            return planned.look_again_at
        if time.monotonic() > until:
            async with house.open(None) as uow:
                await uow.jobs.enqueue_once(TASK, job_subject(webhook_id))
                await uow.commit()
            return house.now()


async def wake_webhook(house: House, webhook_id: str) -> None:
    """Let an endpoint's turn come."""
    async with house.open(None) as uow:
        await uow.jobs.enqueue_once(TASK, job_subject(webhook_id))
        await uow.commit()


async def wake_awaited(house: House) -> int:
    """Wake every endpoint that something waits for: nothing is told late for long because a wake-up went astray."""
    async with house.open(None) as uow:
        awaited = await uow.deliveries.awaited()
        for webhook_id in awaited:
            await uow.jobs.enqueue_once(TASK, job_subject(webhook_id))
        await uow.commit()
    return len(awaited)


async def _send(house: House, planned: Round, draw: Callable[[], float]) -> None:
    outcomes = await asyncio.gather(*(house.webhooks.send(message) for message in planned.messages))
    async with house.open(None) as uow:
        await record_round(uow, planned, outcomes, house.now(), draw)
        await uow.commit()
    failed = sum(not outcome.delivered for outcome in outcomes)
    log.info("webhooks_sent", webhook_id=planned.webhook_id, sent=len(outcomes), failed=failed)


async def _settle(house: House, webhook_id: str) -> None:
    """Look again soon where somebody relies on this very job who has not committed yet."""
    async with house.open(None) as uow:
        settled = await uow.deliveries.settled(job_subject(webhook_id))
        if not settled:
            at = house.now() + UNSETTLED
            await uow.jobs.enqueue_once(WAKE_TASK, _later(webhook_id, at), at)
        await uow.commit()


def _later(webhook_id: str, at: datetime) -> str:
    """Return the lock of a wake-up, one for each second."""
    return f"{WAKE_SUBJECT}{webhook_id}:{int(at.timestamp())}"
