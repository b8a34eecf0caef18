"""Idempotency keys: one row a client, route and key, written in the transaction of what it stands for.

A twin that runs at the same time is turned away by an advisory lock, not made to wait; the lock ends with the
transaction.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, text, update

from integrations.database.connection import Connection, Prepared
from integrations.database.tables import IDEMPOTENCY_KEYS

NAMED = tuple(IDEMPOTENCY_KEYS.c[name] == bindparam(f"of_{name}") for name in ("client_id", "route", "key"))
TRY_LOCK = Prepared(text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))"))
FIND = Prepared(select(IDEMPOTENCY_KEYS).where(*NAMED))
KEEP = Prepared(
    insert(IDEMPOTENCY_KEYS), ("client_id", "route", "key", "body_sha256", "status", "headers", "body", "created_at")
)
OPEN = Prepared(insert(IDEMPOTENCY_KEYS), ("client_id", "route", "key", "body_sha256", "subject", "created_at"))
ANSWER = Prepared(update(IDEMPOTENCY_KEYS).where(*NAMED), ("status", "headers", "body"))
FORGET = Prepared(delete(IDEMPOTENCY_KEYS).where(*NAMED))


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a key stands for: the body it came with, and the answer, none while a slow command runs on `subject`."""

    body_sha256: str
    subject: str | None
    status: int | None
    headers: dict[str, str]
    body: bytes


class IdempotencyKeys:
    """Keep keys of the calling client."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def try_lock(self, client_id: str, route: str, key: str) -> bool:
        """Take the key for this transaction; false when a twin has it."""
        name = json.dumps([client_id, route, key])
        return bool(await self._connection.value(TRY_LOCK, {"name": name}))

    async def find(self, client_id: str, route: str, key: str) -> KeptAnswer | None:
        """Return what the key stands for, none when it is new."""
        row = await self._connection.row(FIND, _named((client_id, route, key)))
        if row is None:
            return None
        return KeptAnswer(row.body_sha256, row.subject, row.status, row.headers or {}, row.body or b"")

    async def keep(
        self, identity: tuple[str, str, str], body_sha256: str, answer: tuple[int, dict[str, str], bytes], at: datetime
    ) -> None:
        """Write the answer that the key stands for from now on."""
        client_id, route, key = identity
        status, headers, body = answer
        kept = {
            "client_id": client_id,
            "route": route,
            "key": key,
            "body_sha256": body_sha256,
            "status": status,
            "headers": headers,
            "body": body,
            "created_at": at,
        }
        await self._connection.run(KEEP, kept)

    async def open(self, identity: tuple[str, str, str], body_sha256: str, subject: str, at: datetime) -> None:
        """Write that a slow command has begun on `subject`; its answer follows with `answer`."""
        client_id, route, key = identity
        opened = {
            "client_id": client_id,
            "route": route,
            "key": key,
            "body_sha256": body_sha256,
            "subject": subject,
            "created_at": at,
        }
        await self._connection.run(OPEN, opened)

    async def answer(self, identity: tuple[str, str, str], answer: tuple[int, dict[str, str], bytes]) -> None:
        """Write the answer of a slow command."""
        status, headers, body = answer
        await self._connection.run(ANSWER, {**_named(identity), "status": status, "headers": headers, "body": body})

    async def forget(self, identity: tuple[str, str, str]) -> None:
        """Forget a key whose slow command came to nothing that is kept."""
        await self._connection.run(FORGET, _named(identity))


def _named(identity: tuple[str, str, str]) -> dict[str, str]:
    """Return the values that name a key in a statement's condition."""
    client_id, route, key = identity
    return {"of_client_id": client_id, "of_route": route, "of_key": key}
