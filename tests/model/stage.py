"""The stage on which the machine plays: the business behind its real doors, its worker's hands, and a clock to turn."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import psycopg

from api.house import House
from api.jobs.registry_orders import carry_out_order
from domain.use_cases.decide_on_pledge import lapse_pledge
from domain.values.identifiers import RegistryNo
from domain.values.quantity import Quantity, Unit
from domain.values.time import business_date
from domain.values.working_days import CalendarUnknown, working_days_between
from integrations.database.postmaster import SUPERUSER
from tests.builders import NOW, tonnes
from tests.database_session import Database
from tests.integration.business import Business, open_for_business
from tests.model.things import OK, RightModel, Told

LAPSE_WORKING_DAYS: Final = 10
STEPS_MAX: Final = 60
ANSWER_SECONDS_MAX: Final = 300.0
"""A campaign runs for hours beside other work: that the machine was busy is no answer of the product's."""
WAITING: Final = (
    "select id from registry_orders where state not in ('executed', 'refused') and right_id = any(%s) order by id"
)


@dataclass(slots=True)
class Clock:
    """The one clock of API, worker and registry."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at

    def turn(self, by: timedelta) -> None:
        """Turn it on."""
        self.at += by


@dataclass(slots=True)
class Stage:
    """Everything that a step of the machine needs."""

    business: Business
    clock: Clock
    connection: "psycopg.Connection[Any]"
    runner: asyncio.Runner
    house: House
    answers: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        """Forget the example before; time begins anew, an hour after the prices were told."""
        self.clock.at = NOW + timedelta(hours=1)
        self.business.registry._faults.clear()
        self.runner.run(self.business.registry.deliver_slow())

    def ask(self, client: str, path: str, body: object, headers: Mapping[str, str]) -> tuple[int, str, Any]:
        """Send a command; return status, code (OK where it is done) and body."""
        known = {"Authorization": self.business.authorization(client), "Idempotency-Key": secrets.token_hex(16)}
        answer = self.business._http.post(self.business.base_url + path, json=body, headers={**known, **headers})
        code = OK if answer.is_success else str(answer.json()["code"])
        self.answers[f"{path.rpartition('/')[2]}: {code or 'done'}"] += 1
        return answer.status_code, code, answer.json()

    def verified(self, amount: str) -> RightModel:
        """Let there be a right that its holder has verified."""
        right_id = self.business.verified(quantity=tonnes(amount))
        ((number,),) = self.connection.execute("select registry_no from rights where id = %s", [right_id]).fetchall()
        told = Told(Decimal(amount))
        return RightModel(right_id, number, told, told)

    def work(self, rights: Sequence[str]) -> None:
        """Let the worker carry out what waits for the registry, to the end, and then what was slow arrive."""
        self.runner.run(self._work(list(rights)))

    async def _work(self, rights: list[str]) -> None:
        for _ in range(STEPS_MAX):
            waiting = self.connection.execute(WAITING, [rights]).fetchall()
            if not waiting:
                await self.business.registry.deliver_slow()
                return
            for (order_id,) in waiting:
                await carry_out_order(self.house, order_id)
        raise AssertionError("orders are still open after so many steps")

    def lapse(self, pledge_id: str) -> bool:
        """Let the nightly job look at a pledge; where it does not know the calendar, nothing lapses."""
        try:
            return self.runner.run(self._lapse(pledge_id))
        except CalendarUnknown:
            return False

    async def _lapse(self, pledge_id: str) -> bool:
        async with self.house.open(None) as uow:
            lapsed = await lapse_pledge(uow, pledge_id, LAPSE_WORKING_DAYS, self.clock())
            await uow.commit()
        return lapsed

    def is_over(self, progressed_at: datetime) -> bool:
        """Tell whether more than the ten working days have gone, as far as the calendar is known."""
        try:
            days = working_days_between(business_date(progressed_at), business_date(self.clock()))
        except CalendarUnknown:
            return False
        return days > LAPSE_WORKING_DAYS

    def change(self, right: RightModel, kind: str, amount: Decimal | None = None) -> None:
        """Let the registry do something to a right by itself."""
        quantity = None if amount is None else Quantity(amount, Unit.T_PER_YEAR)
        self.business.registry.change("zhejiang", RegistryNo(right.number), kind, quantity=quantity)


@contextmanager
def opened(database: Database) -> Iterator[Stage]:
    """Open the stage."""
    clock = Clock()
    with (
        open_for_business(database, clock) as business,
        psycopg.connect(database.libpq(SUPERUSER), autocommit=True) as connection,
        asyncio.Runner() as runner,
    ):
        business._http.timeout = ANSWER_SECONDS_MAX
        stack = AsyncExitStack()
        house = runner.run(stack.enter_async_context(business.worker_house()))
        try:
            yield Stage(business, clock, connection, runner, house)
        finally:
            runner.run(stack.aclose())
