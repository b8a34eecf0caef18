"""Runs of revaluation: crashes, failures, runs that overtake one another, and who asks for one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from api.house import EdgeUnitOfWork, House
from api.jobs.revaluation import PledgesLeft, revalue_pledges
from domain.ports.revaluations import Snapshot
from domain.use_cases.revalue_pledges import (
    JOB_SUBJECT,
    TASK,
    begin_run,
    figures_of,
    holdings,
    market_of,
    price_at,
    revalue_group,
)
from domain.values.actors import Actor
from tests.builders import NOW
from tests.database_session import Database
from tests.integration.business import Business, open_for_business
from tests.integration.revaluation_scene import OFFICER, Place, kinds, revalue, snapshots, the_item


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


class Crash(BaseException):
    """Nobody handles it, as nobody handles the end of a process."""


def test_who_crashes_between_two_pledges_leaves_each_old_or_new_and_the_next_run_finishes(business: Business) -> None:
    place = Place(business)
    pledges = [place.lent()[0][0] for _ in range(3)]
    before = {pledge: the_item(business, pledge) for pledge in pledges}
    place.deals("1300.00", days_ago=0)

    with pytest.raises(Crash):
        asyncio.run(_crashing(business, sorted(pledges)[1]))
    changed = [pledge for pledge in pledges if the_item(business, pledge) != before[pledge]]
    assert changed == sorted(pledges)[:1]
    assert [kinds(business, pledge) for pledge in sorted(pledges)] == [["call"], [], []]

    revalue(business)
    assert [kinds(business, pledge) for pledge in pledges] == [["call"]] * 3
    assert business.sql("select finished_at is not null from revaluation_runs order by sequence desc limit 2") == [
        (True,),
        (False,),
    ]


def test_a_pledge_that_fails_does_not_keep_the_others_from_their_values(business: Business) -> None:
    place = Place(business)
    pledges = [place.lent()[0][0] for _ in range(2)]
    place.deals("1300.00", days_ago=0)

    with pytest.raises(PledgesLeft), capture_logs():
        asyncio.run(_crashing(business, min(pledges), ValueError))

    assert [kinds(business, pledge) for pledge in sorted(pledges)] == [[], ["call"]]


async def _crashing(business: Business, at: str, error: type[BaseException] | None = None) -> None:
    """Revalue, and crash after a pledge was written and before that is committed."""

    @asynccontextmanager
    async def opened(house: House, actor: Actor | None) -> AsyncIterator[EdgeUnitOfWork]:
        async with house.open(actor) as uow:
            keep = uow.revaluations.add

            async def add(snapshots: Sequence[Snapshot]) -> None:
                await keep(snapshots)
                if any(each.pledge_id == at for each in snapshots):
                    raise error or Crash

            uow.revaluations.add = add  # type: ignore[method-assign]  # the crash
            yield uow

    async with business.worker_house() as house:
        await revalue_pledges(replace(house, open=partial(opened, house)))


def test_a_run_that_another_one_has_overtaken_writes_nothing_any_more(business: Business) -> None:
    place = Place(business)
    [pledge], _ = place.lent()
    place.deals("1300.00", days_ago=0)

    async def overtaken() -> list[object]:
        async with business.worker_house() as house:
            async with house.open(None) as uow:
                run = await begin_run(uow, NOW)
                await uow.commit()
            async with house.open(None) as uow:
                held = [each for each in await holdings(uow, house.rulebook, run) if each.pledged.pledge_id == pledge]
                [lot] = held
                market = await market_of(uow, lot.keys[0], lot.lot.subject, run)
            figures = figures_of(held, {lot.keys[0]: price_at(lot.lot.subject, market, run)}, run)
            async with house.open(None) as uow:
                await begin_run(uow, NOW)
                await uow.commit()
            async with house.open(None) as uow:
                outcome = await revalue_group(uow, pledge, figures, run, NOW)
                await uow.commit()
            return [len(figures), outcome]

    assert asyncio.run(overtaken()) == [1, None]
    assert snapshots(business, pledge) == []


def test_published_prices_ask_for_one_revaluation_and_private_ones_for_none(business: Business) -> None:
    place = Place(business, price=None)

    def waiting() -> list[tuple[Any, ...]]:
        return business.sql(
            "select task_name, lock, args::text from procrastinate_jobs where task_name = %s and status = 'todo'", TASK
        )

    business.sql("delete from procrastinate_jobs")
    place.deals("4000.00", days_ago=10, client=OFFICER)
    assert waiting() == []
    place.deals("4000.00", days_ago=10)
    place.deals("4100.00", days_ago=0)
    assert waiting() == [(TASK, JOB_SUBJECT, "{}")]

    business.sql("update procrastinate_jobs set status = 'doing'")
    place.deals("4200.00", days_ago=20)
    assert len(waiting()) == 1


def test_a_run_waits_for_those_who_rely_on_it(business: Business) -> None:
    async def waited() -> bool:
        async with business.worker_house() as house:
            async with house.open(None) as enqueuer:
                await enqueuer.jobs.enqueue_once(TASK, JOB_SUBJECT)
                async with house.open(None) as other:
                    await other.jobs.enqueue_once(TASK, JOB_SUBJECT)
                    beginning = asyncio.create_task(_begun(house))
                    await asyncio.wait([beginning], timeout=0.2)
                    waits = not beginning.done()
                    await other.commit()
                await enqueuer.commit()
            await beginning
            return waits

    assert asyncio.run(waited())


async def _begun(house: House) -> None:
    async with house.open(None) as uow:
        await begin_run(uow, NOW)
        await uow.commit()
