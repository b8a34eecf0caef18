"""Deliver events to webhooks: plan a round, send it with no transaction open, record what came of it.

An attempt that failed is repeated ten times in all, after the pauses below and within three days of the first, each
pause longer or shorter by up to a fifth so that a receiver which comes back is not met by all at once; then the
delivery is dead, until its owner replays it. A receiver that says how long to wait is left alone that long. One that
fails again and again is tried with one message at a time, at growing pauses, and is switched off after five days.

Source: Standard Webhooks 1.0.0, "Retry schedule"; RFC 9110 sections 10.2.3 (Retry-After) and 15.5.11 (410).

>>> [str(pause) for pause in PAUSES[:4]], str(sum(PAUSES, timedelta()))
(['0:00:00', '0:00:05', '0:05:00', '0:30:00'], '3 days, 3:35:05')
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from domain.ports.secret_box import SecretBox
from domain.ports.unit_of_work import UnitOfWork
from domain.ports.webhook_sending import SendOutcome, SigningSecrets, WebhookMessage
from domain.ports.webhooks import (
    Attempt,
    DeliveryState,
    DisabledReason,
    DueDelivery,
    Webhook,
    WebhookState,
)
from domain.use_cases.keep_webhooks import seed_owner, shared_owner
from domain.values.actors import WORKER
from domain.values.canonical_json import canonical_json
from domain.values.time import rfc3339

PAUSES: Final = (
    timedelta(),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Before each attempt; the last is cut so that it falls within `GIVE_UP_AFTER`."""
GIVE_UP_AFTER: Final = timedelta(hours=72)
JITTER: Final = 0.2
RETRY_AFTER_MAX: Final = timedelta(hours=24)
ROUND_MAX: Final = 32
GONE: Final = 410
OVERLOADED: Final = frozenset({429, 502, 504})
"""Statuses by which the whole endpoint asks for less."""
THROTTLE: Final = timedelta(seconds=10)
OPEN_AFTER_FAILURES: Final = 8
OPEN_FIRST: Final = timedelta(seconds=30)
OPEN_MAX: Final = timedelta(hours=1)
DOUBLINGS_MAX: Final = 10
SWITCH_OFF_AFTER: Final = timedelta(days=5)

Draw = Callable[[], float]
"""Draws a number from 0 up to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What to send now, and when to look again where that is nothing; `more` says that there may be more events."""

    webhook_id: str
    due: tuple[DueDelivery, ...] = ()
    messages: tuple[WebhookMessage, ...] = ()
    look_again_at: datetime | None = None
    more: bool = False


async def plan_round(uow: UnitOfWork, box: SecretBox, webhook_id: str, now: datetime) -> Round:
    """Write the deliveries of new events, and return the heads whose time has come.

    Raises SecretsUnavailable where the endpoint's keys cannot be opened.
    """
    webhook = await uow.webhooks.lock(webhook_id)
    if webhook is None or webhook.state is not WebhookState.ENABLED:
        return Round(webhook_id=webhook_id)
    more = await uow.deliveries.spread(webhook_id, now)
    if webhook.paused_until is not None and now < webhook.paused_until:
        waits = await uow.deliveries.next_due(webhook_id) is not None
        return Round(webhook_id=webhook_id, look_again_at=webhook.paused_until if waits else None, more=more)
    at_once = 1 if webhook.failures >= OPEN_AFTER_FAILURES else ROUND_MAX
    due = tuple(await uow.deliveries.due(webhook_id, now, at_once))
    if not due:
        return Round(webhook_id=webhook_id, look_again_at=await uow.deliveries.next_due(webhook_id), more=more)
    keys = [key for key in await uow.webhooks.keys(webhook_id) if key.live(now)]
    opened = tuple(
        SigningSecrets(box.open(key.sealed_shared, shared_owner(key)), box.open(key.sealed_seed, seed_owner(key)))
        for key in keys
    )
    messages = tuple(
        WebhookMessage(url=webhook.url, id=each.event_id, body=payload_of(each), at=now, keys=opened) for each in due
    )
    return Round(webhook_id=webhook_id, due=due, messages=messages, more=more)


def payload_of(due: DueDelivery) -> bytes:
    """Return the body of a message: what happened to which thing, and no more, so that the receiver reads the rest."""
    told = {
        "id": due.event_id,
        "type": due.type,
        "timestamp": rfc3339(due.at),
        "subject": due.subject,
        "version": due.version,
    }
    return canonical_json(told)


async def record_round(
    uow: UnitOfWork, planned: Round, outcomes: Sequence[SendOutcome], now: datetime, draw: Draw
) -> None:
    """Write what came of a round: delivered, again later, or dead; and what it says of the endpoint."""
    attempts = [judged(each, outcome, now, draw) for each, outcome in zip(planned.due, outcomes, strict=True)]
    webhook = await uow.webhooks.lock(planned.webhook_id)
    await uow.deliveries.record(planned.webhook_id, attempts)
    if webhook is None:
        return
    after = webhook
    for outcome in outcomes:
        after = endpoint_after(after, outcome, now)
    if after != webhook:
        await uow.webhooks.save(after)
    if after.state is not webhook.state and after.disabled_reason is not None:
        details = {"reason": after.disabled_reason.value, "url": after.url}
        await uow.audit.write(WORKER, "webhook.disabled", after.id, details, (after.tenant,), now)


def judged(due: DueDelivery, outcome: SendOutcome, now: datetime, draw: Draw) -> Attempt:
    """Return what an attempt makes of a delivery."""
    made = due.attempts + 1
    next_at = None
    if outcome.delivered:
        state = DeliveryState.DELIVERED
    else:
        next_at = next_attempt(made, due.first_attempt_at or now, outcome, now, draw)
        state = DeliveryState.DEAD if next_at is None else DeliveryState.PENDING
    return Attempt(
        delivery_id=due.id,
        subject=due.subject,
        seen=due.attempts,
        state=state,
        at=now,
        next_attempt_at=next_at,
        response_status=outcome.status,
        error=outcome.error,
    )


def next_attempt(made: int, first_at: datetime, outcome: SendOutcome, now: datetime, draw: Draw) -> datetime | None:
    """Return when to try again after so many attempts, none when no more."""
    give_up_at = first_at + GIVE_UP_AFTER
    if outcome.status == GONE or made >= len(PAUSES) or now >= give_up_at:
        return None
    pause = PAUSES[made] * (1 - JITTER + 2 * JITTER * draw())
    asked = min(outcome.retry_after or timedelta(), RETRY_AFTER_MAX)
    return min(now + max(pause, asked), give_up_at)


def endpoint_after(webhook: Webhook, outcome: SendOutcome, now: datetime) -> Webhook:
    """Return the endpoint after one more attempt: well again, slower, paused, or switched off."""
    if outcome.delivered:
        return replace(webhook, failures=0, failing_since=None, paused_until=None) if webhook.failures else webhook
    if webhook.state is not WebhookState.ENABLED:
        return webhook
    if outcome.status == GONE:
        return webhook.disabled(DisabledReason.GONE, now)
    failures, since = webhook.failures + 1, webhook.failing_since or now
    pause = timedelta()
    if outcome.status in OVERLOADED:
        pause = max(THROTTLE, min(outcome.retry_after or timedelta(), OPEN_MAX))
    if failures >= OPEN_AFTER_FAILURES:
        doublings = min(failures - OPEN_AFTER_FAILURES, DOUBLINGS_MAX)
        pause = max(pause, min(OPEN_FIRST * 2**doublings, OPEN_MAX))
    paused_until = max(now + pause, webhook.paused_until or now) if pause else webhook.paused_until
    failing = replace(webhook, failures=failures, failing_since=since, paused_until=paused_until)
    if now - since >= SWITCH_OFF_AFTER:
        return failing.disabled(DisabledReason.FAILING, now)
    return failing
