"""Carry out one order at the registry, in steps that may each be repeated: read what to do, do it, record the answer.

Between the steps nothing is open: the edge commits the claim, sends with no transaction, and commits the answer.
Whoever finds an order already `sent` does not know whether the message left, so it asks the registry before it sends
again.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.pledges.alarms import SILENT_KINDS, AlarmKind
from domain.pledges.amendments import AmendmentState
from domain.pledges.certificates import CertificateKind
from domain.pledges.estimates import ASK_AT_LEAST_EVERY
from domain.pledges.lifecycle import WAITING, Event, State
from domain.pledges.pledges import Pledge, Register, Registration, RegistrationStatus
from domain.pledges.registry_orders import (
    RETRY_AFTER,
    SETTLED,
    STUCK_AFTER_ATTEMPTS,
    OrderEvent,
    OrderKind,
    OrderState,
    PledgeOrder,
    after,
    pause_after,
)
from domain.ports.registry import OrderAnswer, OrderStatus, RegistryOrder, RegistryRight
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.holds import HoldState
from domain.rights.rights import USABLE, Right
from domain.use_cases.carry_out_amendment import settle_amended
from domain.use_cases.change_pledge import give_holds_back, happen, hold_details
from domain.use_cases.hear_registry import hear
from domain.use_cases.issue_certificate import issue_certificate
from domain.use_cases.order_freeze import enqueue, record_order
from domain.use_cases.order_notice import discharge_ended
from domain.use_cases.raise_alarm import hear_answer, raise_alarm_of
from domain.use_cases.search_again import enqueue_search
from domain.use_cases.settle_sale import settle_sale
from domain.values.actors import WORKER


class Step(StrEnum):
    """What the edge must do next for an order."""

    VERIFY = "verify"
    SEND = "send"
    QUERY = "query"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Instruction:
    """The next step, and the message as the registry wants it; none where there is nothing to do."""

    step: Step
    message: RegistryOrder | None


async def next_step(uow: UnitOfWork, order_id: str) -> Instruction:
    """Say what an order needs now; reads only."""
    order = await uow.registry_orders.find(order_id)
    if order is None or order.state in SETTLED:
        return Instruction(Step.NOTHING, None)
    step = Step.QUERY
    if order.state is OrderState.RECORDED:
        step = Step.VERIFY if order.kind is OrderKind.FREEZE else Step.SEND
    return Instruction(step, await _message(uow, order))


async def claim(uow: UnitOfWork, order_id: str, told: RegistryRight | None, now: datetime) -> bool:
    """Mark a recorded order as sent, before it is; false when it may not be sent now.

    `told` is the right as the registry has just told it: a freeze is withheld when it is no longer the right that was
    valued, and waits ever longer while another order of the same right is in flight: each wait asks the registry.
    """
    order = await uow.registry_orders.lock(order_id)
    if order is None or order.state is not OrderState.RECORDED:
        return False
    if order.kind is OrderKind.FREEZE:
        right = await _right(uow, order)
        if (
            told is None
            or told.version != order.expected_version
            or told.holder_uscc != right.holder_uscc
            or told.status not in USABLE
        ):
            if told is not None:
                await hear(uow, told, now)
            withheld = replace(
                order, reason="right_changed", message="The right has changed at the registry since it was valued."
            )
            await _settle(uow, withheld, OrderEvent.WITHHELD, now)
            return False
    sent = replace(order, state=OrderState.SENT, attempts=order.attempts + 1)
    if await uow.registry_orders.save(sent, now):
        return True
    waiting = replace(order, attempts=min(order.attempts + 1, len(RETRY_AFTER)))
    await uow.registry_orders.save(waiting, now)
    await enqueue(uow, waiting, now + pause_after(waiting.attempts))
    return False


async def claim_again(uow: UnitOfWork, order_id: str, now: datetime) -> bool:
    """Note that the registry has never seen the order, and that it is about to be sent again under its id."""
    order = await uow.registry_orders.lock(order_id)
    if order is None or order.state not in {OrderState.SENT, OrderState.UNKNOWN}:
        return False
    return await uow.registry_orders.save(replace(order, state=OrderState.SENT, attempts=order.attempts + 1), now)


async def record_answer(
    uow: UnitOfWork, order_id: str, answer: OrderAnswer, now: datetime, told: RegistryRight | None = None
) -> None:
    """Write what the registry answered, to the order and to all that hangs on it.

    `told` is the right as the registry tells it after a transfer has been executed.
    """
    order = await uow.registry_orders.lock(order_id)
    if order is None or order.state in SETTLED:
        return
    event = {
        OrderStatus.ACCEPTED: OrderEvent.ACCEPTED,
        OrderStatus.EXECUTED: OrderEvent.EXECUTED,
        OrderStatus.REFUSED: OrderEvent.REFUSED,
    }[answer.status]
    heard = replace(
        order,
        registry_ref=answer.registry_ref or order.registry_ref,
        executed_at=answer.executed_at,
        reason=answer.reason,
        message=answer.message,
        evidence_sha256=answer.evidence_sha256,
    )
    if event is OrderEvent.ACCEPTED:
        waiting = replace(heard, state=OrderState.ACCEPTED, attempts=order.attempts + 1)
        await uow.registry_orders.save(waiting, now)
        await enqueue(uow, waiting, now + pause_after(waiting.attempts))
        return
    await _settle(uow, heard, event, now, told)


async def wait_for_opening(uow: UnitOfWork, order_id: str, until: datetime) -> None:
    """Put an order off to the end of a scheduled closure: nothing was sent, so nothing is counted."""
    order = await uow.registry_orders.lock(order_id)
    if order is not None and order.state not in SETTLED:
        await enqueue(uow, order, until)


async def record_silence(
    uow: UnitOfWork,
    order_id: str,
    reason: str,
    *,
    closed: bool,
    now: datetime,
    until: datetime | None = None,
    excused: bool = False,
) -> None:
    """Write that there was no answer, and ask again later: at `until`, where the registry has named its opening.

    After too many silences a person is called, and asking goes on. An `excused` silence is not counted.
    """
    order = await uow.registry_orders.lock(order_id)
    if order is None or order.state in SETTLED:
        return
    state = _after_silence(order, closed=closed)
    attempts = _attempts_after_silence(order, excused=closed or excused)
    silent = replace(order, state=state, attempts=attempts, reason=None, message=reason)
    await uow.registry_orders.save(silent, now)
    again = now + pause_after(attempts)
    await enqueue(uow, silent, again if until is None else max(again, min(until, now + ASK_AT_LEAST_EVERY)))
    if state is OrderState.UNKNOWN and order.state is not OrderState.UNKNOWN:
        await uow.outbox.publish(
            f"{order.kind.value}.unknown", order.pledge_id, {"order_id": order.id}, order.parties, now
        )
        await uow.audit.write(
            WORKER,
            f"{order.kind.value}.unknown",
            order.pledge_id,
            {"order_id": order.id, "reason": reason},
            order.parties,
            now,
        )
    if attempts >= STUCK_AFTER_ATTEMPTS:
        pledge = await _pledge(uow, order)
        silence = SILENT_KINDS.get(order.kind) if order.amendment_id is None else None
        await raise_alarm_of(uow, pledge, silence or AlarmKind.AMENDMENT_SILENT, order, reason, now)
        if pledge.status in WAITING or (order.enforcement_id is not None and pledge.status is State.ENFORCING):
            await happen(uow, WORKER, pledge, Event.ORDER_STUCK, now, {"order_id": order.id})


def _after_silence(order: PledgeOrder, *, closed: bool) -> OrderState:
    """Return the state after a silence; what was never sent stays so, because only a question went unanswered."""
    if order.state is OrderState.RECORDED:
        return order.state
    state = after(order, OrderEvent.CLOSED if closed and order.state is not OrderState.ACCEPTED else OrderEvent.SILENT)
    assert state is not None, "an open order has a row for silence"
    return state


def _attempts_after_silence(order: PledgeOrder, *, excused: bool) -> int:
    """Count an attempt, which a claim has already done for the message that it preceded.

    A registry that says that it is closed has answered: it is asked ever less often, and no person is called for it.
    """
    attempts = order.attempts + (0 if order.state is OrderState.SENT else 1)
    return min(attempts, len(RETRY_AFTER)) if excused else attempts


async def _settle(
    uow: UnitOfWork, order: PledgeOrder, event: OrderEvent, now: datetime, told_after: RegistryRight | None = None
) -> None:
    state = after(order, event)
    assert state is not None, "a settled order is never settled again"
    settled = replace(order, state=state)
    await uow.registry_orders.save(settled, now)
    await hear_answer(uow, order.pledge_id, order.id, order.parties, now)
    details = {
        "order_id": order.id,
        "right_id": order.right_id,
        "registry_ref": order.registry_ref,
        "reason": order.reason,
    }
    told = f"{order.kind.value}.{state.value}"
    await uow.audit.write(
        WORKER, told, order.pledge_id, {**details, "evidence_sha256": order.evidence_sha256}, order.parties, now
    )
    reconciled = order.state is OrderState.UNKNOWN and state is OrderState.EXECUTED
    await uow.outbox.publish(
        f"{order.kind.value}.reconciled" if reconciled else told, order.pledge_id, details, order.parties, now
    )
    if order.enforcement_id is not None:
        await settle_sale(uow, settled, told_after, now)
        return
    pledge = await _pledge(uow, order)
    if order.amendment_id is not None:
        await settle_amended(uow, pledge, settled, now)
        await _call_for_amendment(uow, pledge, settled, now)
        return
    if state is OrderState.EXECUTED:
        pledge = await _apply(uow, pledge, settled, now)
    elif order.kind is OrderKind.FREEZE:
        pledge = replace(pledge, reason=order.reason or "freeze_refused")
        await uow.pledges.save(pledge)
    await _finish_round(uow, pledge, now)


async def _call_for_amendment(uow: UnitOfWork, pledge: Pledge, order: PledgeOrder, now: datetime) -> None:
    """Call a person for an amendment that was carried out in part and then refused."""
    amendment = await uow.amendments.lock(order.amendment_id or "")
    if amendment is not None and amendment.status is AmendmentState.EXCEPTION:
        await raise_alarm_of(uow, pledge, AlarmKind.AMENDMENT_REFUSED, order, amendment.reason, now)


async def _apply(uow: UnitOfWork, pledge: Pledge, order: PledgeOrder, now: datetime) -> Pledge:
    """Write an executed order to the item's hold and registration."""
    position = [item.right_id for item in pledge.items].index(order.right_id)
    if order.kind is OrderKind.FREEZE:
        await _hold_becomes(uow, pledge, order, HoldState.POSTED, now)
        entry = Registration(
            register=Register.EMISSION_REGISTRY,
            position=position,
            status=RegistrationStatus.REGISTERED,
            reference=order.registry_ref,
            registered_at=order.executed_at,
        )
    else:
        status = RegistrationStatus.PENDING if _undoing(pledge) else RegistrationStatus.DISCHARGED
        if status is RegistrationStatus.PENDING:
            await _hold_becomes(uow, pledge, order, HoldState.PENDING, now)
        former = _entry(pledge, position)
        entry = (
            replace(former, status=status)
            if status is RegistrationStatus.DISCHARGED
            else replace(former, status=status, reference=None, registered_at=None)
        )
    others = [
        each for each in pledge.registrations if (each.register, each.position) != (entry.register, entry.position)
    ]
    changed = replace(pledge, registrations=(*others, entry))
    await uow.pledges.save(changed)
    return changed


async def _hold_becomes(uow: UnitOfWork, pledge: Pledge, order: PledgeOrder, state: HoldState, now: datetime) -> None:
    """Post an order's hold, or undo that, and say so in the trail."""
    await uow.holds.change(order.hold_id, state, now)
    details = hold_details(order.hold_id, order.quantity.wire())
    await uow.audit.write(WORKER, f"hold.{state.value}", order.right_id, details, pledge.parties, now)


def _entry(pledge: Pledge, position: int) -> Registration:
    return next(
        each
        for each in pledge.registrations
        if each.register is Register.EMISSION_REGISTRY and each.position == position
    )


async def _finish_round(uow: UnitOfWork, pledge: Pledge, now: datetime) -> None:
    """Move the pledge once every order of its round has settled.

    A half-executed freeze is undone before it is refused.
    """
    orders = await uow.registry_orders.of_round(pledge.id, pledge.order_round)
    if any(order.state not in SETTLED for order in orders):
        return
    executed = [order for order in orders if order.state is OrderState.EXECUTED]
    whole = len(executed) == len(orders)
    if orders[0].kind is OrderKind.FREEZE:
        if whole:
            active = await happen(uow, WORKER, replace(pledge, reason=None), Event.FREEZE_EXECUTED, now)
            await _certify(uow, active, CertificateKind.REGISTRATION, now)
            await enqueue_search(uow, active)
        elif executed:
            await _undo(uow, pledge, executed, now)
        else:
            await happen(uow, WORKER, pledge, Event.FREEZE_REFUSED, now, {"reason": pledge.reason})
    elif not whole:
        refused = next(order for order in orders if order.state is OrderState.REFUSED)
        await raise_alarm_of(uow, pledge, AlarmKind.RELEASE_REFUSED, refused, refused.reason, now)
        if pledge.status is not State.EXCEPTION:
            await happen(uow, WORKER, replace(pledge, reason="release_refused"), Event.ORDER_STUCK, now)
    elif _undoing(pledge):
        await happen(uow, WORKER, pledge, Event.FREEZE_REFUSED, now, {"reason": pledge.reason})
    else:
        await give_holds_back(uow, WORKER, pledge, HoldState.RELEASED, now)
        released = await happen(uow, WORKER, pledge, Event.RELEASE_EXECUTED, now)
        await _certify(uow, released, CertificateKind.RELEASE, now)
        await discharge_ended(uow, released, now)


async def _certify(uow: UnitOfWork, pledge: Pledge, kind: CertificateKind, now: datetime) -> None:
    """Issue the certificate of a round that has been carried out whole."""
    await issue_certificate(uow, WORKER, pledge, kind, f"round:{pledge.order_round}", now)


def _undoing(pledge: Pledge) -> bool:
    """Tell whether the releases of this round undo a freeze; also when a person has been called meanwhile."""
    return pledge.status is State.FREEZING or (pledge.status is State.EXCEPTION and pledge.release is None)


async def _undo(uow: UnitOfWork, pledge: Pledge, executed: list[PledgeOrder], now: datetime) -> None:
    opened = replace(pledge, order_round=pledge.order_round + 1, updated_at=now)
    await uow.pledges.save(opened)
    for order in executed:
        item = next(each for each in opened.items if each.right_id == order.right_id)
        await record_order(uow, WORKER, opened, item, OrderKind.RELEASE, order.registry_ref, now)


async def _message(uow: UnitOfWork, order: PledgeOrder) -> RegistryOrder:
    right = await _right(uow, order)
    pledge = await uow.pledges.find(order.pledge_id)
    assert pledge is not None, "an order belongs to a pledge"
    change = order.change
    return RegistryOrder(
        order_id=order.id,
        kind=order.kind,
        registry=right.registry,
        registry_no=right.registry_no,
        holder_uscc=right.holder_uscc if change is None else change.holder,
        quantity=order.quantity,
        beneficiary=pledge.pledgee_uscc if change is None else change.beneficiary,
        contract_no=pledge.id,
        expected_version=order.expected_version if order.kind is OrderKind.FREEZE else None,
        registry_ref=order.freeze_ref,
        buyer=order.buyer,
        buyer_permit_no=order.buyer_permit_no,
        new_beneficiary=None if change is None else change.new_beneficiary,
        new_holder=None if change is None else change.new_holder,
    )


async def _right(uow: UnitOfWork, order: PledgeOrder) -> Right:
    right = await uow.rights.find(order.right_id)
    assert right is not None, "an order names a right that we keep"
    return right


async def _pledge(uow: UnitOfWork, order: PledgeOrder) -> Pledge:
    pledge = await uow.pledges.lock(order.pledge_id)
    assert pledge is not None, "an order belongs to a pledge"
    return pledge
