"""Follow the entries at the notice registry: they end on their last day, and others may change them without us.

An entry that expires is never a release: the pledge stays what it is, its publicity is gone, and the bank is told. A
guarantor objects at the register itself, and whoever has the code may discharge there; both are seen by looking.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from domain.pledges.notices import LIVE, NOTICE_TRANSITIONS, NoticeEvent, notice_of
from domain.pledges.pledges import Pledge, RegistrationStatus
from domain.ports.notice_registry import ListingStatus, NoticeListing
from domain.ports.unit_of_work import UnitOfWork
from domain.use_cases.order_notice import tell, with_notice
from domain.values.actors import WORKER
from domain.values.time import business_date

_SEEN: Final[Mapping[tuple[RegistrationStatus, ListingStatus], NoticeEvent]] = MappingProxyType(
    {
        (RegistrationStatus.REGISTERED, ListingStatus.OBJECTED): NoticeEvent.OBJECTED,
        (RegistrationStatus.OBJECTED, ListingStatus.REGISTERED): NoticeEvent.OBJECTION_LIFTED,
        **{(status, ListingStatus.EXPIRED): NoticeEvent.EXPIRED for status in LIVE},
        **{(status, ListingStatus.DISCHARGED): NoticeEvent.DISCHARGED for status in LIVE},
    }
)
"""What must have happened for an entry of this status to be listed so."""


async def expire_notice(uow: UnitOfWork, pledge_id: str, now: datetime) -> bool:
    """End a live entry whose last day has passed in Shanghai; false where it stands (an extension came before)."""
    pledge = await uow.pledges.lock(pledge_id)
    entry = await uow.notices.entry_of(pledge_id)
    if pledge is None or entry is None or notice_of(pledge).status not in LIVE:
        return False
    if entry.expires_on >= business_date(now):
        return False
    await _happened(uow, pledge, NoticeEvent.EXPIRED, {"expires_on": entry.expires_on.isoformat()}, now)
    return True


async def record_listing(uow: UnitOfWork, pledge_id: str, listing: NoticeListing, now: datetime) -> bool:
    """Write what the register shows of a live entry; false where it shows nothing new.

    Amount and last day are taken over as well, because the register's word is the one that counts.
    """
    pledge = await uow.pledges.lock(pledge_id)
    entry = await uow.notices.entry_of(pledge_id)
    if pledge is None or entry is None or listing.certificate_no != entry.certificate_no:
        return False
    told = replace(
        entry,
        description=listing.description,
        secured_amount=listing.secured_amount,
        expires_on=listing.expires_on,
    )
    if told != entry:
        await uow.notices.put_entry(told, now)
        amount = {"secured_amount": told.secured_amount.wire(), "expires_on": told.expires_on.isoformat()}
        await tell(uow, WORKER, pledge, "changed", amount, now)
    event = _SEEN.get((notice_of(pledge).status, listing.status))
    if event is not None:
        await _happened(uow, pledge, event, {"certificate_no": entry.certificate_no}, now)
    return event is not None or told != entry


async def _happened(
    uow: UnitOfWork, pledge: Pledge, event: NoticeEvent, details: Mapping[str, object], now: datetime
) -> None:
    status = NOTICE_TRANSITIONS[notice_of(pledge).status, event]
    changed = replace(with_notice(pledge, status), updated_at=now, version=pledge.version + 1)
    await uow.pledges.save(changed)
    await tell(uow, WORKER, changed, event.value, {**details, "status": status.value}, now)
