"""Let every day do to rights and posted holds what it does, each in a transaction of its own."""

from typing import Final

import structlog

from api.house import House
from domain.use_cases.expire_rights import apply_calendar, expire_hold, is_due
from domain.values.time import business_date

BATCH: Final = 500

log: Final = structlog.get_logger("greenlien.jobs")


async def turn_the_calendar(house: House) -> int:
    """Apply today to every right and hold that it concerns; returns how many it changed or told of."""
    changed = await _holds(house)
    after: str | None = None
    while True:
        async with house.open(None) as uow:
            rights = await uow.rights.usable(after, BATCH)
        today = business_date(house.now())
        for right in rights:
            if is_due(right, house.rulebook, today):
                async with house.open(None) as uow:
                    changed += await apply_calendar(uow, house.rulebook, right.id, house.now())
                    await uow.commit()
        if len(rights) < BATCH:
            break
        after = rights[-1].id
    log.info("calendar_turned", changed=changed)
    return changed


async def _holds(house: House) -> int:
    async with house.open(None) as uow:
        overdue = await uow.holds.overdue(house.now(), BATCH)
    ended = 0
    for hold_id in overdue:
        async with house.open(None) as uow:
            ended += await expire_hold(uow, hold_id, house.now())
            await uow.commit()
    return ended
