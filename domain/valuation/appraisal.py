"""Appraisal: market value, haircut, collateral value and what may be lent, in that order, each on its own.

The subtle thing is rounding. Every printed figure is rounded once, to the lender's side (values, collateral and loan
down, haircut up), and the next is computed from the printed one, so that anyone can check the whole chain with a pocket
calculator. Nothing depends on the order of the deals or on the machine: the same inputs give the same digest.

Refusals come in this order: right_expired, rule_unknown, no_price_evidence. What lacks evidence is refused, never
valued at zero.

Source: contract section 4; rule `pledge.ltv_max`; house method 7 to 11.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from domain.errors import DomainError, InvalidDate
from domain.jurisdictions.plan_period import plan_period_end
from domain.jurisdictions.rulebook import Rulebook, day, ratio, whole
from domain.jurisdictions.rules import Rule, Standing
from domain.market.trades import Trade
from domain.valuation import evidence, haircut, level
from domain.valuation.evidence import EvidenceItem, Panel, Tier, panels
from domain.valuation.haircut import HaircutParts, confidence_level
from domain.valuation.melting import market_value_on, melted_share, units_on
from domain.valuation.repayment import Repayment, first_uncovered_on, max_principal
from domain.valuation.subject import Subject
from domain.values.daycount import days_between
from domain.values.decimals import round_down
from domain.values.money import Money

UNIT_VALUE_PLACES: Final = 6
FEW_TRADES: Final = 10
STALE_DAYS: Final = 30
LIQUIDATION_DAYS: Final = 20
LIQUIDATION_DAYS_MAX: Final = 3650
LAST_DAY: Final = date(9900, 1, 1)
"""Far enough from the end of the calendar for every day that follows from it."""


@dataclass(eq=False)
class RightExpired(DomainError):
    """Refuse a right that ends before it could be sold; `valid_to` is worth nothing from that day on."""

    code = "right_expired"

    valid_to: date
    as_of: date
    liquidation_days: int


@dataclass(frozen=True, slots=True)
class Method:
    """Which method made the figures; the digest is over every parameter."""

    name: str
    version: str
    parameters_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """What a right is worth on a day and what it carries.

    `unit_value` is yuan per tonne and year (per tonne where nothing melts, per tCO2e); `max_loan` is what may be lent
    today, or over the whole of the asked `repayment`; `first_uncovered_on` is the first day on which that repayment, as
    asked, is not covered, none when it always is or was not asked.
    """

    subject: Subject
    as_of: date
    known_at: datetime
    liquidation_days: int
    repayment: Repayment | None
    unit_value: Decimal
    market_value: Money
    haircut: Decimal
    haircut_parts: HaircutParts
    collateral_value: Money
    loan_to_value_cap: Decimal
    max_loan: Money
    first_uncovered_on: date | None
    confidence_level: int
    tier: Tier
    method: Method
    evidence: tuple[EvidenceItem, ...]
    warnings: tuple[str, ...]
    digest: str

    @property
    def evidence_count(self) -> int:
        """Return the number of deals that the value rests on."""
        return len(self.evidence)

    def market_value_on(self, on: date) -> Money:
        """Return what the right is worth on a later day if its unit value stays."""
        return market_value_on(self.subject, self.unit_value, on)

    def lendable_on(self, on: date) -> Fraction:
        """Return loan_to_value_cap x market value on a later day, in yuan, exact."""
        return Fraction(self.loan_to_value_cap) * Fraction(self.market_value_on(on).amount)


def appraise(
    subject: Subject,
    trades: Iterable[Trade],
    rulebook: Rulebook,
    as_of: date,
    known_at: datetime,
    liquidation_days: int = LIQUIDATION_DAYS,
    repayment: Repayment | None = None,
) -> Appraisal:
    """Value a right on a day in Shanghai from what was known at a moment; `liquidation_days` are calendar days.

    Raises:
        RightExpired: the right ends by `as_of` + `liquidation_days`.
        RuleUnknown: no known `pledge.ltv_max` holds in the right's division.
        NoPriceEvidence: too few deals speak for a price.
        InvalidDate: an instalment is due on `as_of` or before, or `as_of` is at the end of the calendar.
        ValueError: `liquidation_days` is not within 0 to 3650, or `known_at` has no time zone.
    """
    _require_sense(known_at, liquidation_days, as_of, repayment)
    sold_on = as_of + timedelta(days=liquidation_days)
    if subject.valid_to is not None and not units_on(subject, sold_on):
        raise RightExpired(valid_to=subject.valid_to, as_of=as_of, liquidation_days=liquidation_days)
    ltv_rule = rulebook.require("pledge.ltv_max", subject.division, as_of)
    seen = panels(subject, trades, as_of, known_at)
    today = seen[-1]
    levels = [level.lower_median(panel.weighted) for panel in seen]
    confidence = confidence_level(subject.instrument, today, as_of)
    melting = melted_share(subject, as_of, sold_on)
    cuts = [haircut.haircut(confidence, panel, as_of, liquidation_days, melting) for panel in seen]
    parts = max(reversed(cuts), key=lambda cut: cut.total)
    unit_value = round_down(min(levels), UNIT_VALUE_PLACES)
    market_value = market_value_on(subject, unit_value, as_of)
    cap = min(1 - parts.total, ratio(ltv_rule))
    kept = min(levels) < levels[-1] or parts.total > cuts[-1].total
    appraisal = Appraisal(
        subject=subject,
        as_of=as_of,
        known_at=known_at,
        liquidation_days=liquidation_days,
        repayment=repayment,
        unit_value=unit_value,
        market_value=market_value,
        haircut=parts.total,
        haircut_parts=parts,
        collateral_value=Money.floor(Fraction(market_value.amount) * (1 - Fraction(parts.total))),
        loan_to_value_cap=round_down(cap, haircut.PLACES),
        max_loan=Money.zero(),
        first_uncovered_on=None,
        confidence_level=confidence,
        tier=today.tier,
        method=METHOD,
        evidence=today.items,
        warnings=(*_of_evidence(subject, today, as_of, kept=kept), *_of_rules(subject, rulebook, ltv_rule, as_of)),
        digest="",
    )
    return _sealed(_with_loan(appraisal, repayment))


def _require_sense(known_at: datetime, liquidation_days: int, as_of: date, repayment: Repayment | None) -> None:
    if known_at.tzinfo is None or not 0 <= liquidation_days <= LIQUIDATION_DAYS_MAX:
        message = (
            f"known_at ({known_at}) needs a time zone, liquidation ({liquidation_days}) 0..{LIQUIDATION_DAYS_MAX} days"
        )
        raise ValueError(message)
    if as_of > LAST_DAY:
        raise InvalidDate(
            what="as_of", value=as_of.isoformat(), reason_zh="估值日过于遥远。", reason_en="the day is too far away"
        )
    if repayment is not None and repayment.schedule[0][0] <= as_of:
        raise InvalidDate(
            what="repayment",
            value=repayment.schedule[0][0].isoformat(),
            reason_zh="还款日须晚于估值日。",
            reason_en="every instalment is due after the day of the valuation",
        )


def _with_loan(appraisal: Appraisal, repayment: Repayment | None) -> Appraisal:
    if repayment is None:
        return replace(appraisal, max_loan=Money.floor(appraisal.lendable_on(appraisal.as_of)))
    return replace(
        appraisal,
        max_loan=max_principal(repayment, appraisal.lendable_on),
        first_uncovered_on=first_uncovered_on(repayment, appraisal.as_of, appraisal.lendable_on),
    )


def _of_evidence(subject: Subject, panel: Panel, as_of: date, *, kept: bool) -> tuple[str, ...]:
    """Return the warnings about the evidence, in this order; `kept` says that an earlier day's evidence prevails."""
    said = {
        "few_trades": len(panel.items) < FEW_TRADES,
        "stale_evidence": days_between(panel.newest, as_of) > STALE_DAYS,
        "provincial_evidence_only": panel.tier is Tier.PROVINCE,
        "earlier_evidence_prevails": kept,
        "vintage_unstated": subject.instrument.is_carbon
        and subject.vintage is not None
        and any(item.vintage is None for item in panel.items),
    }
    return tuple(code for code, holds in said.items() if holds)


def _of_rules(subject: Subject, rulebook: Rulebook, ltv_rule: Rule, as_of: date) -> tuple[str, ...]:
    """Return the warnings about the right and the rules it was judged by, in this order."""
    said = {
        "right_not_yet_valid": subject.valid_from > as_of,
        "right_ends": subject.valid_to is not None,
        **_of_plan_period(subject, rulebook, as_of),
        "ltv_rule_not_from_text": ltv_rule.standing is not Standing.TEXT,
    }
    return tuple(code for code, holds in said.items() if holds)


def _of_plan_period(subject: Subject, rulebook: Rulebook, as_of: date) -> Mapping[str, bool]:
    """Say whether a fixed right reaches beyond the plan period's roll-over, after which it must be confirmed anew."""
    if not subject.melts or subject.valid_to is None:
        return {}
    end = rulebook.find("right.plan_period.end", subject.division, as_of)
    years = rulebook.find("right.plan_period.years", subject.division, as_of)
    if end is None or years is None or not end.is_known or not years.is_known:
        return {"plan_period_unknown": True}
    return {"plan_rollover_unconfirmed": subject.valid_to > plan_period_end(as_of, day(end), whole(years))}


def _sealed(appraisal: Appraisal) -> Appraisal:
    return replace(appraisal, digest=_sha256(replace(appraisal, digest="")))


def _sha256(value: object) -> str:
    """Return the SHA-256 of the value's canonical JSON: keys sorted, no spaces, every number an exact fraction."""
    text = json.dumps(value, default=_plain, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: object) -> object:
    """Return what JSON has no word for in its own types; equal values give equal results, however they are written."""
    if isinstance(value, date):
        return (value.astimezone(UTC) if isinstance(value, datetime) else value).isoformat()
    if isinstance(value, Decimal | Fraction):
        return str(Fraction(value))
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    message = f"{type(value).__name__} has no canonical form"
    raise TypeError(message)


PARAMETERS: Final[Mapping[str, object]] = MappingProxyType(
    {
        "kinds": evidence.KINDS,
        "window_days": evidence.WINDOW_DAYS,
        "deals_min": evidence.DEALS_MIN,
        "deal_days_min": evidence.DEAL_DAYS_MIN,
        "weight_max": Fraction(1, evidence.WEIGHT_PARTS),
        "normal_consistency": level.NORMAL_CONSISTENCY,
        "dispersion_min": level.DISPERSION_MIN,
        "haircut_base": haircut.BASE,
        "haircut_spreads": haircut.SPREADS,
        "haircut_days_per_spread": haircut.DAYS_PER_SPREAD,
        "haircut_few_deals": haircut.FEW_DEALS,
        "haircut_added_at_level": haircut.ADDED_AT_LEVEL,
        "haircut_floor_at_level": haircut.FLOOR_AT_LEVEL,
        "haircut_cap": haircut.CAP,
        "activity_days": haircut.ACTIVITY_DAYS,
        "level_1": haircut.LIQUID,
        "level_2": haircut.ORDINARY,
        "few_trades": FEW_TRADES,
        "stale_days": STALE_DAYS,
    }
)
"""Every number that the method chose; a change of any of them changes the digest of the method."""

METHOD: Final = Method("capped_weighted_median", "1.0.0", _sha256(PARAMETERS))
