"""The command line of a running demonstration, and how the demonstration ends and begins again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx
import pytest

from api.__main__ import main
from api.commands.demo import NOT_HEEDED
from api.commands.demonstration import Demonstration
from api.commands.supervisor import free_port
from integrations.database.embedded import EmbeddedServer
from tests.journeys.company import Company, eventually

END_SECONDS_MAX: Final = 10.0
START_SECONDS_MAX: Final = 100.0
PROCESSES: Final = Path("/proc")


def _run(*arguments: str) -> int:
    return main(arguments)


def test_a_printed_token_opens_the_doors_of_its_client(
    ensemble: Company, plain: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("token", "enterprise.shaoxing", "--data-dir", str(ensemble.demonstration.folder)) == 0
    [token] = capsys.readouterr().out.split()

    opened = plain.get("/v1/pledges", headers={"Authorization": f"Bearer {token}"})
    closed = plain.get("/v1/audit", headers={"Authorization": f"Bearer {token}"})

    assert (opened.status_code, closed.status_code) == (200, 403)


def test_a_token_of_nobody_is_refused_with_the_names_that_there_are(
    ensemble: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("token", "bank-c.officer", "--data-dir", str(ensemble.demonstration.folder)) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "bank-a.officer" in told.err


def test_where_nothing_was_started_there_is_no_token(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        _run("token", "bank-a.officer", "--data-dir", str(tmp_path))
    assert stopped.value.code not in {0, None}


def test_the_facts_name_everything_that_an_outsider_needs(
    ensemble: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("demo-facts", "--data-dir", str(ensemble.demonstration.folder)) == 0
    facts = json.loads(capsys.readouterr().out)

    assert facts["base_url"] == ensemble.base_url
    assert {client["id"] for client in facts["clients"]} == {
        *("bank-a.officer", "bank-a.approver", "bank-b.officer", "bank-b.approver"),
        *("enterprise.shaoxing", "enterprise.huangshi", "authority.zhejiang", "exchange.zhejiang", "portal.zhejiang"),
        *("fund.ningxia", "auditor", "platform.ops", "platform.security", "platform.security.second"),
    }
    assert all(set(client) == {"id", "tenant", "role", "uscc"} for client in facts["clients"])
    assert len({right["holder_uscc"] for right in facts["rights"]}) >= 20
    assert len({right["registry"] for right in facts["rights"]}) >= 6
    wanted = {"registry", "registry_no", "permit_no", "holder_uscc", "pollutant", "quantity"}
    assert all(set(right) == wanted for right in facts["rights"])
    assert len(facts["simulators"]) == 2
    for simulator in facts["simulators"]:
        assert httpx.get(f"{simulator['control_url']}/ledger", trust_env=False).is_success


def test_the_published_facts_hold_no_key(ensemble: Company) -> None:
    told = (ensemble.demonstration.folder / "facts.json").read_text(encoding="utf-8")
    secret = ensemble.demonstration.registry_secret().decode()
    assert secret not in told
    assert "PRIVATE" not in told
    assert '"d"' not in told


def test_every_process_answers_when_asked_whether_it_is_ready(ensemble: Company, plain: httpx.Client) -> None:
    assert plain.get("/health").json() == {"status": "ok"}
    ready = eventually(lambda: plain.get("/health/ready"), lambda answer: bool(answer.status_code == 200)).json()
    assert ready["status"] == "ready"
    assert {"database", "worker", "registry.zhejiang", "registry.hubei"} <= set(ready["checks"])
    assert set(ready["checks"].values()) == {True}


def test_the_states_are_drawn_from_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("draw-states") == 0
    drawn = capsys.readouterr().out
    assert drawn.startswith("stateDiagram-v2\n")
    for edge in ("[*] --> draft", "freezing --> active: freeze_executed", "releasing --> released: release_executed"):
        assert edge in drawn


def test_settings_are_printed_with_their_secrets_masked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://lien:open-sesame@db.example/lien")
    assert _run("settings") == 0
    printed = capsys.readouterr().out
    assert "open-sesame" not in printed
    assert "DATABASE_URL=postgresql+asyncpg://lien:********@db.example/lien" in printed


def test_a_plain_bearer_token_is_for_demonstrations_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert "GREENLIEN_DEMO" not in os.environ
    assert _run("serve", "--allow-bearer", "--port", str(free_port())) == 2
    assert "--demo" in capsys.readouterr().err


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Lend a folder for a demonstration that is going to be killed, and stop the database that it leaves running."""
    yield tmp_path
    database = Demonstration(tmp_path / "data").database
    if EmbeddedServer.running(database) is not None:
        EmbeddedServer.start(database).stop()


@contextmanager
def _served(folder: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a demonstration as a process of its own, and end it if the test has not."""
    command = [sys.executable, "-m", "api", "serve", "--demo", "--allow-bearer"]
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--data-dir", str(folder / "data")],
            env={name: value for name, value in os.environ.items() if name not in NOT_HEEDED},
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def _wait_until_served(process: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    until = time.monotonic() + START_SECONDS_MAX
    while b"greenlien is served" not in (folder / "serve.log").read_bytes():
        assert process.poll() is None, (folder / "serve.log").read_text(encoding="utf-8")
        assert time.monotonic() < until
        time.sleep(0.1)
    (folder / "serve.log").write_bytes(b"")
    assert httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).json() == {"status": "ok"}


def _living() -> dict[int, int]:
    """Return every living process with its parent; a corpse that nobody collected does not live."""
    found = {}
    for stat in PROCESSES.glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            state, parent = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[:2]
            if state != "Z":
                found[int(stat.parent.name)] = int(parent)
    return found


def _children_of(process_id: int) -> set[int]:
    """Return the processes that a supervisor started; PostgreSQL is not one of them, since it is to outlive a kill."""
    ours = {child for child, parent in _living().items() if parent == process_id}
    return {child for child in ours if b"--until-parent-ends" in (PROCESSES / str(child) / "cmdline").read_bytes()}


def _gone(process_ids: set[int]) -> bool:
    return not process_ids & _living().keys()


@pytest.mark.skipif(not (PROCESSES / "self" / "stat").exists(), reason="looks for processes in /proc")
@pytest.mark.timeout(400)
def test_a_killed_demonstration_leaves_no_process_behind_and_the_next_start_finds_everything(folder: Path) -> None:
    port = free_port()
    demonstration = Demonstration(folder / "data")
    with _served(folder, port) as first:
        _wait_until_served(first, port, folder)
        children = _children_of(first.pid)
        assert len(children) == 3
        contract = _loan(demonstration)
        made = _call(demonstration, "POST", "/v1/loans", contract)
        first.kill()
        first.wait()
        eventually(lambda: _gone(children), bool)

    with _served(folder, port) as second:
        _wait_until_served(second, port, folder)
        kept = _call(demonstration, "GET", f"/v1/loans/{made.json()['id']}")
        children = _children_of(second.pid)
        began = time.monotonic()
        second.send_signal(signal.SIGINT)
        status = second.wait(2 * END_SECONDS_MAX)
        ended = time.monotonic() - began

    assert (kept.status_code, kept.json()) == (200, made.json())
    assert (status, _gone(children)) == (0, True)
    assert EmbeddedServer.running(demonstration.database) is None
    assert ended < END_SECONDS_MAX


def _loan(demonstration: Demonstration) -> dict[str, object]:
    borrower = next(each["uscc"] for each in demonstration.facts()["clients"] if each["id"] == "enterprise.shaoxing")
    return {
        "borrower_uscc": borrower,
        "contract_no": "BEFORE-THE-KILL",
        "kind": "term",
        "principal": {"amount": "1000.00", "currency": "CNY"},
        "rate": {"kind": "lpr", "tenor": "1Y", "spread_bp": 45, "reset": "yearly"},
        "start": "2026-01-05",
        "end": "2027-01-05",
        "repayment": "bullet",
        "purpose": "设备改造",
    }


def _call(demonstration: Demonstration, method: str, path: str, body: object = None) -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {demonstration.token('bank-a.officer')}",
        "Idempotency-Key": "before-the-kill-1",
    }
    url = f"{demonstration.facts()['base_url']}{path}"
    return httpx.request(method, url, json=body, headers=headers, trust_env=False, timeout=30)
