"""Many lots at once: every figure is the appraisal's of that lot alone, to the fen."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.jurisdictions.rulebook import Rulebook
from domain.market.priced_deals import PricedDeal
from domain.market.trades import Trade, TradeKind
from domain.rights.rights import Tenure
from domain.valuation.appraisal import Appraisal
from domain.valuation.inputs import rule_values
from domain.valuation.market import Market
from domain.valuation.portfolio import KEPT_PARTS, REACH, RUNGS, Lots, Prices, product_floor, value_lots
from domain.valuation.revaluation import OUT_OF_RANGE, Figures, Lot, price_of, revalued
from domain.valuation.subject import Subject
from domain.values.decimals import round_down
from domain.values.identifiers import Division
from domain.values.quantity import Quantity, Unit
from tests.unit.market.deals import NINGBO, SHAOXING, TODAY, an_allowance_trade
from tests.unit.valuation.subjects import (
    LTV_MAX,
    NOW,
    RULES,
    a_deal,
    a_rule,
    a_subject,
    an_allowance,
    an_appraisal,
    as_deals,
    days_ago,
    deals,
    shaoxing_series,
)

YEAR: Final = timedelta(days=365)
STRICT: Final = Rulebook([replace(LTV_MAX, value=Decimal("0.3333"))])
TARIFF: Final = a_deal(
    "tariff", 4000, traded_on=days_ago(100), kind=TradeKind.BENCHMARK_PRICE, exclusion=TradeKind.BENCHMARK_PRICE.value
)
NOBODY_DEALT: Final[Sequence[Trade | PricedDeal]] = [TARIFF]
GUARDED: Final = [*deals(*[3000] * 30, first_days_ago=20), *deals(*[9000] * 8, venue="second")]
STALE: Final = deals(4000, 3900, 4100, 3333, 4000, 4001, first_days_ago=500)
PROVINCE: Final = deals(4000, 3900, 4100, 3333, 4000, 4001, division=NINGBO)
MARKETS: Final[Sequence[Sequence[Trade | PricedDeal]]] = [
    shaoxing_series(),
    NOBODY_DEALT,
    GUARDED,
    STALE,
    PROVINCE,
    [*STALE, TARIFF],
]

days = st.integers(min_value=-2000, max_value=4000).map(lambda count: TODAY + timedelta(days=count))
quantities = st.integers(min_value=1, max_value=10**12).map(
    lambda millionths: Quantity(Decimal(millionths).scaleb(-6), Unit.T_PER_YEAR)
)


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    """Draw a discharge right that lasts at least until it is sold: melting, or for good with and without an end."""
    melts = draw(st.booleans())
    starts = draw(days)
    least = max(starts, TODAY + timedelta(days=40)) + timedelta(days=1)
    ends = least + timedelta(days=draw(st.integers(min_value=0, max_value=4000)))
    return a_subject(
        quantity=draw(quantities),
        valid_from=starts,
        valid_to=ends if melts or draw(st.booleans()) else None,
        tenure=Tenure.FIXED if melts else Tenure.PERMANENT,
    )


def by_lots(
    subject: Subject, market: Sequence[Trade | PricedDeal], rulebook: Rulebook, liquidation_days: int
) -> Figures:
    """Return what revaluation says of one lot."""
    price = price_of(subject, Market(deals=as_deals(market)), TODAY, NOW)
    rules = rule_values(rulebook, subject.division, TODAY)
    lot = Lot(subject=subject, liquidation_days=liquidation_days, rules=rules, without=None)
    [found] = revalued([(lot, price)], TODAY)
    return found


def figures(found: Figures | Appraisal) -> tuple[Any, ...]:
    return (
        found.unit_value,
        found.market_value,
        found.collateral_value,
        found.loan_to_value_cap,
        found.confidence_level,
        found.tier,
    )


def permanent(market: Sequence[Trade | PricedDeal]) -> list[PricedDeal]:
    """Return a market's deals as prices for good."""
    basis = a_subject(tenure=Tenure.PERMANENT, valid_to=None).basis
    return [replace(deal, basis=basis) for deal in as_deals(market)]


@settings(max_examples=150, deadline=None)
@given(subjects(), st.sampled_from(MARKETS), st.sampled_from([RULES, STRICT]), st.integers(min_value=0, max_value=40))
@example(a_subject(), NOBODY_DEALT, RULES, 0)
@example(a_subject(tenure=Tenure.PERMANENT, valid_to=None), NOBODY_DEALT, RULES, 20)
@example(a_subject(valid_to=TODAY + timedelta(days=41)), STALE, RULES, 40)
def test_a_lot_among_many_is_worth_what_it_is_worth_alone(
    subject: Subject, market: Sequence[Trade | PricedDeal], rulebook: Rulebook, liquidation_days: int
) -> None:
    trades = market if subject.melts else permanent(market)

    alone = an_appraisal(trades, subject, rulebook=rulebook, liquidation_days=liquidation_days)

    assert figures(by_lots(subject, trades, rulebook, liquidation_days)) == figures(alone)


def test_an_allowance_is_worth_the_same_too_and_nothing_of_it_melts() -> None:
    trades = [an_allowance_trade(trade_no=str(n), traded_on=days_ago(n), division=SHAOXING) for n in range(1, 60)]
    for tonnes in ("1", "1000", "123456.789012", "90000000"):
        subject = an_allowance(quantity=Quantity(Decimal(tonnes), Unit.TCO2E), division=Division("330602"))
        assert figures(by_lots(subject, trades, RULES, 20)) == figures(an_appraisal(trades, subject))


def test_the_plan_s_end_counts_for_lots_as_it_does_for_one() -> None:
    rules = Rulebook(
        [
            LTV_MAX,
            a_rule("right.plan_period.end", TODAY + timedelta(days=10), "date"),
            a_rule("right.plan_period.years", 5, "year"),
        ]
    )
    found = by_lots(a_subject(), shaoxing_series(), rules, 20)

    assert figures(found) == figures(an_appraisal(rulebook=rules))
    assert found.collateral_value is not None
    assert not found.collateral_value.is_positive


def test_what_is_too_large_for_whole_numbers_is_said_to_be_out_of_range() -> None:
    for millionths in (10**18 - 1, 10**23):
        huge = Quantity(Decimal(millionths).scaleb(-6), Unit.T_PER_YEAR)
        found = by_lots(a_subject(quantity=huge), shaoxing_series(), RULES, 20)
        assert (found.unpriced, found.market_value) == (OUT_OF_RANGE, None)


@pytest.mark.parametrize("seed", range(3))
def test_ten_thousand_lots_agree_with_fractions(seed: int) -> None:
    """Round prices and whole tonnes make many values that lie exactly on a fen, where doubles would guess."""
    random, count = Random(seed), 10_000
    kept = [
        [random.choice([KEPT_PARTS // 2, KEPT_PARTS * 3 // 4, random.randrange(10**11, KEPT_PARTS)])] * len(RUNGS)
        for _ in range(7)
    ]
    units = [(Decimal(random.choice([1, 58, 4000])), Decimal(random.choice([1, 50]))) for _ in kept]
    sold = TODAY + timedelta(days=20)
    prices = Prices.made(
        TODAY, units, [None, *[Fraction(random.randrange(1, 10**13), 64) for _ in kept[1:]]], sold, kept
    )
    today = TODAY.toordinal()
    ends = [random.choice([0, today + random.randrange(21, 3000)]) for _ in range(count)]
    melts = [end > 0 and random.random() < 0.7 for end in ends]
    lots = Lots(
        prices=np.array([random.randrange(len(kept)) for _ in range(count)]),
        amounts=np.array([random.choice([10**9, 73 * 10**9, random.randrange(1, 10**13)]) for _ in range(count)]),
        starts=np.array([today - random.randrange(-20, 900) for _ in range(count)]),
        ends=np.array(ends),
        lent_ends=np.array([end and min(end, today + random.choice([15, 30, 5000])) for end in ends]),
        melts=np.array(melts),
        caps=np.array([random.choice([300_000, 500_000, 800_000]) for _ in range(count)]),
    )

    found = value_lots(prices, lots)

    for index in random.sample(range(count), 400):
        market, collateral, cap = _in_fractions(prices, lots, index)
        assert (found.market[index], found.collateral[index], found.caps[index]) == (market, collateral, cap)


def _in_fractions(prices: Prices, lots: Lots, index: int) -> tuple[int, int, int]:
    at, today = int(lots.prices[index]), TODAY.toordinal()
    amount, unit, lending = (
        Fraction(int(lots.amounts[index]), 10**9),
        Fraction(int(prices.units[at]), 10**6),
        Fraction(int(prices.lending[at]), 10**6),
    )

    def years(day: int, end: int) -> Fraction:
        if end and day >= end:
            return Fraction(0)
        return Fraction(end - max(day, int(lots.starts[index])), 365) if lots.melts[index] else Fraction(1)

    whole = unit * amount * years(today, int(lots.ends[index]))
    brought, remaining = Fraction(0), amount
    for (first, through), after, kept in zip(RUNGS, prices.days.tolist(), prices.kept[at].tolist(), strict=True):
        size = min(remaining, prices.a_day[at] * (through - first + 1))
        remaining -= size
        brought += size * years(today + after, int(lots.lent_ends[index])) * Fraction(kept, KEPT_PARTS)
    collateral = min(int(lending * brought * 100), int(whole * 100))
    share = round_down(lending * brought / whole, 6)
    return int(whole * 100), collateral, min(int(share * 10**6), int(lots.caps[index]))


factors = st.integers(min_value=0, max_value=2**61)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(factors, factors, st.integers(min_value=0, max_value=4000)), min_size=1), st.integers(1, 2**56)
)
@example([(2**50, 10, 1)], 10)
@example([(2**50 - 1, 10, 1)], 10)
def test_a_product_s_floor_is_that_of_whole_numbers_or_is_not_said(
    rows: list[tuple[int, int, int]], divisor: int
) -> None:
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]

    found, beyond = product_floor(columns[0], columns[1], columns[2], divisor)

    for (left, middle, right), floor, refused in zip(rows, found.tolist(), beyond.tolist(), strict=True):
        exact = left * middle * right // divisor
        assert floor == (0 if refused else exact)
        assert refused or exact < REACH + 1
        assert not refused or exact > REACH * 0.999999


def test_the_day_of_a_lot_s_price_is_the_day_that_is_asked() -> None:
    price = price_of(a_subject(), Market(deals=as_deals(shaoxing_series())), date(2026, 12, 25), NOW)

    assert price.quote is not None
    assert price.quote.as_of == date(2026, 12, 25)
