"""Markets drawn at random: a city, its province, other provinces and administered prices, with silences between."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from hypothesis import strategies as st

from domain.jurisdictions.rulebook import Rulebook
from domain.market.priced_deals import Exclusion, PricedDeal
from domain.market.trades import TradeKind
from domain.valuation.market import Market, SetAsideDeal
from domain.valuation.repayment import Repayment
from domain.valuation.subject import Subject
from domain.values.identifiers import Division
from domain.values.money import Money
from domain.values.quantity import Quantity, Unit
from tests.unit.market.deals import KEQIAO, NINGBO, SHAOXING
from tests.unit.valuation.subjects import LTV_MAX, PLAN_END, PLAN_YEARS, a_deal, a_subject, days_ago

PROVINCES: Final = tuple(Division(code) for code in ("340000", "350000", "360000", "370000"))
KINDS: Final = (TradeKind.ENTERPRISE_TRADE, TradeKind.LISTED, TradeKind.BLOCK, TradeKind.GOVERNMENT_AUCTION)

prices = st.one_of(st.integers(3000, 5000), st.integers(1, 10**6))
rows = st.integers(0, 2**32 - 1).map(Random)
"""Rows are drawn all at once: a hundred draws of Hypothesis cost more than the valuation."""

WILD: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A right, its market and the terms of its valuation."""

    subject: Subject
    market: Market
    rules: Rulebook
    liquidation_days: int

    @property
    def newest(self) -> date:
        """Return the day of the newest deal of all."""
        return max(deal.traded_on for deal in (*self.market.deals, *self.market.peers))

    def arguments(self) -> dict[str, Any]:
        """Return what `an_appraisal` is asked with."""
        return {
            "trades": self.market.deals,
            "peers": self.market.peers,
            "set_aside": self.market.set_aside,
            "subject": self.subject,
            "rulebook": self.rules,
            "liquidation_days": self.liquidation_days,
        }


def deals_of(random: Random, places: Sequence[Division], count: int, first: int) -> list[PricedDeal]:
    """Return random deals of some places, the newest so many days ago, close to one another or far apart."""
    found, days, usual = [], first, random.choice([40, 4000, 900_000])
    wild = random.random() < WILD
    for number in range(count):
        days += random.choice([0, 1, 1, 2, 3, 10, 60])
        place = random.choice(places)
        found.append(
            a_deal(
                f"{place}-{number}",
                random.randint(1, 10**6) if wild else max(1, int(usual * random.uniform(0.8, 1.25))),
                random.randint(1, 10**5) if wild else random.randint(5, 15),
                division=place,
                venue=place if number % 4 else "another",
                traded_on=days_ago(days),
                buyer_group=random.choice([None, None, *"abcde"]),
                kind=random.choice(KINDS),
            )
        )
    return found


def moved_province(division: Division, early: int, late: int, since: int) -> list[PricedDeal]:
    """Return a province whose price went from one to another so many days ago."""
    return [
        a_deal(f"{division}-{n}", price, division=division, venue=division, traded_on=days_ago(days))
        for n, (price, days) in enumerate(
            [*((late, max(0, since - 2 * n)) for n in range(4)), *((early, since + 1 + 40 * n) for n in range(16))]
        )
    ]


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    """Draw an amount, from a gram to more than any market takes, with or without a roll-over before its end."""
    grams = draw(st.one_of(st.integers(1, 10**8), st.integers(1, 10**13)))
    return a_subject(
        quantity=Quantity(Decimal(grams) / 10**6, Unit.T_PER_YEAR),
        division=draw(st.sampled_from([KEQIAO, SHAOXING])),
        valid_to=draw(st.sampled_from([date(2030, 12, 31), date(2031, 11, 20), date(2034, 12, 31), date(2029, 6, 1)])),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a whole case."""
    random = draw(rows)
    city = deals_of(random, [SHAOXING, KEQIAO], draw(st.integers(4, 12)), draw(st.integers(0, 300)))
    province = deals_of(random, [NINGBO], draw(st.sampled_from([0, 0, 2, 7])), draw(st.integers(0, 300)))
    peers = [
        deal
        for division in PROVINCES[: draw(st.sampled_from([0, 2, 3, 4]))]
        for deal in moved_province(division, draw(prices), draw(prices), draw(st.integers(0, 250)))
    ]
    tariffs = [
        replace(
            a_deal(f"tariff {number}", draw(prices), division=draw(st.sampled_from([SHAOXING, Division("330000")]))),
            traded_on=days_ago(draw(st.integers(0, 300))),
            kind=TradeKind.BENCHMARK_PRICE,
            exclusion=Exclusion.BENCHMARK_PRICE.value,
        )
        for number in range(draw(st.integers(0, 2)))
    ]
    aside = [
        SetAsideDeal(trade_no=f"q{n}", source="test", traded_on=days_ago(n), code="amount_mismatch")
        for n in range(draw(st.integers(0, 2)))
    ]
    cap = draw(st.sampled_from(["0.80", "0.30", "0.10"]))
    return Case(
        subject=draw(subjects()),
        market=Market(deals=[*city, *province, *tariffs], peers=peers, set_aside=aside),
        rules=Rulebook([replace(LTV_MAX, value=Decimal(cap)), PLAN_END, PLAN_YEARS]),
        liquidation_days=draw(st.sampled_from([0, 20, 60])),
    )


@st.composite
def repayments(draw: st.DrawFn, after: date, days_max: int = 6 * 365) -> Repayment:
    """Draw up to five instalments in the days after a day."""
    days = draw(st.lists(st.integers(1, days_max), min_size=1, max_size=5, unique=True))
    return Repayment(
        tuple((after + timedelta(days=day), Money.from_fen(draw(st.integers(1, 10**9)))) for day in sorted(days))
    )
