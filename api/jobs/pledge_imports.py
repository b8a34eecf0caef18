"""Ask the registries of a batch of existing pledges, row by row, and bring in what they show.

No transaction is open while a registry is asked. A registry that does not answer stops the batch where it is; the job
comes again later and goes on there.
"""

from typing import Final

import structlog

from api.house import House
from domain.pledges.imports import BroughtPledge, totals
from domain.ports.registry import RegistryRightNotFound
from domain.use_cases.import_pledges import Told, actor_of, next_row, take_in_row

log: Final = structlog.get_logger("greenlien.jobs")


async def import_pledges(house: House, import_id: str) -> None:
    """Take in every row that has no result yet; raises RegistryUnavailable."""
    while True:
        async with house.open(None) as uow:
            found = await next_row(uow, import_id)
        if found is None:
            break
        imported, position = found
        told = await _asked(house, imported.rows[position])
        actor = actor_of(imported)
        async with house.open(actor) as uow:
            result = await take_in_row(uow, actor, import_id, position, told, house.now())
            await uow.commit()
        log.info("pledge_row", import_id=import_id, position=position, outcome=result.outcome.value)
    async with house.open(None) as uow:
        finished = await uow.pledge_imports.find(import_id)
    if finished is not None:
        counts = {outcome.value: count for outcome, count in totals(finished.results).items()}
        log.info("pledges_imported", import_id=import_id, **counts)


async def _asked(house: House, row: BroughtPledge) -> Told:
    """Ask for the freeze before the right, so that what the registry counts as frozen includes it."""
    try:
        freeze = await house.registry.lookup_freeze(row.registry, row.registry_no, row.registry_ref)
        (right,) = await house.registry.lookup_right(row.registry, registry_no=row.registry_no)
    except RegistryRightNotFound:
        return Told(None, None)
    return Told(right, freeze)
