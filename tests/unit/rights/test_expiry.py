"""The calendar: two clocks, and what each makes of a right on which day."""

from datetime import UTC, date, datetime
from typing import Final

import pytest

from domain.jurisdictions.rulebook import Rulebook, load_rulebook
from domain.rights.expiry import PlanPeriod, plan_period_on, reconfirmation_due_on, status_on
from domain.rights.rights import USABLE, RightStatus, Tenure
from domain.values.instruments import Instrument
from tests.builders import SHAOXING, a_right

PERIOD: Final = PlanPeriod(before=date(2025, 12, 31), end=date(2030, 12, 31))
NEW_YEAR: Final = date(2026, 1, 1)
OLD: Final = a_right(valid_from=date(2024, 7, 1), valid_to=date(2029, 6, 30), as_of=datetime(2025, 3, 1, tzinfo=UTC))
"""Counted out for the plan that ended in 2025, on a permit that runs to 2029, and not told of since."""


def test_a_right_is_valid_on_its_last_day_and_expired_on_the_next() -> None:
    right = a_right(valid_to=date(2027, 3, 1))
    assert status_on(right, PERIOD, date(2027, 3, 1)) is RightStatus.EFFECTIVE
    assert status_on(right, PERIOD, date(2027, 3, 2)) is RightStatus.EXPIRED


def test_a_permanent_right_never_expires() -> None:
    right = a_right(tenure=Tenure.PERMANENT, valid_to=None)
    assert status_on(right, PERIOD, date(2099, 1, 1)) is RightStatus.EFFECTIVE


def test_at_the_end_of_its_plan_a_right_awaits_its_confirmation() -> None:
    before = PlanPeriod(before=date(2020, 12, 31), end=date(2025, 12, 31))
    assert status_on(OLD, before, date(2025, 12, 31)) is RightStatus.EFFECTIVE
    assert status_on(OLD, PERIOD, NEW_YEAR) is RightStatus.PENDING_RECONFIRMATION


@pytest.mark.parametrize(
    "different",
    [
        {"as_of": datetime(2026, 1, 5, tzinfo=UTC)},
        {"valid_from": date(2026, 1, 1), "as_of": datetime(2026, 1, 1, tzinfo=UTC)},
        {"successor_id": "right_" + "2" * 32},
        {"tenure": Tenure.PERMANENT},
        {"instrument": Instrument.CARBON_ALLOWANCE},
    ],
    ids=["told of since", "of the new plan", "its successor is confirmed", "permanent", "no discharge right"],
)
def test_what_is_not_of_the_plan_or_was_confirmed_stays_effective(different: dict[str, object]) -> None:
    right = a_right(**{"valid_from": OLD.valid_from, "valid_to": OLD.valid_to, "as_of": OLD.as_of, **different})
    assert status_on(right, PERIOD, NEW_YEAR) is RightStatus.EFFECTIVE


def test_a_right_that_ends_with_its_plan_rolls_over_and_one_that_ended_before_has_expired() -> None:
    assert (
        status_on(a_right(valid_from=OLD.valid_from, valid_to=PERIOD.before, as_of=OLD.as_of), PERIOD, NEW_YEAR)
        is RightStatus.PENDING_RECONFIRMATION
    )
    ended = a_right(valid_from=OLD.valid_from, valid_to=date(2025, 12, 30), as_of=OLD.as_of)
    assert status_on(ended, PERIOD, NEW_YEAR) is RightStatus.EXPIRED


@pytest.mark.parametrize("status", sorted(set(RightStatus) - USABLE))
def test_the_calendar_changes_nothing_of_what_a_registry_ended(status: RightStatus) -> None:
    assert status_on(a_right(status=status, valid_to=date(2020, 1, 1)), PERIOD, NEW_YEAR) is status


@pytest.mark.parametrize(
    ("on", "due"),
    [
        (date(2030, 10, 31), None),
        (date(2030, 11, 1), date(2030, 12, 31)),  # 60 days before
        (date(2030, 12, 31), date(2030, 12, 31)),
    ],
)
def test_a_confirmation_falls_due_sixty_days_before_the_plan_ends(on: date, due: date | None) -> None:
    right = a_right(valid_from=date(2026, 7, 1), valid_to=date(2031, 6, 30))
    assert reconfirmation_due_on(right, PERIOD, on) == due


def test_the_earlier_end_counts_and_a_permanent_right_has_none() -> None:
    permit_ends = a_right(valid_to=date(2027, 3, 1))
    assert reconfirmation_due_on(permit_ends, PERIOD, date(2027, 1, 15)) == date(2027, 3, 1)
    assert reconfirmation_due_on(permit_ends, PERIOD, date(2026, 12, 1)) is None
    forever = a_right(tenure=Tenure.PERMANENT, valid_to=None)
    assert reconfirmation_due_on(forever, PERIOD, date(2030, 12, 31)) is None


def test_the_plan_period_is_the_rules_and_without_a_rule_there_is_none() -> None:
    assert plan_period_on(load_rulebook(), SHAOXING, date(2026, 11, 21)) == PERIOD
    assert plan_period_on(load_rulebook(), SHAOXING, date(2025, 12, 31)) == PlanPeriod(
        date(2020, 12, 31), date(2025, 12, 31)
    )
    assert plan_period_on(Rulebook([]), SHAOXING, date(2026, 11, 21)) is None
