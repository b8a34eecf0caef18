"""Orders at the notice registry, searches after registration, and the daily look at every entry that stands.

Each step commits before the next begins, as with the emission registry: whoever crashes leaves an order that was
recorded (nothing was sent) or sent (ask before sending again).
"""

from datetime import timedelta
from typing import Final

import structlog

from api.house import House
from domain.ports.estimates import NOTICE_REGISTRY
from domain.ports.notice_registry import NoticeAnswer, NoticeListings, NoticeMessage
from domain.ports.registry import RegistryClosed, RegistryRight, RegistryRightNotFound, RegistryUnavailable
from domain.use_cases import carry_out_notice as notices
from domain.use_cases.carry_out_order import Step
from domain.use_cases.follow_notices import expire_notice, record_listing
from domain.use_cases.search_again import SearchWanted, enqueue_search, record_search, search_wanted
from domain.values.identifiers import RegistryNo
from domain.values.time import business_date

FORGOTTEN: Final = "an order that it accepted is unknown to it"
SEARCH_AGAIN_AFTER: Final = timedelta(seconds=30)
BATCH: Final = 200

log: Final = structlog.get_logger("greenlien.jobs")


async def carry_out_notice(house: House, order_id: str) -> None:
    """Take an order one answer further; what is still open has enqueued its own next step."""
    async with house.open(None) as uow:
        instruction = await notices.next_notice_step(uow, order_id)
    message = instruction.message
    if message is None:
        return
    closed_until = house.closed_until(NOTICE_REGISTRY)
    if closed_until is not None:
        async with house.open(None) as uow:
            await notices.wait_for_notice_opening(uow, order_id, closed_until)
            await uow.commit()
        return
    try:
        if instruction.step is Step.QUERY:
            answer = await _asked(house, message)
        else:
            if not await _claim(house, order_id):
                return
            answer = await house.notice_registry.send_order(message)
    except RegistryUnavailable as silence:
        closed = isinstance(silence, RegistryClosed)
        async with house.open(None) as uow:
            await notices.record_notice_silence(uow, order_id, silence.reason, closed=closed, now=house.now())
            await uow.commit()
        log.warning("notice_registry_silent", order_id=order_id, reason=silence.reason, closed=closed)
        return
    async with house.open(None) as uow:
        await notices.record_notice_answer(uow, order_id, answer, house.now())
        await uow.commit()
    log.info("notice_registry_answered", order_id=order_id, status=answer.status.value)


async def _asked(house: House, message: NoticeMessage) -> NoticeAnswer:
    """Return what became of an order that may have been sent; one that was never seen is sent again."""
    answer = await house.notice_registry.query_order(message.order_id)
    if answer is not None:
        return answer
    if not await _claim(house, message.order_id):
        raise RegistryUnavailable("notice_registry", FORGOTTEN)
    return await house.notice_registry.send_order(message)


async def _claim(house: House, order_id: str) -> bool:
    async with house.open(None) as uow:
        claimed = await notices.claim_notice(uow, order_id, house.now())
        await uow.commit()
        return claimed


async def search_again(house: House, pledge_id: str) -> bool:
    """Search the registers for a pledge and write what they tell; false when one did not answer, and it comes again."""
    async with house.open(None) as uow:
        wanted = await search_wanted(uow, pledge_id)
    if wanted is None:
        return True
    try:
        told, listings = await _found(house, wanted)
    except RegistryUnavailable as silence:
        log.warning("search_unanswered", pledge_id=pledge_id, registry=silence.registry, reason=silence.reason)
        await _search_later(house, pledge_id)
        return False
    async with house.open(None) as uow:
        search = await record_search(uow, wanted, told, listings, house.now())
        await uow.commit()
    log.info("searched_again", pledge_id=pledge_id, clear=search.clear)
    return True


async def _found(house: House, wanted: SearchWanted) -> tuple[dict[RegistryNo, RegistryRight], list[NoticeListings]]:
    """Ask both registers; a right that its registry no longer knows is simply not among those told."""
    told: dict[RegistryNo, RegistryRight] = {}
    for registry, number in wanted.rights:
        try:
            rights = await house.registry.lookup_right(registry, registry_no=number)
        except RegistryRightNotFound:
            continue
        told.update({right.registry_no: right for right in rights})
    return told, [await house.notice_registry.search(debtor) for debtor in wanted.debtors]


async def _search_later(house: House, pledge_id: str) -> None:
    async with house.open(None) as uow:
        pledge = await uow.pledges.find(pledge_id)
        if pledge is not None:
            await enqueue_search(uow, pledge, house.now() + SEARCH_AGAIN_AFTER)
        await uow.commit()


async def follow_notices(house: House) -> int:
    """End the entries whose last day has passed, then look at every other; returns how many changed."""
    changed = await _expire(house)
    after = ""
    while True:
        async with house.open(None) as uow:
            entries = await uow.notices.live_entries(after, BATCH)
        if not entries:
            return changed
        after = entries[-1].pledge_id
        numbers = {entry.certificate_no: entry.pledge_id for entry in entries}
        try:
            found = await house.notice_registry.find(list(numbers))
        except RegistryUnavailable as silence:
            log.warning("notices_unfollowed", reason=silence.reason)
            return changed
        for listing in found.items:
            async with house.open(None) as uow:
                changed += await record_listing(uow, numbers[listing.certificate_no], listing, house.now())
                await uow.commit()


async def _expire(house: House) -> int:
    """End every entry whose last day has passed; what cannot be ended now is left to the next night."""
    expired = 0
    while True:
        async with house.open(None) as uow:
            ended = await uow.notices.ended_before(business_date(house.now()), BATCH)
        before = expired
        for pledge_id in ended:
            async with house.open(None) as uow:
                expired += await expire_notice(uow, pledge_id, house.now())
                await uow.commit()
        if expired == before:
            return expired
