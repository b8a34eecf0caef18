"""The haircut: what a forced seller may lose, from how the deals scatter, how old and how many they are.

The loss is added up as a logarithm: a base, three times the spread of the deals (growing with the square root of the
days since the newest deal plus the days the sale takes), a part for few deals, a part for the confidence level. That
gives 1 - exp(-loss), held between the level's floor and 90 %. What melts while the sale runs comes off what is left, so
that the collateral value is what a buyer pays at the end of the liquidation.

Every part can only grow as time passes without a new deal.

Source: house method 9 (base 0.20, factor 3.0, add-ons, floors 10/15/25 %, cap 90 %; pollutant rights never at level 1);
square root of time as in Basel CRM (12 CFR 1240.39). One spread of movement per 90 days and 0.30 / n for n deals are
judgements until a series of levels is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from domain.valuation.evidence import Panel, Tier
from domain.valuation.level import EXACTING, dispersion
from domain.values.daycount import days_between
from domain.values.decimals import round_up
from domain.values.instruments import Instrument

BASE: Final = Decimal("0.20")
SPREADS: Final = Decimal("3.0")
DAYS_PER_SPREAD: Final = 90
FEW_DEALS: Final = Decimal("0.30")
ADDED_AT_LEVEL: Final[Mapping[int, Decimal]] = MappingProxyType(
    {
        1: Decimal("0.00"),
        2: Decimal("0.02"),
        3: Decimal("0.05"),
    }
)
FLOOR_AT_LEVEL: Final[Mapping[int, Decimal]] = MappingProxyType(
    {
        1: Decimal("0.10"),
        2: Decimal("0.15"),
        3: Decimal("0.25"),
    }
)
CAP: Final = Decimal("0.90")

ACTIVITY_DAYS: Final = 90
LIQUID: Final = (7, 40)
"""Level 1: the newest deal at most 7 days old, and deals on at least 40 of the 90 days up to it."""
ORDINARY: Final = (28, 10)
"""Level 2: the newest deal at most 28 days old, and deals on at least 10 of the 90 days up to it."""

PLACES: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class HaircutParts:
    """How a haircut comes about, six decimals each, rounded up.

    `base`, `spread`, `few_deals` and `confidence` add up to the logarithmic loss; `market` is 1 - exp(-loss) between
    `floor` and `cap`; `melting` is the share of today's value that goes by while the sale runs. `total` is
    1 - (1 - market)(1 - melting), rounded once and therefore not always what the printed parts give in the last place.
    """

    dispersion: Decimal
    stale_days: int
    liquidation_days: int
    base: Decimal
    spread: Decimal
    few_deals: Decimal
    confidence: Decimal
    floor: Decimal
    cap: Decimal
    market: Decimal
    melting: Decimal
    total: Decimal


def confidence_level(instrument: Instrument, panel: Panel, as_of: date) -> int:
    """Return 1 (liquid), 2 (ordinary) or 3 (thin); never 1 for a discharge right, always 3 on provincial evidence.

    The number of effective deals asks for nothing here: with a cap of a quarter each it is never below four.
    """
    if panel.tier is not Tier.CITY:
        return 3
    if instrument.is_carbon and _meets(LIQUID, panel, as_of):
        return 1
    return 2 if _meets(ORDINARY, panel, as_of) else 3


def haircut(level: int, panel: Panel, as_of: date, liquidation_days: int, melting: Fraction) -> HaircutParts:
    """Return the haircut of a day at a confidence level; `melting` is the share (0 to 1) that goes during the sale."""
    stale_days = days_between(panel.newest, as_of)
    with localcontext(EXACTING):
        scatter = dispersion(panel.weighted)
        spread = SPREADS * scatter * (1 + Decimal(liquidation_days + stale_days) / DAYS_PER_SPREAD).sqrt()
        few_deals = FEW_DEALS / len(panel.items)
        loss = BASE + spread + few_deals + ADDED_AT_LEVEL[level]
        market = min(max(1 - (-loss).exp(), FLOOR_AT_LEVEL[level]), CAP)
    return HaircutParts(
        dispersion=round_up(scatter, PLACES),
        stale_days=stale_days,
        liquidation_days=liquidation_days,
        base=round_up(BASE, PLACES),
        spread=round_up(spread, PLACES),
        few_deals=round_up(few_deals, PLACES),
        confidence=round_up(ADDED_AT_LEVEL[level], PLACES),
        floor=round_up(FLOOR_AT_LEVEL[level], PLACES),
        cap=round_up(CAP, PLACES),
        market=round_up(market, PLACES),
        melting=round_up(melting, PLACES),
        total=round_up(1 - (1 - Fraction(market)) * (1 - melting), PLACES),
    )


def _meets(demand: tuple[int, int], panel: Panel, as_of: date) -> bool:
    stale_days_max, deal_days_min = demand
    since = panel.newest - timedelta(days=ACTIVITY_DAYS)
    deal_days = {item.traded_on for item in panel.items if item.traded_on > since}
    return days_between(panel.newest, as_of) <= stale_days_max and len(deal_days) >= deal_days_min
