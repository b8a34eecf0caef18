"""The harness finds every bug that is planted, and by the checks that must find it."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.database_session import Database
from tests.races.arena import Arena, opened
from tests.races.last_unit import LastUnit
from tests.races.ledger import CONSTRAINT
from tests.races.mix import Mix
from tests.races.model import Check
from tests.races.mutants import BUG_FILE, MUTANTS, Bug, Mutant

pytestmark = pytest.mark.campaign

SERVER: Final = "tests.races.mutant_server"
HEATS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class MutantArena:
    """An arena whose servers have whatever bug is planted."""

    arena: Arena
    bug_file: Path

    @contextmanager
    def planted(self, bug: Bug, *, constraint: bool) -> Iterator[Arena]:
        """Plant a bug, and drop the constraint where it is to be missing."""
        self.bug_file.write_text(bug, encoding="ascii")
        if constraint:
            yield self.arena
        else:
            with self._unconstrained():
                yield self.arena

    @contextmanager
    def _unconstrained(self) -> Iterator[None]:
        """Drop the constraint, and put it back for whatever is written from then on."""
        ledger = self.arena.ledger
        [[definition]] = ledger.execute(
            "select pg_get_constraintdef(oid) from pg_constraint where conname = %s", CONSTRAINT
        )
        ledger.execute(f"alter table right_balances drop constraint {CONSTRAINT}")
        try:
            yield
        finally:
            kept = definition.removesuffix(" NOT VALID")
            ledger.execute(f"alter table right_balances add constraint {CONSTRAINT} {kept} not valid")


@pytest.fixture(scope="module")
def mutants(
    new_database: Callable[[], AbstractContextManager[Database]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MutantArena]:
    """Open the arena of the mutants."""
    folder = tmp_path_factory.mktemp("mutants")
    bug_file = folder / "bug"
    bug_file.write_text(Bug.NONE, encoding="ascii")
    with opened(new_database, folder, SERVER, {BUG_FILE: str(bug_file)}) as arena:
        yield MutantArena(arena, bug_file)


def test_the_servers_of_the_mutants_are_found_in_order_without_a_bug(mutants: MutantArena) -> None:
    with mutants.planted(Bug.NONE, constraint=True) as arena:
        assert LastUnit(arena).round() == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_race_for_the_last_unit_finds(
    mutant: Mutant, mutants: MutantArena, rounds: Callable[[int, int], int], say: Callable[[str], None]
) -> None:
    found: Counter[Check] = Counter()
    caught, tried = 0, rounds(3, 40)

    with mutants.planted(mutant.bug, constraint=mutant.constraint) as arena:
        for _ in range(tried):
            checks = {violation.check for violation in LastUnit(arena).round()}
            found.update(checks)
            caught += bool(checks)

    by = ", ".join(f"{check} {count}" for check, count in sorted(found.items()))
    say(f"mutant {mutant.name}: caught in {caught} of {tried} rounds ({by})")
    assert mutant.caught_by <= set(found) <= mutant.caught_by | {Check.FAILURE}
    assert caught >= 0.95 * tried


def test_the_mix_finds_a_refusal_that_names_what_would_have_been_enough(
    mutants: MutantArena, say: Callable[[str], None]
) -> None:
    with mutants.planted(Bug.STALE_REFUSAL, constraint=True) as arena:
        mix = Mix(arena, random.Random(20_261_121))
        found: set[Check] = set()
        heats = 0
        while not found and heats < HEATS_MAX:
            found = {violation.check for violation in mix.heat(each=6)}
            heats += 1

    say(f"mutant {Bug.STALE_REFUSAL}: caught in heat {heats} of the mix ({', '.join(sorted(found))})")
    assert found == {Check.HISTORY}
