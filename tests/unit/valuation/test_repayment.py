"""Whether a melting right carries a loan to its last day."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Final

import pytest

from domain.errors import InvalidDate, InvalidMoney
from domain.valuation.repayment import Repayment, first_uncovered_on, max_principal
from domain.values.money import Money

START: Final = date(2026, 11, 21)


def day(number: int) -> date:
    """Return a day of the loan's life."""
    return START + timedelta(days=number)


def melting_from_1000(on: date) -> Fraction:
    """Carry a thousand yuan on the first day and one less each day, never less than nothing."""
    return Fraction(max(0, 1000 - (on - START).days))


def in_instalments(*dues: tuple[int, str]) -> Repayment:
    """Return a schedule by day number and amount."""
    return Repayment(tuple((day(number), Money.of(amount)) for number, amount in dues))


def test_an_instalment_is_owed_through_the_whole_of_its_due_date() -> None:
    repayment = in_instalments((10, "60"), (20, "40"))

    assert repayment.total == Money.of(100)
    assert [repayment.outstanding_on(day(n)).amount for n in (0, 10, 11, 20, 21)] == [100, 100, 40, 40, 0]
    assert repayment.owed() == ((day(10), Money.of(100)), (day(20), Money.of(40)))
    assert repayment.shares() == ((day(10), Fraction(1)), (day(20), Fraction(40, 100)))
    assert repayment.end == day(20)


@pytest.mark.parametrize("numbers", [[], [1, 1], [2, 1]])
def test_a_schedule_has_instalments_each_later_than_the_one_before(numbers: list[int]) -> None:
    with pytest.raises(InvalidDate):
        in_instalments(*((number, "1") for number in numbers))


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_an_instalment_is_above_zero(amount: str) -> None:
    with pytest.raises(InvalidMoney):
        in_instalments((1, amount))


def test_a_bullet_may_be_as_large_as_what_is_left_on_its_last_day() -> None:
    assert max_principal(Repayment.bullet(day(300), Money.of(1)), melting_from_1000) == Money.of(1000 - 300)


def test_a_loan_repaid_on_the_way_may_be_larger_than_what_is_left_at_the_end() -> None:
    repayment = in_instalments((100, "50"), (300, "50"))

    assert max_principal(repayment, melting_from_1000) == Money.floor(
        min(Fraction(1000 - 100), Fraction(1000 - 300) * 2)
    )


def test_the_most_that_may_be_lent_is_rounded_down_to_the_fen() -> None:
    assert max_principal(Repayment.bullet(day(1), Money.of(1)), lambda _: Fraction(200, 3)) == Money.of("66.66")


def test_a_loan_that_outlives_the_right_may_not_be_lent_at_all() -> None:
    assert max_principal(in_instalments((1, "999"), (1000, "1")), melting_from_1000) == Money.zero()


def test_a_bullet_is_uncovered_from_the_first_day_on_which_less_is_left_than_is_owed() -> None:
    bullet = Repayment.bullet(day(500), Money.of(700))

    assert melting_from_1000(day(300)) == 700
    assert first_uncovered_on(bullet, START, melting_from_1000) == day(301)


def test_a_loan_that_is_covered_every_day_has_no_first_uncovered_day() -> None:
    assert first_uncovered_on(Repayment.bullet(day(500), Money.of(500)), START, melting_from_1000) is None


def test_a_loan_too_large_today_is_uncovered_today() -> None:
    assert first_uncovered_on(Repayment.bullet(day(500), Money.of("1000.01")), START, melting_from_1000) == START


def test_a_later_instalment_may_fail_where_the_first_did_not() -> None:
    repayment = in_instalments((100, "300"), (900, "600"))

    assert first_uncovered_on(repayment, START, melting_from_1000) == day(401)


def test_the_day_after_an_instalment_is_judged_by_what_is_then_owed() -> None:
    cliff = in_instalments((100, "100"), (300, "900"))

    assert first_uncovered_on(cliff, START, melting_from_1000) == day(1)
    assert first_uncovered_on(cliff, day(101), melting_from_1000) == day(101)


def test_what_was_due_before_the_search_begins_is_not_searched() -> None:
    repayment = in_instalments((100, "900"), (300, "100"))

    assert first_uncovered_on(repayment, START, melting_from_1000) == day(1)
    assert first_uncovered_on(repayment, day(101), melting_from_1000) is None


def test_a_schedule_to_the_end_of_the_calendar_is_searched_like_any_other() -> None:
    bullet = Repayment.bullet(date.max, Money.of(1))

    assert first_uncovered_on(bullet, START, lambda _: Fraction(1)) is None
    assert first_uncovered_on(bullet, START, melting_from_1000) == day(1000)


def test_a_scaled_schedule_repays_exactly_and_never_owes_more_than_its_share() -> None:
    thirds = in_instalments((1, "1"), (2, "1"), (3, "1"))

    scaled = thirds.scaled_to(Money.of(100))

    assert scaled == in_instalments((1, "33.34"), (2, "33.33"), (3, "33.33"))
    assert scaled.total == Money.of(100)


def test_instalments_below_a_fen_fall_away_when_scaled() -> None:
    assert in_instalments((1, "1"), (2, "999")).scaled_to(Money.of("0.01")) == in_instalments((1, "0.01"))
