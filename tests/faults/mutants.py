"""Bugs planted on purpose: the classical ways to lose or double an order. A campaign that misses one proves nothing.

Each is the smallest change of the product's own code that somebody in a hurry might make, in force while it is open.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final
from unittest import mock

from api.house import House
from api.jobs import registry_orders
from domain.pledges.lifecycle import Event
from domain.pledges.pledges import Pledge
from domain.pledges.registry_orders import OrderKind, OrderState, PledgeOrder
from domain.ports.registry import OrderAnswer, OrderStatus, RegistryOrder, RegistryRight
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.holds import HoldState
from domain.use_cases import carry_out_order, change_pledge, order_freeze, release_pledge
from domain.values.actors import WORKER, Actor
from domain.values.identifiers import new_id
from integrations.outbound.strict_json import Fields
from integrations.registry import messages
from integrations.registry.client import HttpRegistry
from tests.fakes import unit_of_work

Plant = Callable[[ExitStack], None]


def _a_new_id_on_every_retry(stack: ExitStack) -> None:
    """Whoever sends again believes that a new message needs a new number."""
    seen: set[str] = set()
    send = HttpRegistry.send_order

    async def send_order(self: HttpRegistry, order: RegistryOrder) -> OrderAnswer:
        again = order.order_id in seen
        seen.add(order.order_id)
        return await send(self, replace(order, order_id=new_id("order")) if again else order)

    stack.enter_context(mock.patch.object(HttpRegistry, "send_order", send_order))


def _silence_is_refusal(stack: ExitStack) -> None:
    """No answer, so nothing happened."""

    async def record_silence(uow: UnitOfWork, order_id: str, reason: str, *, closed: bool, now: datetime) -> None:
        order = await uow.registry_orders.find(order_id)
        if order is not None and order.state is not OrderState.RECORDED:
            await carry_out_order.record_answer(uow, order_id, _told(order_id, OrderStatus.REFUSED), now)
        else:
            await silence(uow, order_id, reason, closed=closed, now=now)

    silence = carry_out_order.record_silence
    stack.enter_context(mock.patch.object(carry_out_order, "record_silence", record_silence))


def _a_silent_release_is_done(stack: ExitStack) -> None:
    """The registry will have released it: why ask?"""

    async def record_silence(uow: UnitOfWork, order_id: str, reason: str, *, closed: bool, now: datetime) -> None:
        order = await uow.registry_orders.find(order_id)
        if order is not None and order.kind is OrderKind.RELEASE and not closed:
            await carry_out_order.record_answer(uow, order_id, _told(order_id, OrderStatus.EXECUTED, now), now)
        else:
            await silence(uow, order_id, reason, closed=closed, now=now)

    silence = carry_out_order.record_silence
    stack.enter_context(mock.patch.object(carry_out_order, "record_silence", record_silence))


def _sent_again_without_asking(stack: ExitStack) -> None:
    """The registry knows our ids, so it may be sent again at once."""

    async def asked(house: House, message: RegistryOrder) -> OrderAnswer:
        await registry_orders._claim_again(house, message.order_id)
        return await house.registry.send_order(message)

    stack.enter_context(mock.patch.object(registry_orders, "_asked", asked))


def _no_fence_of_version(stack: ExitStack) -> None:
    """What was valued is what is frozen, surely."""
    send, claim = HttpRegistry.send_order, carry_out_order.claim

    async def send_order(self: HttpRegistry, order: RegistryOrder) -> OrderAnswer:
        return await send(self, replace(order, expected_version=None))

    async def claim_any(uow: UnitOfWork, order_id: str, told: RegistryRight | None, now: datetime) -> bool:
        order = await uow.registry_orders.find(order_id)
        if told is not None and order is not None and order.expected_version is not None:
            told = replace(told, version=order.expected_version)
        return await claim(uow, order_id, told, now)

    stack.enter_context(mock.patch.object(HttpRegistry, "send_order", send_order))
    stack.enter_context(mock.patch.object(carry_out_order, "claim", claim_any))


def _no_fence_of_one_in_flight(stack: ExitStack) -> None:
    """The unique index was in the way."""
    orders = unit_of_work._Orders
    stack.enter_context(mock.patch.object(orders, "_another_in_flight", return_value=False))


def _the_answers_id_is_not_compared(stack: ExitStack) -> None:
    """It is signed, so it is ours."""
    read = messages.read_outcome

    def read_outcome(body: Fields, _: str, evidence: str, __: RegistryOrder | None = None) -> OrderAnswer:
        return read(body, body.text("zlbh"), evidence)

    stack.enter_context(mock.patch.object(messages, "read_outcome", read_outcome))


def _given_back_when_the_release_is_ordered(stack: ExitStack) -> None:
    """The bank has let go, so the enterprise may have it."""

    async def order_release(uow: UnitOfWork, actor: Actor, pledge: Pledge, now: datetime) -> Pledge:
        ordered = await order(uow, actor, pledge, now)
        await change_pledge.give_holds_back(uow, actor, ordered, HoldState.RELEASED, now)
        return ordered

    order = order_freeze.order_release
    stack.enter_context(mock.patch.object(release_pledge, "order_release", order_release))


def _sent_before_it_is_committed(stack: ExitStack) -> None:
    """One transaction less."""

    async def claim(_house: House, _order_id: str, _told: RegistryRight | None) -> bool:
        return True

    stack.enter_context(mock.patch.object(registry_orders, "_claim", claim))


def _half_a_freeze_is_a_refusal(stack: ExitStack) -> None:
    """One item was refused, so the pledge was; what the registry froze of the others is forgotten."""

    async def undo(uow: UnitOfWork, pledge: Pledge, _executed: list[PledgeOrder], now: datetime) -> None:
        await change_pledge.happen(uow, WORKER, pledge, Event.FREEZE_REFUSED, now)

    stack.enter_context(mock.patch.object(carry_out_order, "_undo", undo))


MUTANTS: Final[Mapping[str, Plant]] = MappingProxyType(
    {
        plant.__name__.removeprefix("_"): plant
        for plant in (
            _a_new_id_on_every_retry,
            _silence_is_refusal,
            _a_silent_release_is_done,
            _sent_again_without_asking,
            _no_fence_of_version,
            _no_fence_of_one_in_flight,
            _the_answers_id_is_not_compared,
            _given_back_when_the_release_is_ordered,
            _sent_before_it_is_committed,
            _half_a_freeze_is_a_refusal,
        )
    }
)


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Let one mutant live."""
    with ExitStack() as stack:
        MUTANTS[name](stack)
        yield


def _told(order_id: str, status: OrderStatus, at: datetime | None = None) -> OrderAnswer:
    return OrderAnswer(
        order_id=order_id,
        status=status,
        registry_ref=None,
        executed_at=at,
        reason=None,
        message=None,
        evidence_sha256="0" * 64,
    )
