"""The pledge's states: what is allowed is a table that a lawyer can read; what is forbidden is everything else."""

import pytest

from api.commands.states import diagram
from domain.pledges.lifecycle import (
    LAPSING,
    TERMINAL,
    TRANSITIONS,
    WAITING,
    Event,
    PledgeCannotMove,
    State,
    Workflow,
    move,
)

ZHEJIANG_STEPS = (
    (State.DRAFT, Event.SUBMITTED, State.SUBMITTED),
    (State.SUBMITTED, Event.QUANTITIES_VERIFIED, State.QUANTITIES_VERIFIED),
    (State.QUANTITIES_VERIFIED, Event.LOAN_APPROVED, State.LOAN_APPROVED),
    (State.LOAN_APPROVED, Event.CONFIRMED, State.CONFIRMED),
    (State.CONFIRMED, Event.FREEZE_ORDERED, State.FREEZING),
    (State.FREEZING, Event.FREEZE_EXECUTED, State.ACTIVE),
    (State.ACTIVE, Event.RELEASE_APPROVED, State.RELEASING),
    (State.RELEASING, Event.RELEASE_EXECUTED, State.RELEASED),
)
HUBEI_STEPS = (
    (State.DRAFT, Event.SUBMITTED, State.SUBMITTED),
    (State.SUBMITTED, Event.LOAN_APPROVED, State.LOAN_APPROVED),
    (State.LOAN_APPROVED, Event.FREEZE_ORDERED, State.FREEZING),
    (State.FREEZING, Event.FREEZE_EXECUTED, State.ACTIVE),
    (State.ACTIVE, Event.RELEASE_APPROVED, State.RELEASING),
    (State.RELEASING, Event.RELEASE_EXECUTED, State.RELEASED),
)
STEPS = [*((Workflow.ZHEJIANG, *step) for step in ZHEJIANG_STEPS), *((Workflow.HUBEI, *step) for step in HUBEI_STEPS)]


@pytest.mark.parametrize(("workflow", "state", "event", "target"), STEPS)
def test_each_workflow_takes_its_published_steps(workflow: Workflow, state: State, event: Event, target: State) -> None:
    assert move(workflow, state, event) is target


@pytest.mark.parametrize("workflow", list(Workflow))
def test_whatever_the_table_does_not_allow_is_refused_with_state_and_event(workflow: Workflow) -> None:
    forbidden = [(state, event) for state in State for event in Event if (state, event) not in TRANSITIONS[workflow]]
    assert len(forbidden) == len(State) * len(Event) - len(TRANSITIONS[workflow])
    for state, event in forbidden:
        with pytest.raises(PledgeCannotMove) as refusal:
            move(workflow, state, event)
        assert (refusal.value.state, refusal.value.event) == (state.value, event.value)


def test_the_bank_led_workflow_knows_neither_the_authority_nor_a_confirmation() -> None:
    events = {event for _, event in TRANSITIONS[Workflow.HUBEI]}
    assert Event.QUANTITIES_VERIFIED not in events
    assert Event.CONFIRMED not in events


def test_a_refused_freeze_returns_to_the_state_before_the_freeze_of_its_own_workflow() -> None:
    for workflow, before in ((Workflow.ZHEJIANG, State.CONFIRMED), (Workflow.HUBEI, State.LOAN_APPROVED)):
        assert move(workflow, before, Event.FREEZE_ORDERED) is State.FREEZING
        assert move(workflow, State.FREEZING, Event.FREEZE_REFUSED) is before


@pytest.mark.parametrize("workflow", list(Workflow))
def test_nothing_leaves_a_terminal_state(workflow: Workflow) -> None:
    assert not {state for state, _ in TRANSITIONS[workflow]} & TERMINAL


@pytest.mark.parametrize("workflow", list(Workflow))
def test_once_a_freeze_is_ordered_nobody_withdraws_rejects_or_lapses(workflow: Workflow) -> None:
    for state in (*WAITING, State.ACTIVE, State.EXCEPTION):
        for event in (Event.WITHDRAWN, Event.REJECTED, Event.LAPSED):
            assert (state, event) not in TRANSITIONS[workflow]


ENFORCEMENT_STEPS = (
    (State.ACTIVE, Event.ENFORCEMENT_APPROVED, State.ENFORCING),
    (State.ENFORCING, Event.ENFORCEMENT_STAYED, State.ENFORCEMENT_STAYED),
    (State.ENFORCEMENT_STAYED, Event.STAY_LIFTED, State.ENFORCING),
    (State.ENFORCING, Event.ENFORCEMENT_ENDED, State.ACTIVE),
    (State.ENFORCEMENT_STAYED, Event.ENFORCEMENT_ENDED, State.ACTIVE),
    (State.ENFORCING, Event.DISPOSAL_SETTLED, State.DISPOSED),
    (State.ENFORCING, Event.ORDER_STUCK, State.EXCEPTION),
    (State.EXCEPTION, Event.DISPOSAL_SETTLED, State.DISPOSED),
    (State.EXCEPTION, Event.DISPOSAL_REFUSED, State.ENFORCING),
)


@pytest.mark.parametrize("workflow", list(Workflow))
@pytest.mark.parametrize(("state", "event", "target"), ENFORCEMENT_STEPS)
def test_a_default_takes_the_same_way_in_either_workflow(
    workflow: Workflow, state: State, event: Event, target: State
) -> None:
    assert move(workflow, state, event) is target


@pytest.mark.parametrize("workflow", list(Workflow))
def test_a_stayed_enforcement_neither_sells_nor_releases(workflow: Workflow) -> None:
    leaves = {event for state, event in TRANSITIONS[workflow] if state is State.ENFORCEMENT_STAYED}
    assert leaves == {Event.STAY_LIFTED, Event.ENFORCEMENT_ENDED}


def test_every_published_state_is_reached_and_every_state_but_the_terminal_ones_is_left() -> None:
    edges = [(state, target) for table in TRANSITIONS.values() for (state, _), target in table.items()]
    assert {target for _, target in edges} | {State.DRAFT} == set(State)
    assert {state for state, _ in edges} == set(State) - TERMINAL


@pytest.mark.parametrize("workflow", list(Workflow))
def test_an_existing_pledge_is_brought_in_from_a_draft_to_active_and_from_nowhere_else(workflow: Workflow) -> None:
    edges = {(state, target) for (state, event), target in TRANSITIONS[workflow].items() if event is Event.BROUGHT_IN}
    assert edges == {(State.DRAFT, State.ACTIVE)}


def test_only_states_with_a_pending_hold_lapse() -> None:
    assert {
        State.SUBMITTED,
        State.CORRECTION_REQUIRED,
        State.QUANTITIES_VERIFIED,
        State.LOAN_APPROVED,
        State.CONFIRMED,
    } == LAPSING


def test_the_diagram_is_drawn_from_the_table() -> None:
    drawn = diagram()
    for state in State:
        assert state.value in drawn
    edges = {(state, event, target) for table in TRANSITIONS.values() for (state, event), target in table.items()}
    assert drawn.count(" --> ") == len(edges) + 1 + len(TERMINAL)
    assert "confirmed --> freezing: freeze_ordered (zhejiang)" in drawn


@pytest.mark.parametrize("workflow", list(Workflow))
def test_a_refused_release_is_ordered_again_or_cancelled(workflow: Workflow) -> None:
    assert move(workflow, State.RELEASING, Event.ORDER_STUCK) is State.EXCEPTION
    assert move(workflow, State.EXCEPTION, Event.RELEASE_APPROVED) is State.RELEASING
    assert move(workflow, State.EXCEPTION, Event.RELEASE_CANCELLED) is State.ACTIVE
    cancels = {state for state, event in TRANSITIONS[workflow] if event is Event.RELEASE_CANCELLED}
    assert cancels == {State.EXCEPTION}
