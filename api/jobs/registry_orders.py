"""Carry out orders at the registry and finish verifications: each step commits before the next begins.

Whoever crashes between the steps leaves an order that the next worker can read: recorded (nothing was sent), or sent
(it may have been), which is asked before it is sent again.
"""

from typing import Final

import structlog

from api.house import House
from domain.pledges.estimates import HINT_TRUSTED
from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import (
    OrderAnswer,
    RegistryClosed,
    RegistryClosure,
    RegistryOrder,
    RegistryRight,
    RegistryRightNotFound,
    RegistryUnavailable,
)
from domain.use_cases import carry_out_order as orders
from domain.use_cases.carry_out_order import Step
from domain.use_cases.verify_right import record_no_right, record_rights
from domain.values.actors import WORKER

STATEMENT_AWAITED: Final = "its newest statement is older than its transfer"
FORGOTTEN: Final = "an order that it accepted is unknown to it"

log: Final = structlog.get_logger("greenlien.jobs")


async def carry_out_order(house: House, order_id: str) -> None:
    """Take an order one answer further; what is still open has enqueued its own next step."""
    async with house.open(None) as uow:
        instruction = await orders.next_step(uow, order_id)
    message = instruction.message
    if message is None:
        return
    if await _wait_for_opening(house, message):
        return
    try:
        if instruction.step is Step.QUERY:
            answer = await _asked(house, message)
        else:
            told = await _told(house, message) if instruction.step is Step.VERIFY else None
            if await _wait_for_opening(house, message) or not await _claim(house, order_id, told):
                return
            answer = await house.registry.send_order(message)
        told_after = await _told_after(house, message, answer)
    except RegistryUnavailable as silence:
        await _record_silence(house, order_id, silence)
        return
    await _record_answer(house, message, answer, told_after)


async def _wait_for_opening(house: House, message: RegistryOrder) -> bool:
    """Put the order off to the end of a scheduled closure; false where the registry is open."""
    until = house.closed_until(message.registry)
    if until is None:
        return False
    async with house.open(None) as uow:
        await orders.wait_for_opening(uow, message.order_id, until)
        await uow.commit()
    log.info("registry_closed", order_id=message.order_id, until=until.isoformat())
    return True


async def _asked(house: House, message: RegistryOrder) -> OrderAnswer:
    """Return what became of an order that may have been sent; one that the registry has never seen is sent again."""
    answer = await house.registry.query_order(message.registry, message.order_id)
    if answer is not None:
        return answer
    if not await _claim_again(house, message.order_id):
        raise RegistryUnavailable(message.registry, FORGOTTEN)
    return await house.registry.send_order(message)


async def _told(house: House, message: RegistryOrder) -> RegistryRight | None:
    """Return the right as the registry tells it now; none when it no longer knows it."""
    try:
        found = await house.registry.lookup_right(message.registry, registry_no=message.registry_no)
    except RegistryRightNotFound:
        return None
    return next(iter(found), None)


async def _told_after(house: House, message: RegistryOrder, answer: OrderAnswer) -> RegistryRight | None:
    """Return what a transfer has left of the right; none after any other order.

    Without it we would offer as free what is another's already, so the order stays open until both are known.

    Raises:
        RegistryUnavailable: the registry does not tell.
        RegistryClosed: its newest statement is older than the transfer; no person is called while it is awaited.
    """
    if message.kind is not OrderKind.TRANSFER or answer.executed_at is None:
        return None
    told = await _told(house, message)
    if told is not None and told.as_of < answer.executed_at:
        raise RegistryClosed(message.registry, STATEMENT_AWAITED)
    return told


async def _claim(house: House, order_id: str, told: RegistryRight | None) -> bool:
    async with house.open(None) as uow:
        claimed = await orders.claim(uow, order_id, told, house.now())
        await uow.commit()
        return claimed


async def _claim_again(house: House, order_id: str) -> bool:
    async with house.open(None) as uow:
        claimed = await orders.claim_again(uow, order_id, house.now())
        await uow.commit()
        return claimed


async def _record_answer(
    house: House, message: RegistryOrder, answer: OrderAnswer, told_after: RegistryRight | None
) -> None:
    order_id = message.order_id
    async with house.open(None) as uow:
        await uow.estimates.answered(message.registry, house.now())
        await orders.record_answer(uow, order_id, answer, house.now(), told_after)
        await uow.commit()
    log.info("registry_answered", order_id=order_id, status=answer.status.value, registry_ref=answer.registry_ref)


async def _record_silence(house: House, order_id: str, silence: RegistryUnavailable) -> None:
    closed, now, excused = isinstance(silence, RegistryClosed), house.now(), False
    async with house.open(None) as uow:
        if isinstance(silence, RegistryClosure) or silence.until is not None:
            closure = await uow.estimates.declare(silence.registry, silence.until, now)
            excused = now - closure.since < HINT_TRUSTED
        until = silence.until
        await orders.record_silence(uow, order_id, silence.reason, closed=closed, now=now, until=until, excused=excused)
        await uow.commit()
    log.warning("registry_silent", order_id=order_id, reason=silence.reason, closed=isinstance(silence, RegistryClosed))


async def verify_right(house: House, verification_id: str) -> bool:
    """Finish a verification that its request left open; false when the registry still does not answer."""
    async with house.open(None) as uow:
        verification = await uow.verifications.find(verification_id)
    if verification is None or verification.finished_at is not None:
        return True
    if house.closed_until(verification.registry) is not None:
        return False
    try:
        told = await house.registry.lookup_right(
            verification.registry, registry_no=verification.registry_no, permit_no=verification.permit_no
        )
    except RegistryRightNotFound as refusal:
        async with house.open(None) as uow:
            await record_no_right(uow, WORKER, verification_id, refusal, house.now())
            await uow.commit()
        return True
    except RegistryUnavailable:
        return False
    async with house.open(None) as uow:
        await record_rights(uow, WORKER, verification_id, told, house.now())
        await uow.commit()
    return True
