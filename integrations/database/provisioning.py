"""Tenants, clients and public keys, written as the owner by an administrator's command.

The application cannot write them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects import postgresql

from domain.ports.tenants import Tenant
from integrations.database.engine import make_engine
from integrations.database.tables import CLIENT_KEYS, CLIENTS, TENANTS


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client to register: its tenant, role and public key."""

    id: str
    tenant: str
    role: str
    public_jwk: dict[str, Any]


async def register(owner_url: str, tenants: Sequence[Tenant], clients: Sequence[NewClient]) -> None:
    """Write tenants and clients that are not there yet; a key that is already registered stays as it is."""
    engine = make_engine(owner_url, pool_size=1)
    async with engine.begin() as connection:
        for tenant in tenants:
            values = {
                "id": tenant.id,
                "kind": tenant.kind,
                "name": tenant.name,
                "uscc": tenant.uscc,
                "division": tenant.division,
            }
            await connection.execute(postgresql.insert(TENANTS).values(values).on_conflict_do_nothing())
        for client in clients:
            values = {"id": client.id, "tenant": client.tenant, "role": client.role, "status": "active"}
            await connection.execute(postgresql.insert(CLIENTS).values(values).on_conflict_do_nothing())
            key = {"client_id": client.id, "kid": client.public_jwk["kid"], "public_jwk": client.public_jwk}
            await connection.execute(postgresql.insert(CLIENT_KEYS).values(key).on_conflict_do_nothing())
    await engine.dispose()
