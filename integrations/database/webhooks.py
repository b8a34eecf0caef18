"""Webhooks and their keys; one that was deleted keeps its row for its deliveries and is found by nobody."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, func, insert, select, text, update

from domain.ports.webhooks import DisabledReason, Webhook, WebhookKey, WebhookState
from integrations.database.connection import Connection, Prepared
from integrations.database.webhook_tables import WEBHOOK_KEYS, WEBHOOKS

TOLD = [column for column in WEBHOOKS.c if column.name not in {"sequence", "spread_to"}]
KEY = [column for column in WEBHOOK_KEYS.c if column.name != "sequence"]
THERE = WEBHOOKS.c.state != WebhookState.DELETED.value
FIND = Prepared(select(*TOLD).where(WEBHOOKS.c.id == bindparam("wanted"), THERE))
LOCK = Prepared(select(*TOLD).where(WEBHOOKS.c.id == bindparam("wanted"), THERE).with_for_update())
NEWEST = Prepared(text("select newest_event_position()"))
ADD = Prepared(insert(WEBHOOKS), [*(column.name for column in TOLD), "spread_to"])
CHANGED = (
    "url",
    "event_types",
    "description",
    "state",
    "disabled_reason",
    "failures",
    "failing_since",
    "paused_until",
    "updated_at",
    "version",
)
SAVE = Prepared(update(WEBHOOKS).where(WEBHOOKS.c.id == bindparam("wanted")), CHANGED)
ADD_KEY = Prepared(insert(WEBHOOK_KEYS), [column.name for column in KEY])
EXPIRE_KEY = Prepared(update(WEBHOOK_KEYS).where(WEBHOOK_KEYS.c.id == bindparam("wanted")), ("expires_at",))
DROP_KEYS = Prepared(delete(WEBHOOK_KEYS).where(WEBHOOK_KEYS.c.webhook_id == bindparam("wanted")))
KEYS = Prepared(
    select(*KEY).where(WEBHOOK_KEYS.c.webhook_id == bindparam("wanted")).order_by(WEBHOOK_KEYS.c.sequence.desc())
)


class DatabaseWebhooks:
    """Keep endpoints and their keys."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, webhook: Webhook, key: WebhookKey) -> None:
        """Write an endpoint; it is told of what gets its place in the feed after everything that has one now."""
        newest = await self._connection.value(NEWEST, {})
        await self._connection.run(ADD, {**_values(webhook), "spread_to": newest})
        await self.add_key(key)

    async def find(self, webhook_id: str) -> Webhook | None:
        """Return an endpoint."""
        row = await self._connection.row(FIND, {"wanted": webhook_id})
        return None if row is None else _webhook(row)

    async def lock(self, webhook_id: str) -> Webhook | None:
        """Return an endpoint and keep others from changing it meanwhile."""
        row = await self._connection.row(LOCK, {"wanted": webhook_id})
        return None if row is None else _webhook(row)

    async def count(self) -> int:
        """Return how many endpoints the caller has."""
        return int((await self._connection.execute(select(func.count()).where(THERE))).scalar_one())

    async def page(self, after: str | None, limit: int) -> Sequence[Webhook]:
        """Return the caller's endpoints, oldest first."""
        wanted: Select[Any] = select(*TOLD).where(THERE).order_by(WEBHOOKS.c.sequence).limit(limit)
        if after is not None:
            place = select(WEBHOOKS.c.sequence).where(WEBHOOKS.c.id == after).scalar_subquery()
            wanted = wanted.where(WEBHOOKS.c.sequence > place)
        return [_webhook(row) for row in (await self._connection.execute(wanted)).all()]

    async def save(self, webhook: Webhook) -> None:
        """Write a locked endpoint; with the state `deleted` its keys go, too."""
        values = _values(webhook)
        await self._connection.run(SAVE, {"wanted": webhook.id, **{name: values[name] for name in CHANGED}})
        if webhook.state is WebhookState.DELETED:
            await self._connection.run(DROP_KEYS, {"wanted": webhook.id})

    async def add_key(self, key: WebhookKey) -> None:
        """Write a pair of keys."""
        await self._connection.run(ADD_KEY, {column.name: getattr(key, column.name) for column in KEY})

    async def expire_key(self, key_id: str, at: datetime) -> None:
        """Let a pair sign until a moment."""
        await self._connection.run(EXPIRE_KEY, {"wanted": key_id, "expires_at": at})

    async def keys(self, webhook_id: str) -> Sequence[WebhookKey]:
        """Return an endpoint's pairs, the newest first."""
        rows = await self._connection.rows(KEYS, {"wanted": webhook_id})
        return [WebhookKey(**{column.name: getattr(row, column.name) for column in KEY}) for row in rows]


def _values(webhook: Webhook) -> dict[str, Any]:
    told = {column.name: getattr(webhook, column.name) for column in TOLD}
    reason = webhook.disabled_reason
    return {
        **told,
        "parties": list(webhook.parties),
        "event_types": list(webhook.event_types),
        "state": webhook.state.value,
        "disabled_reason": None if reason is None else reason.value,
    }


def _webhook(row: Row[Any]) -> Webhook:
    told = {column.name: getattr(row, column.name) for column in TOLD}
    return Webhook(
        **{
            **told,
            "parties": tuple(row.parties),
            "event_types": tuple(row.event_types),
            "state": WebhookState(row.state),
            "disabled_reason": None if row.disabled_reason is None else DisabledReason(row.disabled_reason),
        }
    )
