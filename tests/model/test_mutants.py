"""The machine can fail: a planted bug is seen in the step that it spoils, or in the look that follows every step."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final
from unittest import mock

import pytest

from api.house import House, house_of
from api.routes import pledge_commands, pledges
from domain.pledges.pledges import Pledge
from domain.use_cases import approve_amendment, carry_out_order, decide_on_pledge, enforce_pledge
from domain.use_cases.release_pledge import approve_release
from domain.values.actors import Actor
from integrations.database.holds import DatabaseHolds
from integrations.database.idempotency import IdempotencyKeys
from integrations.database.rights import DatabaseRights
from tests.database_session import Database
from tests.model.machine import Machine
from tests.model.stage import Stage, opened

Story = Callable[[Machine], object]


@pytest.fixture(scope="module")
def stage(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Stage]:
    with new_database() as database, opened(database) as lent:
        yield lent


async def _nothing(*_: object, **__: object) -> None:
    """Do nothing."""


async def _taken_in_any_case(rights: DatabaseRights, right_id: str, quantity: Decimal) -> bool:
    await rights.seize(right_id, quantity)
    return True


async def _approved_by_anybody(uow: Any, actor: Actor, *rest: Any) -> Pledge:  # noqa: ANN401 - whatever is approved with
    return await approve_release(uow, replace(actor, client_id="somebody.else"), *rest)


async def _no_ground(*_: object) -> tuple[()]:
    return ()


def _for_anybody(request: Any) -> House:  # noqa: ANN401 - litestar's own request
    """Return the house as a worker enters it, from whom nothing is hidden."""
    house = house_of(request)
    return replace(house, open=lambda _: house.open(None))


def _days_of_the_calendar(begin: date, end: date) -> int:
    return (end - begin).days


BUGS: Final[Mapping[str, tuple[Callable[[], Any], Story]]] = {
    "what has ended keeps its quantity": (
        lambda: mock.patch.object(decide_on_pledge, "give_holds_back", _nothing),
        lambda machine: machine.withdraw(0),
    ),
    "a release keeps its quantity": (
        lambda: mock.patch.object(carry_out_order, "give_holds_back", _nothing),
        lambda machine: (machine.advance_far(0, 5), machine.a_release_is_agreed_on(0, False), machine.work()),  # noqa: FBT003 - as hypothesis calls a rule
    ),
    "more is taken than there is": (
        lambda: mock.patch.object(DatabaseRights, "take", _taken_in_any_case),
        lambda machine: (machine.draft(0, False, (6, 0)), machine.submit(5)),  # noqa: FBT003 - as hypothesis calls a rule
    ),
    "what is lifted in part stays whole": (
        lambda: mock.patch.object(DatabaseHolds, "shrink", _nothing),
        lambda machine: (machine.post_a_hold(1, Decimal(2), True), machine.lift_a_hold(1, 0, True)),  # noqa: FBT003 - as hypothesis calls a rule
    ),
    "one person is two": (
        lambda: mock.patch.object(pledge_commands, "approve_release", _approved_by_anybody),
        lambda machine: (machine.advance_far(0, 5), machine.a_release_is_agreed_on(0, True)),  # noqa: FBT003 - as hypothesis calls a rule
    ),
    "an amendment asks no pledgor": (
        lambda: mock.patch.object(approve_amendment, "missing_consents", return_value=()),
        lambda machine: (
            machine.advance_far(0, 5),
            machine.propose_an_amendment(0, 0, Decimal(1), True),  # noqa: FBT003 - as hypothesis calls a rule
            machine.approve_an_amendment(0),
        ),
    ),
    "who owes nothing overdue is in default": (
        lambda: mock.patch.object(enforce_pledge, "grounds_of", _no_ground),
        lambda machine: (machine.advance_far(0, 5), machine.propose_enforcement(0)),
    ),
    "what is said twice is done twice": (
        lambda: mock.patch.object(IdempotencyKeys, "find", _nothing),
        lambda machine: machine.it_is_said_twice(0),
    ),
    "whoever is late is heard": (
        lambda: mock.patch.object(pledge_commands, "if_match", return_value=None),
        lambda machine: machine.somebody_is_late(0),
    ),
    "a stranger reads": (
        lambda: mock.patch.object(pledges, "house_of", _for_anybody),
        lambda machine: machine.a_stranger_reads(0, 0),
    ),
    "holidays count": (
        lambda: mock.patch.object(decide_on_pledge, "working_days_between", _days_of_the_calendar),
        lambda machine: machine.time_passes(12, 1),
    ),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_seen(stage: Stage, bug: str) -> None:
    plant, story = BUGS[bug]
    _play(stage, story)

    with plant(), pytest.raises(AssertionError):
        _play(stage, story)


def _play(stage: Stage, story: Story) -> None:
    """Play a story that begins with an application, and look."""
    Machine.stage = stage
    machine = Machine()
    machine.begin((8, 8), 0, 1)
    story(machine)
    machine.what_is_held_and_what_is_free_make_up_the_whole()
    machine.every_pledge_is_where_the_table_allows()
