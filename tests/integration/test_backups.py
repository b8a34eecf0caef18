"""Backups: whole, closed to others, read into an empty database only; a copy knows by itself that it is one."""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from integrations.database import backups, bootstrap, restorations
from integrations.database.postmaster import SUPERUSER
from tests.database_session import Database
from tests.filled_database import fill

COUNTS = "select (select count(*) from audit_entries), (select count(*) from rights), (select count(*) from events)"


@pytest.fixture
def empty(database: Database) -> Iterator[Database]:
    """Lend an empty database."""
    other = Database(database.server, f"empty_{secrets.token_hex(4)}")
    asyncio.run(bootstrap.prepare(other.server.superuser_url(), other.name))
    yield other
    asyncio.run(bootstrap.drop(other.server.superuser_url(), other.name))


def ask(database: Database, role: str, question: str) -> tuple[object, ...] | None:
    """Return the first row."""
    with psycopg.connect(database.libpq(role)) as connection:
        return connection.execute(question).fetchone()


def test_a_dump_read_by_hand_into_another_database_is_whole_and_bars_itself(
    database: Database, empty: Database, tmp_path: Path
) -> None:
    fill(database)
    backups.dump(database.owner_url, tmp_path / "backup")
    backups.restore(empty.owner_url, tmp_path / "backup")

    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]
    assert ask(empty, SUPERUSER, COUNTS) == ask(database, SUPERUSER, COUNTS)
    assert ask(database, bootstrap.WORKER, "select sending_barred()") == (None,)
    for role in (bootstrap.WORKER, bootstrap.APP):
        assert ask(empty, role, "select sending_barred()") == ("another_database",)
    with pytest.raises(restorations.NotAllowed):
        asyncio.run(restorations.vote(empty.owner_url, "bank-a.officer", "x" * 43, {}))


def test_nothing_is_restored_over_anything_and_nothing_is_backed_up_over_anything(
    database: Database, tmp_path: Path
) -> None:
    backups.dump(database.owner_url, tmp_path / "backup")
    with pytest.raises(backups.BackupFailed, match="not empty"):
        backups.restore(database.owner_url, tmp_path / "backup")
    with pytest.raises(backups.BackupFailed, match="exists already"):
        backups.dump(database.owner_url, tmp_path / "backup")
    (tmp_path / "other").write_bytes(b"no backup")
    with pytest.raises(backups.BackupFailed, match="no backup of ours"):
        backups.restore(database.owner_url, tmp_path / "other")


def test_a_table_that_hides_rows_from_the_owner_stops_the_backup(database: Database, tmp_path: Path) -> None:
    with psycopg.connect(database.libpq(SUPERUSER), autocommit=True) as connection:
        connection.execute("drop policy rights_owner on rights")
    with pytest.raises(backups.BackupFailed, match="rights"):
        backups.dump(database.owner_url, tmp_path / "backup")
    assert list(tmp_path.iterdir()) == []
