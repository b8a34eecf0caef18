"""Two kinds of asking, timed in random order, and how well one can tell them apart by their times alone.

The figure is the area under the curve of a guesser who knows nothing but the times: the share of pairs, one time of
each kind, in which the first kind took longer, ties counted half. A half is a guess; 0.55 is right eleven times in
twenty. It is computed exactly, by ranks, and does not ask how times are distributed.

The subtle thing is the machine, which grows slower and faster while it is asked. So the two kinds are asked in pairs,
in an order that is drawn anew for each, and the collector of garbage is held back meanwhile.

Source: Mann and Whitney, 1947 (the U statistic); Fawcett, "An introduction to ROC analysis", 2006, section 7.

>>> area([3.0, 4.0], [1.0, 2.0]), area([1.0, 2.0], [1.0, 2.0]), area([0.0], [1.0, 2.0])
(1.0, 0.5, 0.0)
"""

import gc
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Final

WARMING: Final = 20

Ask = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Timed:
    """The times of both kinds, in nanoseconds."""

    foreign: Sequence[float]
    absent: Sequence[float]

    @property
    def area(self) -> float:
        """Return how well the foreign are told from the absent."""
        return area(self.foreign, self.absent)


def area(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the share of pairs in which the first is the greater, ties counted half."""
    marked = sorted([(value, True) for value in first] + [(value, False) for value in second])
    below = wins = 0.0
    for _, group in groupby(marked, key=lambda pair: pair[0]):
        mine = [own for _, own in group]
        others = mine.count(False)
        wins += (len(mine) - others) * (below + others / 2)
        below += others
    return wins / (len(first) * len(second))


def timed(foreign: Ask, absent: Ask, pairs: int, chance: random.Random) -> Timed:
    """Ask so many pairs, each in an order of its own, and return how long each took."""
    asks = (foreign, absent)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(WARMING):
        foreign(), absent()
    with _undisturbed():
        for _ in range(pairs):
            for kind in chance.sample((0, 1), 2):
                began = time.perf_counter_ns()
                asks[kind]()
                times[kind].append(time.perf_counter_ns() - began)
    return Timed(*times)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold the collector of garbage back."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
