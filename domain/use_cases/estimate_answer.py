"""Estimate by when a pledge's orders will have been answered; reads only.

What a registry lately took is measured on the orders that the reader may see, and no others, so that nobody learns of
another's business by its speed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.pledges.estimates import Estimate, Waiting, estimate, latest
from domain.pledges.opening import ALWAYS_OPEN, Opening
from domain.ports.unit_of_work import UnitOfWork
from domain.values.working_days import CalendarUnknown

LATELY: Final = timedelta(days=30)
ORDERS_MAX: Final = 200


async def estimate_of_pledge(
    uow: UnitOfWork, openings: Mapping[str, Opening], pledge_id: str, now: datetime
) -> Estimate | None:
    """Return by when the last of a pledge's open orders is expected to be answered, none where none is open."""
    waiting = await uow.estimates.waiting(pledge_id)
    estimates = []
    for registry in sorted({each.registry for each in waiting}):
        those = [each for each in waiting if each.registry == registry]
        estimates += await _estimates_at(uow, openings, registry, those, now)
    return latest(estimates) if estimates else None


async def estimate_of(uow: UnitOfWork, openings: Mapping[str, Opening], waiting: Waiting, now: datetime) -> Estimate:
    """Return by when one order is expected to be answered."""
    [found] = await _estimates_at(uow, openings, waiting.registry, [waiting], now)
    return found


async def _estimates_at(
    uow: UnitOfWork, openings: Mapping[str, Opening], registry: str, waiting: Sequence[Waiting], now: datetime
) -> list[Estimate]:
    opening = openings.get(registry, ALWAYS_OPEN)
    closure = await uow.estimates.newest_closure(registry)
    lives = await uow.estimates.lived(registry, now - LATELY, ORDERS_MAX)
    lived = [span for span in (_open_time(opening, *life) for life in lives) if span is not None]
    return [estimate(now, each, opening, closure, lived) for each in waiting]


def _open_time(opening: Opening, given: datetime, answered: datetime) -> timedelta | None:
    try:
        return opening.open_time_between(given, answered)
    except CalendarUnknown:
        return None
