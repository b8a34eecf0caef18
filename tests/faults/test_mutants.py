"""The campaign can fail: it catches each of the classical bugs within as many seeds as `make test` runs."""

import pytest

from tests.faults.mutants import MUTANTS, planted
from tests.faults.run import Told, run

SEEDS = 200


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_planted_bug_is_caught_and_its_seed_shows_it_again(mutant: str) -> None:
    caught = next(told for told in (_run(mutant, seed) for seed in range(SEEDS)) if told.broken is not None)

    assert _run(mutant, caught.seed).broken == caught.broken


def _run(mutant: str, seed: int) -> Told:
    with planted(mutant):
        return run(seed)
