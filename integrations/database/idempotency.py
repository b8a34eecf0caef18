"""Idempotency keys: one row a client, route and key, written in the transaction of what it stands for.

A twin that runs at the same time is turned away by an advisory lock, not made to wait; the lock ends with the
transaction.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from integrations.database.tables import IDEMPOTENCY_KEYS

TRY_LOCK = text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")


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

    def __init__(self, connection: AsyncConnection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def try_lock(self, client_id: str, route: str, key: str) -> bool:
        """Take the key for this transaction; false when a twin has it."""
        name = json.dumps([client_id, route, key])
        return bool((await self._connection.execute(TRY_LOCK, {"name": name})).scalar())

    async def find(self, client_id: str, route: str, key: str) -> KeptAnswer | None:
        """Return what the key stands for, none when it is new."""
        wanted = select(IDEMPOTENCY_KEYS).where(
            IDEMPOTENCY_KEYS.c.client_id == client_id, IDEMPOTENCY_KEYS.c.route == route, IDEMPOTENCY_KEYS.c.key == key
        )
        row = (await self._connection.execute(wanted)).first()
        if row is None:
            return None
        return KeptAnswer(row.body_sha256, row.subject, row.status, row.headers or {}, row.body or b"")

    async def keep(
        self, identity: tuple[str, str, str], body_sha256: str, answer: tuple[int, dict[str, str], bytes], at: datetime
    ) -> None:
        """Write the answer that the key stands for from now on."""
        client_id, route, key = identity
        status, headers, body = answer
        await self._connection.execute(
            insert(IDEMPOTENCY_KEYS).values(
                client_id=client_id,
                route=route,
                key=key,
                body_sha256=body_sha256,
                status=status,
                headers=headers,
                body=body,
                created_at=at,
            ),
        )

    async def open(self, identity: tuple[str, str, str], body_sha256: str, subject: str, at: datetime) -> None:
        """Write that a slow command has begun on `subject`; its answer follows with `answer`."""
        client_id, route, key = identity
        await self._connection.execute(
            insert(IDEMPOTENCY_KEYS).values(
                client_id=client_id, route=route, key=key, body_sha256=body_sha256, subject=subject, created_at=at
            ),
        )

    async def answer(self, identity: tuple[str, str, str], answer: tuple[int, dict[str, str], bytes]) -> None:
        """Write the answer of a slow command."""
        client_id, route, key = identity
        status, headers, body = answer
        await self._connection.execute(
            update(IDEMPOTENCY_KEYS)
            .where(
                IDEMPOTENCY_KEYS.c.client_id == client_id,
                IDEMPOTENCY_KEYS.c.route == route,
                IDEMPOTENCY_KEYS.c.key == key,
            )
            .values(status=status, headers=headers, body=body),
        )

    async def forget(self, identity: tuple[str, str, str]) -> None:
        """Forget a key whose slow command came to nothing that is kept."""
        client_id, route, key = identity
        named = (IDEMPOTENCY_KEYS.c.client_id == client_id, IDEMPOTENCY_KEYS.c.route == route)
        await self._connection.execute(delete(IDEMPOTENCY_KEYS).where(*named, IDEMPOTENCY_KEYS.c.key == key))
