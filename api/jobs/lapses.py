"""Let applications lapse that nobody moved for the set number of working days; without a calendar nothing lapses."""

from datetime import timedelta
from typing import Final

import structlog

from api.house import House
from domain.use_cases.decide_on_pledge import lapse_pledge
from domain.values.working_days import CalendarUnknown

BATCH: Final = 200
log: Final = structlog.get_logger("greenlien.jobs")


async def lapse_pledges(house: House, working_days: int) -> int:
    """Lapse what is due, each in a transaction of its own; returns how many did."""
    async with house.open(None) as uow:
        candidates = await uow.pledges.waiting_since(house.now() - timedelta(days=working_days), BATCH)
    lapsed = 0
    for pledge_id in candidates:
        async with house.open(None) as uow:
            try:
                lapsed += await lapse_pledge(uow, pledge_id, working_days, house.now())
            except CalendarUnknown as unknown:
                log.error("calendar_unknown", pledge_id=pledge_id, **unknown.facts())  # noqa: TRY400 - no traceback is needed
                return lapsed
            await uow.commit()
    return lapsed
