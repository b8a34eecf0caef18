"""When two deals are there and back, as a table."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.market.groups import Affiliation, Groups
from domain.market.round_trips import BUSINESS_DAYS_MAX, CALENDAR_DAYS_MAX, business_days_between, is_round_trip
from domain.market.trades import Trade, TradeKind
from domain.values.identifiers import Uscc
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity, Unit
from tests.unit.market.deals import a_trade, tonnes_a_year

A, B, C = (Uscc(f"91330000DEM00000{letter}X") for letter in "ABC")
FRIDAY = date(2026, 11, 6)
NOBODY = Groups([])
B_IS_C = Groups([Affiliation.between(B, C, since=date(2020, 1, 1), until=None, ground="control")])


def a_leg(seller: Uscc | None, buyer: Uscc | None, amount: str = "10", days: int = 0, **changes: Any) -> Trade:  # noqa: ANN401 - any field of a trade
    """Return a sale some days after a Friday."""
    when = FRIDAY + timedelta(days=days)
    return a_trade(seller=seller, buyer=buyer, quantity=tonnes_a_year(amount), traded_on=when, **changes)


TRIPS: list[tuple[str, Trade, Groups, bool]] = [
    ("all of it back, the same day", a_leg(B, A), NOBODY, True),
    ("all of it back after ten business days", a_leg(B, A, days=14), NOBODY, True),
    ("and over the weekend that follows", a_leg(B, A, days=16), NOBODY, True),
    ("all of it back after eleven", a_leg(B, A, days=17), NOBODY, False),
    ("back before it went", a_leg(B, A, days=-14), NOBODY, True),
    ("98 % of it back", a_leg(B, A, "9.8"), NOBODY, True),
    ("half of it back", a_leg(B, A, "5"), NOBODY, True),
    ("less than half of it back", a_leg(B, A, "4.999999"), NOBODY, False),
    ("twice as much back", a_leg(B, A, "20"), NOBODY, True),
    ("more than twice as much back", a_leg(B, A, "20.000001"), NOBODY, False),
    ("on to somebody else", a_leg(B, C), NOBODY, False),
    ("back from somebody else", a_leg(C, A), NOBODY, False),
    ("back from somebody of the buyer's group", a_leg(C, A), B_IS_C, True),
    ("the same way again", a_leg(A, B), NOBODY, False),
    ("another pollutant back", a_leg(B, A, pollutant=Pollutant.COD), NOBODY, False),
    ("only lent back", a_leg(B, A, kind=TradeKind.LEASE), NOBODY, False),
    ("back at an exchange", a_leg(B, A, kind=TradeKind.LISTED), NOBODY, True),
    ("parties that are not told", a_leg(None, None), NOBODY, False),
]


@pytest.mark.parametrize(("back", "groups", "trip"), [row[1:] for row in TRIPS], ids=[row[0] for row in TRIPS])
def test_a_right_that_soon_comes_back_was_not_sold(back: Trade, groups: Groups, trip: bool) -> None:
    out = a_leg(A, B)

    assert is_round_trip(out, back, groups) is trip
    assert is_round_trip(back, out, groups) is trip


def test_sizes_are_compared_across_kilograms_and_tonnes() -> None:
    back = a_trade(seller=B, buyer=A, traded_on=FRIDAY, quantity=Quantity(Decimal(10_000), Unit.KG_PER_YEAR))

    assert is_round_trip(a_leg(A, B), back, NOBODY)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 60))
def test_business_days_are_counted_one_by_one_and_never_reach_over_the_calendar_window(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    counted = sum((first + timedelta(days=step)).weekday() < 5 for step in range(1, days + 1))

    assert business_days_between(first, last) == business_days_between(last, first) == counted
    assert days <= CALENDAR_DAYS_MAX or counted > BUSINESS_DAYS_MAX
