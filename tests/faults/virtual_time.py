"""An event loop whose clock jumps: nobody waits, and whoever sleeps an hour wakes when all that comes before is done.

The product's own coroutines run on it unchanged, with their timeouts and pauses. Nothing real may be waited for: no
socket, no thread; a loop on which nothing is left to happen says so instead of waiting for ever.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs in virtual time, from 0 seconds on."""

    def __init__(self) -> None:
        """Begin at 0."""
        self.seconds = 0.0
        super().__init__(_Jump(self))

    def time(self) -> float:
        """Return the virtual seconds since the beginning."""
        return self.seconds


class _Jump(selectors.DefaultSelector):
    """Waits for nothing: where the loop would sleep, its clock jumps instead."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("nothing is left that could ever happen")
        self._loop.seconds += max(timeout, 0.0)
        return []


class Clock:
    """The wall clock of a virtual loop."""

    def __init__(self, loop: VirtualLoop, start: datetime) -> None:
        """Let it be `start` at the loop's beginning."""
        self._loop = loop
        self._start = start

    def now(self) -> datetime:
        """Return the virtual time of day."""
        return self._start + timedelta(seconds=self._loop.seconds)


def run(loop: VirtualLoop, main: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine to its end on the loop, and close it."""
    try:
        return loop.run_until_complete(main)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(_ended(left))
        loop.close()


async def _ended(tasks: set[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
