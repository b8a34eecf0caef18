"""What holds for whatever deals the market brings."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.market.trades import Trade, TradeKind, unit_value
from domain.valuation.appraisal import Appraisal, RightExpired
from domain.valuation.evidence import KINDS, LOOK_BACK_DAYS, NoPriceEvidence
from domain.valuation.repayment import Repayment, first_uncovered_on
from domain.values.money import Money
from domain.values.quantity import Quantity, Unit
from tests.unit.market.deals import KEQIAO, NINGBO, SHAOXING, TODAY, a_price, a_trade
from tests.unit.valuation.subjects import a_subject, an_appraisal, days_ago

FEW = settings(max_examples=60, deadline=None)

yuan = st.integers(min_value=1, max_value=10**8).map(lambda fen: str(Decimal(fen) / 100))
tonnes = st.integers(min_value=1, max_value=10**9).map(lambda grams: Quantity(Decimal(grams) / 10**6, Unit.T_PER_YEAR))
units_of_a_million = st.integers(min_value=1, max_value=10**12)


@st.composite
def markets(draw: st.DrawFn, *, newest: int = 0, oldest: int = 420) -> list[Trade]:
    """Draw a province's deals of up to four hundred days, the right's own city among them, some of no use."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(min_value=newest, max_value=oldest),
                st.sampled_from([SHAOXING, KEQIAO, NINGBO]),
                st.sampled_from([*sorted(KINDS), TradeKind.LEASE]),
                yuan,
                tonnes,
            ),
            min_size=3,
            max_size=14,
        )
    )
    return [
        a_trade(
            trade_no=str(number),
            traded_on=days_ago(days),
            division=division,
            kind=kind,
            price=a_price(price),
            quantity=quantity,
        )
        for number, (days, division, kind, price, quantity) in enumerate(rows)
    ]


def appraised(trades: list[Trade], **changes: Any) -> Appraisal:  # noqa: ANN401 - arguments of `an_appraisal`
    """Return an appraisal, leaving out markets that speak for nothing."""
    try:
        return an_appraisal(trades, **changes)
    except NoPriceEvidence:
        assume(False)  # noqa: FBT003 - hypothesis' own signature
        raise


@FEW
@given(markets(), st.randoms(use_true_random=False))
def test_the_order_in_which_deals_arrive_does_not_matter(trades: list[Trade], random: Random) -> None:
    shuffled = random.sample([*trades, *trades[:2]], k=len(trades) + 2)

    assert appraised(trades) == appraised(shuffled)


@FEW
@given(markets(), units_of_a_million, units_of_a_million)
def test_more_quantity_is_never_worth_less(trades: list[Trade], first: int, second: int) -> None:
    bullet = Repayment.bullet(TODAY + timedelta(days=500), Money.of(1))
    less, more = (
        appraised(
            trades, subject=a_subject(quantity=Quantity(Decimal(millionths) / 10**6, Unit.T_PER_YEAR)), repayment=bullet
        )
        for millionths in sorted((first, second))
    )

    assert less.market_value <= more.market_value
    assert less.collateral_value <= more.collateral_value
    assert less.max_loan <= more.max_loan
    assert less.haircut == more.haircut


@settings(max_examples=150, deadline=None)
@given(markets(newest=0, oldest=600), st.integers(0, 400), st.integers(1, 400))
def test_time_without_new_evidence_never_raises_a_level_or_a_value_nor_lowers_a_haircut(
    trades: list[Trade], before: int, after: int
) -> None:
    newest = max(trade.traded_on for trade in trades)
    early = appraised(trades, as_of=newest + timedelta(days=before))
    try:
        late = an_appraisal(trades, as_of=newest + timedelta(days=before + after))
    except (NoPriceEvidence, RightExpired):
        return

    assert late.unit_value <= early.unit_value
    assert late.haircut >= early.haircut
    assert late.haircut_parts.market >= early.haircut_parts.market
    assert late.confidence_level >= early.confidence_level
    assert late.market_value <= early.market_value
    assert late.collateral_value <= early.collateral_value
    assert late.max_loan <= early.max_loan


@settings(max_examples=40, deadline=None)
@given(markets(), st.integers(0, 400), st.integers(1, 400))
def test_a_right_once_without_evidence_gets_none_by_waiting(trades: list[Trade], before: int, after: int) -> None:
    newest = max(trade.traded_on for trade in trades)
    try:
        an_appraisal(trades, as_of=newest + timedelta(days=before))
    except NoPriceEvidence:
        pass
    else:
        assume(False)  # noqa: FBT003 - hypothesis' own signature

    try:
        an_appraisal(trades, as_of=newest + timedelta(days=before + after))
    except NoPriceEvidence:
        return
    raise AssertionError


@st.composite
def repayments(draw: st.DrawFn) -> Repayment:
    """Draw up to six instalments in the next six years, longer than the right lives."""
    days = draw(st.lists(st.integers(1, 6 * 365), min_size=1, max_size=6, unique=True))
    return Repayment(
        tuple((TODAY + timedelta(days=day), Money.from_fen(draw(st.integers(1, 10**9)))) for day in sorted(days))
    )


def days_of(repayment: Repayment, since: date = TODAY) -> list[date]:
    """Return every day of a loan's life."""
    return [since + timedelta(days=number) for number in range((repayment.end - since).days + 1)]


def owed_on(repayment: Repayment, day: date) -> Fraction:
    """Add up what is due on a day or later, the slow way."""
    return sum((Fraction(amount.amount) for on, amount in repayment.schedule if on >= day), Fraction(0))


@settings(max_examples=30, deadline=None)
@given(markets(), repayments())
def test_the_largest_loan_is_covered_on_every_single_day_of_its_life(trades: list[Trade], shape: Repayment) -> None:
    found = appraised(trades, repayment=shape)
    assume(found.max_loan.is_positive)

    lent = shape.scaled_to(found.max_loan)

    assert lent.total == found.max_loan
    for day in days_of(lent):
        value = Fraction(found.market_value_on(day).amount)
        assert owed_on(lent, day) <= Fraction(found.loan_to_value_cap) * value, day


@settings(max_examples=30, deadline=None)
@given(markets(), repayments())
def test_a_fen_more_than_the_largest_loan_is_uncovered_on_some_day(trades: list[Trade], shape: Repayment) -> None:
    found = appraised(trades, repayment=shape)
    more = Fraction((found.max_loan + Money.of("0.01")).amount)

    total = Fraction(shape.total.amount)
    assert any(more * owed_on(shape, on) / total > found.lendable_on(on) for on, _ in shape.schedule)


@settings(max_examples=40, deadline=None)
@given(markets(), repayments(), st.integers(1, 120))
def test_the_first_uncovered_day_is_the_one_that_counting_day_by_day_finds(
    trades: list[Trade], shape: Repayment, percent: int
) -> None:
    value = appraised(trades).max_loan
    repayment = shape.scaled_to(Money.floor(Fraction(max(value.fen, 100), 100) * percent / 100))

    found = appraised(trades, repayment=repayment)

    uncovered = [day for day in days_of(repayment) if owed_on(repayment, day) > found.lendable_on(day)]
    assert found.first_uncovered_on == min(uncovered, default=None)


@settings(max_examples=40, deadline=None)
@given(repayments(), st.lists(st.integers(0, 10**9), min_size=1, max_size=5), st.integers(0, 2200))
def test_the_first_uncovered_day_is_found_for_any_value_that_never_rises(
    repayment: Repayment, steps: list[int], since: int
) -> None:
    def lendable_on(day: date) -> Fraction:
        return Fraction(sorted(steps, reverse=True)[min((day - TODAY).days // 400, len(steps) - 1)])

    begin = TODAY + timedelta(days=since)
    uncovered = [day for day in days_of(repayment, begin) if owed_on(repayment, day) > lendable_on(day)]

    assert first_uncovered_on(repayment, begin, lendable_on) == min(uncovered, default=None)


@FEW
@given(markets(), st.data(), st.sampled_from([Fraction(1000), Fraction(1, 1000)]))
def test_one_price_a_thousandfold_off_leaves_the_level_among_the_other_deals(
    trades: list[Trade], data: st.DataObject, factor: Fraction
) -> None:
    appraised(trades)
    wrong = data.draw(st.integers(0, len(trades) - 1))

    found = appraised([with_price(trade, factor) if n == wrong else trade for n, trade in enumerate(trades)])

    others = [unit_value(trade) for n, trade in enumerate(trades) if n != wrong]
    assert min(others) <= found.unit_value <= max(others)
    assert found.haircut_parts.market <= Decimal("0.90")


@FEW
@given(markets(), st.data())
def test_how_far_off_one_price_is_does_not_matter_once_it_is_above_all_others(
    trades: list[Trade], data: st.DataObject
) -> None:
    wrong = data.draw(st.integers(0, len(trades) - 1))
    a_little, a_lot = (
        appraised([replace(trade, price=a_price(price)) if n == wrong else trade for n, trade in enumerate(trades)])
        for price in ("10000000", "10000000000")
    )

    assert a_little.unit_value == a_lot.unit_value
    assert a_little.haircut == a_lot.haircut


@FEW
@given(markets(), st.data())
def test_one_deal_a_thousandfold_in_size_leaves_the_level_within_what_the_deals_say(
    trades: list[Trade], data: st.DataObject
) -> None:
    wrong = data.draw(st.integers(0, len(trades) - 1))
    quantity = Quantity(Decimal(10**6), Unit.T_PER_YEAR)

    found = appraised([replace(trade, quantity=quantity) if n == wrong else trade for n, trade in enumerate(trades)])

    assert max(item.weight for item in found.evidence) <= max(Fraction(1, 4), Fraction(1, found.evidence_count))
    assert found.unit_value in {unit_value(trade) for trade in trades}


def with_price(trade: Trade, factor: Fraction) -> Trade:
    """Return a deal at another multiple of its price, never below the smallest price there is."""
    assert trade.price is not None
    millionths = max(1, int(Fraction(trade.price.amount) * factor * 10**6))
    return replace(trade, price=a_price(str(Decimal(millionths) / 10**6)))


@settings(max_examples=150, deadline=None)
@given(markets(oldest=900), st.integers(0, 400))
def test_deals_older_than_the_look_back_change_nothing(trades: list[Trade], after: int) -> None:
    as_of = max(trade.traded_on for trade in trades) + timedelta(days=after)
    first = as_of - timedelta(days=LOOK_BACK_DAYS)

    recent = [trade for trade in trades if trade.traded_on >= first]

    assert appraised(recent, as_of=as_of) == appraised(trades, as_of=as_of)
