"""`serve --demo`: an API or worker that dies is started again by the supervisor, without anybody's help."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.races.servers import free_ports

START_SECONDS_MAX = 90.0
END_SECONDS_MAX = 10.0
POLL_SECONDS = 0.2
COMMANDS = ("work", "serve")


@pytest.mark.timeout(300)
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for the children in /proc")
def test_an_api_and_a_worker_that_are_killed_are_started_again_by_the_supervisor(tmp_path: Path) -> None:
    [port] = free_ports(1)
    command = [sys.executable, "-m", "api", "serve", "--demo", "--allow-bearer", "--port", str(port)]
    ready = partial(_ready, f"http://127.0.0.1:{port}/health/ready")
    with (tmp_path / "said.log").open("ab") as said:
        supervisor = subprocess.Popen([*command, "--data-dir", str(tmp_path / "data")], stdout=said, stderr=said)
    try:
        _until(ready, START_SECONDS_MAX)
        victims = {name: _child(supervisor.pid, name) for name in COMMANDS}
        for victim in victims.values():
            os.kill(victim, signal.SIGKILL)

        _until(
            lambda: all(_child(supervisor.pid, name) not in {0, victims[name]} for name in COMMANDS), END_SECONDS_MAX
        )
        _until(ready, START_SECONDS_MAX)
        supervisor.terminate()
        assert supervisor.wait(END_SECONDS_MAX) == 0
    finally:
        supervisor.kill()
        supervisor.wait()


def _child(parent: int, command: str) -> int:
    """Return the id of a process's child that runs `api COMMAND`, or 0."""
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
            ancestor = int((folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if ancestor == parent and words[1:4] == ["-m", "api", command]:
            return int(folder.name)
    return 0


def _ready(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _until(condition: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds:.0f} s"
        time.sleep(POLL_SECONDS)
