"""Coverage: how far the collateral carries the debt, over every loan and pledge that hang together.

No value counts twice: the pledges that secure the same loans are summed once, beside the sum of those loans. The levels
need no invented thresholds; each compares the debt with a number that the valuation already defines. A right without a
value is not worth zero here: the group is *unpriced*, an alarm of its own.

Where the bank adopts less than our own value, every level counts that much less: an item's market value and what may be
lent on it are lowered in the proportion in which its adopted value is lower than its collateral value.

A contract may name stricter shares of its own; the stricter level wins. When a call is due follows from the contract,
in working days, and from nothing else: where it does not say, or the calendar ends before, no day is named.

Source: contract section 5 (`coverage`); house section 3 (market value, haircut, collateral value, in that order).

>>> level_of(Decimal(50), lending=Decimal(60), collateral=Decimal(70), market=Decimal(100))
<Level.OK: 'ok'>
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from domain.pledges.pledges import CoverageTerms, PledgeItem
from domain.values.decimals import round_up
from domain.values.money import Money
from domain.values.working_days import CalendarUnknown, add_working_days


class Level(StrEnum):
    """How serious it is."""

    OK = "ok"
    WARNING = "warning"
    CALL = "call"
    CLOSE_OUT = "close_out"
    UNPRICED = "unpriced"


SEVERITY: Final = (Level.OK, Level.WARNING, Level.CALL, Level.CLOSE_OUT)
"""From harmless to worst; `unpriced` stands beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Debt against collateral at `as_of`; ratios are rounded up, none without anything to compare with.

    A shortfall is never negative. `loan_to_market_value` compares the debt with what the rights would fetch before any
    haircut: the ratio that a limit of so many percent of the assessed value speaks of.
    """

    outstanding: Money
    collateral_value: Money | None
    loan_to_value: Decimal | None
    level: Level
    shortfall: Money | None
    as_of: datetime
    market_value: Money | None = None
    loan_to_market_value: Decimal | None = None
    due_on: date | None = None


def level_of(debt: Decimal, *, lending: Decimal, collateral: Decimal, market: Decimal) -> Level:
    """Return the level of a debt against what may be lent.

    What the collateral carries, and what it would fetch today.
    """
    if debt <= lending:
        return Level.OK
    if debt <= collateral:
        return Level.WARNING
    return Level.CALL if debt <= market else Level.CLOSE_OUT


def stricter(level: Level, debt_in_collateral: Fraction | None, terms: Sequence[CoverageTerms]) -> Level:
    """Return the level, or a contract's own where its shares are exceeded and its level is worse.

    A debt without any collateral exceeds every share.
    """
    worst = level
    for each in terms:
        shares = {
            Level.WARNING: each.warning_above,
            Level.CALL: each.call_above,
            Level.CLOSE_OUT: each.close_out_above,
        }
        for told, share in shares.items():
            exceeded = share is not None and (debt_in_collateral is None or debt_in_collateral > Fraction(share))
            if exceeded and SEVERITY.index(told) > SEVERITY.index(worst):
                worst = told
    return worst


def due_on(called_on: date, terms: Sequence[CoverageTerms]) -> date | None:
    """Return the day by which a call is to be cured: the earliest that a contract names; none where none says.

    >>> tight = CoverageTerms(warning_above=None, call_above=None, close_out_above=None, cure_working_days=5)
    >>> due_on(date(2026, 9, 30), [tight])  # National Day: 1 to 7 October
    datetime.date(2026, 10, 13)
    """
    counts = [each.cure_working_days for each in terms if each.cure_working_days is not None]
    if not counts:
        return None
    try:
        return add_working_days(called_on, min(counts))
    except CalendarUnknown:
        return None


def adopted_share(item: PledgeItem) -> Fraction:
    """Return adopted / collateral value, at most 1; 1 where there is nothing to lower."""
    if item.adopted_value is None or item.collateral_value is None or not item.collateral_value.is_positive:
        return Fraction(1)
    return min(Fraction(1), Fraction(item.adopted_value.amount) / Fraction(item.collateral_value.amount))


def coverage_of(
    items: Sequence[PledgeItem],
    debts: Sequence[Money],
    as_of: datetime,
    terms: Sequence[CoverageTerms] = (),
    deposited: Money | None = None,
) -> Coverage:
    """Compare the linked debts with the linked, frozen items, by our levels and what the contracts say beside them.

    Money that lies deposited in a right's place counts at its face (civil code art. 390).
    """
    owed = sum((debt.amount for debt in debts), Decimal(0))
    lending = collateral = market = Fraction(0 if deposited is None else deposited.amount)
    for item in items:
        if item.adopted_value is None or item.market_value is None or item.loan_to_value_cap is None:
            return Coverage(
                outstanding=Money(owed),
                collateral_value=None,
                loan_to_value=None,
                level=Level.UNPRICED,
                shortfall=None,
                as_of=as_of,
            )
        counted = adopted_share(item) * Fraction(item.market_value.amount)
        lending += Fraction(item.loan_to_value_cap) * counted
        collateral += Fraction(min(item.adopted_value, item.collateral_value or item.adopted_value).amount)
        market += counted
    carried = Money.floor(collateral).amount
    level = level_of(owed, lending=Money.floor(lending).amount, collateral=carried, market=Money.floor(market).amount)
    share = Fraction(owed) / collateral if collateral else None
    return Coverage(
        outstanding=Money(owed),
        collateral_value=Money(carried),
        loan_to_value=None if share is None else round_up(share, 6),
        level=stricter(level, share, terms) if owed else level,
        shortfall=Money(max(owed - carried, Decimal(0))),
        as_of=as_of,
        market_value=Money.floor(market),
        loan_to_market_value=round_up(Fraction(owed) / market, 6) if market else None,
    )
