"""Histories: whether each reply is explained by some moment of the commit order that lies within its request.

Commits of one subject (a right, a pledge) are in a known order, and each was made by a request of which we know when it
began and when its reply was there. So the moment of a commit lies between the two, and not before any earlier commit
began, and not after any later commit's reply. What a reply says (so much is available, the pledge is withdrawn) must
have been true at a moment between its own two. That is linearizability, and because the order is known it needs no
search.

Source: Herlihy and Wing, "Linearizability" (1990).

>>> line = Timeline("draft")
>>> line.commit("submitted", 10, 30)
>>> line.commit("withdrawn", 20, 40)
>>> line.explains(5, 12, lambda status: status == "withdrawn")
False
>>> line.explains(25, 28, lambda status: status == "withdrawn")
True
>>> line.moments(5, 100, lambda status: status == "submitted")
[(10, 40)]
>>> line.contradictions()
[]
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

State = TypeVar("State")
NEVER: Final = 2**63

Moments = tuple[int, int]
"""From a moment to another, both included."""


@dataclass(slots=True)
class Timeline(Generic[State]):
    """A subject's states one after another, and when the commits between them may have happened."""

    first: State
    _states: list[State] = field(default_factory=list)
    _earliest: list[int] = field(default_factory=list)
    _replied: list[int] = field(default_factory=list)
    _latest: list[int] | None = None

    @property
    def now(self) -> State:
        """Return the last state."""
        return self._states[-1] if self._states else self.first

    def commit(self, state: State, started: int, ended: int) -> None:
        """Add the next commit, made by a request that began and was answered at these moments."""
        self._states.append(state)
        self._earliest.append(max(started, self._earliest[-1] if self._earliest else 0))
        self._replied.append(ended)
        self._latest = None

    def contradictions(self) -> list[int]:
        """Return the places of commits that stand behind one that began only after they were answered."""
        return [place for place, (earliest, latest) in enumerate(self._windows()) if earliest > latest]

    def explains(self, started: int, ended: int, holds: Callable[[State], bool]) -> bool:
        """Tell whether `holds` was true of the subject at some moment between these two."""
        return bool(self.moments(started, ended, holds))

    def moments(self, started: int, ended: int, holds: Callable[[State], bool]) -> list[Moments]:
        """Return when, between these two, `holds` may have been true of the subject, earliest first."""
        windows = self._windows()
        found = []
        if holds(self.first) and (not windows or windows[0][1] >= started):
            found.append((started, min(ended, windows[0][1] if windows else NEVER)))
        for place, (earliest, _) in enumerate(windows):
            until = windows[place + 1][1] if place + 1 < len(windows) else NEVER
            if earliest <= ended and until >= started and holds(self._states[place]):
                found.append((max(started, earliest), min(ended, until)))
        return found

    def _windows(self) -> list[tuple[int, int]]:
        if self._latest is None:
            self._latest = []
            bound = NEVER
            for replied in reversed(self._replied):
                bound = min(bound, replied)
                self._latest.append(bound)
            self._latest.reverse()
        return list(zip(self._earliest, self._latest, strict=True))


def at_once(some: list[Moments], others: list[Moments]) -> list[Moments]:
    """Return the moments that are in both.

    >>> at_once([(0, 5), (8, 9)], [(4, 8)])
    [(4, 5), (8, 8)]
    """
    both = [(max(one[0], other[0]), min(one[1], other[1])) for one in some for other in others]
    return [(begin, end) for begin, end in both if begin <= end]
