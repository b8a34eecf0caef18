"""Days that pass: rights expire and roll over, each pledge on them is told, and nothing is released."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from tests.builders import HOLDER, NOW
from tests.database_session import Database
from tests.integration.business import Business, open_for_business
from tests.integration.vigil import events, kinds, revalue, turn

OFFICER, AUTHORITY = "bank-a.officer", "authority.zhejiang"
CONCERNED: Final = sorted([HOLDER, AUTHORITY, "bank-a"])
NEW_PLAN: Final = datetime(2031, 1, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        opened.consent("enterprise.shaoxing", HOLDER, "bank-a")
        yield opened


def status(business: Business, right: str) -> str:
    """Return what a right is."""
    return str(business.get(OFFICER, f"/v1/rights/{right}")["status"])


def test_a_right_expires_on_the_day_after_its_last_and_nothing_is_released(business: Business) -> None:
    right = business.verified(valid_to=date(2028, 3, 1))
    pledge = business.active({right: "10"}, [business.loan("1000.00")], "1000.00")

    turn(business, datetime(2028, 3, 1, 12, tzinfo=UTC))
    assert (status(business, right), kinds(business, pledge)) == ("effective", [])
    assert turn(business, datetime(2028, 3, 2, 1, tzinfo=UTC)) >= 1
    assert turn(business, datetime(2028, 3, 2, 2, tzinfo=UTC)) == 0  # once

    assert (status(business, right), kinds(business, pledge)) == ("expired", ["right_expired"])
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "active"
    assert business.available(right) == "40.000000"
    assert business.sql("select state from holds where right_id = %s", right) == [("posted",)]
    assert events(business, right)[-2:] == [("right.reconfirmation_due", CONCERNED), ("right.changed", CONCERNED)]


def test_at_the_end_of_a_plan_an_old_right_awaits_its_confirmation_impaired_and_unpriced(business: Business) -> None:
    right = business.verified(valid_to=date(2031, 11, 20))
    pledge = business.active({right: "10"}, [business.loan()])

    turn(business, NEW_PLAN - timedelta(days=1))
    assert status(business, right) == "effective"
    turn(business, NEW_PLAN)

    assert (status(business, right), kinds(business, pledge)) == ("pending_reconfirmation", ["reconfirmation_pending"])
    revalue(business, NEW_PLAN)
    coverage = business.get(OFFICER, f"/v1/pledges/{pledge}/coverage")
    assert (coverage["level"], coverage["collateral_value"]) == ("unpriced", None)
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "active"


def test_a_confirmation_that_falls_due_is_told_once_to_holder_authority_and_bank(business: Business) -> None:
    right = business.verified(valid_to=date(2031, 11, 20))
    business.active({right: "10"}, [business.loan()])
    days = [datetime(2030, 10, 31, 1, tzinfo=UTC) + timedelta(days=count) for count in range(4)]

    told = []
    for day in days:
        turn(business, day)
        told.append([parties for kind, parties in events(business, right) if kind == "right.reconfirmation_due"])

    assert told == [[], [CONCERNED], [CONCERNED], [CONCERNED]]  # 1 November is 60 days before 31 December
    ((data,),) = business.sql("select data from events where type = 'right.reconfirmation_due' and subject = %s", right)
    assert data["due_on"] == "2030-12-31"


def test_a_registry_that_calls_an_ended_right_effective_is_not_believed(business: Business) -> None:
    right = business.verified(valid_to=date(2026, 11, 20))

    assert status(business, right) == "expired"
    assert turn(business, NOW) == 0
