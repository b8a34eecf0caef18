"""The jobs that watch rights, run when a test says so, as the worker's own role and at the moment that it names."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

from api.house import House
from api.jobs.calendar import turn_the_calendar
from api.jobs.reconciliation import compare_right, reconcile_registry
from api.jobs.revaluation import revalue_pledges
from api.jobs.reviews import review_right
from domain.pledges.registry_orders import OrderKind
from domain.use_cases.hear_registry import COMPARE_TASK, REVIEW_TASK
from domain.use_cases.reconcile_registry import RUN_TASK
from domain.values.identifiers import RegistryNo
from domain.values.quantity import Quantity, Unit
from tests.builders import HOLDER, NOW
from tests.integration.business import Business

WATCHED: Final = [REVIEW_TASK, COMPARE_TASK, RUN_TASK]
LATER: Final = NOW + timedelta(minutes=1)


def watch(business: Business, at: datetime = LATER) -> None:
    """Run every waiting job that watches rights, and those that these leave behind."""
    asyncio.run(_watch(business, at))


def revalue(business: Business, at: datetime = LATER) -> None:
    """Value everything that is pledged anew."""
    asyncio.run(_in_house(business, at, revalue_pledges))


def turn(business: Business, at: datetime) -> int:
    """Let a day do what it does."""
    return int(asyncio.run(_in_house(business, at, turn_the_calendar)))


def verify(business: Business, right_id: str, expected: int = 200) -> Any:  # noqa: ANN401 - any JSON answer
    """Let the holder ask the registry again, and the jobs do what follows."""
    ((number, registry),) = business.sql("select registry_no, registry from rights where id = %s", right_id)
    body = {"registry": registry, "registry_no": number, "holder_uscc": HOLDER}
    answer = business.post("enterprise.shaoxing", "/v1/rights/verifications", body, expected)
    watch(business)
    return answer


def registry_acts(business: Business, right_id: str, kind: str, amount: str | None = None, **facts: Any) -> RegistryNo:  # noqa: ANN401 - facts of the change
    """Let the registry or a court do something to a right by itself."""
    ((number, unit),) = business.sql("select registry_no, unit from rights where id = %s", right_id)
    quantity = None if amount is None else Quantity.parse(amount, Unit(unit))
    business.registry.change("zhejiang", RegistryNo(number), kind, quantity=quantity, **facts)
    return RegistryNo(number)


def forget_freezes(business: Business, number: RegistryNo) -> None:
    """Let the registry undo behind our back what it froze of a right for us."""
    kept = [
        each
        for each in business.registry.executed
        if each.order.registry_no != number or each.order.kind is not OrderKind.FREEZE
    ]
    business.registry.executed[:] = kept


def kinds(business: Business, pledge: str, client: str = "bank-a.officer") -> list[str]:
    """Return what has befallen a pledge, in words."""
    return [each["kind"] for each in business.get(client, f"/v1/pledges/{pledge}")["impairments"]]


def events(business: Business, subject: str) -> list[tuple[str, list[str]]]:
    """Return a subject's events with whom each is for, oldest first."""
    rows = business.sql("select type, parties from events where subject = %s order by sequence", subject)
    return [(kind, sorted(parties)) for kind, parties in rows]


async def _watch(business: Business, at: datetime) -> None:
    steps: dict[str, Callable[[House, str], Awaitable[None]]] = {
        REVIEW_TASK: review_right,
        COMPARE_TASK: compare_right,
        RUN_TASK: reconcile_registry,
    }
    async with business.worker_house(at) as house:
        while True:
            waiting = business.sql(
                "delete from procrastinate_jobs where id = (select min(id) from procrastinate_jobs"
                " where status = 'todo' and task_name = any(%s)) returning task_name, args",
                WATCHED,
            )
            if not waiting:
                return
            ((task, arguments),) = waiting
            await steps[task](house, next(iter(arguments.values())))


async def _in_house(business: Business, at: datetime, act: Callable[[House], Awaitable[Any]]) -> Any:  # noqa: ANN401 - what it returns
    async with business.worker_house(at) as house:
        return await act(house)
