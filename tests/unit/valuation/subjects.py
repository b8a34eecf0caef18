"""What the valuation tests value, by which rules, on which deals."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Final

from domain.jurisdictions.rulebook import Rulebook
from domain.jurisdictions.rules import Rule, Standing
from domain.market.priced_deals import PricedDeal, priced
from domain.market.trades import Trade
from domain.rights.rights import Tenure
from domain.valuation.appraisal import Appraisal, appraise
from domain.valuation.market import Market, SetAsideDeal
from domain.valuation.subject import Subject
from domain.values.identifiers import Division
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity, Unit
from tests.unit.market.deals import KEQIAO, SHAOXING, TODAY, a_price, a_trade, tonnes_a_year

NOW: Final = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)

_ORDINARY: Final = Subject(
    instrument=Instrument.DISCHARGE_RIGHT,
    pollutant=Pollutant.SO2,
    division=KEQIAO,
    quantity=Quantity(Decimal(10), Unit.T_PER_YEAR),
    valid_from=date(2026, 1, 1),
    valid_to=TODAY + timedelta(days=5 * 365),
    tenure=Tenure.FIXED,
    vintage=None,
)


def a_subject(**changes: Any) -> Subject:  # noqa: ANN401 - any field of a subject, checked by `replace`
    """Return ten tonnes a year of SO2 in Keqiao that end in exactly five years of 365 days, changed as asked."""
    return replace(_ORDINARY, **changes)


def an_allowance(**changes: Any) -> Subject:  # noqa: ANN401 - as `a_subject`
    """Return a thousand tCO2e of allowances without an end, changed as asked."""
    ordinary: dict[str, Any] = {
        "instrument": Instrument.CARBON_ALLOWANCE,
        "pollutant": Pollutant.CO2E,
        "quantity": Quantity(Decimal(1000), Unit.TCO2E),
        "valid_to": None,
    }
    return a_subject(**(ordinary | changes))


def days_ago(days: int) -> date:
    """Return a day before today."""
    return TODAY - timedelta(days=days)


def deals(*prices: int, first_days_ago: int = 1, every_days: int = 1, **changes: Any) -> list[Trade]:  # noqa: ANN401 - as `a_trade`
    """Return deals of ten tonnes at these prices per tonne and year, the first the newest, numbered from a thousand."""
    return [
        a_trade(
            **(
                {
                    "trade_no": str(1000 + index),
                    "traded_on": days_ago(first_days_ago + index * every_days),
                    "price": a_price(str(price)),
                }
                | changes
            )
        )
        for index, price in enumerate(prices)
    ]


def shaoxing_series() -> list[Trade]:
    """Return sixty synthetic deals in Shaoxing, one every third day, around 4000 yuan per tonne and year."""
    return deals(*(3800 + 100 * (index % 5) for index in range(60)), first_days_ago=2, every_days=3, division=SHAOXING)


def a_rule(name: str, value: object, unit: str, **changes: Any) -> Rule:  # noqa: ANN401 - as `a_trade`
    """Return a national rule of standing `text` without dates, changed as asked."""
    rule = Rule(name, Division("000000"), value, unit, "a test", "", "", None, None, Standing.TEXT)
    return replace(rule, **changes)


LTV_MAX: Final = a_rule("pledge.ltv_max", Decimal("0.80"), "ratio")
PLAN_END: Final = a_rule("right.plan_period.end", date(2025, 12, 31), "date")
PLAN_YEARS: Final = a_rule("right.plan_period.years", 5, "year")
RULES: Final = Rulebook([LTV_MAX, PLAN_END, PLAN_YEARS])


_DEAL: Final = priced(a_trade(), None, None)
_tonnes = cache(tonnes_a_year)


def a_deal(number: object = 1, price: object = 4000, tonnes: object = 10, **changes: Any) -> PricedDeal:  # noqa: ANN401 - as `a_trade`
    """Return a numbered deal in Shaoxing at a price per tonne and year, as the valuation reads it, changed as asked."""
    ordinary: dict[str, Any] = {
        "trade_no": str(number),
        "unit_price": int(Decimal(str(price)) * 10**6),
        "quantity": _tonnes(str(tonnes)),
        "volume": int(Decimal(str(tonnes)) * 10**9),
    }
    return replace(_DEAL, **(ordinary | changes))


def as_deals(rows: Iterable[Trade | PricedDeal]) -> list[PricedDeal]:
    """Return trades as the valuation reads them, without groups; what is priced already stays as it is."""
    return [row if isinstance(row, PricedDeal) else priced(row, None, None) for row in rows]


def an_appraisal(
    trades: Iterable[Trade | PricedDeal] | None = None,
    subject: Subject | None = None,
    *,
    peers: Iterable[Trade | PricedDeal] = (),
    set_aside: Sequence[SetAsideDeal] = (),
    own_deals: int = 0,
    **changes: Any,  # noqa: ANN401 - arguments of `appraise`
) -> Appraisal:
    """Appraise the ordinary right on the Shaoxing series today, changed as asked."""
    ordinary: dict[str, Any] = {"rulebook": RULES, "as_of": TODAY, "known_at": NOW}
    market = Market(
        deals=as_deals(shaoxing_series() if trades is None else trades),
        peers=as_deals(peers),
        set_aside=set_aside,
        own_deals=own_deals,
    )
    return appraise(subject or a_subject(), market, **(ordinary | changes))
