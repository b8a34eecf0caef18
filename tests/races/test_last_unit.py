"""Sixteen processes want the last unit of one right: exactly one gets it, at every commit and not only in the end."""

import time
from collections.abc import Callable

import pytest

from tests.races.arena import Arena
from tests.races.last_unit import LastUnit

pytestmark = pytest.mark.campaign


def test_sixteen_processes_pledge_the_last_unit_and_exactly_one_wins_each_round(
    arena: Arena, rounds: Callable[[int, int], int], say: Callable[[str], None]
) -> None:
    contest = LastUnit(arena)
    begun = time.monotonic()

    for number in range(rounds(100, 2_000)):
        assert contest.round() == [], f"round {number}\n{arena.said()}"

    say(f"last unit: {contest.figures.printed()}; {time.monotonic() - begun:.0f} s")
