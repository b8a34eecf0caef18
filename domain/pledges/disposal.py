"""The waterfall: who gets what of the money that a disposed pledge has brought.

First what the sale itself cost, then what the holder of a free right still owed the state for it, because without that
nobody could have bought it. What is left goes to the creditors in the order of the registers' time, and what they may
not claim goes back to the pledgor. Among one creditor's debts the first due is paid first, and of each debt the
interest before the penalty, and that before the principal. A debt that the money does not reach stays owed.

Three things are subtle. Of a maximum amount everything counts against the registered figure, the costs included; of an
ordinary claim only the principal does, and what the scope names comes on top. Creditors of the same moment, or without
any entry, share by their claims; each fen of such a share is given to whose next fen is the smallest part of his claim
(Jefferson's rule), so that more money never gives anybody less. And nothing here is rounded: fen are counted.

Source: civil code art. 389 (scope), 390 (buy-back and compensation money goes the same way), 413 and 438 (surplus,
shortfall), 414 and 415 (rank by time, without entry by share), 560 (among debts, the one due first), 561 (costs, then
interest, then the main debt; it does not name the penalty, which stands between the two here); 最高法担保制度解释
art. 15 (the registered maximum prevails and covers the accessories).

>>> own = OwnClaim(
...     reference="pledge_1", registered_at=None, scope=SCOPE, cap=Money.of(100), maximum=False, costs=(),
...     debts=(LoanDebt("loan_1", interest=Money.of(5), penalty=Money.zero(), principal=Money.of(90)),),
... )
>>> [(line.part.value, line.paid.wire()) for line in distribute(Money.of(100), Money.zero(), own, ()).lines]
[('interest', '5.00'), ('penalty', '0.00'), ('principal', '90.00'), ('surplus', '5.00')]
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from itertools import groupby
from typing import Final

from domain.values.money import Money


class CostKind(StrEnum):
    """Two parts of the scope of a claim that a disposal may cost (civil code art. 389)."""

    CUSTODY_COSTS = "custody_costs"
    ENFORCEMENT_COSTS = "enforcement_costs"


class Part(StrEnum):
    """What a line of the distribution pays."""

    CUSTODY_COSTS = "custody_costs"
    ENFORCEMENT_COSTS = "enforcement_costs"
    FEE_MADE_UP = "fee_made_up"
    INTEREST = "interest"
    PENALTY = "penalty"
    PRINCIPAL = "principal"
    OTHER_CLAIM = "other_claim"
    SURPLUS = "surplus"


SCOPE: Final = ("principal", "interest", "penalty", "damages", "custody_costs", "enforcement_costs")
"""What a security covers unless agreed otherwise."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a disposal cost, and for what."""

    kind: CostKind
    description: str
    amount: Money


@dataclass(frozen=True, slots=True)
class LoanDebt:
    """What is owed under one loan."""

    loan_id: str
    interest: Money
    penalty: Money
    principal: Money

    @property
    def total(self) -> Money:
        """Return all of it."""
        return self.interest + self.penalty + self.principal


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnClaim:
    """The pledgee's claim: its debts, the first due first, its costs, and how much of it the pledge secures.

    `maximum` tells whether `cap` is a maximum amount for everything, or the amount of the principal alone.
    """

    reference: str
    registered_at: datetime | None
    scope: tuple[str, ...]
    cap: Money
    maximum: bool
    costs: tuple[Cost, ...]
    debts: tuple[LoanDebt, ...]


@dataclass(frozen=True, slots=True)
class OtherClaim:
    """Another creditor's claim on the same money, with the time of its entry, none without one."""

    creditor: str
    reference: str
    amount: Money
    registered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """One payment: for which part of whose claim, how much was claimed under the pledge, and how much is paid."""

    part: Part
    reference: str
    claimed: Money
    paid: Money


@dataclass(frozen=True, slots=True)
class Distribution:
    """Every fen of the proceeds, once; the shortfall is what of the pledgee's own claim stays owed, secured or not."""

    proceeds: Money
    lines: tuple[Line, ...]
    surplus: Money
    shortfall: Money

    def paid(self, part: Part, reference: str) -> Money:
        """Return what is paid for a part of a claim."""
        return _sum(line.paid for line in self.lines if (line.part, line.reference) == (part, reference))


def distribute(proceeds: Money, fee_due: Money, own: OwnClaim, others: Sequence[OtherClaim]) -> Distribution:
    """Hand out the proceeds of a disposal; `fee_due` is what the state is still owed for a right that was free.

    No amount may be below zero.
    """
    left = proceeds
    room = own.cap
    lines: list[Line] = []
    for cost in own.costs:
        claimed = cost.amount if cost.kind.value in own.scope else Money.zero()
        if own.maximum:
            claimed = min(claimed, room)
            room -= claimed
        lines.append(Line(Part(cost.kind.value), cost.description, claimed, min(claimed, left)))
        left -= lines[-1].paid
    lines.append(Line(Part.FEE_MADE_UP, own.reference, fee_due, min(fee_due, left)))
    left -= lines[-1].paid
    secured = list(_secured(own, room))
    for together in _ranks(own, others):
        claims = [_sum(line.claimed for line in secured) if other is None else other.amount for other in together]
        for other, share in zip(together, shares(left, claims), strict=True):
            left -= share
            if other is None:
                lines += _paid_in_order(secured, share)
            else:
                lines.append(Line(Part.OTHER_CLAIM, other.reference, other.amount, share))
    lines.append(Line(Part.SURPLUS, own.reference, left, left))
    told = tuple(line for line in lines if line.part is not Part.FEE_MADE_UP or fee_due.is_positive)
    owed = _sum(cost.amount for cost in own.costs) + _sum(debt.total for debt in own.debts)
    ours = set(Part) - {Part.FEE_MADE_UP, Part.OTHER_CLAIM, Part.SURPLUS}
    return Distribution(proceeds, told, left, owed - _sum(line.paid for line in told if line.part in ours))


def shares(money: Money, claims: Sequence[Money]) -> list[Money]:
    """Return what each of several equal claims gets: all of it where the money suffices, else its part, in whole fen.

    Nobody gets less than the whole fen of his exact part; what those leave goes fen by fen to the largest claim for
    each fen that it would then have, the first of two alike.

    >>> [share.wire() for share in shares(Money.of(10), [Money.of(10), Money.of(10), Money.of(10)])]
    ['3.34', '3.33', '3.33']
    """
    total = sum(claim.fen for claim in claims)
    if money.fen >= total:
        return list(claims)
    given = [claim.fen * money.fen // total for claim in claims]
    for _ in range(money.fen - sum(given)):
        next_fen = [Fraction(claim.fen, fen + 1) for claim, fen in zip(claims, given, strict=True)]
        given[next_fen.index(max(next_fen))] += 1
    return [Money.from_fen(fen) for fen in given]


def _ranks(own: OwnClaim, others: Sequence[OtherClaim]) -> Iterator[tuple[OtherClaim | None, ...]]:
    """Return those who stand together, the earliest entry first and those without an entry last; none is our own."""
    times = [(own.registered_at, None), *((other.registered_at, other) for other in others)]
    entered = sorted(((time, claim) for time, claim in times if time is not None), key=lambda each: each[0])
    for _, together in groupby(entered, key=lambda each: each[0]):
        yield tuple(claim for _, claim in together)
    without = tuple(claim for time, claim in times if time is None)
    if without:
        yield without


def _secured(own: OwnClaim, room: Money) -> Iterator[Line]:
    """Return the parts of the pledgee's claim as far as the pledge secures them, in the order of payment."""
    for debt in own.debts:
        for part, amount in (
            (Part.INTEREST, debt.interest),
            (Part.PENALTY, debt.penalty),
            (Part.PRINCIPAL, debt.principal),
        ):
            claimed = amount if part.value in own.scope else Money.zero()
            if own.maximum or part is Part.PRINCIPAL:
                claimed = min(claimed, room)
                room -= claimed
            yield Line(part, debt.loan_id, claimed, Money.zero())


def _paid_in_order(claimed: Sequence[Line], share: Money) -> Iterator[Line]:
    for line in claimed:
        paid = min(line.claimed, share)
        share -= paid
        yield Line(line.part, line.reference, line.claimed, paid)


def _sum(amounts: Iterator[Money]) -> Money:
    return Money.from_fen(sum(amount.fen for amount in amounts))
