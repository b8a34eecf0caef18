"""The product as it is installed: its own command line, its own settings, no point planted anywhere."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from domain.pledges.lifecycle import State
from domain.pledges.registry_orders import OrderState
from tests.crashes.agreement import breaches, disagreements
from tests.crashes.stage import Play, Stage
from tests.crashes.together import together

RESUME_SECONDS_MAX = 60.0
SLEEP_SECONDS = 12.0  # more than the ten after which a worker counts as dead
SLOW_SECONDS = 4.0


@contextmanager
def a_worker(play: Play) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `python -m api work`."""
    command = [sys.executable, "-m", "api", "work", "--until-parent-ends", str(os.getpid())]
    with (play.folder / "product.log").open("ab") as log:
        process = subprocess.Popen(command, env=play.environment(), stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.timeout(180)
def test_whether_a_worker_is_killed_or_hangs_or_sleeps_the_next_minute_finishes_its_work_once(stage: Stage) -> None:
    together(
        (a_killed_one_is_followed, a_hung_one_does_no_harm_when_it_wakes, a_lone_one_sleeps), lambda case: case(stage)
    )


def a_killed_one_is_followed(stage: Stage) -> None:
    """Kill a worker while the registry freezes; another one resumes within the promised minute."""
    with stage.play("freezing") as play:
        play.registry.arm("freeze", "slow", seconds=SLOW_SECONDS)
        with a_worker(play) as killed:
            play.wait(lambda books: bool(books.of("orders", state=OrderState.SENT)))
            killed.send_signal(signal.SIGKILL)
            killed.wait()
            assert breaches(play.books()) == []

        since = time.monotonic()
        with a_worker(play):
            books = play.rest("zhejiang", State.ACTIVE, RESUME_SECONDS_MAX)
            assert time.monotonic() - since < RESUME_SECONDS_MAX
            assert disagreements(books) == []


def a_hung_one_does_no_harm_when_it_wakes(stage: Stage) -> None:
    """Let a worker hang until another has done its work, and then wake up in the middle of it."""
    with stage.play("freezing") as play:
        play.registry.arm("freeze", "slow", seconds=SLOW_SECONDS)
        hung = play.start_worker()
        play.wait(lambda books: bool(books.of("orders", state=OrderState.SENT)))
        hung.pause()

        play.start_worker()
        assert disagreements(play.rest("zhejiang", State.ACTIVE)) == []
        hung.resume()
        time.sleep(1)
        assert disagreements(play.books()) == []


def a_lone_one_sleeps(stage: Stage) -> None:
    """Let the only worker sleep longer than it takes to be thought dead; it goes on working all the same."""
    with stage.play("freezing") as play:
        alone = play.start_worker()
        play.rest("zhejiang", State.ACTIVE)
        alone.pause()
        time.sleep(SLEEP_SECONDS)
        alone.resume()

        play.start_api()
        pledge = f"/v1/pledges/{play.pledges['zhejiang']}"
        play.actors.told("bank-a.officer", "POST", f"{pledge}/release", {"reason": "claim_extinguished"})
        time.sleep(1)
        play.actors.told("bank-a.approver", "POST", f"{pledge}/release/approve", {})
        assert disagreements(play.rest("zhejiang", State.RELEASED)) == []
        assert alone.alive, alone.said()
