"""Carry out one order at the notice registry, in steps that may each be repeated, like the other registry's orders.

What differs is what an answer changes: the entry, its code and the pledge's registration, never the pledge's state.
After a registration the search is made again, because publicity is worth what stands before it.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from domain.pledges.alarms import AlarmKind
from domain.pledges.certificates import CertificateKind
from domain.pledges.notices import (
    EXECUTED_EVENT,
    NOTICE_TRANSITIONS,
    NoticeCode,
    NoticeEntry,
    NoticeEvent,
    NoticeKind,
    NoticeOrder,
    notice_of,
)
from domain.pledges.pledges import Pledge, RegistrationStatus
from domain.pledges.registry_orders import (
    ORDER_TRANSITIONS,
    RETRY_AFTER,
    SETTLED,
    STUCK_AFTER_ATTEMPTS,
    OrderEvent,
    OrderState,
    pause_after,
)
from domain.ports.estimates import NOTICE_REGISTRY
from domain.ports.notice_registry import NoticeAnswer, NoticeMessage, NoticeParty
from domain.ports.registry import OrderStatus
from domain.ports.unit_of_work import UnitOfWork
from domain.use_cases.carry_out_amendment import settle_renewal
from domain.use_cases.carry_out_order import Step
from domain.use_cases.issue_certificate import issue_certificate
from domain.use_cases.order_notice import discharge_ended, enqueue_notice, tell, with_notice
from domain.use_cases.raise_alarm import hear_answer, raise_alarm
from domain.use_cases.search_again import enqueue_search
from domain.values.actors import WORKER

_EVENTS: Final = {
    OrderStatus.ACCEPTED: OrderEvent.ACCEPTED,
    OrderStatus.EXECUTED: OrderEvent.EXECUTED,
    OrderStatus.REFUSED: OrderEvent.REFUSED,
}


@dataclass(frozen=True, slots=True)
class NoticeInstruction:
    """The next step, and the message as the register wants it; none where there is nothing to do."""

    step: Step
    message: NoticeMessage | None


async def next_notice_step(uow: UnitOfWork, order_id: str) -> NoticeInstruction:
    """Say what an order needs now; reads only."""
    order = await uow.notices.find_order(order_id)
    if order is None or order.state in SETTLED:
        return NoticeInstruction(Step.NOTHING, None)
    step = Step.SEND if order.state is OrderState.RECORDED else Step.QUERY
    return NoticeInstruction(step, await _message(uow, order))


async def claim_notice(uow: UnitOfWork, order_id: str, now: datetime) -> bool:
    """Mark an order as sent, before it is: a recorded one, or one that the register has never seen."""
    order = await uow.notices.lock_order(order_id)
    if order is None or order.state not in {OrderState.RECORDED, OrderState.SENT, OrderState.UNKNOWN}:
        return False
    await uow.notices.save_order(replace(order, state=OrderState.SENT, attempts=order.attempts + 1), now)
    return True


async def record_notice_answer(uow: UnitOfWork, order_id: str, answer: NoticeAnswer, now: datetime) -> None:
    """Write what the register answered, to the order and to all that hangs on it."""
    order = await uow.notices.lock_order(order_id)
    if order is None or order.state in SETTLED:
        return
    event = _EVENTS[answer.status]
    state = ORDER_TRANSITIONS[order.state, event]
    heard = replace(
        order,
        state=state,
        certificate_no=answer.certificate_no or order.certificate_no,
        executed_at=answer.executed_at,
        expires_on=answer.expires_on,
        reason=answer.reason,
        message=answer.message,
        evidence_sha256=answer.evidence_sha256,
    )
    if event is OrderEvent.ACCEPTED:
        await uow.notices.save_order(replace(heard, attempts=order.attempts + 1), now)
        await enqueue_notice(uow, order, now + pause_after(order.attempts + 1))
        return
    await uow.notices.save_order(heard, now)
    await hear_answer(uow, order.pledge_id, order.id, order.parties, now)
    pledge = await uow.pledges.lock(order.pledge_id)
    assert pledge is not None, "an order belongs to a pledge"
    if state is OrderState.EXECUTED:
        saved = await _apply(uow, pledge, heard, answer, now)
    else:
        saved = await _refuse(uow, pledge, heard, now)
    await discharge_ended(uow, saved, now)
    if order.kind is NoticeKind.EXTEND:
        refusal = None if state is OrderState.EXECUTED else (heard.reason or "refused")
        await settle_renewal(uow, pledge, refusal, now)


async def wait_for_notice_opening(uow: UnitOfWork, order_id: str, until: datetime) -> None:
    """Put an order off to the end of a scheduled closure: nothing was sent, so nothing is counted."""
    order = await uow.notices.lock_order(order_id)
    if order is not None and order.state not in SETTLED:
        await enqueue_notice(uow, order, until)


async def record_notice_silence(uow: UnitOfWork, order_id: str, reason: str, *, closed: bool, now: datetime) -> None:
    """Write that there was no answer, and ask again later; after too many silences a person is called."""
    order = await uow.notices.lock_order(order_id)
    if order is None or order.state in SETTLED:
        return
    state = order.state
    if state is not OrderState.RECORDED:
        event = OrderEvent.CLOSED if closed and state is not OrderState.ACCEPTED else OrderEvent.SILENT
        state = ORDER_TRANSITIONS[state, event]
    attempts = order.attempts + (0 if order.state is OrderState.SENT else 1)
    if closed:
        attempts = min(attempts, len(RETRY_AFTER))
    silent = replace(order, state=state, attempts=attempts, reason=None, message=reason)
    await uow.notices.save_order(silent, now)
    await enqueue_notice(uow, silent, now + pause_after(attempts))
    fell_silent = state is OrderState.UNKNOWN and order.state is not OrderState.UNKNOWN
    if fell_silent or attempts == STUCK_AFTER_ATTEMPTS:
        pledge = await uow.pledges.find(order.pledge_id)
        assert pledge is not None, "an order belongs to a pledge"
        event_name = "unknown" if fell_silent else "stuck"
        await tell(uow, WORKER, pledge, event_name, {"order_id": order.id, "reason": reason}, now)
        if not fell_silent:
            await raise_alarm(uow, pledge, AlarmKind.NOTICE_SILENT, NOTICE_REGISTRY, order.id, reason, now)


async def _apply(uow: UnitOfWork, pledge: Pledge, order: NoticeOrder, answer: NoticeAnswer, now: datetime) -> Pledge:
    """Write an executed order to the entry and the pledge's registration.

    What happened at the register meanwhile by itself stands: an order that comes too late for it changes no status.
    """
    assert answer.certificate_no is not None, "the register names the entry of what it executed"
    assert answer.executed_at is not None, "the register says when"
    former = notice_of(pledge)
    status = NOTICE_TRANSITIONS.get((former.status, EXECUTED_EVENT[order.kind]), former.status)
    if order.kind is NoticeKind.REGISTER:
        assert answer.expires_on is not None, "a registration has a last day"
        changed = with_notice(pledge, status, reference=answer.certificate_no, registered_at=answer.executed_at)
        await uow.notices.put_entry(_entry(pledge, order, answer, answer.executed_at, answer.expires_on), now)
    else:
        changed = with_notice(pledge, status)
        await _change_entry(uow, order, answer, now)
    if answer.modify_code is not None:
        code = NoticeCode(
            pledge_id=pledge.id,
            tenant=pledge.pledgee,
            certificate_no=answer.certificate_no,
            modify_code=answer.modify_code,
        )
        await uow.notices.put_code(code)
    saved = await _saved(uow, changed, now)
    details = {"order_id": order.id, "certificate_no": answer.certificate_no, "status": status.value}
    await tell(uow, WORKER, saved, EXECUTED_EVENT[order.kind].value, details, now)
    if order.kind is NoticeKind.REGISTER:
        await enqueue_search(uow, saved)
        await issue_certificate(uow, WORKER, saved, CertificateKind.PUBLICITY, f"notice:{order.id}", now)
    return saved


def _entry(
    pledge: Pledge, order: NoticeOrder, answer: NoticeAnswer, registered_at: datetime, expires_on: date
) -> NoticeEntry:
    content = order.content
    assert answer.certificate_no is not None, "the caller has looked"
    assert content.description is not None, "a registration describes"
    assert content.secured_amount is not None, "a registration names its amount"
    return NoticeEntry(
        pledge_id=pledge.id,
        parties=pledge.parties,
        certificate_no=answer.certificate_no,
        description=content.description,
        secured_amount=content.secured_amount,
        asset_numbers=content.asset_numbers,
        registered_at=registered_at,
        expires_on=expires_on,
    )


async def _change_entry(uow: UnitOfWork, order: NoticeOrder, answer: NoticeAnswer, now: datetime) -> None:
    """Write what an executed change did to the entry; its time of registration never changes."""
    entry = await uow.notices.entry_of(order.pledge_id)
    assert entry is not None, "only an entry is changed"
    changed = replace(
        entry,
        description=order.content.description or entry.description,
        secured_amount=order.content.secured_amount or entry.secured_amount,
        expires_on=answer.expires_on or entry.expires_on,
    )
    await uow.notices.put_entry(changed, now)


async def _refuse(uow: UnitOfWork, pledge: Pledge, order: NoticeOrder, now: datetime) -> Pledge:
    """Write a refusal: of a registration to the pledge's registration, of a change to nothing but the trail.

    A refused discharge calls a person: the entry goes on saying what is no longer so.
    """
    registering = order.kind is NoticeKind.REGISTER and notice_of(pledge).status is RegistrationStatus.PENDING
    if registering:
        pledge = await _saved(uow, with_notice(pledge, RegistrationStatus.REFUSED), now)
    details = {"order_id": order.id, "kind": order.kind.value, "reason": order.reason}
    await tell(uow, WORKER, pledge, NoticeEvent.REFUSED.value, details, now)
    if order.kind is NoticeKind.DISCHARGE:
        await raise_alarm(uow, pledge, AlarmKind.DISCHARGE_REFUSED, NOTICE_REGISTRY, order.id, order.reason, now)
    return pledge


async def _saved(uow: UnitOfWork, pledge: Pledge, now: datetime) -> Pledge:
    saved = replace(pledge, updated_at=now, version=pledge.version + 1)
    await uow.pledges.save(saved)
    return saved


async def _message(uow: UnitOfWork, order: NoticeOrder) -> NoticeMessage:
    pledge = await uow.pledges.find(order.pledge_id)
    assert pledge is not None, "an order belongs to a pledge"
    rights = await uow.rights.find_many([item.right_id for item in pledge.items])
    bank = await uow.tenants.find(pledge.pledgee)
    names = {right.holder_uscc: right.holder_name for right in rights.values()}
    code = None if order.kind in {NoticeKind.REGISTER, NoticeKind.OBJECT} else await uow.notices.code_of(pledge.id)
    return NoticeMessage(
        order_id=order.id,
        kind=order.kind,
        secured_party=NoticeParty(pledge.pledgee if bank is None else bank.name, pledge.pledgee_uscc),
        debtors=tuple(NoticeParty(names.get(uscc, uscc), uscc) for uscc in pledge.pledgors),
        contract_no=pledge.id,
        content=order.content,
        certificate_no=order.certificate_no,
        modify_code=None if code is None else code.modify_code,
    )
