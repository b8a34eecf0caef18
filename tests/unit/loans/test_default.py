"""When a loan is in default: a table that a lawyer can read."""

from datetime import date

import pytest

from domain.loans.default import ground_of
from domain.loans.loans import LoanEvent, LoanEventType
from tests.builders import TODAY, a_loan, a_loan_event

OUT = a_loan_event(LoanEventType.DISBURSED, "100000")
OVERDUE = a_loan_event(LoanEventType.OVERDUE, "5000", on=date(2026, 10, 1))
OVERDUE_OF_NO_AMOUNT = a_loan_event(LoanEventType.OVERDUE, None, on=date(2026, 10, 2))
CALLED = a_loan_event(LoanEventType.ACCELERATED, None, on=date(2026, 11, 1))
EXTENDED = a_loan_event(LoanEventType.EXTENDED, None)


def repaid(amount: str) -> LoanEvent:
    return a_loan_event(LoanEventType.REPAID, amount)


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ((OUT,), None),
        ((OUT, OVERDUE), "overdue"),
        ((OUT, OVERDUE, repaid("4999.99")), "overdue"),
        ((OUT, OVERDUE, repaid("5000")), None),
        ((OUT, repaid("5000"), OVERDUE), "overdue"),
        ((OUT, OVERDUE, repaid("5000"), OVERDUE_OF_NO_AMOUNT), "overdue"),
        ((OUT, OVERDUE_OF_NO_AMOUNT, repaid("99999")), "overdue"),
        ((OUT, OVERDUE, EXTENDED), None),
        ((OUT, CALLED), "accelerated"),
        ((OUT, OVERDUE, CALLED), "accelerated"),
        ((OUT, CALLED, repaid("50000")), "accelerated"),
        ((OUT, CALLED, EXTENDED), None),
        ((OUT, CALLED, EXTENDED, OVERDUE), "overdue"),
        ((OUT, CALLED, repaid("100000")), None),
        ((CALLED,), None),
    ],
)
def test_a_loan_is_in_default_as_its_events_tell(events: tuple[LoanEvent, ...], reason: str | None) -> None:
    ground = ground_of(a_loan(), events, TODAY)
    assert (None if ground is None else ground.reason) == reason


def test_a_loan_past_its_end_with_money_owed_is_in_default_since_its_end() -> None:
    loan = a_loan()
    day_after = date(loan.end.year, loan.end.month, loan.end.day + 1)
    assert ground_of(loan, (OUT,), loan.end) is None
    ground = ground_of(loan, (OUT,), day_after)
    assert ground is not None
    assert (ground.reason, ground.since) == ("past_end", loan.end)
