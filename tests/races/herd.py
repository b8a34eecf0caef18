"""The herd: thirty-two contenders, real processes, let go all at once."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO, Final, Self

from tests.races.contender import READY, Reply, Request

SIZE: Final = 32
STOP_SECONDS_MAX: Final = 5.0


class ContenderDied(RuntimeError):
    """Say that a contender ended before its turn did."""


class Herd:
    """The contenders and the gate; made by `gathered`."""

    def __init__(self, contenders: Sequence["subprocess.Popen[str]"], gate: int) -> None:
        self._contenders = contenders
        self._gate = gate

    @classmethod
    @contextmanager
    def gathered(cls, size: int = SIZE) -> Iterator[Self]:
        """Start the contenders, and end them afterwards."""
        inlet, outlet = os.pipe()
        command = [sys.executable, "-m", "tests.races.contender", str(inlet)]
        contenders = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=[inlet])
            for _ in range(size)
        ]
        os.close(inlet)
        try:
            yield cls(contenders, outlet)
        finally:
            os.close(outlet)
            for contender in contenders:
                contender.kill()
                contender.communicate(timeout=STOP_SECONDS_MAX)

    def __len__(self) -> int:
        return len(self._contenders)

    def race(self, plans: Sequence[Sequence[Request]]) -> list[list[Reply]]:
        """Let the contenders send their plans, the first request of each at the same moment; returns their replies.

        A contender without a plan sits out.
        """
        return self._run(plans, gated=True)

    def share(self, requests: Sequence[Request]) -> list[Reply]:
        """Let the contenders share out requests that are no race, and return the replies in the requests' order."""
        size = len(self._contenders)
        replies = self._run([requests[place::size] for place in range(size)], gated=False)
        return [replies[index % size][index // size] for index in range(len(requests))]

    def _run(self, plans: Sequence[Sequence[Request]], *, gated: bool) -> list[list[Reply]]:
        assert len(plans) <= len(self._contenders)
        busy = {place: self._contenders[place] for place, plan in enumerate(plans) if plan}
        for place, contender in busy.items():
            told = {"gated": gated, "requests": [asdict(request) for request in plans[place]]}
            stdin = _open(contender.stdin)
            stdin.write(json.dumps(told) + "\n")
            stdin.flush()
        if gated:
            for contender in busy.values():
                said = _line(contender)
                assert said == READY, said
            os.write(self._gate, b"." * len(busy))
        said_by = {place: json.loads(_line(contender)) for place, contender in busy.items()}
        return [[Reply(**each) for each in said_by.get(place, ())] for place in range(len(plans))]


def _line(contender: "subprocess.Popen[str]") -> str:
    said = _open(contender.stdout).readline()
    if not said:
        message = f"contender {contender.pid} ended with {contender.poll()}"
        raise ContenderDied(message)
    return said.rstrip("\n")


def _open(stream: IO[str] | None) -> IO[str]:
    assert stream is not None, "both ends are pipes"
    return stream
