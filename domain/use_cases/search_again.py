"""The search after registration: only once our own entries stand do the registers show what stands before them.

It looks each right up at its registry (still there, same holder, usable, not taken by others beyond what there is)
and, where the notice registry has an entry of ours, searches that register by every pledgor. Other entries on the
same rights are counted into the rank by the register's time; another's live entry with an earlier time is a finding.

Source: house decision 8; civil code art. 414 (rank by time of registration).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.pledges.notices import LIVE, NoticeEntry, PledgeSearch, notice_of, standing_references
from domain.pledges.pledges import Pledge
from domain.ports.notice_registry import ListingStatus, NoticeListing, NoticeListings
from domain.ports.registry import RegistryRight
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.rights import USABLE, Right
from domain.values.actors import WORKER
from domain.values.identifiers import RegistryNo, Uscc, new_id

TASK: Final = "search_again"
_LIVE_LISTINGS: Final = frozenset({ListingStatus.REGISTERED, ListingStatus.OBJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchWanted:
    """What must be asked: rights by registry and number, and debtors where we have an entry.

    `covers` are the references that stand now, before anything is asked.
    """

    pledge_id: str
    rights: tuple[tuple[str, RegistryNo], ...]
    debtors: tuple[Uscc, ...]
    covers: tuple[str, ...]


async def enqueue_search(uow: UnitOfWork, pledge: Pledge, at: datetime | None = None) -> None:
    """Enqueue the search of a pledge; those of one pledge run one after another."""
    await uow.jobs.enqueue(TASK, f"search:{pledge.id}", {"pledge_id": pledge.id}, at)


async def search_wanted(uow: UnitOfWork, pledge_id: str) -> SearchWanted | None:
    """Return what to ask for a pledge; none where there is no such."""
    pledge = await uow.pledges.find(pledge_id)
    if pledge is None:
        return None
    rights = await uow.rights.find_many([item.right_id for item in pledge.items])
    published = notice_of(pledge).status in LIVE
    return SearchWanted(
        pledge_id=pledge.id,
        rights=tuple(sorted((right.registry, right.registry_no) for right in rights.values())),
        debtors=pledge.pledgors if published else (),
        covers=standing_references(pledge),
    )


async def record_search(
    uow: UnitOfWork,
    wanted: SearchWanted,
    told: Mapping[RegistryNo, RegistryRight],
    listings: Sequence[NoticeListings],
    now: datetime,
) -> PledgeSearch:
    """Write what the registers told; the pledge itself stays as it is, and its conditions say whether it is enough."""
    pledge = await uow.pledges.lock(wanted.pledge_id)
    assert pledge is not None, "the search was wanted for a pledge"
    rights = await uow.rights.find_many([item.right_id for item in pledge.items])
    findings = [finding for item in pledge.items for finding in _of_right(rights[item.right_id], told)]
    entry = await uow.notices.entry_of(pledge.id)
    rank = None
    if entry is not None and notice_of(pledge).status in LIVE and listings:
        before = earlier_entries(entry, [each for found in listings for each in found.items])
        rank = len(before) + 1
        findings += [f"earlier_notice:{each.certificate_no}" for each in before]
    evidence = "\n".join(
        [*sorted(right.evidence_sha256 for right in told.values()), *(each.evidence_sha256 for each in listings)]
    )
    search = PledgeSearch(
        id=new_id("check"),
        pledge_id=pledge.id,
        parties=pledge.parties,
        searched_at=now,
        clear=not findings,
        findings=tuple(dict.fromkeys(findings)),
        covers=wanted.covers,
        notice_rank=rank,
        evidence_sha256=hashlib.sha256(evidence.encode()).hexdigest(),
    )
    await uow.notices.add_search(search)
    details = {"check_id": search.id, "clear": search.clear, "findings": list(search.findings)}
    await uow.audit.write(WORKER, "pledge.searched", pledge.id, details, pledge.parties, now)
    await uow.outbox.publish("pledge.searched", pledge.id, details, pledge.parties, now)
    return search


def earlier_entries(entry: NoticeEntry, found: Sequence[NoticeListing]) -> list[NoticeListing]:
    """Return the live entries of the register on any of the same rights with an earlier time, each once.

    Two of the same second are told apart by their certificate numbers, so that never both stand first.
    """
    ours = set(entry.asset_numbers)
    others = {each.certificate_no: each for each in found if each.certificate_no != entry.certificate_no}
    place = (entry.registered_at, entry.certificate_no)
    return [
        each
        for number, each in sorted(others.items())
        if each.status in _LIVE_LISTINGS
        and ours.intersection(each.asset_numbers)
        and (each.registered_at, number) < place
    ]


def _of_right(right: Right, told: Mapping[RegistryNo, RegistryRight]) -> list[str]:
    """Return what is wrong with a right as its registry tells it now."""
    now = told.get(right.registry_no)
    if now is None:
        return [f"right_not_found:{right.registry_no}"]
    checks = {
        "holder_changed": now.holder_uscc != right.holder_uscc,
        "right_not_usable": now.status not in USABLE,
        "right_overtaken": now.frozen.to(now.quantity.unit) > now.quantity,
    }
    return [f"{code}:{right.registry_no}" for code, found in checks.items() if found]
