"""Cautions: the warnings of a valuation, in a fixed order; each is a code that a risk officer can look up.

Source: contract section 4 (`warnings`); issue 3.
"""

from datetime import date
from typing import Final

from domain.jurisdictions.rules import Standing
from domain.valuation.evidence import Evidence, Tier
from domain.valuation.haircut import OWN_DEALS_MIN, HaircutParts
from domain.valuation.inputs import Inputs
from domain.valuation.sale import Sale
from domain.values.daycount import days_between
from domain.values.instruments import Instrument

FEW_TRADES: Final = 10
STALE_DAYS: Final = 30
SLOW_SALE_WEEKDAYS: Final = 60


def cautions_of(
    inputs: Inputs, evidence: Evidence, parts: HaircutParts, roll_over: date | None, sale: Sale
) -> tuple[str, ...]:
    """Return the warnings, in this order."""
    subject = inputs.subject
    newest = max(item.traded_on for item in evidence.items)
    said = {
        "few_trades": len(evidence.items) < FEW_TRADES,
        "stale_evidence": days_between(newest, inputs.as_of) > STALE_DAYS,
        "provincial_evidence_only": evidence.tier is Tier.PROVINCE,
        "moved_with_other_provinces": evidence.tier is Tier.MOVEMENT,
        "administered_price": evidence.tier is Tier.ADMINISTERED,
        "administered_price_caps": evidence.administered is not None and evidence.tier is not Tier.ADMINISTERED,
        "earlier_evidence_prevails": len(evidence.estimates) > 1,
        "guard_binds": parts.guard > 0 and evidence.administered is None,
        "slow_sale": sale.weekdays > SLOW_SALE_WEEKDAYS,
        "lot_exceeds_market": sale.unsold > 0,
        "vintage_unstated": subject.instrument.is_carbon
        and subject.vintage is not None
        and any(item.vintage is None for item in evidence.items),
        "not_calibrated_on_own_deals": subject.instrument is Instrument.DISCHARGE_RIGHT
        and inputs.looked.own_deals < OWN_DEALS_MIN,
        "right_not_yet_valid": subject.valid_from > inputs.as_of,
        "right_ends": subject.valid_to is not None,
        "plan_period_unknown": subject.melts and subject.valid_to is not None and roll_over is None,
        "plan_rollover_unconfirmed": roll_over is not None
        and subject.valid_to is not None
        and subject.valid_to > roll_over,
        "ltv_rule_not_from_text": inputs.rules.ltv_standing is not Standing.TEXT,
    }
    return tuple(code for code, holds in said.items() if holds)
