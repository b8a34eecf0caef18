"""How bad the line is in one run: how often each fault strikes, and when the registry is closed. All from one seed.

The faults differ from run to run (swarm testing): each is absent in a third of the runs, so that it cannot hide what
another would have shown.

Source: reliability figures of issue 4; Groce et al., "Swarm testing" (ISSTA 2012).
"""

import random
from dataclasses import dataclass, field, replace
from typing import Final

HOUR: Final = 3600.0
ABSENT: Final = 1 / 3
CLOSES: Final = 1 / 3
CLOSED_HOURS: Final = (3.0, 12.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Shares of messages between 0 and 1, and the hours of closure as seconds from the beginning."""

    drop_before: float = 0.0
    """The message never arrives."""
    lose_reply: float = 0.0
    """The order is executed, and the answer is lost."""
    duplicate: float = 0.0
    """The message arrives a second time, later."""
    reorder: float = 0.0
    """The message arrives after others that were sent later; by then nobody waits for its answer."""
    slow: float = 0.0
    """The same, within a minute."""
    error: float = 0.0
    """HTTP 5xx, before or after the order was executed."""
    garbage: float = 0.0
    """Half of an answer, and noise."""
    wrong_id: float = 0.0
    """A well-signed answer about something else."""
    late: float = 0.0
    """The order is accepted, and executed when it is asked for."""
    kill: float = 0.0
    """The worker dies at one of the points before and after each commit and each message."""
    closed: tuple[tuple[float, float], ...] = field(default=())

    def healed(self) -> "Weather":
        """Return fine weather."""
        return Weather()

    def is_closed(self, seconds: float) -> bool:
        """Tell whether the registry is closed."""
        return any(begin <= seconds < end for begin, end in self.closed)


MOST: Final = Weather(
    drop_before=0.30,
    lose_reply=0.30,
    duplicate=0.50,
    reorder=0.50,
    slow=0.20,
    error=0.20,
    garbage=0.10,
    wrong_id=0.05,
    late=0.20,
    kill=0.005,
)


def drawn(chance: random.Random, seconds: float) -> Weather:
    """Return the weather of a run of so many seconds."""
    shares = {
        name: 0.0 if chance.random() < ABSENT else chance.uniform(0.0, getattr(MOST, name))
        for name in Weather.__dataclass_fields__
        if name != "closed"
    }
    closed: tuple[tuple[float, float], ...] = ()
    if chance.random() < CLOSES:
        begin = chance.uniform(0.0, seconds)
        closed = ((begin, begin + HOUR * chance.uniform(*CLOSED_HOURS)),)
    return replace(MOST, **shares, closed=closed)
