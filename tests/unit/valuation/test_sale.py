"""What a forced seller gets for a quantity, slice by slice."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.valuation.sale import UNSOLD_FROM, Sale, days_of, rungs, sell, without_roll_over
from domain.valuation.subject import Subject
from domain.values.quantity import Quantity, Unit
from tests.unit.market.deals import TODAY, tonnes_a_year
from tests.unit.valuation.subjects import a_subject, an_allowance

TONNE = 10**9


def loses(weekdays: int) -> Decimal:
    """Lose a tenth of a per cent for every weekday, nine tenths at most."""
    return min(Decimal(weekdays) / 1000, Decimal("0.9"))


def sold(subject: Subject, tonnes_a_weekday: Fraction | int | None, weekdays: int = 0, on: date = TODAY) -> Sale:
    """Sell a subject from today on in a market of so many tonnes a weekday."""
    volume = None if tonnes_a_weekday is None else Fraction(tonnes_a_weekday) * TONNE
    return sell(subject, on, weekdays, loses, volume)


def allowances(tonnes: int) -> Subject:
    """Return a subject that does not melt."""
    return an_allowance(quantity=Quantity(Decimal(tonnes), Unit.TCO2E))


def test_a_fifth_of_the_market_s_volume_is_sold_every_day_at_that_day_s_haircut() -> None:
    found = sold(allowances(25), 50, weekdays=14)

    assert found == Sale(
        kept=10 * (1 - Fraction(14, 1000)) + 10 * (1 - Fraction(15, 1000)) + 5 * (1 - Fraction(16, 1000)),
        left=Fraction(25),
        unsold=Fraction(0),
        weekdays=2,
    )


def test_a_small_lot_is_sold_on_the_first_day_and_without_a_volume_all_of_it() -> None:
    for market in (10**6, None):
        assert sold(allowances(25), market, weekdays=14) == Sale(
            25 * (1 - Fraction(14, 1000)), Fraction(25), Fraction(0), 0
        )


def test_the_ladder_is_told_by_days_for_a_month_by_weeks_for_a_year_and_then_by_months_without_a_gap() -> None:
    steps = list(rungs())

    assert [through - first + 1 for first, through in steps] == [1] * 20 + [5] * 48 + [22] * 45
    assert [first for first, _ in steps] == [0, *(through + 1 for _, through in steps[:-1])]
    assert steps[-1][1] == UNSOLD_FROM - 1


def test_a_rung_is_sold_at_its_last_day_s_haircut() -> None:
    found = sold(allowances(25), 5)

    assert found.kept == sum(1 - Fraction(day, 1000) for day in range(20)) + 5 * (1 - Fraction(24, 1000))
    assert found.weekdays == 24


def test_what_finds_no_buyer_within_five_years_is_worth_nothing() -> None:
    full, more = sold(allowances(1250), 5), sold(allowances(9999), 5)

    assert [full.unsold, more.unsold] == [0, 9999 - 1250]
    assert more.kept == full.kept
    assert more.weekdays == 1249


def test_each_slice_is_worth_what_is_left_of_its_years_on_its_day() -> None:
    subject = a_subject(quantity=tonnes_a_year("2"), valid_to=TODAY + timedelta(days=365))
    found = sold(subject, 5)

    assert found.left == 1 + Fraction(365 - 2, 365)
    assert found.kept == 1 + Fraction(365 - 2, 365) * (1 - Fraction(1, 1000))


def test_what_is_sold_after_the_end_is_worth_nothing() -> None:
    subject = a_subject(quantity=tonnes_a_year("30"), valid_to=TODAY + timedelta(days=10))

    assert sold(subject, 5).left == sum(Fraction(10 - days_of(day).days, 10) for day in range(8)) * Fraction(10, 365)
    assert [days_of(day).days for day in range(9)] == [0, 2, 3, 5, 6, 7, 9, 10, 12]


@settings(max_examples=150)
@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(1, 10**6), st.booleans())
def test_more_is_never_worth_less_and_nothing_is_worth_more_than_before_the_haircut(
    first: int, second: int, market: int, melts: bool
) -> None:
    def of(millionths: int) -> Sale:
        amount = Decimal(millionths) / 10**6
        subject = (
            a_subject(quantity=Quantity(amount, Unit.T_PER_YEAR))
            if melts
            else an_allowance(quantity=Quantity(amount, Unit.TCO2E))
        )
        return sold(subject, Fraction(market, 1000))

    less, more = of(min(first, second)), of(max(first, second))

    assert 0 < less.kept <= more.kept
    assert less.left <= more.left
    for found, millionths in ((less, min(first, second)), (more, max(first, second))):
        assert found.kept <= found.left <= Fraction(millionths, 10**6) * 5


@settings(max_examples=150)
@given(st.integers(0, 1200), st.integers(0, 900), st.integers(0, 1500))
def test_a_share_of_what_is_left_never_grows_by_waiting_whatever_the_day_of_the_week(
    days: int, more: int, tonnes: int
) -> None:
    subject = a_subject(quantity=tonnes_a_year(str(1 + tonnes)), valid_to=TODAY + timedelta(days=2200))

    def share(after: int) -> Fraction:
        on = TODAY + timedelta(days=after)
        return sold(subject, 5, weekdays=20, on=on).kept / (2200 - after)

    assert share(days + more) <= share(days)


def test_what_lies_beyond_a_roll_over_is_not_counted() -> None:
    subject = a_subject(valid_from=date(2026, 1, 1), valid_to=date(2033, 6, 30))

    assert without_roll_over(subject, date(2031, 1, 1)).valid_to == date(2031, 1, 1)
    assert without_roll_over(subject, None) == subject
    for ends in (date(2033, 6, 30), date(2036, 1, 1), date(2026, 1, 1)):
        assert without_roll_over(subject, ends) == subject
    assert without_roll_over(an_allowance(), date(2031, 1, 1)).valid_to is None
