"""`serve --demo`: what dies is started again, and a `kill -9` of everything's parent leaves a folder that starts again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.races.servers import free_ports

START_SECONDS_MAX = 90.0
END_SECONDS_MAX = 10.0
POLL_SECONDS = 0.2

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for the children in /proc"),
]


def test_what_dies_under_the_supervisor_is_started_again_and_so_is_the_whole_after_a_kill(tmp_path: Path) -> None:
    [port] = free_ports(1)
    health = f"http://127.0.0.1:{port}/health"
    first = _supervisor(tmp_path, port)
    try:
        _until(lambda: _served(health), START_SECONDS_MAX)
        for name in ("work", "serve"):
            [victim] = _children(first.pid, name)
            os.kill(victim, signal.SIGKILL)
            _until(lambda name=name, victim=victim: _children(first.pid, name) not in ([], [victim]), START_SECONDS_MAX)
        _until(lambda: _served(health), START_SECONDS_MAX)
        orphans = [pid for name in ("work", "serve", "simulate") for pid in _children(first.pid, name)]
        assert len(orphans) == 3
    finally:
        first.kill()
        first.wait()
    _until(lambda: not any(_runs(pid) for pid in orphans), END_SECONDS_MAX)

    second = _supervisor(tmp_path, port)
    try:
        _until(lambda: _served(health), START_SECONDS_MAX)
        children = [pid for name in ("work", "serve", "simulate") for pid in _children(second.pid, name)]
        second.terminate()
        second.wait(END_SECONDS_MAX)
        assert second.returncode == 0
        assert not any(_runs(pid) for pid in children)
    finally:
        second.kill()
        second.wait()


def _supervisor(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "api", "serve", "--demo", "--allow-bearer", "--port", str(port)]
    with (folder / "said.log").open("ab") as said:
        return subprocess.Popen([*command, "--data-dir", str(folder / "data")], stdout=said, stderr=said)


def _children(parent: int, command: str) -> list[int]:
    """Return the ids of a process's children that run `api COMMAND`."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
            ancestor = int((folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if ancestor == parent and words[1:4] == ["-m", "api", command]:
            found.append(int(folder.name))
    return found


def _runs(pid: int) -> bool:
    try:
        state = (Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _served(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _until(condition: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds:.0f} s"
        time.sleep(POLL_SECONDS)
