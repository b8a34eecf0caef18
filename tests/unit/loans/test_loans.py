"""Loans: what is owed follows from the events, and a schedule repays the principal exactly."""

from datetime import date

import pytest

from domain.loans.loans import InvalidRepayment, LoanEventType, check_repayment, outstanding
from tests.builders import a_loan, a_loan_event, yuan

FIRST, SECOND = date(2027, 5, 21), date(2027, 11, 21)


def test_what_is_owed_is_disbursed_less_repaid() -> None:
    events = [
        a_loan_event(LoanEventType.DISBURSED, "100000"),
        a_loan_event(LoanEventType.REPAID, "30000.01"),
        a_loan_event(LoanEventType.OVERDUE, "5000"),
        a_loan_event(LoanEventType.WRITTEN_OFF, "5000"),
    ]
    assert outstanding(events) == yuan("69999.99")  # 100,000 - 30,000.01; a write-off moves the books, not the debt


def test_a_settled_loan_owes_nothing_and_a_later_reversal_owes_again() -> None:
    settled = [a_loan_event(LoanEventType.DISBURSED, "100000"), a_loan_event(LoanEventType.SETTLED, "99999.99")]
    assert outstanding(settled) == yuan("0")
    assert outstanding([*settled, a_loan_event(LoanEventType.REVERSED, "99999.99")]) == yuan("99999.99")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ((SECOND, yuan("99999.99")),),
        ((SECOND, yuan("100000.01")),),
        ((SECOND, yuan("50000")), (FIRST, yuan("50000"))),
        ((SECOND, yuan("50000")), (SECOND, yuan("50000"))),
        ((FIRST, yuan("100000")), (SECOND, yuan("0"))),
        ((date(2026, 11, 21), yuan("100000")),),
        ((date(2027, 11, 22), yuan("100000")),),
    ],
    ids=[
        "empty",
        "a fen short",
        "a fen over",
        "out of order",
        "a day twice",
        "a zero line",
        "on the first day",
        "after the end",
    ],
)
def test_a_schedule_that_does_not_repay_exactly_within_the_term_is_refused(
    lines: tuple[tuple[date, object], ...],
) -> None:
    with pytest.raises(InvalidRepayment):
        check_repayment(a_loan(repayment=lines))


def test_a_schedule_that_repays_exactly_is_taken() -> None:
    check_repayment(a_loan(repayment=((FIRST, yuan("40000")), (SECOND, yuan("60000")))))
