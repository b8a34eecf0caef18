"""Secrets at rest: a code is sealed where there are keys, and everything is sealed anew after a rotation."""

import asyncio

import psycopg
import pytest

from domain.pledges.notices import NoticeCode
from domain.ports.secret_box import SecretBox, SecretsUnavailable
from integrations.database.engine import make_engine
from integrations.database.postmaster import SUPERUSER
from integrations.database.sealed_secrets import reseal
from integrations.database.unit_of_work import unit_of_work
from integrations.identity.secret_box import AesSecretBox
from tests.builders import NOW
from tests.database_session import Database
from tests.filled_database import OWN_BANK, fill

CODE = "K7Q2M9XA"
OLD, NEW = bytes(32), bytes(range(32))
BEFORE, AFTER = AesSecretBox({"old": OLD}), AesSecretBox({"new": NEW, "old": OLD})


def sql(database: Database, statement: str, *values: object) -> list[tuple[str, ...]]:
    """Run a statement as the superuser."""
    with psycopg.connect(database.libpq(SUPERUSER), autocommit=True) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def a_code(pledge_id: str) -> NoticeCode:
    """Return the code of an entry."""
    return NoticeCode(pledge_id=pledge_id, tenant=OWN_BANK, certificate_no="ZD-1", modify_code=CODE)


def put(database: Database, box: SecretBox | None) -> str:
    """Write the code of the one pledge there is, and return the pledge's id."""
    [(pledge_id,)] = sql(database, "select id from pledges limit 1")

    async def written() -> None:
        engine = make_engine(database.worker_url, pool_size=1)
        async with unit_of_work(engine, None, secrets=box) as uow:
            await uow.notices.put_code(a_code(pledge_id))
            await uow.commit()
        await engine.dispose()

    asyncio.run(written())
    return pledge_id


def read(database: Database, pledge_id: str, box: SecretBox | None) -> str:
    """Return the code as the house reads it."""

    async def found() -> str:
        engine = make_engine(database.worker_url, pool_size=1)
        try:
            async with unit_of_work(engine, None, secrets=box) as uow:
                code = await uow.notices.code_of(pledge_id)
        finally:
            await engine.dispose()
        assert code is not None
        return code.modify_code

    return asyncio.run(found())


def stored(database: Database) -> str:
    """Return what lies in the database."""
    [(text,)] = sql(database, "select modify_code from notice_codes")
    return text


def test_a_modify_code_is_sealed_where_there_are_keys(database: Database) -> None:
    fill(database)
    pledge_id = put(database, BEFORE)

    assert stored(database).startswith("sealed:old.")
    assert CODE not in stored(database)
    assert read(database, pledge_id, BEFORE) == CODE
    with pytest.raises(SecretsUnavailable):
        read(database, pledge_id, None)


def test_a_code_of_before_is_read_as_it_stands_and_sealed_by_the_command(database: Database) -> None:
    fill(database)
    pledge_id = put(database, None)
    assert (stored(database), read(database, pledge_id, BEFORE)) == (CODE, CODE)

    done = asyncio.run(reseal(database.worker_url, BEFORE, "old"))

    assert done["notice_codes"] == 1
    assert stored(database).startswith("sealed:old.")
    assert read(database, pledge_id, BEFORE) == CODE


def test_after_a_rotation_everything_is_sealed_by_the_new_key_once(database: Database) -> None:
    fill(database)
    pledge_id = put(database, BEFORE)
    shared, seed = (BEFORE.seal(each, (OWN_BANK, "whk_1", each.decode())) for each in (b"shared", b"seed"))
    sql(
        database,
        """insert into webhooks (id, tenant, parties, url, event_types, state, spread_to, created_by, created_at,
                                 updated_at, version)
           values ('webhook_1', %s, array[%s], 'https://bank.example/', array['*'], 'enabled', 0, 'x', %s, %s, 1)""",
        *(OWN_BANK, OWN_BANK, NOW, NOW),
    )
    sql(
        database,
        """insert into webhook_keys (id, webhook_id, tenant, sealed_shared, sealed_seed, public_key, created_at)
           values ('whk_1', 'webhook_1', %s, %s, %s, '', %s)""",
        *(OWN_BANK, shared, seed, NOW),
    )

    done = asyncio.run(reseal(database.worker_url, AFTER, "new"))
    again = asyncio.run(reseal(database.worker_url, AFTER, "new"))

    assert (done, again) == ({"notice_codes": 1, "webhook_keys": 1}, {"notice_codes": 0, "webhook_keys": 0})
    without_the_old = AesSecretBox({"new": NEW})
    assert read(database, pledge_id, without_the_old) == CODE
    [(now_shared, now_seed)] = sql(database, "select sealed_shared, sealed_seed from webhook_keys")
    assert without_the_old.open(now_shared, (OWN_BANK, "whk_1", "shared")) == b"shared"
    assert without_the_old.open(now_seed, (OWN_BANK, "whk_1", "seed")) == b"seed"


def test_what_no_key_opens_stops_the_command_and_stays(database: Database) -> None:
    fill(database)
    put(database, BEFORE)
    before = stored(database)
    with pytest.raises(SecretsUnavailable):
        asyncio.run(reseal(database.worker_url, AesSecretBox({"new": NEW}), "new"))
    assert stored(database) == before
