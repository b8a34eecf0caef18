"""Tenants, clients and public keys, written as the owner by an administrator's command.

It is how the first administrators come in, for whom nobody could vote yet; the application itself writes clients only
as two of them decide. What a person registers so is `told`: it stands in the audit trail and in the tenant's feed like
everything else, under the command's name. A demonstration's own beginnings are not.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import insert, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ports.tenants import Tenant
from domain.values.identifiers import new_id
from domain.values.thumbprints import thumbprint_of
from domain.values.time import business_date
from integrations.database.client_tables import CLIENT_KEYS, CLIENTS
from integrations.database.engine import make_engine
from integrations.database.tables import AUDIT, EVENTS, TENANTS

COMMAND: Final = "greenlien.register-client"
"""The actor of what an administrator's command writes."""


class NotRegistered(ValueError):
    """Say in a sentence why nothing was registered."""


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client to register: its tenant, role and public keys; `person` names who is behind an administrator's."""

    id: str
    tenant: str
    role: str
    public_jwk: dict[str, Any]
    order_jwk: dict[str, Any] | None = None
    person: str | None = None


async def register(
    owner_url: str, tenants: Sequence[Tenant], clients: Sequence[NewClient], *, told: bool = False
) -> bool:
    """Write tenants and clients that are not there yet, and say whether anything of a client was new.

    A client or key that is registered already stays as it is. Nothing is written where one raises NotRegistered: it is
    registered otherwise, names a key of another, or an administrator who is one already.
    """
    engine = make_engine(owner_url, pool_size=1)
    async with engine.connect() as connection, _transaction(connection):
        for tenant in tenants:
            values = {
                "id": tenant.id,
                "kind": tenant.kind,
                "name": tenant.name,
                "uscc": tenant.uscc,
                "division": tenant.division,
            }
            await connection.execute(postgresql.insert(TENANTS).values(values).on_conflict_do_nothing())
        new = [client for client in clients if await _register(connection, client)]
        for client in new if told else ():
            await _tell(connection, client)
    await engine.dispose()
    return bool(new)


async def kind_of(owner_url: str, tenant: str) -> str | None:
    """Return a tenant's kind, none where there is no such."""
    engine = make_engine(owner_url, pool_size=1)
    async with engine.connect() as connection:
        kind = (await connection.execute(select(TENANTS.c.kind).where(TENANTS.c.id == tenant))).scalar()
    await engine.dispose()
    return kind


@asynccontextmanager
async def _transaction(connection: AsyncConnection) -> AsyncIterator[None]:
    """Hold one transaction, which the engine leaves to us; what leaves it as an exception undoes it."""
    await connection.execute(text("begin"))
    try:
        yield
    except BaseException:
        await connection.execute(text("rollback"))
        raise
    await connection.execute(text("commit"))


async def _register(connection: AsyncConnection, client: NewClient) -> bool:
    """Write a client with its keys; false where all of it was there."""
    values = {
        "id": client.id,
        "tenant": client.tenant,
        "role": client.role,
        "status": "active",
        "person": client.person,
    }
    wanted = postgresql.insert(CLIENTS).values(values).on_conflict_do_nothing()
    added = (await connection.execute(wanted)).rowcount
    await _require_its_own(connection, client)
    keys = [("token", client.public_jwk), *([] if client.order_jwk is None else [("order", client.order_jwk)])]
    for purpose, jwk in keys:
        key = {"client_id": client.id, "kid": jwk["kid"], "public_jwk": jwk, "purpose": purpose, "state": "active"}
        wanted = postgresql.insert(CLIENT_KEYS).values(key).on_conflict_do_nothing()
        added += (await connection.execute(wanted)).rowcount
    return added > 0


async def _require_its_own(connection: AsyncConnection, client: NewClient) -> None:
    """Return where the client stands as it was named, and none of its keys is another's; raises NotRegistered."""
    stands = (await connection.execute(select(CLIENTS).where(CLIENTS.c.id == client.id))).first()
    if stands is None:
        raise NotRegistered(
            f"{client.person} is an administrator of the platform already; the roles exclude each other"
        )
    if (stands.tenant, stands.role) != (client.tenant, client.role):
        raise NotRegistered(f"{client.id} is a {stands.role} of {stands.tenant}, and stays so")
    for jwk in (client.public_jwk, client.order_jwk):
        if jwk is not None and {"crv", "kty", "x", "y"} <= jwk.keys():
            same = CLIENT_KEYS.c.thumbprint == thumbprint_of(jwk)
            holder = (await connection.execute(select(CLIENT_KEYS.c.client_id).where(same))).scalar()
            if holder not in {None, client.id}:
                raise NotRegistered("a key that is named here is another client's")


async def _tell(connection: AsyncConnection, client: NewClient) -> None:
    """Write the audit entry and the event of a registration."""
    now, parties = datetime.now(UTC), [client.tenant]
    keys = [client.public_jwk] if client.order_jwk is None else [client.public_jwk, client.order_jwk]
    details = {"client_id": client.id, "role": client.role, "thumbprints": [thumbprint_of(key) for key in keys]}
    entry = {"id": new_id("audit"), "at": now, "actor": COMMAND, "tenant": client.tenant, "subject": client.id}
    written = {**entry, "action": "client.registered", "details": details, "parties": parties}
    await connection.execute(insert(AUDIT).values(written))
    event = {"id": new_id("evt"), "type": "client.registered", "subject": client.id, "at": now}
    await connection.execute(
        insert(EVENTS).values({**event, "business_date": business_date(now), "data": details, "parties": parties})
    )
