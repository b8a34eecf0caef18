"""A backtest's run: the days of every instrument, shared out over processes, with its progress told.

Every point stands for itself, so the outcome is the same for any number of processes. Each process is handed the series
once, when it starts; it is started afresh (spawn), never forked, on every system alike.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final

from api.backtest.method import Method
from api.backtest.points import NoValue, Point, assess, valuation_days
from api.backtest.reading import Series

DAYS_IN_A_TASK: Final = 25
ALONE_UP_TO: Final = 50
"""So few days are valued in this process: starting others would take longer."""

Progress = Callable[[Series, int, int], None]
"""Told a series, how many of its days are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Task:
    """Some days of one series."""

    place: int
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Handed:
    """What a process needs for any task; the method must be a function of a module, so that it can be sent."""

    method: Method
    series: Sequence[Series]
    with_attacks: bool

    def done(self, task: Task) -> list[Point | NoValue]:
        """Do a task."""
        return assess(self.method, self.series[task.place], task.days, with_attacks=self.with_attacks)


def run(
    method: Method,
    series: Sequence[Series],
    progress: Progress,
    *,
    processes: int | None = None,
    with_attacks: bool = True,
) -> list[Point | NoValue]:
    """Return every point of every series, in order of series and day."""
    days = [valuation_days(each.rows) for each in series]
    tasks = [
        Task(place, tuple(dates[start : start + DAYS_IN_A_TASK]))
        for place, dates in enumerate(days)
        for start in range(0, len(dates), DAYS_IN_A_TASK)
    ]
    count = min(processes or available_processors(), len(tasks))
    alone = count <= 1 or (processes is None and sum(map(len, days)) <= ALONE_UP_TO)
    handed = Handed(method, series, with_attacks)
    done = [0] * len(series)
    assessed: dict[Task, list[Point | NoValue]] = {}
    with _finished(handed, tasks, 1 if alone else count) as finished:
        for task, points in finished:
            assessed[task] = points
            done[task.place] += len(task.days)
            progress(series[task.place], done[task.place], len(days[task.place]))
    return [point for task in tasks for point in assessed[task]]


def available_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _finished(
    handed: Handed, tasks: Sequence[Task], processes: int
) -> Iterator[Iterator[tuple[Task, list[Point | NoValue]]]]:
    """Lend the tasks with their points, in the order in which they are finished."""
    if processes == 1:
        yield ((task, handed.done(task)) for task in tasks)
        return
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawning, initializer=_hand, initargs=(handed,)) as pool:
        begun: dict[Future[list[Point | NoValue]], Task] = {pool.submit(_do, task): task for task in tasks}
        try:
            yield ((begun[future], future.result()) for future in as_completed(begun))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_HANDED: Final[list[Handed]] = []
"""In a process of the pool: what it was handed at its start."""


def _hand(handed: Handed) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits for this one ends it, without its traceback
    _HANDED[:] = [handed]


def _do(task: Task) -> list[Point | NoValue]:
    [handed] = _HANDED
    return handed.done(task)
