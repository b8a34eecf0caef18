"""Adoption: the value at which a bank takes a right as collateral, out of our valuation and its own appraisals.

By default it is the lowest: ours, and each approved appraisal in force. Anything else takes an explicit adoption by two
persons. The subtle thing is what such an adoption may overrule: only what was there when it was decided. An appraisal
that is approved later lowers the value again, and after the bank's months of revaluation the adoption lapses by itself.

All figures are market values of the same quantity on the same day, before the haircut. What is lent never rests on
more than our own: `carried` lowers our collateral value in the same proportion, and never raises it.

An external appraisal past its date does not count and says so (`appraisal_expired`); a new one is due since that day.

Source: house section 3 (market value before collateral value); issue of the bank's two persons in contract section 4.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Final

from domain.errors import DomainError
from domain.valuation.bank_appraisals import AppraisalKind, BankAppraisal, latest, value_for
from domain.valuation.proposals import Proposal
from domain.valuation.subject import Subject
from domain.valuation.valuation_policy import months_later
from domain.values.money import Money
from domain.values.quantity import Quantity

APPRAISAL_EXPIRED: Final = "appraisal_expired"
ADOPTION_EXPIRED: Final = "adoption_expired"
ABOVE_LOWEST: Final = "adopted_above_lowest"
ABOVE_OURS: Final = "adopted_above_ours"


class Source(StrEnum):
    """What an adopted value rests on."""

    VALUATION = "valuation"
    APPRAISAL = "appraisal"
    ADOPTION = "adoption"


class AdoptionBasis(StrEnum):
    """What an explicit adoption takes over: a valuation of ours, an appraisal, or a value of the bank's own."""

    VALUATION = "valuation"
    APPRAISAL = "appraisal"
    VALUE = "value"


@dataclass(eq=False)
class AppraisalNotInForce(DomainError):
    """Refuse to adopt an appraisal that is not approved, is superseded, or has expired."""

    code = "appraisal_not_in_force"

    appraisal_id: str
    standing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """An explicit adoption: `value` for `quantity` as of `valued_on`, through `valid_until` where its basis ends."""

    id: str
    tenant: str
    right_id: str
    basis: AdoptionBasis
    valuation_id: str | None
    appraisal_id: str | None
    value: Money
    quantity: Quantity
    valued_on: date
    valid_until: date | None
    reason: str
    proposal: Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """The adopted value of a subject on a day, what it rests on, and when the bank must value anew."""

    value: Money
    source: Source
    source_id: str | None
    valued_on: date
    due_on: date
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFigures:
    """All that a bank has said of a right: appraisals and adoptions, decided or not, and its revaluation months."""

    appraisals: tuple[BankAppraisal, ...]
    adoptions: tuple[Adoption, ...]
    revaluation_months: int


def adopted(ours: Money, valued_on: date, own: OwnFigures, subject: Subject, on: date) -> Adopted:
    """Return what a bank adopts for a subject on a day; `ours` is our market value, made on `valued_on`."""
    standing = latest(own.appraisals, on)
    counting = [each for each in standing if on <= each.valid_until]
    lapsed = [each for each in standing if on > each.valid_until and each.kind is AppraisalKind.EXTERNAL]
    ends = [each.valid_until for each in lapsed]
    lowest = min(
        (
            Adopted(
                value=ours,
                source=Source.VALUATION,
                source_id=None,
                valued_on=valued_on,
                due_on=_due(valued_on, own, ends),
                warnings=(),
            ),
            *(_by_appraisal(each, own, subject, on, ends) for each in counting),
        ),
        key=lambda each: each.value,
    )
    adoption = _newest(own.adoptions, on)
    warnings = {APPRAISAL_EXPIRED: bool(lapsed)}
    if adoption is not None:
        if _lapses_on(adoption, own) < on:
            warnings[ADOPTION_EXPIRED] = True
        else:
            chosen = _by_adoption(adoption, own, subject, on, ends)
            later = [each for each in counting if _decided_after(each, adoption)]
            lowered = min((chosen, *(_by_appraisal(each, own, subject, on, ends) for each in later)), key=_value)
            warnings[ABOVE_LOWEST] = lowered.value > lowest.value
            warnings[ABOVE_OURS] = lowered.value > ours
            lowest = lowered
    said = tuple(code for code, holds in warnings.items() if holds)
    return Adopted(
        value=lowest.value,
        source=lowest.source,
        source_id=lowest.source_id,
        valued_on=lowest.valued_on,
        due_on=lowest.due_on,
        warnings=said,
    )


def lowered_share(ours: Money, adopted_value: Money) -> Fraction:
    """Return adopted / ours, at most 1: what is lent rests on the lower of the two.

    >>> lowered_share(Money.of("200.00"), Money.of("150.00"))
    Fraction(3, 4)
    """
    if not ours.is_positive:
        return Fraction(1)
    return min(Fraction(1), Fraction(adopted_value.amount) / Fraction(ours.amount))


def carried(collateral_value: Money, ours: Money, adopted_value: Money) -> Money:
    """Return our collateral value, lowered as the bank's market value is lower than ours; down to the fen."""
    return Money.floor(Fraction(collateral_value.amount) * lowered_share(ours, adopted_value))


def _by_appraisal(
    appraisal: BankAppraisal, own: OwnFigures, subject: Subject, on: date, ends: Iterable[date]
) -> Adopted:
    return Adopted(
        value=value_for(appraisal.value, appraisal.quantity, appraisal.as_of, subject, on),
        source=Source.APPRAISAL,
        source_id=appraisal.id,
        valued_on=appraisal.as_of,
        due_on=_due(appraisal.as_of, own, (*ends, appraisal.valid_until)),
        warnings=(),
    )


def _by_adoption(adoption: Adoption, own: OwnFigures, subject: Subject, on: date, ends: Iterable[date]) -> Adopted:
    return Adopted(
        value=value_for(adoption.value, adoption.quantity, adoption.valued_on, subject, on),
        source=Source.ADOPTION,
        source_id=adoption.id,
        valued_on=adoption.valued_on,
        due_on=min(_lapses_on(adoption, own), _due(adoption.valued_on, own, ends)),
        warnings=(),
    )


def _value(each: Adopted) -> Money:
    return each.value


def _due(valued_on: date, own: OwnFigures, ends: Iterable[date]) -> date:
    return min((months_later(valued_on, own.revaluation_months), *ends))


def _lapses_on(adoption: Adoption, own: OwnFigures) -> date:
    """Return the last day on which an adoption holds."""
    return _due(adoption.valued_on, own, [] if adoption.valid_until is None else [adoption.valid_until])


def _newest(adoptions: Iterable[Adoption], on: date) -> Adoption | None:
    approved = [each for each in adoptions if each.proposal.is_approved and each.valued_on <= on]
    return max(approved, key=lambda each: (each.proposal.decided_at, each.id), default=None)


def _decided_after(appraisal: BankAppraisal, adoption: Adoption) -> bool:
    decided = adoption.proposal.decided_at
    return decided is not None and appraisal.decided_at > decided
