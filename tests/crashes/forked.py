"""Processes of the product, forked from one that has imported it already: started in milliseconds, killed by their id.

The process they are forked from is a child of the test process and ends with it; they watch it and end with it, too.
"""

import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

from tests.crashes import crashing
from tests.crashes.crashing import Trap

STOP_SECONDS_MAX: Final = 12.0
LOG_BYTES_SHOWN: Final = 4000

FORKS: Final = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([crashing.__name__])


@dataclass(frozen=True, slots=True)
class Forked:
    """One running process."""

    process: ForkServerProcess
    log: Path

    @property
    def alive(self) -> bool:
        """Tell whether it runs."""
        return self.process.is_alive()

    def kill(self) -> None:
        """End it as by `kill -9`."""
        self.process.kill()
        self.process.join(STOP_SECONDS_MAX)

    def pause(self) -> None:
        """Let it hang."""
        os.kill(_pid(self.process), signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(_pid(self.process), signal.SIGCONT)

    def stop(self) -> None:
        """End it as an operator does, and insist."""
        if self.process.is_alive():
            self.process.terminate()
            self.process.join(STOP_SECONDS_MAX)
        self.kill()

    def died_within(self, seconds: float) -> bool:
        """Wait for its end; false when it still runs."""
        self.process.join(seconds)
        return not self.process.is_alive()

    def said(self) -> str:
        """Return the end of its log."""
        return self.log.read_bytes()[-LOG_BYTES_SHOWN:].decode("utf-8", "replace") if self.log.exists() else ""


def started(command: Sequence[str], environment: Mapping[str, str], log: Path, trap: Trap | None = None) -> Forked:
    """Start `python -m api COMMAND`."""
    process = FORKS.Process(target=crashing.run, args=(tuple(command), dict(environment), log, trap), daemon=True)
    process.start()
    return Forked(process, log)


def _pid(process: ForkServerProcess) -> int:
    assert process.pid is not None, "it was started"
    return process.pid
