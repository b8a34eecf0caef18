"""Webhooks and deliveries as contract section 7 prints them."""

from collections.abc import Sequence
from datetime import datetime

from api.answers.rights import instant
from domain.ports.webhooks import Delivery, Webhook, WebhookKey
from domain.values.time import rfc3339


def webhook_answer(webhook: Webhook, keys: Sequence[WebhookKey], now: datetime) -> dict[str, object]:
    """Return an endpoint with its live keys."""
    reason = webhook.disabled_reason
    return {
        "id": webhook.id,
        "url": webhook.url,
        "event_types": list(webhook.event_types),
        "description": webhook.description,
        "status": webhook.state.value,
        "disabled_reason": None if reason is None else reason.value,
        "failing_since": instant(webhook.failing_since),
        "paused_until": instant(webhook.paused_until),
        "keys": [
            {
                "public_key": key.public_key,
                "created_at": rfc3339(key.created_at),
                "expires_at": instant(key.expires_at),
            }
            for key in keys
            if key.live(now)
        ],
        "created_by": webhook.created_by,
        "created_at": rfc3339(webhook.created_at),
        "updated_at": rfc3339(webhook.updated_at),
        "version": webhook.version,
    }


def delivery_answer(delivery: Delivery) -> dict[str, object]:
    """Return a delivery."""
    return {
        "id": delivery.id,
        "webhook_id": delivery.webhook_id,
        "event": {"id": delivery.event_id, "type": delivery.type, "subject": delivery.subject},
        "status": delivery.state.value,
        "attempts": delivery.attempts,
        "replays": delivery.replays,
        "next_attempt_at": instant(delivery.next_attempt_at),
        "last_attempt_at": instant(delivery.last_attempt_at),
        "response_status": delivery.response_status,
        "error": delivery.error,
        "delivered_at": instant(delivery.delivered_at),
        "created_at": rfc3339(delivery.created_at),
    }
