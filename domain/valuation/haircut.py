"""The haircut taken apart: what each reason takes off today's market value, and the whole.

The market part is what the estimates say of a sale (`estimate`), the most careful of those that bind. Beside it stand
what the guard takes off the unit value, what melts while the sale runs, what the size of the lot costs, and what lies
beyond a plan's roll-over. The total is one less collateral by market value, up to six decimals; it is told after the
collateral value, not before it, because a rounded share of a bigger lot may be worth a fen less than that of a smaller.

An administered price, which nobody has paid, loses at least half.

Source: house method 9 to 11; issue 3. The floor of one half is a judgement.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import Final

from domain.valuation.estimate import (
    ADDED_AT_LEVEL,
    BASE,
    CAP,
    ERRORS_HELD,
    EXACTING,
    RETURN_WEEKDAYS,
    Loss,
)
from domain.valuation.evidence import Evidence, Tier
from domain.values.decimals import round_up
from domain.values.instruments import Instrument
from domain.values.weekdays import weekdays_between

PLACES: Final = 6
EXACT_PLACES: Final = Decimal("1e-12")

ADMINISTERED_ERROR: Final = Decimal("0.30")
ADMINISTERED_FLOOR: Final = Decimal("0.50")

OWN_DEALS_MIN: Final = 200
"""Discharge rights are not trusted at level 1 before a lender has brought so many deals of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HaircutParts:
    """How a haircut comes about; six decimals each, rounded up.

    `base`, `uncertainty`, `confidence` and `silence` add up to the logarithmic loss; `market` is 1 - exp(-loss) between
    `floor` and `cap`, for a small lot at the end of the liquidation. `guard`, `melting`, `roll_over` and `lot` are the
    shares that the guard, the sale's time, the plan's end and the lot's size take off what is left before them.
    `error` and `dispersion` are what the uncertainty is made of.
    """

    error: Decimal
    dispersion: Decimal
    stale_weekdays: int
    liquidation_days: int
    base: Decimal
    uncertainty: Decimal
    confidence: Decimal
    silence: Decimal
    floor: Decimal
    cap: Decimal
    market: Decimal
    guard: Decimal
    roll_over: Decimal
    melting: Decimal
    lot: Decimal
    total: Decimal


class Losses:
    """What a sale loses, by the most careful of the estimates that bind."""

    def __init__(self, evidence: Evidence, level: int, as_of: date) -> None:
        """Ask these estimates at a confidence level."""
        self._evidence = evidence
        self._level = level
        self._as_of = as_of
        self.at = lru_cache(maxsize=None)(self._at)

    def _at(self, weekdays: int) -> Loss:
        losses = [found.loss(weekdays, self._level) for found in self._evidence.estimates]
        if self._evidence.tier is Tier.ADMINISTERED:
            losses.append(self._administered(weekdays))
        return max(losses, key=lambda loss: loss.market)

    def share(self, weekdays: int) -> Decimal:
        """Return the share lost so many weekdays from now, up to twelve decimals."""
        return self.at(weekdays).market.quantize(EXACT_PLACES, rounding=ROUND_CEILING, context=EXACTING)

    def _administered(self, weekdays: int) -> Loss:
        on = self._evidence.administered_on
        assert on is not None, "an administered price has a day"
        wait = max(0, weekdays_between(on, self._as_of) + weekdays)
        with localcontext(EXACTING):
            time = RETURN_WEEKDAYS * (1 - (-Decimal(wait) / RETURN_WEEKDAYS).exp())
            uncertainty = ERRORS_HELD * ADMINISTERED_ERROR * time.sqrt()
            total = BASE + uncertainty + ADDED_AT_LEVEL[3]
            market = min(max(1 - (-total).exp(), ADMINISTERED_FLOOR), CAP)
        return Loss(
            base=BASE,
            uncertainty=uncertainty,
            confidence=ADDED_AT_LEVEL[3],
            silence=Decimal(0),
            floor=ADMINISTERED_FLOOR,
            market=market,
        )


def confidence_level(instrument: Instrument, evidence: Evidence, own_deals: int) -> int:
    """Return 1 (liquid), 2 (ordinary) or 3 (thin): the worst of what the evidence says and what we may claim.

    Other provinces' movement allows 2 at best, a province's mean or an administered price 3. Discharge rights stay at 2
    or worse until a lender has brought 200 of its own deals, because the method was calibrated on allowances.
    """
    if evidence.tier in {Tier.PROVINCE, Tier.ADMINISTERED} or len(evidence.estimates) != 1:
        return 3
    level = evidence.estimates[0].confidence_level
    uncalibrated = instrument is Instrument.DISCHARGE_RIGHT and own_deals < OWN_DEALS_MIN
    return max(level, 2) if uncalibrated or evidence.tier is Tier.MOVEMENT else level


def parts(evidence: Evidence, loss: Loss, liquidation_days: int, shares: Mapping[str, Fraction]) -> HaircutParts:
    """Return the parts of a haircut; `shares` are `guard`, `roll_over`, `melting`, `lot` and `total`."""
    first = evidence.estimates[0] if evidence.estimates else None
    return HaircutParts(
        error=round_up(first.error if first else ADMINISTERED_ERROR, PLACES),
        dispersion=round_up(first.scale if first else Decimal(0), PLACES),
        stale_weekdays=first.stale_weekdays if first else 0,
        liquidation_days=liquidation_days,
        base=round_up(loss.base, PLACES),
        uncertainty=round_up(loss.uncertainty, PLACES),
        confidence=round_up(loss.confidence, PLACES),
        silence=round_up(loss.silence, PLACES),
        floor=round_up(loss.floor, PLACES),
        cap=round_up(CAP, PLACES),
        market=round_up(loss.market, PLACES),
        **{name: round_up(share, PLACES) for name, share in shares.items()},
    )
