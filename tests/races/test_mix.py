"""Thirty-two processes do everything at random: no commit takes too much, and the commit order explains every reply."""

import random
import time
from collections.abc import Callable

import pytest

from tests.conftest import CAMPAIGN
from tests.races.arena import Arena
from tests.races.mix import Mix

EACH = 12
pytestmark = pytest.mark.campaign


@pytest.mark.timeout(0 if CAMPAIGN else 600)
def test_what_many_are_told_at_once_is_explained_by_the_order_in_which_the_database_committed(
    arena: Arena, rounds: Callable[[int, int], int], say: Callable[[str], None]
) -> None:
    seed = random.SystemRandom().randrange(10**9) if CAMPAIGN else 20_261_121
    mix = Mix(arena, random.Random(seed))
    begun = time.monotonic()

    while mix.replies.total() < rounds(10_000, 1_000_000):
        assert mix.heat(each=EACH) == [], f"seed {seed}, after {mix.replies.total()} requests\n{arena.said()}"

    say(f"mix: seed {seed}: {mix.printed()}; {time.monotonic() - begun:.0f} s")
