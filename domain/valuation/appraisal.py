"""Appraisal: market value, haircut, collateral value and what may be lent, in that order, each on its own.

Every printed figure is rounded once, to the lender's side: values, collateral and loan down, the haircut up. The
collateral value is the exact sum of what the slices of a sale bring, and the printed haircut follows from it: it is
never below market value x (1 - haircut), and above it by less than a millionth of the market value.

The subtle thing is the roll-over. A right that lives on beyond the end of its plan period must be confirmed anew;
nobody can promise that, so a lender counts what lies before that day, and a loan that runs beyond it is not covered
from the day after. The market value is that of the certificate's whole remaining term.

Nothing depends on the order of the deals or on the machine: the same inputs give the same digest. Refusals come in this
order: right_expired, rule_unknown, no_price_evidence. What lacks evidence is refused, never valued at zero.

Source: contract section 4; rules `pledge.ltv_max` and `right.plan_period`; house method 7 to 11.
"""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

from domain.errors import DomainError, InvalidDate
from domain.jurisdictions.plan_period import plan_period_end
from domain.jurisdictions.rulebook import Rulebook
from domain.valuation import haircut
from domain.valuation.canonical import sha256_of
from domain.valuation.cautions import cautions_of
from domain.valuation.estimate import EXACTING
from domain.valuation.evidence import EvidenceItem, Tier, gather
from domain.valuation.explanation import Fact, facts_of
from domain.valuation.haircut import HaircutParts
from domain.valuation.inputs import Inputs, RuleValues, inputs_body, rule_values
from domain.valuation.market import Market, SetAsideDeal, look_at
from domain.valuation.melting import market_value_on, units_on
from domain.valuation.parameters import METHOD, Method
from domain.valuation.quote import quote_of
from domain.valuation.repayment import Repayment, first_uncovered_on, max_principal
from domain.valuation.sale import Sale, sell, without_roll_over
from domain.valuation.subject import Subject
from domain.values.decimals import round_down
from domain.values.money import Money
from domain.values.weekdays import weekdays_between

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """What a right is worth on a day and what it carries.

    `unit_value` is yuan per tonne and year (per tonne where nothing melts, per tCO2e), `lending_unit_value` what a
    lender takes for it; `lending_until` is the day from which a lender counts nothing, none for a right for good;
    `carried` is the exact share that a sale keeps of what a lender counts, `max_loan` what may be lent today, or over
    the whole of the asked `repayment`; `first_uncovered_on` is the first day on which that repayment, as asked, is not
    covered, none when it always is or was not asked; `newest_draws` is the part of the way to its own price that the
    newest item drew the level, on top of its weight.
    """

    inputs: Inputs
    unit_value: Decimal
    lending_unit_value: Decimal
    market_value: Money
    haircut: Decimal
    haircut_parts: HaircutParts
    collateral_value: Money
    loan_to_value_cap: Decimal
    lending_until: date | None
    carried: Fraction
    max_loan: Money
    first_uncovered_on: date | None
    confidence_level: int
    tier: Tier
    method: Method
    newest_draws: Decimal
    evidence: tuple[EvidenceItem, ...]
    exclusions: tuple[SetAsideDeal, ...]
    warnings: tuple[str, ...]
    facts: tuple[Fact, ...]
    digest: str

    @property
    def subject(self) -> Subject:
        """Return what was valued."""
        return self.inputs.subject

    @property
    def as_of(self) -> date:
        """Return the day of the value."""
        return self.inputs.as_of

    @property
    def known_at(self) -> datetime:
        """Return the moment whose knowledge it rests on."""
        return self.inputs.known_at

    @property
    def liquidation_days(self) -> int:
        """Return the calendar days of the liquidation."""
        return self.inputs.liquidation_days

    @property
    def repayment(self) -> Repayment | None:
        """Return the repayment that was asked about."""
        return self.inputs.repayment

    @property
    def evidence_count(self) -> int:
        """Return the number of deals that the value rests on."""
        return len(self.evidence)

    def market_value_on(self, on: date) -> Money:
        """Return what the right is worth on a later day if its unit value stays."""
        return market_value_on(self.subject, self.unit_value, on)

    def lendable_on(self, on: date) -> Fraction:
        """Return what may be lent on a later day, in yuan, exact; nothing from `lending_until` on.

        Never more than the cap allows of the certificate's market value on that day.
        """
        lent = replace(self.subject, valid_to=self.lending_until)
        kept = self.carried * Fraction(self.unit_value) * units_on(lent, on)
        return min(kept, Fraction(self.inputs.rules.cap) * Fraction(self.market_value_on(on).amount))


def appraise(
    subject: Subject,
    market: Market,
    rulebook: Rulebook,
    as_of: date,
    known_at: datetime,
    liquidation_days: int = LIQUIDATION_DAYS,
    repayment: Repayment | None = None,
    contract_ltv_max: Decimal | None = None,
) -> Appraisal:
    """Value a right on a day in Shanghai from what was known at a moment; `liquidation_days` are calendar days.

    `contract_ltv_max` is what the lender's own policy or contract allows at most, none where it says nothing.

    Raises:
        RightExpired: the right ends by `as_of` + `liquidation_days`.
        RuleUnknown: no known `pledge.ltv_max` holds in the right's division.
        NoPriceEvidence: too few deals speak for a price.
        InvalidDate: an instalment is due on `as_of` or before, or `as_of` is at the end of the calendar.
        ValueError: `liquidation_days` is not within 0 to 3650, or `known_at` has no time zone.
    """
    _require_sense(known_at, liquidation_days, as_of, repayment)
    _require_life(subject, as_of, liquidation_days)
    return recompute(
        Inputs(
            subject=subject,
            as_of=as_of,
            known_at=known_at,
            liquidation_days=liquidation_days,
            repayment=repayment,
            rules=rule_values(rulebook, subject.division, as_of, contract_ltv_max),
            looked=look_at(subject, market, as_of, known_at),
        )
    )


def recompute(inputs: Inputs) -> Appraisal:
    """Make an appraisal from its inputs alone; raises RightExpired and NoPriceEvidence as `appraise` does."""
    with localcontext(EXACTING):
        return _recompute(inputs)


def _recompute(inputs: Inputs) -> Appraisal:
    subject, as_of = inputs.subject, inputs.as_of
    sold_on = _require_life(subject, as_of, inputs.liquidation_days)
    evidence = gather(subject, inputs.looked, as_of)
    quote = quote_of(subject.instrument, evidence, inputs.looked.own_deals, as_of)
    unit_value, lending, losses = quote.unit_value, quote.lending_unit_value, quote.losses
    roll_over = roll_over_of(subject, inputs.rules, as_of)
    lent = without_roll_over(subject, roll_over)
    weekdays = weekdays_between(as_of, sold_on)
    sale = sell(lent, sold_on, weekdays, losses.share, quote.volume_a_weekday)
    exact = Fraction(lending) * sale.kept
    whole = Fraction(unit_value) * units_on(subject, as_of)
    lent_now = Fraction(unit_value) * units_on(lent, as_of)
    total = 1 - exact / whole
    market_value = market_value_on(subject, unit_value, as_of)
    parts = haircut.parts(
        evidence,
        losses.at(weekdays),
        inputs.liquidation_days,
        _shares((subject, lent), (unit_value, lending), (as_of, sold_on), sale, losses.share(weekdays))
        | {"total": total},
    )
    appraisal = Appraisal(
        inputs=inputs,
        unit_value=unit_value,
        lending_unit_value=lending,
        market_value=market_value,
        haircut=parts.total,
        haircut_parts=parts,
        collateral_value=Money.floor(min(exact, Fraction(market_value.amount))),
        loan_to_value_cap=round_down(min(1 - parts.total, inputs.rules.cap), haircut.PLACES),
        lending_until=lent.valid_to,
        carried=exact / lent_now if lent_now else Fraction(0),
        max_loan=Money.zero(),
        first_uncovered_on=None,
        confidence_level=quote.confidence_level,
        tier=evidence.tier,
        method=METHOD,
        newest_draws=round_down(evidence.estimates[0].newest_draws, haircut.PLACES)
        if evidence.estimates
        else Decimal(0),
        evidence=evidence.items,
        exclusions=evidence.exclusions,
        warnings=cautions_of(inputs, evidence, parts, roll_over, sale),
        facts=facts_of(inputs, evidence, parts, losses, roll_over, sale),
        digest="",
    )
    return _sealed(_with_loan(appraisal))


def _shares(
    appraised: tuple[Subject, Subject],
    units: tuple[Decimal, Decimal],
    days: tuple[date, date],
    sale: Sale,
    market: Decimal,
) -> dict[str, Fraction]:
    """Return what guard, roll-over, time of sale and size of lot take, each of what is left before it."""
    (subject, lent), (unit_value, lending), (as_of, sold_on) = appraised, units, days
    whole, counted = units_on(subject, as_of), units_on(lent, as_of)
    sold = units_on(lent, sold_on)
    at_once = sold * (1 - Fraction(market))
    return {
        "guard": 1 - Fraction(lending) / Fraction(unit_value),
        "roll_over": 1 - counted / whole,
        "melting": 1 - sold / counted if counted else Fraction(1),
        "lot": 1 - sale.kept / at_once if at_once else Fraction(0),
    }


def roll_over_of(subject: Subject, rules: RuleValues, as_of: date) -> date | None:
    """Return the first day after the plan period in which a day lies, none where nothing melts or it is unknown."""
    if not subject.melts or rules.plan_end is None or rules.plan_years is None:
        return None
    return plan_period_end(as_of, rules.plan_end, rules.plan_years) + timedelta(days=1)


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
            reason_zh="首期还款日须晚于估值日。",
            reason_en="the first instalment must be due after the day of the valuation",
        )


def _require_life(subject: Subject, as_of: date, liquidation_days: int) -> date:
    """Return the day on which a liquidation ends; raises RightExpired where nothing is left on it."""
    sold_on = as_of + timedelta(days=liquidation_days)
    if subject.valid_to is not None and not units_on(subject, sold_on):
        raise RightExpired(valid_to=subject.valid_to, as_of=as_of, liquidation_days=liquidation_days)
    return sold_on


def _with_loan(appraisal: Appraisal) -> Appraisal:
    """Return the appraisal with what may be lent: today, or over the whole life of the repayment asked about."""
    today = Money.floor(appraisal.lendable_on(appraisal.as_of))
    repayment = appraisal.repayment
    if repayment is None:
        return replace(appraisal, max_loan=today)
    return replace(
        appraisal,
        max_loan=min(max_principal(repayment, appraisal.lendable_on), today),
        first_uncovered_on=first_uncovered_on(repayment, appraisal.as_of, appraisal.lendable_on),
    )


def _sealed(appraisal: Appraisal) -> Appraisal:
    """Return the appraisal with its digest: over the inputs and every figure that follows from them."""
    figures = {each.name: getattr(appraisal, each.name) for each in fields(appraisal) if each.name != "inputs"}
    return replace(appraisal, digest=sha256_of({**figures, "inputs": inputs_body(appraisal.inputs)}))


def input_digest(inputs: Inputs) -> str:
    """Return the SHA-256 of the inputs alone."""
    return sha256_of(inputs_body(inputs))
