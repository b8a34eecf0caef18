"""Register, change, delete and re-key webhooks, and replay what was delivered or given up.

Secrets are drawn here, sealed before they are written, and told once: in the answer that made them.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from domain.errors import InvalidValue
from domain.pledges.pledges import VersionMismatch
from domain.ports.secret_box import Owner, SecretBox
from domain.ports.unit_of_work import UnitOfWork
from domain.ports.webhook_sending import WebhookSender
from domain.ports.webhooks import (
    LIVE_SECRETS_MAX,
    OVERLAP_HOURS_MIN,
    PER_TENANT_MAX,
    Delivery,
    DeliveryPending,
    DeliveryState,
    DisabledReason,
    FormerSecretLive,
    TooManyWebhooks,
    Webhook,
    WebhookKey,
    WebhookState,
    overlap,
)
from domain.rights.authorizations import NotFound
from domain.values.actors import Actor
from domain.values.identifiers import new_id

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how a secret begins
SECRET_BYTES: Final = 32
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64
TASK: Final = "deliver_webhook"


def job_subject(webhook_id: str) -> str:
    """Return the lock under which an endpoint's jobs run one after another, apart from every other endpoint's."""
    return f"webhook:{webhook_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChange:
    """What an owner changes; none leaves it as it is."""

    url: str | None = None
    event_types: tuple[str, ...] | None = None
    description: str | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class NewSecret:
    """What signs from now on, drawn by us where none is given, and for how long the former pair signs beside it."""

    shared: bytes | None = field(default=None, repr=False)
    overlap_hours: int = OVERLAP_HOURS_MIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """An endpoint and its newest pair, of which `secret` is the shared secret as receivers write it."""

    webhook: Webhook
    key: WebhookKey


def parse_secret(text: str) -> bytes:
    """Return the bytes of a secret written `whsec_` and base64, 24 to 64 bytes.

    >>> len(parse_secret("whsec_" + "A" * 32))
    24

    Raises:
        InvalidValue: another spelling, or another length.
    """
    try:
        raw = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:
        raw = b""
    if not text.startswith(SECRET_PREFIX) or not SECRET_BYTES_MIN <= len(raw) <= SECRET_BYTES_MAX:
        raise InvalidValue(
            what="webhook secret",
            value="",
            reason_zh="密钥应写作 whsec_ 加 base64,内容24至64字节。",
            reason_en="a secret is whsec_ and base64 of 24 to 64 bytes",
        )
    return raw


def written_secret(raw: bytes) -> str:
    """Return a secret as receivers write it."""
    return SECRET_PREFIX + base64.b64encode(raw).decode("ascii")


def shared_owner(key: WebhookKey) -> Owner:
    """Return whose a pair's shared secret is."""
    return (key.tenant, key.id, "shared")


def seed_owner(key: WebhookKey) -> Owner:
    """Return whose a pair's private seed is."""
    return (key.tenant, key.id, "seed")


async def create_webhook(
    uow: UnitOfWork,
    actor: Actor,
    wanted: WebhookChange,
    secret: bytes | None,
    box: SecretBox,
    sender: WebhookSender,
    now: datetime,
) -> Keyed:
    """Register an endpoint whose address has been judged; it is told of what is committed from now on.

    Raises:
        TooManyWebhooks: the tenant has as many as it may.
        SecretsUnavailable: no key for secrets is set.
    """
    if await uow.webhooks.count() >= PER_TENANT_MAX:
        raise TooManyWebhooks(PER_TENANT_MAX)
    webhook = Webhook(
        id=new_id("whk"),
        tenant=actor.tenant,
        parties=actor.parties,
        url=wanted.url or "",
        event_types=wanted.event_types or (),
        description=wanted.description,
        state=WebhookState.ENABLED,
        disabled_reason=None,
        failures=0,
        failing_since=None,
        paused_until=None,
        created_by=actor.client_id,
        created_at=now,
        updated_at=now,
        version=1,
    )
    key = _new_key(webhook, secret, box, sender, now)
    await uow.webhooks.add(webhook, key)
    await _write(uow, actor, webhook, "created", {"public_key": key.public_key}, now)
    return Keyed(webhook=webhook, key=key)


async def find_webhook(uow: UnitOfWork, webhook_id: str) -> Webhook:
    """Return an endpoint of the caller's; raises NotFound."""
    webhook = await uow.webhooks.find(webhook_id)
    if webhook is None:
        raise NotFound("webhook")
    return webhook


async def change_webhook(
    uow: UnitOfWork, actor: Actor, webhook_id: str, wanted: WebhookChange, if_match: int | None, now: datetime
) -> Webhook:
    """Change an endpoint; one that is enabled again goes on where it stopped, and is tried at once.

    Raises:
        NotFound: no such endpoint of the caller's.
        VersionMismatch: the caller saw another version.
    """
    webhook = await _fetch(uow, webhook_id, if_match)
    changed = replace(
        webhook,
        url=wanted.url or webhook.url,
        event_types=wanted.event_types or webhook.event_types,
        description=webhook.description if wanted.description is None else wanted.description,
        failures=0,
        failing_since=None,
        paused_until=None,
        updated_at=now,
        version=webhook.version + 1,
    )
    if wanted.enabled is False and webhook.state is WebhookState.ENABLED:
        changed = replace(changed, state=WebhookState.DISABLED, disabled_reason=DisabledReason.BY_OWNER)
    if wanted.enabled is True:
        changed = replace(changed, state=WebhookState.ENABLED, disabled_reason=None)
    await uow.webhooks.save(changed)
    await _write(uow, actor, changed, "changed", {"from": _brief(webhook)}, now)
    if changed.state is WebhookState.ENABLED:
        await uow.jobs.enqueue_once(TASK, job_subject(webhook_id))
    return changed


async def delete_webhook(uow: UnitOfWork, actor: Actor, webhook_id: str, if_match: int | None, now: datetime) -> None:
    """Delete an endpoint and its keys; nothing is sent to it any more.

    Raises:
        NotFound: no such endpoint of the caller's.
        VersionMismatch: the caller saw another version.
    """
    webhook = await _fetch(uow, webhook_id, if_match)
    deleted = replace(webhook, state=WebhookState.DELETED, updated_at=now, version=webhook.version + 1)
    await uow.webhooks.save(deleted)
    await _write(uow, actor, deleted, "deleted", {}, now)


async def rotate_secret(
    uow: UnitOfWork,
    actor: Actor,
    webhook_id: str,
    wanted: NewSecret,
    if_match: int | None,
    box: SecretBox,
    sender: WebhookSender,
    now: datetime,
) -> Keyed:
    """Give an endpoint a new pair of keys; the former one signs beside it for at least three days.

    Raises:
        NotFound: no such endpoint of the caller's.
        VersionMismatch: the caller saw another version.
        FormerSecretLive: two are live already.
    """
    webhook = await _fetch(uow, webhook_id, if_match)
    live = [key for key in await uow.webhooks.keys(webhook_id) if key.live(now)]
    if len(live) >= LIVE_SECRETS_MAX:
        until = min(key.expires_at for key in live if key.expires_at is not None)
        raise FormerSecretLive(until)
    until = now + overlap(wanted.overlap_hours)
    for former in live:
        await uow.webhooks.expire_key(former.id, until)
    key = _new_key(webhook, wanted.shared, box, sender, now)
    await uow.webhooks.add_key(key)
    rotated = replace(webhook, updated_at=now, version=webhook.version + 1)
    await uow.webhooks.save(rotated)
    details = {"public_key": key.public_key, "former_until": until.isoformat()}
    await _write(uow, actor, rotated, "secret_rotated", details, now)
    return Keyed(webhook=rotated, key=key)


async def replay_delivery(uow: UnitOfWork, actor: Actor, webhook_id: str, delivery_id: str, now: datetime) -> Delivery:
    """Send a delivery again, from its first attempt on, under the same message id.

    Raises:
        NotFound: no such endpoint or delivery of the caller's.
        DeliveryPending: it is on its way as it is.
    """
    webhook = await _fetch(uow, webhook_id, None)
    delivery = await uow.deliveries.find(webhook_id, delivery_id)
    if delivery is None:
        raise NotFound("delivery")
    if delivery.state is DeliveryState.PENDING:
        raise DeliveryPending(delivery_id)
    await uow.deliveries.replay(webhook_id, delivery_id, now)
    details = {"delivery_id": delivery_id, "event_id": delivery.event_id}
    await _write(uow, actor, webhook, "delivery_replayed", details, now)
    await uow.jobs.enqueue_once(TASK, job_subject(webhook_id))
    replayed = await uow.deliveries.find(webhook_id, delivery_id)
    assert replayed is not None, "it was there a moment ago, and nobody deletes deliveries"
    return replayed


async def _fetch(uow: UnitOfWork, webhook_id: str, if_match: int | None) -> Webhook:
    webhook = await uow.webhooks.lock(webhook_id)
    if webhook is None:
        raise NotFound("webhook")
    if if_match is not None and if_match != webhook.version:
        raise VersionMismatch(webhook.version)
    return webhook


def _new_key(
    webhook: Webhook, shared: bytes | None, box: SecretBox, sender: WebhookSender, now: datetime
) -> WebhookKey:
    seed = secrets.token_bytes(SECRET_BYTES)
    key = WebhookKey(
        id=new_id("whkey"),
        webhook_id=webhook.id,
        tenant=webhook.tenant,
        sealed_shared="",
        sealed_seed="",
        public_key=sender.public_key(seed),
        created_at=now,
        expires_at=None,
    )
    sealed_shared, sealed_seed = (
        box.seal(shared or secrets.token_bytes(SECRET_BYTES), shared_owner(key)),
        box.seal(seed, seed_owner(key)),
    )
    return replace(key, sealed_shared=sealed_shared, sealed_seed=sealed_seed)


def _brief(webhook: Webhook) -> dict[str, object]:
    return {"url": webhook.url, "event_types": list(webhook.event_types), "state": webhook.state.value}


async def _write(
    uow: UnitOfWork, actor: Actor, webhook: Webhook, what: str, more: Mapping[str, object], now: datetime
) -> None:
    await uow.audit.write(actor, f"webhook.{what}", webhook.id, {**_brief(webhook), **more}, (webhook.tenant,), now)
