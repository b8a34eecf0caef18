"""The register of clients as its administrators see and write it, under row level security.

Who may see what is the policies' business: a tenant sees its own clients, the security administrator all of them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, insert, select, text, update
from sqlalchemy.dialects import postgresql

from domain.ports.identity import ClientKey, ClientRecord, ClientStatus, Decision, KeyPurpose, KeyState
from domain.values.actors import Role
from domain.values.identifiers import Division, Uscc
from integrations.database.client_tables import CLIENT_KEYS, CLIENTS
from integrations.database.connection import Connection, Prepared
from integrations.database.tables import TENANTS, TEXTS

TAKEN = Prepared(text("select key_is_taken(:thumbprints)").bindparams(bindparam("thumbprints", type_=TEXTS)))
ONE_BY_ONE = Prepared(text("select pg_advisory_xact_lock(hashtext('greenlien.clients'))"))
HOLDER = Prepared(
    select(CLIENTS.c.id).where(
        CLIENTS.c.person == bindparam("person"), CLIENTS.c.role.like("platform%"), CLIENTS.c.status != "rejected"
    )
)


class DatabaseClientRegister:
    """Read and write clients."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def find(self, client_id: str) -> ClientRecord | None:
        """Return a client with all its keys."""
        return await self._one(_all().where(CLIENTS.c.id == client_id))

    async def lock(self, client_id: str) -> ClientRecord | None:
        """Return a client with all its keys, locked."""
        return await self._one(_all().where(CLIENTS.c.id == client_id).with_for_update(of=CLIENTS))

    async def page(self, tenant: str | None, after: str | None, limit: int) -> Sequence[ClientRecord]:
        """Return visible clients by id."""
        wanted = _all().order_by(CLIENTS.c.id).limit(limit)
        if tenant is not None:
            wanted = wanted.where(CLIENTS.c.tenant == tenant)
        if after is not None:
            wanted = wanted.where(CLIENTS.c.id > after)
        return await self._with_keys((await self._connection.execute(wanted)).all())

    async def order_keys(self, client_id: str, at: datetime) -> Sequence[ClientKey]:
        """Return the order keys that are in force."""
        keys = CLIENT_KEYS.c
        wanted = select(CLIENT_KEYS).where(
            keys.client_id == client_id, keys.purpose == KeyPurpose.ORDER.value, keys.state == KeyState.ACTIVE.value
        )
        found = [_key(row) for row in (await self._connection.execute(wanted)).all()]
        return [key for key in found if key.in_force(at)]

    async def one_by_one(self) -> None:
        """Wait until nobody else is registering; registrations are rare, and this is simpler than mending a race."""
        await self._connection.value(ONE_BY_ONE, {})

    async def taken(self, thumbprints: Sequence[str]) -> bool:
        """Tell whether any client has ever registered one of these keys."""
        return bool(await self._connection.value(TAKEN, {"thumbprints": list(thumbprints)}))

    async def platform_client_of(self, person: str) -> str | None:
        """Return the administrator's client of a natural person."""
        found: str | None = await self._connection.value(HOLDER, {"person": person})
        return found

    async def add(self, client: ClientRecord) -> bool:
        """Write a new client with its keys."""
        values = {
            "id": client.id,
            "tenant": client.tenant,
            "role": client.role.value,
            "person": client.person,
            **_standing(client),
            "proposed_by": client.decision.proposed_by,
            "proposed_at": client.decision.proposed_at,
        }
        added = await self._connection.execute(postgresql.insert(CLIENTS).values(values).on_conflict_do_nothing())
        if added.rowcount == 0:
            return False
        for key in client.keys:
            await self.add_key(client.id, key)
        return True

    async def save(self, client: ClientRecord) -> None:
        """Write where a client stands now."""
        await self._connection.execute(update(CLIENTS).where(CLIENTS.c.id == client.id).values(_standing(client)))

    async def add_key(self, client_id: str, key: ClientKey) -> bool:
        """Write a new key."""
        known = select(CLIENT_KEYS.c.kid).where(CLIENT_KEYS.c.client_id == client_id, CLIENT_KEYS.c.kid == key.key_id)
        if (await self._connection.execute(known)).first() is not None:
            return False
        values = {
            "client_id": client_id,
            "kid": key.key_id,
            "public_jwk": dict(key.public_jwk),
            "purpose": key.purpose.value,
            **_key_standing(key),
            "replaces": key.replaces,
            "overlap_seconds": key.overlap_seconds,
            "proposed_by": key.decision.proposed_by,
            "proposed_at": key.decision.proposed_at,
        }
        await self._connection.execute(insert(CLIENT_KEYS).values(values))
        return True

    async def save_key(self, client_id: str, key: ClientKey) -> None:
        """Write where a key stands now."""
        mine = (CLIENT_KEYS.c.client_id == client_id) & (CLIENT_KEYS.c.kid == key.key_id)
        await self._connection.execute(update(CLIENT_KEYS).where(mine).values(_key_standing(key)))

    async def _one(self, wanted: Select[Any]) -> ClientRecord | None:
        rows = (await self._connection.execute(wanted)).all()
        return (await self._with_keys(rows))[0] if rows else None

    async def _with_keys(self, rows: Sequence[Row[Any]]) -> list[ClientRecord]:
        wanted = select(CLIENT_KEYS).where(CLIENT_KEYS.c.client_id.in_([row.id for row in rows]))
        newest_last = wanted.order_by(func.coalesce(CLIENT_KEYS.c.proposed_at, func.to_timestamp(0)), CLIENT_KEYS.c.kid)
        keys: dict[str, list[ClientKey]] = {row.id: [] for row in rows}
        for key in (await self._connection.execute(newest_last)).all():
            keys[key.client_id].append(_key(key))
        return [_client(row, tuple(keys[row.id])) for row in rows]


def _all() -> Select[Any]:
    return select(CLIENTS, TENANTS.c.uscc, TENANTS.c.division, TENANTS.c.name).join(
        TENANTS, TENANTS.c.id == CLIENTS.c.tenant
    )


def _standing(client: ClientRecord) -> dict[str, object]:
    return {
        "status": client.status.value,
        "reinstatement_by": client.reinstatement_by,
        "decided_by": client.decision.decided_by,
        "decided_at": client.decision.decided_at,
        "reason": client.decision.reason,
        "version": client.version,
    }


def _key_standing(key: ClientKey) -> dict[str, object]:
    """Return where a key stands; a revoked one stays what it was before, with the moment of its revocation."""
    return {
        "state": (KeyState.ACTIVE if key.state is KeyState.REVOKED else key.state).value,
        "valid_from": key.valid_from,
        "valid_until": key.valid_until,
        "revoked_at": key.revoked_at,
        "decided_by": key.decision.decided_by,
        "decided_at": key.decision.decided_at,
        "reason": key.decision.reason,
    }


def _client(row: Row[Any], keys: tuple[ClientKey, ...]) -> ClientRecord:
    return ClientRecord(
        id=row.id,
        tenant=row.tenant,
        role=Role(row.role),
        uscc=None if row.uscc is None else Uscc(row.uscc),
        division=None if row.division is None else Division(row.division),
        name=row.name,
        status=ClientStatus(row.status),
        keys=keys,
        person=row.person,
        reinstatement_by=row.reinstatement_by,
        decision=_decision(row),
        version=row.version,
    )


def _key(row: Any) -> ClientKey:  # noqa: ANN401 - a row of SQLAlchemy's or a named tuple
    return ClientKey(
        key_id=row.kid,
        thumbprint=row.thumbprint or "",
        public_jwk=row.public_jwk,
        purpose=KeyPurpose(row.purpose),
        state=KeyState(row.state) if row.revoked_at is None else KeyState.REVOKED,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        revoked_at=row.revoked_at,
        replaces=row.replaces,
        overlap_seconds=row.overlap_seconds,
        decision=_decision(row),
    )


def _decision(row: Any) -> Decision:  # noqa: ANN401 - a row of SQLAlchemy's or a named tuple
    return Decision(
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
    )
