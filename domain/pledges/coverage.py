"""Coverage: how far the collateral carries the debt, over every loan and pledge that hang together.

No value counts twice: the pledges that secure the same loans are summed once, beside the sum of those loans. The levels
need no invented thresholds; each compares the debt with a number that the valuation already defines. A right without a
value is not worth zero here: the group is *unpriced*, an alarm of its own.

Where the bank adopts less than our own value, every level counts that much less: an item's market value and what may be
lent on it are lowered in the proportion in which its adopted value is lower than its collateral value.

Source: contract section 5 (`coverage`); house section 3 (market value, haircut, collateral value, in that order).

>>> level_of(Decimal(50), lending=Decimal(60), collateral=Decimal(70), market=Decimal(100))
<Level.OK: 'ok'>
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from domain.pledges.pledges import PledgeItem
from domain.values.decimals import round_up
from domain.values.money import Money


class Level(StrEnum):
    """How serious it is."""

    OK = "ok"
    WARNING = "warning"
    CALL = "call"
    CLOSE_OUT = "close_out"
    UNPRICED = "unpriced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Debt against collateral at `as_of`; the ratio is rounded up, none without collateral.

    A shortfall is never negative.
    """

    outstanding: Money
    collateral_value: Money | None
    loan_to_value: Decimal | None
    level: Level
    shortfall: Money | None
    as_of: datetime


def level_of(debt: Decimal, *, lending: Decimal, collateral: Decimal, market: Decimal) -> Level:
    """Return the level of a debt against what may be lent.

    What the collateral carries, and what it would fetch today.
    """
    if debt <= lending:
        return Level.OK
    if debt <= collateral:
        return Level.WARNING
    return Level.CALL if debt <= market else Level.CLOSE_OUT


def adopted_share(item: PledgeItem) -> Fraction:
    """Return adopted / collateral value, at most 1; 1 where there is nothing to lower."""
    if item.adopted_value is None or item.collateral_value is None or not item.collateral_value.is_positive:
        return Fraction(1)
    return min(Fraction(1), Fraction(item.adopted_value.amount) / Fraction(item.collateral_value.amount))


def coverage_of(items: Sequence[PledgeItem], debts: Sequence[Money], as_of: datetime) -> Coverage:
    """Compare the linked debts with the linked, frozen items."""
    owed = sum((debt.amount for debt in debts), Decimal(0))
    lending = collateral = market = Fraction(0)
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
    return Coverage(
        outstanding=Money(owed),
        collateral_value=Money(carried),
        loan_to_value=round_up(Fraction(owed) / collateral, 6) if collateral else None,
        level=level_of(
            owed, lending=Money.floor(lending).amount, collateral=carried, market=Money.floor(market).amount
        ),
        shortfall=Money(max(owed - carried, Decimal(0))),
        as_of=as_of,
    )
