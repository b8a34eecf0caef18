"""What is owed of a loan: from the events alone, in exact days, rounded once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.loans.accrual import Debt, debt_of, told_debt
from domain.loans.loans import FixedRate, Loan, LoanEvent, LoanEventType, LprRate
from domain.loans.prime_rates import published_on, rates_of
from domain.values.money import Money
from tests.builders import a_loan, a_loan_event, yuan

START = date(2024, 3, 1)
DISBURSED, REPAID, SETTLED = LoanEventType.DISBURSED, LoanEventType.REPAID, LoanEventType.SETTLED


def a_fixed(principal: str = "10000000", rate: str = "0.0345", **different: object) -> Loan:
    end = date(2029, 3, 1)
    return a_loan(
        principal=yuan(principal),
        rate=FixedRate(value=Decimal(rate)),
        start=START,
        end=end,
        repayment=((end, yuan(principal)),),
        **different,
    )


def happened(kind: LoanEventType, on: date, principal: str | None = None, **amounts: str) -> LoanEvent:
    told = {name: yuan(amount) for name, amount in amounts.items()}
    return a_loan_event(kind, principal, on=on, reference=f"{kind}-{on}-{principal}", **told)


def owed(loan: Loan, events: Sequence[LoanEvent], on: date) -> Debt:
    return debt_of(loan, events, on)


def test_a_year_of_365_days_costs_365_three_hundred_and_sixtieths() -> None:
    debt = owed(a_fixed(), [happened(DISBURSED, START, "10000000")], date(2025, 3, 1))
    assert debt.interest == Money.ceiling(Fraction(10_000_000) * Fraction("0.0345") * 365 / 360)  # 349,791.67
    assert debt.interest == yuan("349791.67")
    assert debt.total == yuan("10349791.67")


def test_the_first_day_counts_and_the_last_does_not() -> None:
    loan, drawn = a_fixed("360000", "0.10"), happened(DISBURSED, START, "360000")
    assert owed(loan, [drawn], START).interest == yuan("0")
    assert owed(loan, [drawn], START + timedelta(days=1)).interest == yuan("100")  # 360,000 x 10 % / 360
    same_day = [drawn, happened(REPAID, START, "360000")]
    assert owed(loan, same_day, START + timedelta(days=9)).total == yuan("0")


def test_interest_follows_the_balance_of_each_day() -> None:
    loan = a_fixed("360000", "0.10")
    events = [
        happened(DISBURSED, START, "360000"),
        happened(REPAID, START + timedelta(days=10), "180000"),
    ]
    debt = owed(loan, events, START + timedelta(days=30))
    assert debt.interest == yuan("2000")  # 10 days at 100 and 20 days at 50
    assert debt.principal == yuan("180000")


def test_interest_that_was_paid_is_owed_no_more_and_settling_ends_all() -> None:
    loan, day = a_fixed("360000", "0.10"), START + timedelta(days=10)
    events = [happened(DISBURSED, START, "360000"), happened(REPAID, day, interest="900")]
    assert owed(loan, events, day).interest == yuan("100")  # 10 x 100 - 900
    assert owed(loan, [*events, happened(SETTLED, day, "360000")], day + timedelta(days=99)).total == yuan("0")


def test_interest_is_rounded_once_and_upwards() -> None:
    loan, drawn = a_fixed("100", "0.0345"), happened(DISBURSED, START, "100")
    debt = owed(loan, [drawn], START + timedelta(days=2))
    assert debt.interest == yuan("0.02")  # 0.019166..., not twice 0.01 from 0.009583...


def test_what_exceeds_the_schedule_costs_the_surcharge_from_its_due_day_on() -> None:
    due = START + timedelta(days=30)
    loan = replace(
        a_fixed("360000", "0.10", overdue_surcharge=Decimal("0.5")),
        repayment=((due, yuan("180000")), (date(2029, 3, 1), yuan("180000"))),
    )
    drawn = [happened(DISBURSED, START, "360000")]
    assert owed(loan, drawn, due).penalty == yuan("0")
    assert owed(loan, drawn, due + timedelta(days=10)).penalty == yuan("250")  # 180,000 x 10 % x 50 % x 10 / 360
    in_time = [*drawn, happened(REPAID, due, "180000")]
    assert owed(loan, in_time, due + timedelta(days=10)).penalty == yuan("0")


def test_an_accelerated_loan_is_overdue_as_a_whole() -> None:
    loan = a_fixed("360000", "0.10", overdue_surcharge=Decimal("0.5"))
    day = START + timedelta(days=10)
    events = [happened(DISBURSED, START, "360000"), happened(LoanEventType.ACCELERATED, day)]
    assert owed(loan, events, day + timedelta(days=2)).penalty == yuan("100")  # 2 x 100 x 50 %


def test_a_penalty_that_the_bank_tells_counts_where_the_contract_names_no_surcharge() -> None:
    told = [happened(DISBURSED, START, "100"), happened(LoanEventType.OVERDUE, START, penalty="7", fee="3")]
    assert owed(a_fixed("100"), told, START).total == yuan("110")
    assert owed(a_fixed("100", overdue_surcharge=Decimal(0)), told, START).total == yuan("103")
    assert told_debt([*told, happened(REPAID, START, "100", penalty="7", fee="3")]) == yuan("0")


def test_a_reversed_payment_of_interest_is_owed_again() -> None:
    loan, day = a_fixed("360000", "0.10"), START + timedelta(days=10)
    paid = [happened(DISBURSED, START, "360000"), happened(REPAID, day, interest="1000")]
    bounced = [*paid, happened(LoanEventType.REVERSED, day, interest="1000")]
    assert (owed(loan, paid, day).interest, owed(loan, bounced, day).interest) == (yuan("0"), yuan("1000"))


def test_a_rate_that_follows_the_prime_rate_is_read_on_the_contract_s_own_days() -> None:
    loan = replace(a_fixed("360000"), start=date(2024, 7, 1), rate=LprRate(tenor="1Y", spread_bp=55, reset="quarterly"))
    rates = rates_of(loan, date(2025, 2, 1))
    assert rates == (
        (date(2024, 7, 1), Fraction(345 + 55, 10_000)),
        (date(2024, 10, 1), Fraction(335 + 55, 10_000)),  # published on 22 July and not read before
        (date(2025, 1, 1), Fraction(310 + 55, 10_000)),
    )
    drawn = [happened(DISBURSED, date(2024, 9, 1), "360000")]
    expected = Fraction(360_000, 360) * (30 * Fraction(4, 100) + 92 * Fraction(39, 1000) + 31 * Fraction(365, 10_000))
    assert owed(loan, drawn, date(2025, 2, 1)).interest == Money.ceiling(expected)


def test_a_contract_without_reset_keeps_the_rate_of_its_start() -> None:
    loan = replace(a_fixed(), rate=LprRate(tenor="5Y", spread_bp=0, reset="none"))
    assert rates_of(loan, date(2028, 3, 1)) == ((START, Fraction(395, 10_000)),)


@pytest.mark.parametrize(
    ("on", "one_year", "five_years"),
    [
        (date(2019, 8, 20), "0.0425", "0.0485"),
        (date(2024, 2, 19), "0.0345", "0.0420"),
        (date(2024, 2, 20), "0.0345", "0.0395"),
        (date(2026, 11, 21), "0.0300", "0.0350"),
    ],
)
def test_the_prime_rate_is_the_newest_that_was_published(on: date, one_year: str, five_years: str) -> None:
    assert (published_on(on, "1Y"), published_on(on, "5Y")) == (Fraction(one_year), Fraction(five_years))


def test_before_the_first_publication_no_rate_is_known_and_nothing_accrues() -> None:
    assert published_on(date(2019, 8, 19), "1Y") is None
    old = replace(a_fixed(), start=date(2019, 1, 1), rate=LprRate(tenor="1Y", spread_bp=0, reset="none"))
    debt = owed(old, [happened(DISBURSED, date(2019, 1, 1), "100")], date(2020, 1, 1))
    assert (debt.principal, debt.interest) == (yuan("100"), yuan("0"))


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 10**9)), min_size=1, max_size=6),
    st.integers(0, 800),
    st.integers(0, 3000),
)
def test_interest_is_the_sum_over_each_day_s_balance(
    draws: list[tuple[int, int]], until: int, basis_points: int
) -> None:
    rate = Fraction(basis_points, 10_000)
    loan = a_fixed("1000000000", str(Decimal(basis_points) / 10_000))
    events = [happened(DISBURSED, START + timedelta(days=day), str(Decimal(fen) / 100)) for day, fen in sorted(draws)]
    by_day = sum(
        (Fraction(fen, 100) * rate / 360 for day, fen in draws for offset in range(until) if day <= offset), Fraction(0)
    )
    assert owed(loan, events, START + timedelta(days=until)).interest == Money.ceiling(by_day)
