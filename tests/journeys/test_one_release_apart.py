"""Upgrades: the schema goes first. The release before works on today's schema, and today's says where it cannot work.

The release before is a commit of this repository, as UPGRADING.md names it; its code is taken out of the history and
plays the main job, by its own processes and its own demo, on a database that today's code migrated.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory

from integrations.database import migrate, schema_versions
from integrations.database.bootstrap import OWNER
from tests.database_session import Database

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "UPGRADING.md").read_text(encoding="utf-8")
[(BEFORE_COMMIT, BEFORE_REVISION)] = re.findall(r"commit `([0-9a-f]{40})`, revision `([a-z_]+)`", GUIDE)

PLAY = """
import sys
from pathlib import Path
from api import wiring
from api.commands import demo
from api.commands.supervisor import Ensemble, free_port

assert Path(wiring.__file__).parents[1] == Path.cwd(), wiring.__file__
wiring.migrate.upgrade = lambda owner_url: None
ensemble = Ensemble(Path(sys.argv[1]), free_port(), allow_bearer=True, logs=Path(sys.argv[1]) / "logs")
try:
    sys.exit(demo._play(ensemble))
finally:
    ensemble.stop()
    demo._show_logs(Path(sys.argv[1]) / "logs")
"""
"""The old release's own demo, except that it does not migrate: the schema has gone ahead of it."""


def environment(database: Database, **more: str) -> dict[str, str]:
    """Return what processes are told of the database."""
    return {
        **os.environ,
        "DATABASE_URL": database.app_url,
        "WORKER_DATABASE_URL": database.worker_url,
        "MIGRATION_DATABASE_URL": database.owner_url,
        **more,
    }


def test_the_newest_revision_is_the_one_that_the_code_asks_for() -> None:
    script = ScriptDirectory(str(ROOT / "migrations"))
    assert script.get_current_head() == schema_versions.newest()
    assert BEFORE_REVISION in {each.revision for each in script.walk_revisions()}


@pytest.mark.timeout(180)
def test_the_release_before_plays_the_main_job_on_the_schema_of_today(database: Database, tmp_path: Path) -> None:
    taken = subprocess.run(
        [shutil.which("git") or "git", "archive", BEFORE_COMMIT, "api", "domain", "integrations", "migrations"],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    if taken.returncode != 0:
        pytest.skip(f"this checkout does not have {BEFORE_COMMIT}: {taken.stderr.decode().strip()}")
    old = tmp_path / "old"
    with tarfile.open(fileobj=BytesIO(taken.stdout)) as archive:
        archive.extractall(old, filter="data")

    played = subprocess.run(
        [sys.executable, "-c", PLAY, str(tmp_path / "data")],
        cwd=old,
        env=environment(database, PYTHONPATH=str(old)),
        check=False,
        capture_output=True,
        text=True,
    )

    assert played.returncode == 0, played.stdout[-6000:] + played.stderr[-4000:]
    with psycopg.connect(database.libpq(OWNER)) as connection:
        assert connection.execute("select version_num from alembic_version").fetchone() == (schema_versions.newest(),)


@pytest.mark.parametrize("process", ["serve", "work"])
def test_todays_code_does_not_start_on_the_schema_of_before_and_says_what_to_do(
    database: Database, process: str, tmp_path: Path
) -> None:
    migrate.downgrade(database.owner_url, BEFORE_REVISION)
    told = environment(
        database, GREENLIEN_ISSUER="http://127.0.0.1", GREENLIEN_SIGNING_KEY_FILE=str(tmp_path / "never_read.pem")
    )

    started = subprocess.run(
        [sys.executable, "-m", "api", process], cwd=ROOT, env=told, check=False, capture_output=True, text=True
    )

    assert started.returncode == 1
    assert "python -m api migrate" in started.stderr
    assert "Traceback" not in started.stderr


def test_the_schema_goes_back_and_forth_between_the_two_releases(database: Database) -> None:
    migrate.downgrade(database.owner_url, BEFORE_REVISION)
    migrate.upgrade(database.owner_url)
    with psycopg.connect(database.libpq(OWNER)) as connection:
        assert connection.execute("select version_num from alembic_version").fetchone() == (schema_versions.newest(),)
