"""The product behaves as the pure model says, whatever is done to it in whatever order."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import CAMPAIGN
from tests.database_session import Database
from tests.model.machine import Machine
from tests.model.stage import Stage, opened

STEPS = 50 if CAMPAIGN else 40


@pytest.fixture
def stage(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Stage]:
    with new_database() as database, opened(database) as lent:
        yield lent


@pytest.mark.campaign
@pytest.mark.timeout(0 if CAMPAIGN else 600)
def test_whatever_is_done_in_whatever_order_the_answers_are_those_of_the_model(
    stage: Stage, rounds: Callable[[int, int], int], say: Callable[[str], None]
) -> None:
    Machine.stage = stage

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=rounds(50, 1_000),
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink) if CAMPAIGN else (Phase.generate,),
        ),
    )

    if CAMPAIGN:
        say("model: " + ", ".join(f"{count} x {told}" for told, count in sorted(stage.answers.items())))
