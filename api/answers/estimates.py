"""By when a registry is expected to have answered, as every answer prints it that waits for one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from api.answers.rights import instant
from api.house import EdgeUnitOfWork, House
from domain.pledges.estimates import Estimate, Waiting
from domain.pledges.lifecycle import State
from domain.use_cases.estimate_answer import estimate_of, estimate_of_pledge

ORDERING: Final = frozenset(State) - {State.DRAFT, State.REJECTED, State.WITHDRAWN}
"""States in which an order may be open; a released pledge may still wait for the discharge of its publicity."""


def estimate_answer(estimate: Estimate | None) -> dict[str, object]:
    """Return the members `expected_by` and `estimate`; both none where nothing is waited for."""
    if estimate is None:
        return {"expected_by": None, "estimate": None}
    return {
        "expected_by": instant(estimate.expected_by),
        "estimate": {
            "reason": None if estimate.reason is None else estimate.reason.value,
            "basis": None if estimate.basis is None else estimate.basis.value,
            "orders_seen": estimate.orders_seen,
            "median_seconds": None if estimate.median is None else int(estimate.median.total_seconds()),
            "p90_seconds": None if estimate.p90 is None else int(estimate.p90.total_seconds()),
        },
    }


def retry_after(status: int, estimate: Estimate | None, now: datetime) -> Mapping[str, str]:
    """Return the header of an answer that waits for a registry; none for any other."""
    if estimate is None or status != 202:  # noqa: PLR2004 - 202 Accepted
        return {}
    return {"Retry-After": str(estimate.retry_after(now))}


async def pledge_estimate(house: House, uow: EdgeUnitOfWork, pledge_id: str) -> Estimate | None:
    """Return by when the pledge's open orders are expected to be answered, none where none is open."""
    return await estimate_of_pledge(uow, house.openings, pledge_id, house.now())


async def question_estimate(
    house: House, uow: EdgeUnitOfWork, registry: str, question_id: str, since: datetime
) -> Estimate:
    """Return by when a question is expected to be answered; it takes no longer than an order."""
    waiting = Waiting(order_id=question_id, registry=registry, since=since)
    return await estimate_of(uow, house.openings, waiting, house.now())
