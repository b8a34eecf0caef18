"""Twelve hours of closure in virtual time: orders wait, nothing fails, no person is called, and then all is done."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from unittest import mock

import pytest

from domain.errors import DomainError
from domain.pledges.lifecycle import State
from domain.pledges.opening import Opening, windows_of
from domain.pledges.registry_orders import STUCK_AFTER_ATTEMPTS, OrderState
from integrations.registry.counter import Counter as RegistryCounter
from integrations.registry.counter import SignedAnswer
from integrations.registry.wire import Operation, Request
from tests.builders import NOW
from tests.fakes.memory import ALARMS, CLOSURES
from tests.faults import virtual_time
from tests.faults.commands import Commands, Scene
from tests.faults.line import SECRET
from tests.faults.run import _Run, _seeded
from tests.faults.virtual_time import VirtualLoop
from tests.faults.weather import HOUR, Weather

ORDERS: Final = 20
ASKED_MAX: Final = 40 * ORDERS
"""Whoever knows when it opens asks once an hour, in case that it opens earlier."""
CLOSES: Final = 1 * HOUR
OPENS: Final = 13 * HOUR
SCHEDULED: Final = {"zhejiang": Opening(closed=windows_of("Sat 11:00-23:00"))}
"""The clock begins on a Saturday at ten, Shanghai: one hour later, and twelve hours long."""
STORMS: Final = Weather(lose_reply=0.2, duplicate=0.3, reorder=0.2, late=0.2)


@dataclass
class Night:
    """What was seen at the end of the closure, and an hour and a half later."""

    sent: int
    open: int
    settled: int
    statuses: Counter[State]
    attempts_max: int
    effects: int
    alarms: int
    executed: int
    active: int
    closures: int


class _Telling(RegistryCounter):
    """The registry's counter, which says until when it is closed."""

    def closed(
        self, registry: str, operation: Operation, request: Request, until: datetime | None = None
    ) -> SignedAnswer:
        return super().closed(registry, operation, request, until or NOW + timedelta(seconds=OPENS))


class _Night(_Run):
    def __init__(self, seed: int, loop: VirtualLoop, weather: Weather, openings: Mapping[str, Opening]) -> None:
        super().__init__(seed, 0, loop)
        self._line.weather = weather
        self._line.counter = _Telling(self._ledger, "greenlien", SECRET, self._clock.now)
        self._house = replace(self._house, openings=openings)

    async def through(self) -> Night:
        """Order while it is closed, look before it opens, and look again after."""
        scene = Scene(self._house, self._memory, self._ledger, self._client)
        commands = Commands(scene, self._chance, self.told.commands)
        failures: list[str] = []
        with mock.patch("integrations.registry.client.post", self._line.post):
            await scene.open()
            await asyncio.sleep(CLOSES + 60)
            while len(self._memory.orders) < ORDERS:
                try:
                    await commands._pledge()
                except DomainError:
                    continue
            await asyncio.sleep(OPENS - self._loop.seconds - 60)
            self._look(failures)
            orders = list(self._memory.orders.values())
            seen = Night(
                sent=self._line.calls,
                open=sum(each.state in {OrderState.RECORDED, OrderState.UNKNOWN} for each in orders),
                settled=sum(each.state in {OrderState.EXECUTED, OrderState.REFUSED} for each in orders),
                statuses=Counter(each.status for each in self._memory.pledges.values()),
                attempts_max=max(each.attempts for each in orders),
                effects=len(self._judge.effects),
                alarms=len(self._memory.tables[ALARMS]),
                executed=0,
                active=0,
                closures=len(self._memory.tables[CLOSURES]),
            )
            await asyncio.sleep(1.5 * HOUR)
            self._line.weather = Weather()
            await self._heal(failures)
            self._judge.check_end()
        await self._client.aclose()
        self._ledger.close()
        seen.executed = sum(each.state is OrderState.EXECUTED for each in self._memory.orders.values())
        seen.active = sum(each.status is State.ACTIVE for each in self._memory.pledges.values())
        return seen


def a_night(weather: Weather, openings: Mapping[str, Opening]) -> Night:
    with _seeded(20):
        loop = VirtualLoop()
        random.seed(20)
        return virtual_time.run(loop, _Night(20, loop, weather, openings).through())


@pytest.mark.parametrize("storms", [Weather(), STORMS], ids=["fine", "stormy"])
def test_twenty_orders_wait_out_a_declared_closure_and_are_all_executed_after_it(storms: Weather) -> None:
    night = a_night(replace(storms, closed=((CLOSES, OPENS),)), {})

    assert night.open >= ORDERS
    assert (night.settled, night.effects, night.alarms, night.closures) == (0, 0, 0, 1)
    assert set(night.statuses) == {State.FREEZING}
    assert night.attempts_max < STUCK_AFTER_ATTEMPTS
    assert night.sent <= ASKED_MAX

    assert night.executed == night.open
    assert night.active == night.statuses[State.FREEZING]


def test_inside_a_scheduled_closure_the_registry_is_sent_nothing_at_all() -> None:
    night = a_night(Weather(), SCHEDULED)

    assert (night.sent, night.settled, night.attempts_max, night.closures) == (0, 0, 0, 0)
    assert night.open >= ORDERS
    assert night.executed == night.open
    assert night.active == night.statuses[State.FREEZING]
