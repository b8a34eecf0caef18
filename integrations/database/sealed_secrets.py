"""Every secret that lies in the database, sealed anew: after a rotation, or where there were no keys before.

Row by row, each in a transaction of its own: whoever is interrupted begins again, and finds less to do. What is sealed
by the key of today is left alone. Backups made before still hold what was sealed by older keys, so those are kept.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Select, Table, and_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.ports.secret_box import Owner, SecretBox
from integrations.database.connection import Connection, transaction
from integrations.database.engine import make_engine
from integrations.database.notice_tables import NOTICE_CODES
from integrations.database.notices import SEALED, opened_code, sealed_code
from integrations.database.webhook_tables import WEBHOOK_KEYS

FIELDS: Final = {"sealed_shared": "shared", "sealed_seed": "seed"}
"""The columns of a webhook's key, and what their owner's last part is called (`keep_webhooks.shared_owner`)."""


async def reseal(worker_url: str, box: SecretBox, active: str) -> Mapping[str, int]:
    """Seal by the active key what is not, as the worker, who sees every tenant's; returns how many were sealed anew.

    Raises SecretsUnavailable at the first that no key of ours opens.
    """
    engine = make_engine(worker_url, pool_size=2)
    try:
        codes = await _each(engine, NOTICE_CODES, "pledge_id", ("modify_code",), f"{SEALED}{active}.")
        for pledge_id in codes:
            await _reseal_code(engine, box, pledge_id)
        keys = await _each(engine, WEBHOOK_KEYS, "id", tuple(FIELDS), f"{active}.")
        for key_id in keys:
            await _reseal_webhook_key(engine, box, key_id)
    finally:
        await engine.dispose()
    return {"notice_codes": len(codes), "webhook_keys": len(keys)}


async def _each(engine: AsyncEngine, table: Table, key: str, columns: Sequence[str], sealed_by: str) -> Sequence[str]:
    """Return the keys of the rows of which any column is not sealed by the key of today."""
    wanted = select(table.c[key]).order_by(table.c[key])
    for_all = [table.c[column].startswith(sealed_by, autoescape=True) for column in columns]
    async with engine.connect() as connection:
        rows = await connection.execute(wanted.where(~and_(*for_all)))
        return [str(row[0]) for row in rows.all()]


async def _reseal_code(engine: AsyncEngine, box: SecretBox, pledge_id: str) -> None:
    async with transaction(engine) as connection:
        row = await _locked(connection, select(NOTICE_CODES).where(NOTICE_CODES.c.pledge_id == pledge_id))
        if row is not None:
            changed = {"modify_code": sealed_code(box, opened_code(box, row))}
            await connection.execute(update(NOTICE_CODES).where(NOTICE_CODES.c.pledge_id == pledge_id).values(changed))
        await connection.commit()


async def _reseal_webhook_key(engine: AsyncEngine, box: SecretBox, key_id: str) -> None:
    async with transaction(engine) as connection:
        row = await _locked(connection, select(WEBHOOK_KEYS).where(WEBHOOK_KEYS.c.id == key_id))
        if row is not None:
            owners: dict[str, Owner] = {column: (row.tenant, row.id, last) for column, last in FIELDS.items()}
            changed = {
                column: box.seal(box.open(getattr(row, column), owner), owner) for column, owner in owners.items()
            }
            await connection.execute(update(WEBHOOK_KEYS).where(WEBHOOK_KEYS.c.id == key_id).values(changed))
        await connection.commit()


async def _locked(connection: Connection, wanted: Select[Any]) -> Any:  # noqa: ANN401 - a row
    return (await connection.execute(wanted.with_for_update())).first()
