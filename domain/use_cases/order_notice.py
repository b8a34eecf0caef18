"""Order an entry at the notice registry, or its change: one order a step, committed before anything is sent.

The pledgee registers, amends, extends and discharges; a pledgor objects. A register that examines nothing takes
whatever it is told, so the refusals are ours: nothing while an earlier order is unanswered, no change of what does
not stand, no discharge while the pledge still secures.

Source: 中国人民银行令〔2021〕第7号 (the parties register themselves; the guarantor objects; from memory).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from domain.pledges.lifecycle import TERMINAL, PledgeCannotMove, State
from domain.pledges.notices import (
    EXECUTED_EVENT,
    LIVE,
    NoticeContent,
    NoticeEvent,
    NoticeKind,
    NoticeOrder,
    RegistrationCannotMove,
    RegistrationInUse,
    RegistrationPending,
    checked_term,
    extended,
    moved,
    notice_of,
    term_from,
)
from domain.pledges.pledges import Pledge, Register, RegistrationStatus, SecuredKind
from domain.pledges.registry_orders import SETTLED, OrderState
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden
from domain.rights.rights import Right
from domain.use_cases.change_pledge import fetch
from domain.values.actors import WORKER, Actor
from domain.values.identifiers import new_id
from domain.values.money import Money
from domain.values.time import business_date

TASK: Final = "carry_out_notice"
ENDED: Final = frozenset({State.RELEASED, State.DISPOSED})
"""States in which an entry that still stands says what is no longer so."""
DESCRIPTION_LENGTH_MAX: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedNotice:
    """What the pledgee wants registered; a description of none is written from the rights."""

    term_months: int
    description: str | None
    secured_amount: Money | None
    attachments: tuple[str, ...]


async def register_notice(
    uow: UnitOfWork, actor: Actor, pledge_id: str, wanted: WantedNotice, if_match: int | None, now: datetime
) -> Pledge:
    """Order the entry of a submitted pledge; from then on the bank demands it before it disburses.

    Raises:
        Forbidden: not a person of the pledgee.
        PledgeCannotMove: a draft, or a pledge that has ended.
        RegistrationPending, RegistrationCannotMove: an order is open, or an entry stands.
        InvalidTerm: not 1 to 360 months.
    """
    pledge = await _by_pledgee(uow, actor, pledge_id, if_match)
    if pledge.status is State.DRAFT or pledge.status in TERMINAL:
        raise PledgeCannotMove(pledge.status.value, "registered")
    term_from(business_date(now), checked_term(wanted.term_months))
    rights = await uow.rights.find_many([item.right_id for item in pledge.items])
    secured = pledge.secured
    content = NoticeContent(
        description=wanted.description or described(pledge, rights),
        secured_amount=wanted.secured_amount or secured.amount,
        maximum=secured.kind is SecuredKind.MAXIMUM_AMOUNT,
        term_months=wanted.term_months,
        asset_numbers=tuple(sorted(right.registry_no for right in rights.values())),
        attachments=wanted.attachments,
    )
    await _require_none_open(uow, pledge)
    status = moved(notice_of(pledge).status, NoticeEvent.ORDERED)
    pending = with_notice(pledge, status, reference=None, registered_at=None)
    return await _order(uow, actor, pending, NoticeKind.REGISTER, content, now)


async def amend_notice(
    uow: UnitOfWork,
    actor: Actor,
    pledge_id: str,
    description: str | None,
    secured_amount: Money | None,
    if_match: int | None,
    now: datetime,
) -> Pledge:
    """Order another description or amount; the entry keeps its time, and with it its rank."""
    pledge = await _by_pledgee(uow, actor, pledge_id, if_match)
    content = NoticeContent(
        description=description,
        secured_amount=secured_amount,
        maximum=pledge.secured.kind is SecuredKind.MAXIMUM_AMOUNT,
    )
    return await _change(uow, actor, pledge, NoticeKind.AMEND, content, now)


async def extend_notice(
    uow: UnitOfWork, actor: Actor, pledge_id: str, months: int, if_match: int | None, now: datetime
) -> Pledge:
    """Order an extension by so many months from the current last day; what has expired is registered anew."""
    pledge = await _by_pledgee(uow, actor, pledge_id, if_match)
    entry = await uow.notices.entry_of(pledge.id)
    if entry is not None:
        extended(entry.expires_on, checked_term(months))
    return await _change(uow, actor, pledge, NoticeKind.EXTEND, NoticeContent(term_months=checked_term(months)), now)


async def discharge_notice(
    uow: UnitOfWork, actor: Actor, pledge_id: str, if_match: int | None, now: datetime
) -> Pledge:
    """Order the entry's end; raises RegistrationInUse while the pledge has not ended."""
    pledge = await _by_pledgee(uow, actor, pledge_id, if_match)
    moved(notice_of(pledge).status, NoticeEvent.DISCHARGED)
    if pledge.status not in TERMINAL:
        raise RegistrationInUse(pledge.status.value)
    return await _change(uow, actor, pledge, NoticeKind.DISCHARGE, NoticeContent(), now)


async def discharge_ended(uow: UnitOfWork, pledge: Pledge, now: datetime) -> Pledge:
    """Order the discharge of the entry of a pledge that was released or disposed of, once; nothing otherwise.

    While an earlier order about the entry is open it waits for that order's answer, which asks here again.
    """
    if pledge.status not in ENDED or notice_of(pledge).status not in LIVE:
        return pledge
    orders = await uow.notices.orders_of(pledge.id)
    if any(each.state not in SETTLED or each.kind is NoticeKind.DISCHARGE for each in orders):
        return pledge
    return await _order(uow, WORKER, pledge, NoticeKind.DISCHARGE, NoticeContent(), now)


async def object_to_notice(
    uow: UnitOfWork, actor: Actor, pledge_id: str, reason: str, if_match: int | None, now: datetime
) -> Pledge:
    """A pledgor objects to the entry; it stays, and anybody who searches sees the objection."""
    pledge = await fetch(uow, pledge_id, if_match)
    if actor.uscc not in pledge.pledgors:
        raise Forbidden("registration:object")
    return await _change(uow, actor, pledge, NoticeKind.OBJECT, NoticeContent(reason=reason), now)


def with_notice(pledge: Pledge, status: RegistrationStatus, **different: object) -> Pledge:
    """Return the pledge with its notice registration in a status."""
    entry = replace(notice_of(pledge), status=status, **different)  # type: ignore[arg-type]  # reference and time
    others = [each for each in pledge.registrations if each.register is not Register.NOTICE_REGISTRY]
    return replace(pledge, registrations=(*others, entry))


def demanding_notice(pledge: Pledge) -> Pledge:
    """Return the pledge with an entry that a rule demands and nobody has ordered yet shown as pending."""
    if notice_of(pledge).status is not RegistrationStatus.NOT_REQUIRED:
        return pledge
    return with_notice(pledge, RegistrationStatus.PENDING)


def described(pledge: Pledge, rights: Mapping[str, Right]) -> str:
    """Return what identifies the rights reasonably (担保制度解释 art. 53): number, pollutant and quantity of each."""
    parts = []
    for item in pledge.items:
        right = rights.get(item.right_id)
        if right is not None:
            permit = f"排污许可证{right.permit_no}"
            parts.append(
                f"排污权{right.registry_no}({permit},{right.pollutant.value},"
                f"{item.quantity.wire()} {item.quantity.unit.value})"
            )
    return ";".join(parts)[:DESCRIPTION_LENGTH_MAX]


async def enqueue_notice(uow: UnitOfWork, order: NoticeOrder, at: datetime | None) -> None:
    """Enqueue the first step of an order (at once) or its next one; the steps about one entry run one by one."""
    subject, arguments = f"notice:{order.pledge_id}", {"order_id": order.id}
    if at is None:
        await uow.jobs.enqueue(TASK, subject, arguments)
    else:
        await uow.jobs.enqueue_next(TASK, subject, arguments, at)


async def tell(
    uow: UnitOfWork, actor: Actor, pledge: Pledge, event: str, details: Mapping[str, object], now: datetime
) -> None:
    """Leave an audit entry and an event `notice.*` about a pledge's entry."""
    told = f"notice.{event}"
    await uow.audit.write(actor, told, pledge.id, details, pledge.parties, now)
    await uow.outbox.publish(told, pledge.id, details, pledge.parties, now)


async def _by_pledgee(uow: UnitOfWork, actor: Actor, pledge_id: str, if_match: int | None) -> Pledge:
    pledge = await fetch(uow, pledge_id, if_match)
    if actor.tenant != pledge.pledgee or not actor.role.of_a_bank:
        raise Forbidden("registration:order")
    return pledge


async def _require_none_open(uow: UnitOfWork, pledge: Pledge) -> None:
    for order in await uow.notices.orders_of(pledge.id):
        if order.state not in SETTLED:
            raise RegistrationPending(order.id)


async def _change(
    uow: UnitOfWork, actor: Actor, pledge: Pledge, kind: NoticeKind, content: NoticeContent, now: datetime
) -> Pledge:
    """Order a change of the entry that stands."""
    await _require_none_open(uow, pledge)
    event = EXECUTED_EVENT[kind]
    moved(notice_of(pledge).status, event)
    if await uow.notices.entry_of(pledge.id) is None:
        raise RegistrationCannotMove(notice_of(pledge).status.value, event.value)
    return await _order(uow, actor, pledge, kind, content, now)


async def _order(
    uow: UnitOfWork, actor: Actor, pledge: Pledge, kind: NoticeKind, content: NoticeContent, now: datetime
) -> Pledge:
    entry = None if kind is NoticeKind.REGISTER else await uow.notices.entry_of(pledge.id)
    order = NoticeOrder(
        id=new_id("notice"),
        pledge_id=pledge.id,
        parties=pledge.parties,
        kind=kind,
        state=OrderState.RECORDED,
        attempts=0,
        content=content,
        certificate_no=None if entry is None else entry.certificate_no,
        executed_at=None,
        expires_on=None,
        reason=None,
        message=None,
        evidence_sha256=None,
        ordered_by=actor.client_id,
        created_at=now,
    )
    await uow.notices.add_order(order)
    changed = replace(pledge, updated_at=now, version=pledge.version + 1)
    await uow.pledges.save(changed)
    await tell(uow, actor, changed, f"{kind.value}_ordered", {"order_id": order.id}, now)
    await enqueue_notice(uow, order, None)
    return changed
