"""A quote: what one price says on a day, before anybody asks how much of a right, or until when, is valued at it.

Everything here follows from the evidence and the day alone, so that all rights of one price share it: the estimates are
made once however many lots there are (`portfolio`), and an appraisal of a single right starts from the same quote.

Source: house method 7 to 10.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from domain.valuation.evidence import Evidence, Tier
from domain.valuation.haircut import Losses, confidence_level
from domain.values.decimals import round_down
from domain.values.instruments import Instrument

UNIT_VALUE_PLACES: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A price on `as_of`: yuan per tonne and year (per tonne) with six decimals, and what a sale loses of it.

    `lending_unit_value` is what a lender takes for it; `volume_a_weekday` what the market takes in, in billionths of a
    tonne, none where nobody has dealt.
    """

    evidence: Evidence
    as_of: date
    unit_value: Decimal
    lending_unit_value: Decimal
    confidence_level: int
    losses: Losses
    volume_a_weekday: Fraction | None

    @property
    def tier(self) -> Tier:
        """Return how near the evidence is."""
        return self.evidence.tier


def quote_of(instrument: Instrument, evidence: Evidence, own_deals: int, as_of: date) -> Quote:
    """Return what evidence says of a price on a day; `own_deals` are those that the lender has brought."""
    unit_value = _unit_value(evidence)
    lending = min(unit_value, *(found.lending_unit_value for found in evidence.estimates), unit_value)
    if evidence.administered is not None:
        lending = min(lending, evidence.administered)
    level = confidence_level(instrument, evidence, own_deals)
    return Quote(
        evidence=evidence,
        as_of=as_of,
        unit_value=unit_value,
        lending_unit_value=lending,
        confidence_level=level,
        losses=Losses(evidence, level, as_of),
        volume_a_weekday=min((found.volume_a_weekday for found in evidence.estimates), default=None),
    )


def _unit_value(evidence: Evidence) -> Decimal:
    """Return the most careful unit value of the estimates that bind, each moved as other provinces moved."""
    values = [*evidence.unit_values]
    if evidence.tier is Tier.ADMINISTERED and evidence.administered is not None:
        values.append(round_down(evidence.administered, UNIT_VALUE_PLACES))
    return min(values)
