"""Look at what a change of a right means for the pledges on it, in one transaction that may be repeated."""

import structlog

from api.house import House
from domain.use_cases.review_right import review_right as review

log = structlog.get_logger("greenlien.jobs")


async def review_right(house: House, right_id: str) -> None:
    """Bring the impairments on a right up to date, and tell whom it concerns."""
    async with house.open(None) as uow:
        await review(uow, right_id, house.now())
        await uow.commit()
    log.info("right_reviewed", right_id=right_id)
