"""A step that ran twice has one that follows it, and a lost job never stands in for one."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from tests.builders import NOW
from tests.database_session import Database
from tests.integration.business import Business, open_for_business

TASK, SUBJECT = "carry_out_order", "right:right_one"
LATER = NOW + timedelta(minutes=5)


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


def waiting(business: Business) -> list[str]:
    rows = business.sql("select args ->> 'order_id' from procrastinate_jobs where status = 'todo' order by id")
    return [str(order_id) for (order_id,) in rows]


def follow(business: Business, *orders: str) -> None:
    async def enqueue() -> None:
        async with business.worker_house() as house:
            for order_id in orders:
                async with house.open(None) as uow:
                    await uow.jobs.enqueue_next(TASK, SUBJECT, {"order_id": order_id}, LATER)
                    await uow.commit()

    asyncio.run(enqueue())


def test_a_step_that_ran_twice_has_one_next_step_for_each_order(business: Business) -> None:
    business.sql("delete from procrastinate_jobs")
    follow(business, "order_a", "order_a", "order_b")
    assert waiting(business) == ["order_a", "order_b"]


@pytest.mark.parametrize("change", ["status = 'doing'", "attempts = 1", "lock = 'right:another'"])
def test_a_job_that_runs_or_was_given_out_again_does_not_stand_in_for_the_next_step(
    business: Business, change: str
) -> None:
    business.sql("delete from procrastinate_jobs")
    follow(business, "order_a")
    business.sql(f"update procrastinate_jobs set {change}")
    follow(business, "order_a")
    [(jobs,)] = business.sql("select count(*) from procrastinate_jobs")
    assert jobs == 2
