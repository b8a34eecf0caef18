"""Whether this database may send, and how two persons let one that was restored send again.

The application and the worker only ask; the permit is changed as the owner, by an administrator's command. Who votes
proves it by a private key whose public half the register holds for an active administrator; the roles exclude each
other, so two votes are two persons.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.values.identifiers import new_id
from integrations.database.audit_tables import CHAINS
from integrations.database.client_tables import CLIENT_KEYS, CLIENTS
from integrations.database.connection import Connection, transaction
from integrations.database.engine import make_engine
from integrations.database.notice_tables import NOTICE_ORDERS
from integrations.database.restoration_tables import SENDING_PERMIT
from integrations.database.tables import AUDIT, REGISTRY_ORDERS

OPS, SECURITY = "platform_ops", "platform_security"
VOTE_LIVES: Final = timedelta(hours=24)
"""After which the checks behind a vote say too little of today."""

BARRED: Final = text("select sending_barred()")
IDENTITY: Final = func.database_identity()
SETTLED: Final = ("executed", "refused")


class NotAllowed(ValueError):
    """Say in a sentence why a vote does not count."""


@dataclass(frozen=True, slots=True)
class OpenOrders:
    """The orders that are not settled, oldest first: at the emission registries and at the notice registry."""

    registry: Sequence[str]
    notices: Sequence[str]


async def sending_barred(engine: AsyncEngine) -> str | None:
    """Return why nothing may be sent, none where it may: `restored`, or `another_database` than was migrated."""
    async with engine.connect() as connection:
        barred: str | None = (await connection.execute(BARRED)).scalar_one()
        return barred


async def open_orders(engine: AsyncEngine) -> OpenOrders:
    """Return what is under way; read as the worker, who sees every tenant's."""
    async with engine.connect() as connection:
        return OpenOrders(
            *[
                (
                    await connection.execute(
                        select(table.c.id).where(table.c.state.not_in(SETTLED)).order_by(table.c.created_at, table.c.id)
                    )
                )
                .scalars()
                .all()
                for table in (REGISTRY_ORDERS, NOTICE_ORDERS)
            ]
        )


async def chains(engine: AsyncEngine) -> Sequence[str]:
    """Return the names of the audit chains; read as the worker."""
    async with engine.connect() as connection:
        return (await connection.execute(select(CHAINS.c.chain).order_by(CHAINS.c.chain))).scalars().all()


async def mark_restored(owner_url: str, source: str) -> None:
    """Bar a database that was just restored, whatever it thinks it is, and forget the votes that came along."""
    nobody = dict.fromkeys(("ops_client", "ops_at", "security_client", "security_at"))
    values = {**nobody, "restored_at": datetime.now(UTC), "restored_from": source}
    engine = make_engine(owner_url, pool_size=1)
    try:
        async with engine.connect() as connection:
            await connection.execute(update(SENDING_PERMIT).values(values))
    finally:
        await engine.dispose()


async def vote(owner_url: str, client_id: str, thumbprint: str, findings: Mapping[str, object]) -> bool:
    """Let an administrator vote for sending again; true when it was the second of the two, and sending begins.

    `findings` are what the checks found, and go into the audit trail. Raises NotAllowed.
    """
    engine = make_engine(owner_url, pool_size=1)
    try:
        async with transaction(engine) as connection:
            lifted = await _vote(connection, client_id, thumbprint, findings)
            await connection.commit()
            return lifted
    finally:
        await engine.dispose()


async def _vote(connection: Connection, client_id: str, thumbprint: str, findings: Mapping[str, object]) -> bool:
    voter = await _administrator(connection, client_id, thumbprint)
    now = datetime.now(UTC)
    permit = (await connection.execute(select(SENDING_PERMIT).with_for_update())).one()
    own, other = ("ops", "security") if voter.role == OPS else ("security", "ops")
    counted = getattr(permit, f"{other}_at")
    both = counted is not None and now - counted < VOTE_LIVES
    if both:
        nobody = dict.fromkeys(("ops_client", "ops_at", "security_client", "security_at"))
        changed = {**nobody, "identity": IDENTITY, "restored_at": None, "restored_from": None}
    else:
        changed = {f"{own}_client": client_id, f"{own}_at": now}
    await connection.execute(update(SENDING_PERMIT).values(changed))
    entry = {"id": new_id("audit"), "at": now, "actor": client_id, "tenant": voter.tenant, "subject": "sending"}
    action = "sending.resumed" if both else "sending.resumption_wanted"
    details = {**findings, "with": getattr(permit, f"{other}_client") if both else None}
    await connection.execute(
        insert(AUDIT).values({**entry, "action": action, "details": details, "parties": [voter.tenant]})
    )
    return both


async def _administrator(connection: Connection, client_id: str, thumbprint: str) -> Any:  # noqa: ANN401 - a row
    """Return the tenant and role of an active administrator whose key this is; raises NotAllowed."""
    wanted = (
        select(CLIENTS.c.tenant, CLIENTS.c.role)
        .join(CLIENT_KEYS, CLIENT_KEYS.c.client_id == CLIENTS.c.id)
        .where(
            CLIENTS.c.id == client_id,
            CLIENTS.c.status == "active",
            CLIENTS.c.role.in_((OPS, SECURITY)),
            CLIENT_KEYS.c.thumbprint == thumbprint,
            CLIENT_KEYS.c.purpose == "token",
            CLIENT_KEYS.c.state == "active",
        )
    )
    found = (await connection.execute(wanted)).first()
    if found is None:
        raise NotAllowed(f"{client_id} is no active {OPS} or {SECURITY} with this key")
    return found
