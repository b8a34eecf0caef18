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


ERRORS: Final = frozenset({Check.FAILURE})


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug, with the database's constraint in place or dropped, and the checks that must find it."""

    name: str
    bug: Bug
    constraint: bool
    caught_by: frozenset[Check]


MUTANTS: Final = (
    Mutant(
        "check_then_insert",
        Bug.CHECK_THEN_INSERT,
        constraint=False,
        caught_by=frozenset({Check.WINNERS, Check.COMMIT, Check.CONSTRAINT}),
    ),
    # The same above the constraint, which holds: the losers get errors instead of refusals.
    Mutant("check_then_insert_above_the_check", Bug.CHECK_THEN_INSERT, constraint=True, caught_by=ERRORS),
    # The balance never looks too high, so the constraint is blind to it.
    Mutant(
        "sum_under_read_committed",
        Bug.SUM_READ_COMMITTED,
        constraint=True,
        caught_by=frozenset({Check.WINNERS, Check.COMMIT, Check.BALANCE, Check.HOLDS}),
    ),
    # The guard still holds alone, so that no race can tell; the probe of the schema does.
    Mutant("no_check", Bug.NONE, constraint=False, caught_by=frozenset({Check.CONSTRAINT})),
    Mutant("no_guard_above_the_check", Bug.NO_GUARD, constraint=True, caught_by=ERRORS),
    Mutant(
        "no_guard_and_no_check",
        Bug.NO_GUARD,
        constraint=False,
        caught_by=frozenset({Check.WINNERS, Check.COMMIT, Check.CONSTRAINT}),
    ),
    Mutant(
        "hold_without_the_guarded_update",
        Bug.HOLD_WITHOUT_UPDATE,
        constraint=True,
        caught_by=frozenset({Check.WINNERS, Check.COMMIT, Check.BALANCE, Check.HOLDS}),
    ),
)
"""Each with the checks that find it in a race for the last unit; where several win, one may also wait too long."""
