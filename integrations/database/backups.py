"""Backups: PostgreSQL's own `pg_dump` and `pg_restore`, run as the database's owner.

A backup is consistent, because pg_dump reads everything in one transaction, and it is whole: security is forced here
even for the owner, and a table that hid a row from him would be dumped without it. So it is asked first whether each
shows him everything. Passwords go by the environment, never by the command line, which every process may read.

Reading a backup into a database is one transaction: all of it, or nothing. The permit to send comes along with the
identity of the database that was dumped, so a restored one is barred from the first moment, whatever happens next.

Source: PostgreSQL 18, pg_dump (--enable-row-security), pg_restore (--single-transaction), chapter 32.15 (environment).
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import psycopg
from sqlalchemy import make_url

from integrations.database.embedded import EmbeddedServerFailed, programs

OWNER_ONLY: Final = 0o600
MAGIC: Final = b"PGDMP"
VARIABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "dbname": "PGDATABASE",
        "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT",
        "sslcert": "PGSSLCERT",
        "sslkey": "PGSSLKEY",
        "passfile": "PGPASSFILE",
    }
)
"""libpq's own names; others that an address may have are not heeded."""

HIDDEN: Final = """
    select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    where c.relkind = 'r' and c.relrowsecurity and not exists (
        select from pg_policies p where p.schemaname = 'public' and p.tablename = c.relname and p.cmd = 'ALL'
            and p.qual = 'true' and current_user = any(p.roles))
    order by 1"""
SIZE: Final = "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'"


class BackupFailed(RuntimeError):
    """Say in a sentence why there is no backup, or nothing was restored."""


def dump(owner_url: str, file: Path) -> None:
    """Write a backup to a new file that only its owner may read; half a backup never has the file's name."""
    if file.exists():
        raise BackupFailed(f"{file} exists already")
    with psycopg.connect(_libpq(owner_url)) as connection:
        hidden = [name for (name,) in connection.execute(HIDDEN).fetchall()]
    if hidden:
        raise BackupFailed(f"the owner does not see every row of {', '.join(hidden)}")
    draft = file.with_name(f"{file.name}.unfinished")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY))
    try:
        _run("pg_dump", ["--format=custom", "--enable-row-security", "--no-owner", f"--file={draft}"], owner_url)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)


def restore(owner_url: str, file: Path) -> None:
    """Read a backup into an empty database, all of it or nothing."""
    with file.open("rb") as opened:
        if opened.read(len(MAGIC)) != MAGIC:
            raise BackupFailed(f"{file} is no backup of ours")
    with psycopg.connect(_libpq(owner_url)) as connection:
        row = connection.execute(SIZE).fetchone()
    if row != (0,):
        raise BackupFailed("the database is not empty; a backup is restored into an empty one only")
    _run(
        "pg_restore",
        ["--single-transaction", "--exit-on-error", "--no-owner", f"--dbname={_name(owner_url)}", str(file)],
        owner_url,
    )


def _run(program: str, arguments: Sequence[str], owner_url: str) -> None:
    done = subprocess.run(
        [_program(program), "--no-password", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": os.defpath, "LC_ALL": "C", "HOME": os.environ.get("HOME", "/"), **_environment(owner_url)},
    )
    if done.returncode != 0:
        raise BackupFailed(f"{program}: {done.stderr.strip()}")


def _program(name: str) -> str:
    """Return the wheel's program, or where there is no wheel, the machine's."""
    try:
        return str(programs() / name)
    except EmbeddedServerFailed:
        found = shutil.which(name)
        if found is None:
            raise BackupFailed(f"there is no {name} here; install PostgreSQL's client programs") from None
        return found


def _environment(owner_url: str) -> dict[str, str]:
    url = make_url(owner_url)
    told = {"host": url.host, "port": url.port, "user": url.username, "password": url.password, "dbname": url.database}
    given = {**told, **{name: value for name, value in url.query.items() if isinstance(value, str)}}
    return {VARIABLES[name]: str(value) for name, value in given.items() if value is not None and name in VARIABLES}


def _libpq(owner_url: str) -> str:
    return make_url(owner_url).set(drivername="postgresql").render_as_string(hide_password=False)


def _name(owner_url: str) -> str:
    return make_url(owner_url).database or ""
