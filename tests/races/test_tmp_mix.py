"""Sixteen processes do everything at random: no commit takes too much, and the commit order explains every reply."""

import random
import time
from collections.abc import Callable

import pytest

from tests.conftest import CAMPAIGN
from tests.races.arena import Arena
from tests.races.mix import Mix

pytestmark = pytest.mark.campaign


def test_what_many_are_told_at_once_is_explained_by_the_order_in_which_the_database_committed(
    arena: Arena, rounds: Callable[[int, int], int], say: Callable[[str], None]
) -> None:
    seed = random.SystemRandom().randrange(10**9) if CAMPAIGN else 7
    mix = Mix(arena, random.Random(seed))
    begun = time.monotonic()

    for number in range(rounds(100, 300)):
        assert mix.heat(each=6) == [], f"seed {seed}, heat {number}\n{arena.said()}"

    say(f"mix: seed {seed}: {mix.printed()}; {time.monotonic() - begun:.0f} s")
