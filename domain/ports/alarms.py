"""Where alarms are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.pledges.alarms import Alarm, AlarmState


class Alarms(Protocol):
    """Keep alarms."""

    async def open(self, alarm: Alarm) -> bool:
        """Write an alarm; false where there is one of this kind about its order already."""
        ...

    async def answered(self, order_id: str, now: datetime) -> Sequence[str]:
        """End the alarms about an order's silence, and return their ids."""
        ...

    async def find(self, alarm_id: str) -> Alarm | None:
        """Return an alarm that the caller may see, none otherwise."""
        ...

    async def lock(self, alarm_id: str) -> Alarm | None:
        """Return an alarm that the caller may see, and keep others from changing it."""
        ...

    async def save(self, alarm: Alarm) -> None:
        """Write a locked alarm."""
        ...

    async def page(self, state: AlarmState | None, after: str | None, limit: int) -> Sequence[Alarm]:
        """Return up to `limit` visible alarms, the oldest first, after one."""
        ...
