"""One embedded PostgreSQL a test run, shared by all its processes, and a cheap copy of the migrated schema a test.

The run's first process makes a folder, and stops the server and removes the folder at the end; whichever test process
needs the server first starts it. The folder lies in memory where there is room, because a copy of a database is some
three hundred new files. A run that was killed leaves folder and server behind; the next run, seeing its lock free,
removes both.
"""

import asyncio
import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import psycopg

from integrations.database import bootstrap, migrate
from integrations.database.embedded import EmbeddedServer
from integrations.database.postmaster import SUPERUSER

FOLDER_VARIABLE: Final = "GREENLIEN_TEST_FOLDER"
FOLDER_PREFIX: Final = "greenlien-test-"
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder below it is made by mkdtemp, closed to others
MEMORY_BYTES_MIN: Final = 4 * 2**30
TEMPLATE: Final = "template_greenlien"
SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {"fsync": "off", "full_page_writes": "off", "max_connections": "400"}  # the data need not outlive the machine
)


@dataclass(frozen=True, slots=True)
class Database:
    """One test's own database with the schema at its head, and its addresses by role."""

    server: EmbeddedServer
    name: str

    @property
    def owner_url(self) -> str:
        """For migrations."""
        return self.server.url(self.name, bootstrap.OWNER)

    @property
    def app_url(self) -> str:
        """For what serves requests."""
        return self.server.url(self.name, bootstrap.APP)

    @property
    def worker_url(self) -> str:
        """For what runs jobs."""
        return self.server.url(self.name, bootstrap.WORKER)

    @property
    def superuser_url(self) -> str:
        """For looking at everything; row level security does not hold for it."""
        return self.server.url(self.name, SUPERUSER)

    def libpq(self, role: str) -> str:
        """Return the address for psycopg as `role`: bootstrap's OWNER, APP or WORKER, or the superuser."""
        return self.server.libpq(self.name, role)


def begin() -> None:
    """Make the run's folder and name it to the processes to come."""
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_BYTES_MIN
    parent = MEMORY if roomy else Path(tempfile.gettempdir())
    for left in parent.glob(f"{FOLDER_PREFIX}*"):
        if (left / "run.lock").exists() and os.access(left, os.W_OK) and (lock := _locked(left / "run.lock")):
            _remove(left)
            os.close(lock)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=parent))
    _locked(folder / "run.lock.new")  # held until this process ends
    (folder / "run.lock.new").rename(folder / "run.lock")  # so that no other run ever finds it unlocked
    os.environ[FOLDER_VARIABLE] = str(folder)


def end() -> None:
    """Stop the server and remove the run's folder."""
    _remove(Path(os.environ.pop(FOLDER_VARIABLE)))


def _remove(folder: Path) -> None:
    if EmbeddedServer.running(folder) is not None:
        EmbeddedServer.start(folder).stop()
    shutil.rmtree(folder, ignore_errors=True)


def _locked(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return descriptor
    os.close(descriptor)
    return None


def server() -> EmbeddedServer:
    """Start the run's server or attach to it; the run's first process is to stop it, so nobody else owns it."""
    started = EmbeddedServer.start(Path(os.environ[FOLDER_VARIABLE]), SETTINGS)
    started.abandon()
    return started


def template(of_server: EmbeddedServer) -> str:
    """Return the name of the migrated database from which tests are given copies; the first to ask makes it."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    ready = folder / "template.ready"
    with (folder / "template.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            asyncio.run(bootstrap.drop(of_server.superuser_url(), TEMPLATE))
            asyncio.run(bootstrap.prepare(of_server.superuser_url(), TEMPLATE))
            migrate.upgrade(of_server.url(TEMPLATE, bootstrap.OWNER))
            with psycopg.connect(of_server.libpq("postgres", SUPERUSER), autocommit=True) as connection:
                connection.execute(f"alter database {TEMPLATE} allow_connections false")
            ready.touch()
    return TEMPLATE


@contextmanager
def copied(of_server: EmbeddedServer, from_template: str) -> Iterator[Database]:
    """Lend a copy of the template, and drop it afterwards whoever is still connected."""
    name = f"test_{secrets.token_hex(8)}"
    asyncio.run(bootstrap.clone(of_server.superuser_url(), from_template, name))
    try:
        yield Database(of_server, name)
    finally:
        asyncio.run(bootstrap.drop(of_server.superuser_url(), name))
