"""Value every pledge anew: once a business day in the evening, and soon after prices were published.

Each step commits before the next begins: the run, each stale price, each group of pledges. A group that fails keeps its
old values and does not keep the others from theirs; the job then fails, and its next attempt finds them done.
What takes the processor for long runs in a thread, so that the worker's heart goes on beating.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from api.house import House
from domain.ports.revaluations import Run
from domain.use_cases.revalue_pledges import (
    Holding,
    Outcome,
    asking,
    begin_run,
    figures_of,
    holdings,
    market_of,
    price_at,
    revalue_group,
    tell_stale,
)
from domain.valuation.revaluation import KeyPrice, PriceKey

log: Final = structlog.get_logger("greenlien.jobs")


class PledgesLeft(Exception):
    """Say that some groups of pledges could not be valued and wait for the next attempt; why is in the log."""


async def revalue_pledges(house: House) -> None:
    """Bring every pledge under control to today's values, and tell whose coverage has another level.

    Raises:
        PledgesLeft: not all of them; those that were done are done.
    """
    async with house.open(None) as uow:
        run = await begin_run(uow, house.now())
        await uow.commit()
    async with house.open(None) as uow:
        held = await holdings(uow, house.rulebook, run)
    prices = await _prices(house, held, run)
    await _tell_stale(house, held, prices)
    figures = await asyncio.to_thread(figures_of, held, prices, run)
    done: dict[str, Outcome] = {}
    failed = 0
    for pledge_id in sorted({each.pledged.pledge_id for each in held}):
        if pledge_id in done:
            continue
        try:
            async with house.open(None) as uow:
                outcome = await revalue_group(uow, pledge_id, figures, run, house.now())
                await uow.commit()
        except Exception:
            log.exception("revaluation_failed", pledge_id=pledge_id, run_id=run.id)
            failed += 1
            continue
        if outcome is None:
            log.info("revaluation_overtaken", run_id=run.id)
            return
        done |= dict.fromkeys((*outcome.seen, pledge_id), outcome)
    if failed:
        raise PledgesLeft(failed)
    await _finish(house, run, done)


async def _prices(house: House, held: Sequence[Holding], run: Run) -> dict[PriceKey, KeyPrice]:
    """Return what each key says; a bank's own deals are looked at only where what everybody is told says nothing."""
    prices: dict[PriceKey, KeyPrice] = {}
    for each in held:
        for key in each.keys:
            if key not in prices:
                async with house.open(asking(key)) as uow:
                    market = await market_of(uow, key, each.lot.subject, run)
                prices[key] = await asyncio.to_thread(price_at, each.lot.subject, market, run)
            if prices[key].quote is not None:
                break
    return prices


async def _tell_stale(house: House, held: Sequence[Holding], prices: Mapping[PriceKey, KeyPrice]) -> None:
    """Tell of each stale price to the parties of the pledges that rest on it, of a bank's own deals to the bank."""
    readers: dict[PriceKey, dict[str, None]] = {}
    for each in held:
        for key in each.keys:
            if key in prices:
                parties = each.pledged.parties if key.owner is None else (key.owner,)
                readers.setdefault(key, {}).update(dict.fromkeys(parties))
    for key, told in readers.items():
        if prices[key].is_stale:
            async with house.open(None) as uow:
                await tell_stale(uow, key, prices[key], tuple(told), house.now())
                await uow.commit()


async def _finish(house: House, run: Run, done: Mapping[str, Outcome]) -> None:
    groups = {outcome.seen: outcome for outcome in done.values()}.values()
    counts = {
        "pledges": sum(len(each.seen) for each in groups),
        "changed": sum(each.changed for each in groups),
        "unpriced": sum(each.unpriced for each in groups),
    }
    async with house.open(None) as uow:
        await uow.revaluations.finish(run, house.now(), **counts)
        await uow.commit()
    log.info("revalued", run_id=run.id, price_day=run.price_day.isoformat(), **counts)
