"""What a right carries on every day of a loan's life, and on which it does not any more."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.jurisdictions.rulebook import Rulebook
from domain.rights.rights import Tenure
from domain.valuation.appraisal import Appraisal, RightExpired
from domain.valuation.evidence import NoPriceEvidence
from domain.valuation.repayment import Repayment, first_uncovered_on
from domain.valuation.subject import Subject
from domain.values.money import Money
from domain.values.time import add_years
from tests.unit.market.deals import TODAY
from tests.unit.valuation.markets import Case, cases, repayments
from tests.unit.valuation.subjects import (
    LTV_MAX,
    PLAN_END,
    PLAN_YEARS,
    RULES,
    a_subject,
    an_allowance,
    an_appraisal,
)
from tests.unit.valuation.test_market import allowances

PERIOD_ENDS: Final = date(2030, 12, 31)
ENDS_IN_A_YEAR: Final = date(2027, 12, 31)
LOANS: Final = repayments(TODAY, 700)


def days_of(repayment: Repayment, since: date = TODAY) -> list[date]:
    """Return every day of a loan's life."""
    return [since + timedelta(days=number) for number in range((repayment.end - since).days + 1)]


def owed_on(repayment: Repayment, day: date) -> Fraction:
    """Add up what is due on a day or later, the slow way."""
    return sum((Fraction(amount.amount) for on, amount in repayment.schedule if on >= day), Fraction(0))


def carried_on(found: Appraisal, day: date) -> Fraction:
    """Return what a lender may count on a day: what a sale keeps, under the cap, nothing after the end."""
    end = found.lending_until
    if end is not None and day >= end:
        return Fraction(0)
    left, today = Fraction(1), Fraction(1)
    if end is not None:
        begin = max(TODAY, found.subject.valid_from)
        left, today = Fraction((end - max(day, begin)).days), Fraction((end - begin).days)
    kept = (1 - Fraction(found.haircut)) * Fraction(found.market_value.amount) * left / today
    return min(kept, Fraction(found.inputs.rules.cap) * Fraction(found.market_value_on(day).amount))


def appraised(case: Case, repayment: Repayment | None = None) -> Appraisal:
    """Return an appraisal of today under a plan that ends in a year, leaving out cases without one."""
    ltv_max = case.rules.require("pledge.ltv_max", case.subject.division, TODAY)
    rules = Rulebook([ltv_max, replace(PLAN_END, value=ENDS_IN_A_YEAR), PLAN_YEARS])
    try:
        return an_appraisal(**(case.arguments() | {"rulebook": rules, "repayment": repayment}))
    except (NoPriceEvidence, RightExpired):
        assume(False)  # noqa: FBT003 - hypothesis' own signature
        raise


@settings(max_examples=30, deadline=None)
@given(cases(), LOANS)
def test_the_largest_loan_is_covered_on_every_single_day_of_its_life(case: Case, shape: Repayment) -> None:
    found = appraised(case, shape)
    assume(found.max_loan.is_positive)
    lent = shape.scaled_to(found.max_loan)

    assert lent.total == found.max_loan
    for day in days_of(lent):
        assert owed_on(lent, day) <= found.lendable_on(day), day
    for day, _ in lent.schedule:
        assert found.lendable_on(day) <= carried_on(found, day) + Fraction(found.market_value.amount) / 10**6 + 1


@settings(max_examples=30, deadline=None)
@given(cases(), LOANS)
def test_a_fen_more_than_the_largest_loan_is_uncovered_on_some_day(case: Case, shape: Repayment) -> None:
    found = appraised(case, shape)
    more = Fraction((found.max_loan + Money.of("0.01")).amount)

    total = Fraction(shape.total.amount)
    days = [(TODAY, Fraction(1)), *((on, owed_on(shape, on) / total) for on, _ in shape.schedule)]
    assert any(more * share > found.lendable_on(day) for day, share in days)


@settings(max_examples=30, deadline=None)
@given(cases(), LOANS, st.integers(1, 130))
def test_the_first_uncovered_day_is_the_one_that_counting_day_by_day_finds(
    case: Case, shape: Repayment, percent: int
) -> None:
    value = appraised(case).max_loan
    repayment = shape.scaled_to(Money.floor(Fraction(max(value.fen, 100), 100) * percent / 100))

    found = appraised(case, repayment)

    uncovered = [day for day in days_of(repayment) if owed_on(repayment, day) > found.lendable_on(day)]
    assert found.first_uncovered_on == min(uncovered, default=None)


@settings(max_examples=150, deadline=None)
@given(LOANS, st.lists(st.integers(0, 10**9), min_size=1, max_size=5), st.integers(0, 720))
def test_the_first_uncovered_day_is_found_for_any_value_that_never_rises(
    repayment: Repayment, steps: list[int], since: int
) -> None:
    falling = sorted(steps, reverse=True)

    def lendable_on(day: date) -> Fraction:
        return Fraction(falling[min((day - TODAY).days // 150, len(falling) - 1)])

    begin = TODAY + timedelta(days=since)
    uncovered = [day for day in days_of(repayment, begin) if owed_on(repayment, day) > lendable_on(day)]

    assert first_uncovered_on(repayment, begin, lendable_on) == min(uncovered, default=None)


def bullet(on: date, amount: str = "1", subject: Subject | None = None, **changes: Any) -> Appraisal:  # noqa: ANN401 - as `an_appraisal`
    """Return the appraisal of a loan repaid at once."""
    return an_appraisal(subject=subject, repayment=Repayment.bullet(on, Money.of(amount)), **changes)


def test_a_loan_beyond_the_plan_period_s_end_is_uncovered_from_the_day_after() -> None:
    found = bullet(PERIOD_ENDS + timedelta(days=200))

    assert found.subject.valid_to is not None
    assert found.subject.valid_to > PERIOD_ENDS
    assert (found.first_uncovered_on, found.max_loan) == (date(2031, 1, 1), Money.zero())
    assert bullet(PERIOD_ENDS).first_uncovered_on is None
    assert bullet(PERIOD_ENDS).max_loan.is_positive


def test_a_right_that_ends_with_its_period_is_not_cut() -> None:
    ends = a_subject(valid_to=date(2031, 1, 1))
    beyond = a_subject(valid_to=date(2031, 1, 2))

    assert (
        an_appraisal(subject=ends).haircut_parts.roll_over == 0 < an_appraisal(subject=beyond).haircut_parts.roll_over
    )
    assert an_appraisal(subject=ends).max_loan == an_appraisal(subject=beyond).max_loan
    assert an_appraisal(subject=ends).lending_until == an_appraisal(subject=beyond).lending_until == date(2031, 1, 1)


@pytest.mark.parametrize(
    ("as_of", "until"), [(date(2030, 11, 1), date(2031, 1, 1)), (date(2031, 1, 1), date(2036, 1, 1))]
)
def test_a_plan_rolls_over_every_fifth_year(as_of: date, until: date) -> None:
    subject = a_subject(valid_to=date(2044, 1, 1))
    trades = [replace(deal, traded_on=as_of - timedelta(days=n)) for n, deal in enumerate(allowances(None, "x"))]
    fresh = [replace(deal, basis=subject.basis, quantity=subject.quantity, volume=10**10) for deal in trades]

    assert an_appraisal(fresh, subject, as_of=as_of).lending_until == until


def test_without_a_known_plan_period_the_certificate_s_own_end_counts() -> None:
    found = an_appraisal(rulebook=Rulebook([LTV_MAX]))

    assert found.lending_until == found.subject.valid_to
    assert found.haircut_parts.roll_over == 0
    assert bullet(PERIOD_ENDS + timedelta(days=90), rulebook=Rulebook([LTV_MAX])).max_loan.is_positive


def test_a_right_for_good_and_an_allowance_without_an_end_carry_the_same_loan_in_one_year_as_in_three() -> None:
    for_good = a_subject(tenure=Tenure.PERMANENT, valid_to=None)
    rows = allowances(None, "x")
    one_off = [replace(deal, basis=for_good.basis, quantity=for_good.quantity) for deal in rows]

    for trades, subject in ((rows, an_allowance()), (one_off, for_good)):
        one, three = (
            an_appraisal(trades, subject, repayment=Repayment.bullet(add_years(TODAY, years), Money.of(1)))
            for years in (1, 3)
        )
        assert one.max_loan == three.max_loan == an_appraisal(trades, subject).max_loan
        assert one.lending_until is None


def test_an_allowance_with_an_end_carries_nothing_from_that_day_on() -> None:
    end = date(2027, 12, 31)
    found = an_appraisal(
        allowances(None, "x"), an_allowance(valid_to=end), repayment=Repayment.bullet(end, Money.of("0.01"))
    )

    assert (found.first_uncovered_on, found.max_loan) == (end, Money.zero())
    assert found.lendable_on(end - timedelta(days=1)) > 0 == found.lendable_on(end)


def test_a_three_year_bullet_on_a_five_year_right_fails_on_a_named_day() -> None:
    most = Money.floor(an_appraisal().max_loan.amount * Decimal("0.9"))
    found = bullet(add_years(TODAY, 3), str(most.amount))

    day = found.first_uncovered_on
    assert day is not None
    assert TODAY < day < add_years(TODAY, 3)
    assert found.lendable_on(day - timedelta(days=1)) >= Fraction(most.amount) > found.lendable_on(day)
    assert found.max_loan < most


def test_a_cap_holds_of_the_certificate_s_value_on_every_day_and_is_no_reason_to_lend_more_later() -> None:
    strict = Rulebook([replace(LTV_MAX, value=Decimal("0.10")), PLAN_END, PLAN_YEARS])
    subject = a_subject(valid_to=date(2034, 12, 31))
    due = date(2029, 6, 30)
    loans = [
        bullet(due, subject=subject, rulebook=strict, as_of=TODAY + timedelta(days=days)).max_loan for days in range(9)
    ]

    found = bullet(due, subject=subject, rulebook=strict)
    assert found.max_loan == Money.floor(Decimal("0.10") * found.market_value_on(due).amount)
    assert loans == sorted(loans, reverse=True)


def test_a_repayment_changes_nothing_but_the_loan() -> None:
    plain, asked = an_appraisal(), bullet(add_years(TODAY, 2))

    for name in ("unit_value", "market_value", "haircut", "collateral_value", "loan_to_value_cap", "warnings"):
        assert getattr(plain, name) == getattr(asked, name), name
    assert asked.max_loan < plain.max_loan
    assert RULES.require("pledge.ltv_max", asked.subject.division, TODAY).value == Decimal("0.80")
