"""The bugs that are planted to see the harness catch them, and what of it must catch each.

A harness that finds nothing proves nothing until it has found these. Each is a way in which somebody might honestly
have written the taking of a quantity.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.races.model import Check

BUG_FILE: Final = "GREENLIEN_TEST_BUG_FILE"
"""The variable that names the file in which the mutant servers read, before each taking, which bug they have."""


class Bug(StrEnum):
    """How a quantity is taken."""

    NONE = "none"
    """As the product takes it."""
    CHECK_THEN_INSERT = "check_then_insert"
    """Read what is free, and then take it whatever has happened since."""
    SUM_READ_COMMITTED = "sum_read_committed"
    """Add up the live holds under READ COMMITTED, and write the sum."""
    NO_GUARD = "no_guard"
    """Take, and leave it to the constraint to object."""
    HOLD_WITHOUT_UPDATE = "hold_without_update"
    """Look at the balance and write the hold, but never move the balance."""
    STALE_REFUSAL = "stale_refusal"
    """Refuse, and only then look up how much is available, when somebody may have withdrawn."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug, with the database's constraint in place or dropped, and the checks that must find it."""

    name: str
    bug: Bug
    constraint: bool
    caught_by: frozenset[Check]


MUTANTS: Final = (
    Mutant(
        "check, then insert",
        Bug.CHECK_THEN_INSERT,
        constraint=False,
        caught_by=frozenset({Check.WINNERS, Check.COMMIT, Check.CONSTRAINT}),
    ),
    Mutant(
        "check, then insert, on top of the CHECK: it holds, and the losers get errors instead of refusals",
        Bug.CHECK_THEN_INSERT,
        constraint=True,
        caught_by=frozenset({Check.FAILURE}),
    ),
    Mutant(
        "sum under READ COMMITTED: the balance itself never looks wrong, so the CHECK is blind to it",
        Bug.SUM_READ_COMMITTED,
        constraint=True,
        caught_by=frozenset({Check.WINNERS, Check.COMMIT, Check.BALANCE, Check.HOLDS}),
    ),
    Mutant(
        "no CHECK: the guard alone still holds, so only the probe of the schema can tell",
        Bug.NONE,
        constraint=False,
        caught_by=frozenset({Check.CONSTRAINT}),
    ),
    Mutant(
        "no guard and no CHECK",
        Bug.NO_GUARD,
        constraint=False,
        caught_by=frozenset({Check.WINNERS, Check.COMMIT, Check.CONSTRAINT}),
    ),
    Mutant(
        "hold without the guarded update",
        Bug.HOLD_WITHOUT_UPDATE,
        constraint=True,
        caught_by=frozenset({Check.WINNERS, Check.COMMIT, Check.BALANCE, Check.HOLDS}),
    ),
)
"""Each with exactly the checks that find it in a race for the last unit."""
