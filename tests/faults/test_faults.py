"""Two hundred runs in bad weather: each command takes effect once or not at all, and in fine weather all ends alike."""

import random
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.conftest import CAMPAIGN
from tests.faults.run import COMMANDS, run

SHARES = 20
BASE = random.SystemRandom().randrange(10**9) if CAMPAIGN else 0


@pytest.mark.campaign
@pytest.mark.parametrize("share", range(SHARES))
def test_whatever_the_line_does_every_command_takes_effect_once_or_not_at_all(
    share: int, rounds: Callable[[int, int], int], say: Callable[[str], None]
) -> None:
    figures: Counter[str] = Counter()
    begun = time.monotonic()

    for seed in range(BASE + share, BASE + rounds(200, 10_000), SHARES):
        told = run(seed)
        assert told.broken is None, told.words
        figures.update(seeds=1, commands=COMMANDS, orders=told.orders, effects=told.effects, deaths=told.deaths)
        figures.update(messages=told.calls)

    if CAMPAIGN:
        named = ", ".join(f"{count} {name}" for name, count in figures.items())
        say(f"faults, every {SHARES}th seed from {BASE + share}: {named}; {time.monotonic() - begun:.0f} s")


def test_one_integer_is_a_whole_run() -> None:
    assert run(7) == run(7)
