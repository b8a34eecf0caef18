"""A portfolio: many lots valued at few prices at once, each to the same fen as an appraisal of it alone.

Market values are exact: the quotient is guessed in doubles, and the guess is settled by the remainder, which is small
and therefore right although the product itself wrapped around 2^64 on the way.

The collateral value of a lot is a sum over the rungs of its sale (`sale`), but the rungs lie on the same days for every
lot. So each price has running sums over its rungs, a lot looks up how far it gets, and what is left is a handful of
multiplications. The subtle thing is the last fen: these are doubles with a known bound of their error, and a lot whose
value lies nearer to a whole fen than that bound is summed again in fractions. Doubles thus decide nothing.

Source: issue 3 (1,000,000 lots against 5,000 price keys); house method 10. The arithmetic is `appraisal`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.market.priced_deals import BILLIONTHS, MILLIONTHS
from domain.market.trades import volume
from domain.valuation.quote import Quote
from domain.valuation.sale import VOLUME_SHARE, days_of, rungs
from domain.valuation.series import Whole
from domain.valuation.subject import Subject
from domain.values.daycount import DAYS_PER_YEAR
from domain.values.weekdays import weekdays_between

Real = NDArray[np.float64]

KEPT_PARTS: Final = 10**12
"""What a sale keeps is told in so many parts, as the haircut's share is (`haircut.EXACT_PLACES`)."""

FEN: Final = 100
REACH: Final = 1 << 50
"""Values from so many fen on, eleven trillion yuan, are out of range; below it a guess is off by one at most."""

AMOUNT_MAX: Final = 1 << 62
BLOCK: Final = 1 << 15
"""So many lots at a time: their intermediate figures fit into a processor's own memory."""

ALL_AT_ONCE: Final = Fraction(10**12)
"""Tonnes a day where nobody has dealt and nobody can say how much the market takes."""

FOREVER: Final = 10**7
DOUBT: Final = 2.0**-44
"""The relative error of a sum, eight times what its operations can add up to."""

RUNGS: Final = tuple(rungs())
LENGTHS: Final[Whole] = np.array([through - first + 1 for first, through in RUNGS], dtype=np.int64)
REACHED: Final[Whole] = np.concatenate([[0], np.cumsum(LENGTHS)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Lots:
    """Lots by column: which price, billionths of a tonne, ordinals of the first day and of the end, none as zero.

    From `lent_ends` on a lender counts nothing; `caps` are millionths of the market value. Only lots that are worth
    something when the sale begins.
    """

    prices: Whole
    amounts: Whole
    starts: Whole
    ends: Whole
    lent_ends: Whole
    melts: NDArray[np.bool_]
    caps: Whole

    def __len__(self) -> int:
        """Return how many lots there are."""
        return len(self.prices)

    def block(self, first: int) -> "Lots":
        """Return the lots of one block."""
        return Lots(**{each.name: getattr(self, each.name)[first : first + BLOCK] for each in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What lots are worth: fen, and what may be lent in millionths of the market value; `beyond` where out of range."""

    market: Whole
    collateral: Whole
    caps: Whole
    beyond: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices on a day for one length of liquidation: units in millionths of a yuan, and what each rung of a sale keeps.

    `a_day` are the tonnes that the market takes in a day; `kept` has a row a price, in parts of `KEPT_PARTS`; `days` is
    how many calendar days from `as_of` each rung is sold. The sums are over a price's rungs before each.
    """

    as_of: date
    units: Whole
    lending: Whole
    a_day: tuple[Fraction, ...]
    days: Whole
    kept: Whole
    kept_sums: Real
    kept_day_sums: Real
    a_day_near: Real

    @classmethod
    def of(cls, quotes: Sequence[Quote], as_of: date, sold_on: date) -> "Prices":
        """Return the prices of quotes for sales that begin on a day."""
        weekdays = weekdays_between(as_of, sold_on)
        return cls.made(
            as_of,
            [(each.unit_value, each.lending_unit_value) for each in quotes],
            [None if each.volume_a_weekday is None else each.volume_a_weekday for each in quotes],
            sold_on,
            [[_kept(each.losses.share(weekdays + through)) for _, through in RUNGS] for each in quotes],
        )

    @classmethod
    def made(
        cls,
        as_of: date,
        units: Sequence[tuple[Decimal, Decimal]],
        volumes: Sequence[Fraction | None],
        sold_on: date,
        kept: Sequence[Sequence[int]],
    ) -> "Prices":
        """Return prices from unit value and lending unit value, volume a weekday in billionths, and shares kept."""
        a_day = tuple(ALL_AT_ONCE if each is None else Fraction(each) * VOLUME_SHARE / BILLIONTHS for each in volumes)
        days = np.array(
            [(sold_on + days_of(through)).toordinal() - as_of.toordinal() for _, through in RUNGS], dtype=np.int64
        )
        shares = np.array(kept, dtype=np.int64).reshape(len(units), len(RUNGS))
        return cls(
            as_of=as_of,
            units=np.array([int(unit * MILLIONTHS) for unit, _ in units], dtype=np.int64),
            lending=np.array([int(lending * MILLIONTHS) for _, lending in units], dtype=np.int64),
            a_day=a_day,
            days=days,
            kept=shares,
            kept_sums=_running(shares * LENGTHS),
            kept_day_sums=_running(shares * LENGTHS * days),
            a_day_near=np.array([float(each) for each in a_day]),
        )


def fits(subject: Subject, quote: Quote) -> bool:
    """Tell whether subject and price can be written as whole numbers of 64 bits at all."""
    return (
        volume(subject.quantity) * BILLIONTHS < AMOUNT_MAX
        and max(quote.unit_value, quote.lending_unit_value) * MILLIONTHS < AMOUNT_MAX
    )


def lots_of(subjects: Sequence[tuple[Subject, Subject]], prices: Sequence[int], caps: Sequence[Decimal]) -> Lots:
    """Return the lots of subjects, each with what a lender counts of it, the index of its price, and its cap."""
    return Lots(
        prices=np.array(prices, dtype=np.int64),
        amounts=_column([int(volume(subject.quantity) * BILLIONTHS) for subject, _ in subjects]),
        starts=_column([subject.valid_from.toordinal() for subject, _ in subjects]),
        ends=_column([_ordinal(subject.valid_to) for subject, _ in subjects]),
        lent_ends=_column([_ordinal(lent.valid_to) for _, lent in subjects]),
        melts=np.array([subject.melts for subject, _ in subjects], dtype=np.bool_),
        caps=_column([int(cap * MILLIONTHS) for cap in caps]),
    )


def value_lots(prices: Prices, lots: Lots) -> Values:
    """Return what lots are worth: market and collateral value down to the fen, the cap down to a millionth."""
    count = len(lots)
    market, collateral, caps = (np.empty(count, dtype=np.int64) for _ in range(3))
    beyond = np.zeros(count, dtype=np.bool_)
    for first in range(0, count, BLOCK):
        block = slice(first, first + BLOCK)
        market[block], collateral[block], caps[block], beyond[block] = _block(prices, lots.block(first))
    return Values(market=market, collateral=collateral, caps=caps, beyond=beyond)


def product_floor(left: Whole, middle: Whole, right: Whole, divisor: int) -> tuple[Whole, NDArray[np.bool_]]:
    """Return left x middle x right // divisor, exact, and where it is out of reach and nothing is said.

    No factor may be below zero, the divisor not above 2^56.

    >>> product_floor(np.array([2**60]), np.array([2**30]), np.array([1]), 2**41)[0].tolist()
    [562949953421312]
    """
    near = left.astype(np.float64) * middle * right / divisor
    beyond: NDArray[np.bool_] = near >= REACH
    guess = np.where(beyond, 0.0, np.floor(near)).astype(np.int64)
    product = left.view(np.uint64) * middle.view(np.uint64) * right.view(np.uint64)
    rest = (product - guess.view(np.uint64) * np.uint64(divisor)).view(np.int64)
    found: Whole = guess + rest // divisor
    return np.where(beyond, 0, found), beyond


def _block(prices: Prices, lots: Lots) -> tuple[Whole, Whole, Whole, NDArray[np.bool_]]:
    days = _days_left(lots, prices.as_of)
    units = prices.units[lots.prices]
    market, beyond = product_floor(units, lots.amounts, days, DAYS_PER_YEAR * MILLIONTHS * BILLIONTHS // FEN)
    whole = units.astype(np.float64) * lots.amounts * days / (DAYS_PER_YEAR * MILLIONTHS * BILLIONTHS // FEN)
    near, doubt = _sold(prices, lots)
    collateral = np.floor(near)
    share = near / whole * MILLIONTHS
    caps = np.floor(share)
    share_doubt = (doubt + near * DOUBT) / whole * MILLIONTHS
    unsure = np.abs(near - np.rint(near)) <= doubt
    unsure |= (np.abs(share - np.rint(share)) <= share_doubt) & (share - share_doubt <= lots.caps)
    unsure &= near > 0  # nothing is nothing
    found = np.minimum(collateral, market).astype(np.int64)
    lent = np.minimum(caps, lots.caps).astype(np.int64)
    for index in np.flatnonzero(unsure & ~beyond):
        found[index], lent[index] = _exactly(prices, lots, int(index), int(market[index]), int(days[index]))
    return market, found, lent, beyond


def _days_left(lots: Lots, on: date) -> Whole:
    """Return what is left of each lot in days; a year, where nothing melts, so that one divisor serves all."""
    today = on.toordinal()
    left = np.maximum(lots.ends - np.maximum(lots.starts, today), 0)
    lasting = np.where((lots.ends == 0) | (lots.ends > today), DAYS_PER_YEAR, 0)
    days: Whole = np.where(lots.melts, left, lasting)
    return days


def _sold(prices: Prices, lots: Lots) -> tuple[Real, Real]:
    """Return what sales bring in fen, and how far that may be off."""
    at, today = lots.prices, prices.as_of.toordinal()
    end = np.where(lots.lent_ends == 0, FOREVER, lots.lent_ends - today)
    start = np.maximum(lots.starts - today, 0)
    a_day = prices.a_day_near[at]
    needed = lots.amounts / (a_day * BILLIONTHS)
    last = np.searchsorted(REACHED[1:], needed, side="left")
    alive = np.searchsorted(prices.days, end, side="left")
    full = np.minimum(last, alive)
    early = np.minimum(full, np.searchsorted(prices.days, start, side="right"))
    upto, upto_days = prices.kept_sums[at, full], prices.kept_day_sums[at, full]
    before, before_days = prices.kept_sums[at, early], prices.kept_day_sums[at, early]
    rung = np.minimum(last, len(RUNGS) - 1)
    partly = np.where(last < np.minimum(alive, len(RUNGS)), needed - REACHED[rung], 0.0) * prices.kept[at, rung]
    left = end - np.maximum(prices.days[rung], start)
    melting = (end - start) * before + end * (upto - before) - (upto_days - before_days) + partly * left
    sums = np.where(lots.melts, melting, (upto + partly) * DAYS_PER_YEAR)
    span = np.where(lots.melts, end + start, DAYS_PER_YEAR)
    scale = prices.lending[at] * a_day * (FEN / (MILLIONTHS * KEPT_PARTS * DAYS_PER_YEAR))
    most = upto + np.minimum(needed, REACHED[-1]) * KEPT_PARTS
    return scale * sums, scale * (span * most + upto_days) * DOUBT


def _exactly(prices: Prices, lots: Lots, index: int, market: int, days: int) -> tuple[int, int]:
    """Return a lot's collateral value in fen and its cap in millionths, summed rung by rung in fractions."""
    at, today = int(lots.prices[index]), prices.as_of.toordinal()
    amount, a_day = Fraction(int(lots.amounts[index]), BILLIONTHS), prices.a_day[at]
    end = int(lots.lent_ends[index]) - today if lots.lent_ends[index] else FOREVER
    start = max(int(lots.starts[index]) - today, 0)
    remaining, sums = amount, Fraction(0)
    for length, day, kept in zip(LENGTHS.tolist(), prices.days.tolist(), prices.kept[at].tolist(), strict=True):
        size = min(remaining, a_day * length)
        remaining -= size
        if day < end:
            sums += size * kept * (end - max(day, start) if lots.melts[index] else DAYS_PER_YEAR)
        if not remaining:
            break
    exact = sums * int(prices.lending[at]) * FEN / (MILLIONTHS * KEPT_PARTS * DAYS_PER_YEAR)
    whole = amount * int(prices.units[at]) * days * FEN / (MILLIONTHS * DAYS_PER_YEAR)
    return min(int(exact), market), min(int(exact / whole * MILLIONTHS), int(lots.caps[index]))


def _kept(share: Decimal) -> int:
    return KEPT_PARTS - int(share * KEPT_PARTS)


def _running(rows: Whole) -> Real:
    """Return the running sums of each row, from nothing on; whole and below 2^63 until they become doubles."""
    sums = np.zeros((rows.shape[0], rows.shape[1] + 1), dtype=np.int64)
    np.cumsum(rows, axis=1, out=sums[:, 1:])
    return sums.astype(np.float64)


def _column(numbers: Sequence[int]) -> Whole:
    return np.array(numbers, dtype=np.int64)


def _ordinal(day: date | None) -> int:
    return 0 if day is None else day.toordinal()


assert REACHED[-1] * KEPT_PARTS * (3650 + 2 * REACHED[-1]) < np.iinfo(np.int64).max, "the sums are exact"
