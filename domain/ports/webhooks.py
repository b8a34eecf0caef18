"""Webhooks: where a tenant wants to be told of which events, signed with which keys, and what became of each telling.

The subtle thing is the head. Of each subject only one waiting delivery of an endpoint is its *head*, the earliest; only
a head is ever sent, and the next becomes head when it was delivered or given up. So a receiver is never told of a later
event of a subject before an earlier one, however long the earlier one is refused, and other subjects go on meanwhile.

Source: contract section 7; Standard Webhooks 1.0.0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from domain.errors import DomainError

OVERLAP_HOURS_MIN: Final = 72
"""For so long at least the former secret signs beside the new one."""
LIVE_SECRETS_MAX: Final = 2
PER_TENANT_MAX: Final = 20


class WebhookState(StrEnum):
    """Whether an endpoint is sent to."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"


class DisabledReason(StrEnum):
    """Why an endpoint is not sent to: its owner said so, it answered 410, or nothing arrived for days."""

    BY_OWNER = "by_owner"
    GONE = "gone"
    FAILING = "failing"


class DeliveryState(StrEnum):
    """Where a delivery stands; one that is dead was given up and may be replayed."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An endpoint; `failures` counts attempts that failed in a row, and `paused_until` holds all others back."""

    id: str
    tenant: str
    parties: tuple[str, ...]
    url: str
    event_types: tuple[str, ...]
    description: str | None
    state: WebhookState
    disabled_reason: DisabledReason | None
    failures: int
    failing_since: datetime | None
    paused_until: datetime | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    version: int

    def disabled(self, reason: DisabledReason, now: datetime) -> "Webhook":
        """Return the endpoint switched off."""
        return replace(
            self, state=WebhookState.DISABLED, disabled_reason=reason, updated_at=now, version=self.version + 1
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookKey:
    """One pair of an endpoint's keys, sealed; it signs until `expires_at`, the newest without end."""

    id: str
    webhook_id: str
    tenant: str
    sealed_shared: str = field(repr=False)
    sealed_seed: str = field(repr=False)
    public_key: str
    created_at: datetime
    expires_at: datetime | None

    def live(self, now: datetime) -> bool:
        """Tell whether it signs."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one endpoint, as its owner may read it."""

    id: str
    webhook_id: str
    event_id: str
    type: str
    subject: str
    state: DeliveryState
    attempts: int
    replays: int
    next_attempt_at: datetime | None
    last_attempt_at: datetime | None
    response_status: int | None
    error: str | None
    delivered_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDelivery:
    """A head whose time has come, with what its message says."""

    id: str
    event_id: str
    type: str
    subject: str
    at: datetime
    version: int | None
    attempts: int
    first_attempt_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What an attempt made of a delivery; it counts only where `seen` is still the number of attempts before it."""

    delivery_id: str
    subject: str
    seen: int
    state: DeliveryState
    at: datetime
    next_attempt_at: datetime | None
    response_status: int | None
    error: str | None


@dataclass(eq=False)
class TooManyWebhooks(DomainError):
    """Refuse one endpoint more than a tenant may have."""

    code = "too_many_webhooks"

    most: int


@dataclass(eq=False)
class FormerSecretLive(DomainError):
    """Refuse a third live secret; the former one still signs until the time named."""

    code = "former_secret_live"

    until: datetime


@dataclass(eq=False)
class DeliveryPending(DomainError):
    """Refuse to replay what is still on its way."""

    code = "delivery_pending"

    delivery_id: str


class Webhooks(Protocol):
    """Keep endpoints and their keys; an endpoint that was deleted is found by nobody."""

    async def add(self, webhook: Webhook, key: WebhookKey) -> None:
        """Write an endpoint; it is told of what is published from now on."""
        ...

    async def find(self, webhook_id: str) -> Webhook | None:
        """Return an endpoint, none when there is no such."""
        ...

    async def lock(self, webhook_id: str) -> Webhook | None:
        """Return an endpoint and keep others from changing it meanwhile."""
        ...

    async def count(self) -> int:
        """Return how many endpoints the caller has."""
        ...

    async def page(self, after: str | None, limit: int) -> Sequence[Webhook]:
        """Return up to `limit` of the caller's endpoints, oldest first, after one."""
        ...

    async def save(self, webhook: Webhook) -> None:
        """Write a locked endpoint; with the state `deleted` its keys go, too."""
        ...

    async def add_key(self, key: WebhookKey) -> None:
        """Write a pair of keys."""
        ...

    async def expire_key(self, key_id: str, at: datetime) -> None:
        """Let a pair sign until a moment."""
        ...

    async def keys(self, webhook_id: str) -> Sequence[WebhookKey]:
        """Return an endpoint's pairs, the newest first."""
        ...


class Deliveries(Protocol):
    """Keep what became of each event for each endpoint."""

    async def spread(self, webhook_id: str, now: datetime) -> bool:
        """Write the deliveries of events that an endpoint was not told of yet; true when there may be more.

        Only events of its own parties and of the types that it asked for, and only committed ones, in the feed's order.
        """
        ...

    async def due(self, webhook_id: str, now: datetime, limit: int) -> Sequence[DueDelivery]:
        """Return up to `limit` heads whose time has come."""
        ...

    async def record(self, webhook_id: str, attempts: Sequence[Attempt]) -> None:
        """Write what attempts came to, and let the next of each subject that is done be its head."""
        ...

    async def next_due(self, webhook_id: str) -> datetime | None:
        """Return when the next head is due, none when nothing waits."""
        ...

    async def awaited(self) -> Sequence[str]:
        """Return the enabled endpoints that something waits for, whether or not its time has come."""
        ...

    async def settled(self, subject: str) -> bool:
        """Tell whether everybody has committed who relies on a job of this subject that has begun; never waits."""
        ...

    async def find(self, webhook_id: str, delivery_id: str) -> Delivery | None:
        """Return a delivery of an endpoint, none when there is no such."""
        ...

    async def page(
        self, webhook_id: str, state: DeliveryState | None, after: str | None, limit: int
    ) -> Sequence[Delivery]:
        """Return up to `limit` deliveries, the newest event first, after one."""
        ...

    async def replay(self, webhook_id: str, delivery_id: str, now: datetime) -> None:
        """Let a delivery that is done be sent again; the caller holds the endpoint's lock."""
        ...


def overlap(hours: int) -> timedelta:
    """Return for how long the former secret signs on."""
    return timedelta(hours=max(hours, OVERLAP_HOURS_MIN))
