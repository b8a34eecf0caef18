"""A database that is restored from yesterday, with its worker running: it orders nothing until two persons let it."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import psycopg
import pytest

from api.__main__ import main
from domain.pledges.lifecycle import State
from integrations.database import backups, bootstrap
from integrations.database.postmaster import SUPERUSER
from tests.crashes.agreement import breaches, disagreements
from tests.crashes.client import APPROVAL
from tests.crashes.stage import Play, Stage
from tests.database_session import Database

TRIED = "select count(*) from procrastinate_jobs where task_name = 'carry_out_order' and attempts > 0"


@contextmanager
def restored(play: Play, backup: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Restore a backup by the command line, and lend the play that goes on from there."""
    server = play.database.server
    database = Database(server, f"restored_{secrets.token_hex(4)}")
    asyncio.run(bootstrap.prepare(server.superuser_url(), database.name))
    again = replace(play, database=database, running=[])
    for name, value in {**again.environment(), "MIGRATION_DATABASE_URL": database.owner_url}.items():
        monkeypatch.setenv(name, value)
    try:
        assert main(["restore", str(backup)]) == 0
        yield again
    finally:
        again.stop()
        asyncio.run(bootstrap.drop(server.superuser_url(), database.name))


def resume(play: Play, client: str) -> int:
    """Run the checks and vote."""
    key = play.demonstration.keys / f"{client}.pem"
    return main(["resume-after-restore", "--as", client, "--key", str(key)])


def ready(play: Play) -> tuple[int, dict[str, bool], dict[str, str]]:
    """Return what the API says of itself."""
    answer = httpx.get(f"http://127.0.0.1:{play.port}/health/ready", trust_env=False, timeout=10)
    return answer.status_code, answer.json()["checks"], answer.json()["reasons"]


def tried(play: Play, jobs: int) -> None:
    """Wait until a worker has tried so many orders."""
    with psycopg.connect(play.database.libpq(SUPERUSER), autocommit=True) as connection:
        play._poll(lambda: connection.execute(TRIED).fetchone() == (jobs,), 30)


@pytest.mark.timeout(180)
def test_a_restored_yesterday_sends_nothing_until_two_persons_have_let_it_and_then_all_converges(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stage.play("freezing", GREENLIEN_WORKER_STALLED_SECONDS="3") as play:
        backup = play.folder / "backup"
        backups.dump(play.database.owner_url, backup)
        play.start_worker()
        play.rest("zhejiang", State.ACTIVE)
        play.stop()
        executed = [entry["order_id"] for entry in play.registry.ledger()]
        assert executed, "what the restored database believes to be unsent was carried out since"

        with restored(play, backup, monkeypatch) as again:
            again.start_api()
            again.start_worker()
            again.actors.told("bank-a.approver", "POST", f"/v1/pledges/{again.pledges['hubei']}/approve-loan", APPROVAL)
            tried(again, 2)
            status, checks, reasons = ready(again)
            assert (status, checks["sending"], reasons["sending"]) == (503, False, "restored")
            assert [entry["order_id"] for entry in again.registry.ledger()] == executed
            assert {again.status("zhejiang"), again.status("hubei")} == {State.FREEZING.value}

            assert resume(again, "platform.ops") == 0
            assert resume(again, "platform.ops") == 0, "one person's second vote is no second person's"
            assert ready(again)[2]["sending"] == "restored"
            assert [entry["order_id"] for entry in again.registry.ledger()] == executed
            assert resume(again, "platform.security") == 0
            assert "sending begins again" in capsys.readouterr().out

            again.rest("zhejiang", State.ACTIVE)
            books = again.rest("hubei", State.ACTIVE)
            assert ready(again)[1]["sending"]
            assert [entry["order_id"] for entry in again.registry.ledger()][: len(executed)] == executed
            assert (breaches(books), disagreements(books)) == ([], [])
