"""The worker in virtual time: jobs of one subject one after another, at their time, at least once.

A worker that dies with a job in hand leaves the job, and its subject, to the reaper.
"""

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from tests.fakes.memory import Job
from tests.faults.line import Killed
from tests.faults.virtual_time import VirtualLoop

STALLED_SECONDS: Final = (15.0, 22.5)
TWICE: Final = 0.02


@dataclass(slots=True)
class Jobs:
    """The queue and its workers; `failure` is the first error of a step, which no fault excuses."""

    loop: VirtualLoop
    now: Callable[[], datetime]
    task: str
    step: Callable[[str], Awaitable[None]]
    chance: random.Random
    failure: BaseException | None = None
    deaths: int = 0
    _waiting: dict[str, deque[Job]] = field(default_factory=lambda: defaultdict(deque))
    _busy: set[str] = field(default_factory=set)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    def enqueue(self, jobs: Sequence[Job]) -> None:
        """Take the jobs of a committed transaction; those of other tasks are nobody's here."""
        for job in jobs:
            if job.task == self.task:
                seconds = 0.0 if job.at is None else (job.at - self.now()).total_seconds()
                self.loop.call_later(max(seconds, 0.0), self._due, job)

    def _due(self, job: Job) -> None:
        self._waiting[job.subject].append(job)
        self._start(job.subject)

    def _start(self, subject: str) -> None:
        if subject not in self._busy and self._waiting[subject]:
            self._busy.add(subject)
            running = self.loop.create_task(self._run(subject, self._waiting[subject].popleft()))
            self._running.add(running)
            running.add_done_callback(self._running.discard)

    async def _run(self, subject: str, job: Job) -> None:
        try:
            await self._attempted(job)
            if self.chance.random() < TWICE:
                await self._attempted(job)
        except Exception as error:  # noqa: BLE001 - whatever a step raises is the finding, and ends the run
            self.failure = self.failure or error
        finally:
            self._busy.discard(subject)
        self._start(subject)

    async def _attempted(self, job: Job) -> None:
        while True:
            try:
                await self.step(job.arguments["order_id"])
            except Killed:
                self.deaths += 1
                await asyncio.sleep(self.chance.uniform(*STALLED_SECONDS))
            else:
                return
