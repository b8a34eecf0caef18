"""How often somebody may ask: buckets of tokens that every process of ours draws from.

A bucket holds `burst` tokens and gains `per_second`; a request takes one. The subtle thing is the loan: a process may
take a few at once and spend them itself, so that most requests ask nobody. What it does not spend is lost, so the
shared rate is never exceeded, only, for a client that many processes serve a little, not quite reached.

Source: facts of denial of service: 50 requests a second for each client, 100 at once; 5 a second at the token endpoint.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast a bucket fills, and how much it holds."""

    per_second: float
    burst: int

    @property
    def window_seconds(self) -> int:
        """Return in how many whole seconds an empty bucket is full again, at least one."""
        return max(1, -int(-self.burst // self.per_second))


@dataclass(frozen=True, slots=True)
class Taken:
    """What a bucket gave: whole tokens, and what it then held."""

    granted: int
    left: float


class Buckets(Protocol):
    """The buckets, shared by all processes."""

    async def take(self, name: str, rate: Rate, asked: int) -> Taken:
        """Take up to `asked` tokens out of a bucket; one that nobody has used is full."""
        ...
