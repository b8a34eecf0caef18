"""One run: one integer makes the weather, the commands and every stroke of bad luck.

Real: the steps of an order (`api.jobs.registry_orders`, `domain.use_cases`), the client of the registry from the bytes
upwards, the simulated registry's counter, rulings and books, in one process. Not real: the database (see
tests/fakes/unit_of_work.py), HTTP and its sockets (tests/contracts and tests/crashes have them), the clock, and the
queue of jobs, which is at least once and in order of subject as procrastinate's is.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, cast
from unittest import mock

from api.house import EdgeUnitOfWork, House
from api.jobs import registry_orders
from domain.use_cases import order_freeze
from domain.values.actors import Actor
from domain.values.time import business_date
from integrations.registry import books, messages, wire
from integrations.registry.client import HttpRegistry, RegistryEndpoint
from integrations.registry.counter import Counter as RegistryCounter
from integrations.registry.ledger import Ledger
from tests.builders import NOW
from tests.fakes.memory import Change, Job, Memory
from tests.faults import virtual_time
from tests.faults.commands import Commands, Scene, entered_rights
from tests.faults.jobs import Jobs
from tests.faults.judge import Broken, Judge
from tests.faults.line import SECRET, Line
from tests.faults.virtual_time import Clock, VirtualLoop
from tests.faults.weather import HOUR, Weather, drawn

COMMANDS: Final = 200
SECONDS_BETWEEN: Final = 240.0
AT_ONCE: Final = 0.3
HEALED_WITHIN: Final = 24 * HOUR
LOOK_SECONDS: Final = 300.0
LEFT_ON_THE_LINE_SECONDS: Final = 700.0
PURE: Final = tuple(
    (holder, name)
    for holder, names in (
        (messages, ("parse_uscc", "parse_registry_no", "parse_permit_no", "parse_division", "parse_date", "_quantity")),
        (messages, ("read_time", "write_time")),
        (wire, ("read_time", "write_time", "wire_path")),
        (books, ("read_time", "write_time")),
    )
    for name in names
)
"""Functions of their arguments alone that every message calls: what was parsed once is not parsed again."""
KEPT: Final = tuple((holder, name, lru_cache(maxsize=4096)(getattr(holder, name))) for holder, name in PURE)


@dataclass(slots=True, kw_only=True)
class Told:
    """What a run came to; `broken` is none where every promise held."""

    seed: int
    length: int
    weather: Weather
    commands: Counter[str]
    effects: int = 0
    orders: int = 0
    calls: int = 0
    deaths: int = 0
    broken: str | None = None
    healed_seconds: float = 0.0
    answers: Counter[str] = field(default_factory=Counter)

    @property
    def words(self) -> str:
        """Return what a reader needs to see it again."""
        return f"seed {self.seed}: {self.broken} (again: python -m tests.faults {self.seed} {self.length})"


def run(seed: int, commands: int = COMMANDS) -> Told:
    """Run one seed."""
    with _seeded(seed):
        loop = VirtualLoop()
        return virtual_time.run(loop, _Run(seed, commands, loop).to_the_end())


class _Run:
    def __init__(self, seed: int, commands: int, loop: VirtualLoop) -> None:
        self._loop = loop
        self._commands = commands
        self._chance = random.Random(f"{seed} commands")
        weather = drawn(random.Random(f"{seed} weather"), COMMANDS * SECONDS_BETWEEN)
        self._clock = Clock(loop, NOW)
        self._memory = Memory(committed=self._committed)
        self._ledger = Ledger(None, entered_rights(business_date(NOW)), self._clock.now)
        self._judge = Judge(self._memory, self._ledger)
        self._line = Line(
            loop,
            RegistryCounter(self._ledger, "greenlien", SECRET, self._clock.now),
            weather,
            random.Random(f"{seed} line"),
            self._judge.hear_sent,
            self._judge.hear_obeyed,
            self._judge.hear_told,
        )
        endpoint = RegistryEndpoint("http://registry.example", "greenlien", SECRET)
        self._client = HttpRegistry({"zhejiang": endpoint}, now=self._clock.now)
        self._house = House(
            open=self._open,
            registry=self._client,
            exchange=cast("Any", None),
            signer=cast("Any", None),
            sheets=cast("Any", None),
            issuer="https://greenlien.example",
            rulebook=cast("Any", None),
            now=self._clock.now,
            ready=cast("Any", None),
            registry_patience_seconds=5.0,
        )
        self._jobs = Jobs(loop, self._clock.now, order_freeze.TASK, self._step, random.Random(f"{seed} jobs"))
        self.told = Told(seed=seed, length=commands, weather=weather, commands=Counter())

    async def to_the_end(self) -> Told:
        """Give the commands, heal, and see how it ends."""
        scene = Scene(self._house, self._memory, self._ledger, self._client)
        commands = Commands(scene, self._chance, self.told.commands)
        told = self.told
        loop_failures: list[str] = []
        self._loop.set_exception_handler(lambda _loop, context: loop_failures.append(_cause(context)))
        try:
            with mock.patch("integrations.registry.client.post", self._line.post):
                await scene.open()
                for _ in range(self._commands):
                    await asyncio.sleep(self._pause())
                    await commands.give()
                    self._look(loop_failures)
                self._line.weather = self._line.weather.healed()
                await self._heal(loop_failures)
                self._judge.check_end()
        except Broken as broken:
            told.broken = str(broken)
        finally:
            await self._client.aclose()
            self._ledger.close()
        told.effects, told.orders = sum(self._judge.effects.values()), len(self._memory.orders)
        told.calls, told.deaths, told.answers = self._line.calls, self._jobs.deaths, self._judge.told
        return told

    def _pause(self) -> float:
        return 0.0 if self._chance.random() < AT_ONCE else self._chance.expovariate(1 / SECONDS_BETWEEN)

    async def _heal(self, loop_failures: list[str]) -> None:
        begun = self._loop.seconds
        while self._judge.open_orders() and self._loop.seconds - begun < HEALED_WITHIN:
            await asyncio.sleep(LOOK_SECONDS)
            self._look(loop_failures)
        self.told.healed_seconds = self._loop.seconds - begun
        await asyncio.sleep(LEFT_ON_THE_LINE_SECONDS)
        self._look(loop_failures)

    def _look(self, loop_failures: list[str]) -> None:
        """Fail for what a job or a late message brought to light."""
        failure = self._jobs.failure
        if isinstance(failure, Broken):
            raise failure
        if failure is not None:
            raise Broken(f"a step raised {failure!r}") from failure
        if loop_failures:
            raise Broken(loop_failures[0])

    async def _step(self, order_id: str) -> None:
        await registry_orders.carry_out_order(self._house, order_id)

    def _committed(self, changes: Sequence[Change], jobs: Sequence[Job]) -> None:
        self._judge.hear_committed(changes)
        self._jobs.enqueue(jobs)

    @asynccontextmanager
    async def _open(self, actor: Actor | None) -> AsyncIterator[EdgeUnitOfWork]:
        """Open a unit of work, before and after which a worker may die."""
        if actor is None:
            self._line.die()
        async with self._memory.open(actor) as uow:
            yield cast("EdgeUnitOfWork", uow)
        if actor is None:
            self._line.die()


def _cause(context: dict[str, Any]) -> str:
    error = context.get("exception")
    return str(error) if isinstance(error, Broken) else f"{context['message']}: {error!r}"


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draw all that is random from the seed, let nothing be logged, and nothing be parsed twice."""
    chance = random.Random(f"{seed} ids")
    with ExitStack() as stack:
        stack.enter_context(mock.patch("secrets.token_hex", lambda length=32: chance.randbytes(length).hex()))
        stack.enter_context(mock.patch("secrets.choice", chance.choice))
        stack.enter_context(mock.patch.object(registry_orders, "log", _Silent()))
        for holder, name, kept in KEPT:
            stack.enter_context(mock.patch.object(holder, name, kept))
        yield


class _Silent:
    """A log that nobody reads; a logger that drops what it is told costs more than what it tells of."""

    def info(self, *_: object, **__: object) -> None:
        pass

    warning = info
