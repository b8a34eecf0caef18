"""Roles and databases, made by a superuser: what has to stand before the owner can migrate.

Three roles meet in every database, and none of them may do what another does: `greenlien_owner` owns it and migrates,
`greenlien_app` serves requests and `greenlien_worker` runs jobs; both own nothing and bypass nothing, so that row level
security holds for them. Roles belong to the whole server, and so does the advisory lock's database, `postgres`: two
processes that prepare at the same moment wait for each other. Preparing what is already prepared changes nothing.

A superuser's address is for the embedded server and for tests; elsewhere an administrator makes these roles.

Source: house decisions 1 and 9; PostgreSQL 18, chapter 5.9 (row security), CREATE DATABASE (properties of a template's
database, such as who may connect, are not copied).
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

OWNER: Final = "greenlien_owner"
APP: Final = "greenlien_app"
WORKER: Final = "greenlien_worker"
ROLES: Final = (OWNER, APP, WORKER)
ATTRIBUTES: Final = "login nosuperuser nocreatedb nocreaterole noreplication nobypassrls"
DATABASE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
LOCK: Final = 7_304_112_026
"""The key of the advisory lock; any number that nobody else locks."""


async def prepare(server_url: str, database: str) -> None:
    """Make the three roles and the database if they are missing, and see that only they can connect to it.

    `server_url` is a superuser's, to any database of the server. Raises ValueError for a name that is not plain.
    """
    async with _superuser(server_url) as server:
        await server.execute(text("select pg_advisory_lock(:key)"), {"key": LOCK})
        for role in ROLES:
            known = await server.scalar(text("select true from pg_roles where rolname = :role"), {"role": role})
            await server.execute(text(f"{'alter' if known else 'create'} role {role} {ATTRIBUTES}"))
        if not await _exists(server, database):
            await server.execute(text(f"create database {_plain(database)} owner {OWNER}"))
        await _close_to_others(server, database)
        async with _superuser(server_url, database) as inside:  # still under the lock, which is the other connection's
            await inside.execute(text("revoke create on schema public from public"))


async def clone(server_url: str, template: str, database: str) -> None:
    """Make `database` as a copy of `template`, to which nobody may be connected; for tests.

    The copy goes through the log, because copying files makes the whole server write a checkpoint, twice. Measured on
    our schema: 16 ms in memory (files: 11 ms), and on a disk that is slow to make files 350 ms either way.

    A copy is another database, and would be barred from sending as a restored one is; this one says that it is meant.
    """
    async with _superuser(server_url) as server:
        copied = f"create database {_plain(database)} template {_plain(template)} owner {OWNER} strategy wal_log"
        await server.execute(text(copied))
        await server.execute(text(f"alter database {_plain(database)} set greenlien.copy = 'on purpose'"))
        await _close_to_others(server, database)


async def drop(server_url: str, database: str) -> None:
    """Remove the database if it exists, whoever is still connected to it."""
    async with _superuser(server_url) as server:
        await server.execute(text(f"drop database if exists {_plain(database)} with (force)"))


async def _exists(server: AsyncConnection, database: str) -> bool:
    found = await server.scalar(text("select true from pg_database where datname = :name"), {"name": database})
    return bool(found)


async def _close_to_others(server: AsyncConnection, database: str) -> None:
    name = _plain(database)
    await server.execute(text(f"revoke all on database {name} from public"))
    await server.execute(text(f"grant connect on database {name} to {APP}, {WORKER}"))


def _plain(database: str) -> str:
    """Return the name, which needs no quotes; anything else has no business in a statement."""
    if not DATABASE_NAME.fullmatch(database):
        message = f"not a plain database name: {database!r}"
        raise ValueError(message)
    return database


@asynccontextmanager
async def _superuser(server_url: str, database: str = "postgres") -> AsyncIterator[AsyncConnection]:
    """Connect outside any transaction; closing the connection also lets go of its advisory lock."""
    url = make_url(server_url).set(drivername="postgresql+asyncpg", database=database)
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()
