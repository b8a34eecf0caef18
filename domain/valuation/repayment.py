"""How a loan is repaid, and whether a melting right carries it to its last day.

The subtle thing is that debt falls in steps while the value falls every day: a loan that is covered at signing fails
months before a repayment, not at it. An instalment counts as owed through the whole of its due date. Between two due
dates the debt is constant and the value never rises, so the due dates alone decide whether every day is covered.

Only principal is scheduled here; interest and fees stand beside it.

Source: contract section 4 (`first_uncovered_on`; with a repayment schedule, `max_loan` holds at every date of the
loan's life).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate
from typing import Self, TypeAlias

from domain.errors import InvalidDate, InvalidMoney
from domain.values.money import Money

Lendable: TypeAlias = Callable[[date], Fraction]
"""The most that collateral carries on a day, in yuan: cap x market value, summed over the rights; it never rises."""


@dataclass(frozen=True, slots=True)
class Repayment:
    """The due dates with the principal due on each, in order.

    Raises:
        InvalidDate: there is no instalment, or two are not in strict order of their dates.
        InvalidMoney: an instalment is not above zero.
    """

    schedule: tuple[tuple[date, Money], ...]

    def __post_init__(self) -> None:
        """Refuse a schedule that is not one."""
        days = [on for on, _ in self.schedule]
        if not days or days != sorted(set(days)):
            raise InvalidDate(
                what="repayment",
                value=" ".join(day.isoformat() for day in days),
                reason_zh="还款计划不得为空，各期日期须先后有序且不重复。",
                reason_en="a repayment schedule has instalments, each on a later day than the one before",
            )
        for _, amount in self.schedule:
            if not amount.is_positive:
                raise InvalidMoney(
                    what="repayment",
                    value=amount.wire(),
                    reason_zh="每期还款金额须大于零。",
                    reason_en="an instalment is above zero",
                )

    @classmethod
    def bullet(cls, end: date, amount: Money) -> Self:
        """Return the schedule that repays everything on one day."""
        return cls(((end, amount),))

    @property
    def total(self) -> Money:
        """Return the principal."""
        return Money.from_fen(sum(amount.fen for _, amount in self.schedule))

    @property
    def end(self) -> date:
        """Return the last due date."""
        return self.schedule[-1][0]

    def outstanding_on(self, day: date) -> Money:
        """Return what is owed on a day, the instalment due on it included."""
        return Money.from_fen(sum(amount.fen for on, amount in self.schedule if on >= day))

    def owed(self) -> tuple[tuple[date, Money], ...]:
        """Return each due date with what is owed through it."""
        backwards = accumulate(amount.fen for _, amount in reversed(self.schedule))
        return tuple(
            (on, Money.from_fen(fen)) for (on, _), fen in zip(self.schedule, reversed(list(backwards)), strict=True)
        )

    def shares(self) -> tuple[tuple[date, Fraction], ...]:
        """Return each due date with the share of the principal that is owed through it."""
        total = self.total.fen
        return tuple((on, Fraction(owed.fen, total)) for on, owed in self.owed())

    def scaled_to(self, principal: Money) -> "Repayment":
        """Return the same shape for another principal, exact in sum; what is owed is rounded down to the fen.

        So the scaled schedule never owes more than its share; instalments below a fen fall away.

        Raises:
            InvalidDate: the principal is too small to leave any instalment.
        """
        owed = [Money.floor(Fraction(principal.amount) * share) for _, share in self.shares()]
        following = [*owed[1:], Money.zero()]
        instalments = [
            (on, before - after) for (on, _), before, after in zip(self.schedule, owed, following, strict=True)
        ]
        return Repayment(tuple((on, amount) for on, amount in instalments if amount.is_positive))


def max_principal(repayment: Repayment, lendable_on: Lendable) -> Money:
    """Return the most that may be lent in this shape so that every day of the loan's life is covered; down to the fen.

    It is the least, over the due dates, of what the collateral carries divided by the share still owed; zero where a
    due date finds nothing left.
    """
    return Money.floor(min(lendable_on(on) / share for on, share in repayment.shares()))


def first_uncovered_on(repayment: Repayment, since: date, lendable_on: Lendable) -> date | None:
    """Return the first day from `since` through the last due date on which more is owed than is carried; else none.

    The first due date that fails is looked for, then the day since which it fails: days up to the due date before it
    carried more debt than it, so none of them can be meant.
    """
    for on, owed in repayment.owed():
        if on >= since and Fraction(owed.amount) > lendable_on(on):
            return _first_below(Fraction(owed.amount), lendable_on, since, on)
    return None


def _first_below(owed: Fraction, lendable_on: Lendable, early: date, late: date) -> date:
    """Return the first day on which less than `owed` is carried, which it is on `late` and, once so, stays so."""
    while early < late:
        middle = early + (late - early) // 2
        if owed > lendable_on(middle):
            late = middle
        else:
            early = middle + timedelta(days=1)
    return late
