"""Orders: silence is an answer of its own, and a settled order stays settled."""

from datetime import timedelta

import pytest

from domain.pledges.registry_orders import (
    IN_FLIGHT,
    ORDER_TRANSITIONS,
    RETRY_AFTER,
    SETTLED,
    OrderEvent,
    OrderState,
    after,
    pause_after,
)
from tests.builders import an_order


@pytest.mark.parametrize("state", [OrderState.SENT, OrderState.UNKNOWN])
def test_silence_makes_an_order_unknown_and_never_failed(state: OrderState) -> None:
    assert after(an_order(state=state), OrderEvent.SILENT) is OrderState.UNKNOWN


def test_silence_does_not_unsay_that_the_registry_accepted() -> None:
    assert after(an_order(state=OrderState.ACCEPTED), OrderEvent.SILENT) is OrderState.ACCEPTED


def test_an_order_the_registry_never_saw_is_sent_again_under_its_own_id() -> None:
    assert after(an_order(state=OrderState.UNKNOWN), OrderEvent.NEVER_SEEN) is OrderState.SENT


@pytest.mark.parametrize("state", sorted(SETTLED))
@pytest.mark.parametrize("event", list(OrderEvent))
def test_a_settled_order_hears_nothing_more(state: OrderState, event: OrderEvent) -> None:
    assert after(an_order(state=state), event) is None


@pytest.mark.parametrize("event", [OrderEvent.EXECUTED, OrderEvent.REFUSED, OrderEvent.ACCEPTED])
def test_only_an_order_that_was_sent_can_be_answered(event: OrderEvent) -> None:
    answered = {state for state, known in ORDER_TRANSITIONS if known is event}
    assert answered == IN_FLIGHT


def test_pauses_grow_and_the_last_one_repeats() -> None:
    assert [pause_after(attempt) for attempt in range(1, len(RETRY_AFTER) + 1)] == list(RETRY_AFTER)
    assert list(RETRY_AFTER) == sorted(RETRY_AFTER)
    assert pause_after(10_000) == timedelta(seconds=300)
    assert pause_after(0) == RETRY_AFTER[0]
