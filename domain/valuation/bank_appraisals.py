"""A bank's own appraisals of a right, internal or external, beside our valuation.

An appraisal says what a quantity was worth on a day, and until when that may be relied on. The subtle thing is what it
says on a later day or of another quantity: its value is carried over in proportion to the tonne-years that are left, so
that a right with an end melts in the bank's own figures as it does in ours. Of two approved appraisals of one kind the
later one supersedes the earlier, even where that one was lower.

It is a market value, before any haircut: 评估价值 in the order 评估价值、折扣率、押品价值、抵质押率.

Source: contract section 4 (a bank's internal or external appraisal; maker, then checker); house section 3.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction

from domain.valuation.melting import units_on
from domain.valuation.proposals import Proposal, ProposalStatus
from domain.valuation.subject import Subject
from domain.values.identifiers import Uscc
from domain.values.money import Money
from domain.values.quantity import Quantity


class AppraisalKind(StrEnum):
    """Whether the bank's own people appraised, or somebody else for it."""

    INTERNAL = "internal"
    EXTERNAL = "external"


class AppraisalStanding(StrEnum):
    """Where an appraisal stands on a day."""

    PROPOSED = "proposed"
    REJECTED = "rejected"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    NOT_YET = "not_yet"


@dataclass(frozen=True, slots=True)
class Appraiser:
    """Who appraised; a firm by its USCC where it has one."""

    name: str
    uscc: Uscc | None


@dataclass(frozen=True, slots=True)
class Report:
    """The report, by the SHA-256 of its file."""

    sha256: str
    title: str | None
    number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAppraisal:
    """What a bank says that `quantity` of a right is worth on `as_of`; relied on through `valid_until`, included."""

    id: str
    tenant: str
    right_id: str
    kind: AppraisalKind
    value: Money
    quantity: Quantity
    as_of: date
    valid_until: date
    appraiser: Appraiser
    report: Report
    method: str | None
    proposal: Proposal

    @property
    def decided_at(self) -> datetime:
        """Return when it was approved; raises ValueError for one that nobody has decided."""
        if self.proposal.decided_at is None:
            raise ValueError(self.id)
        return self.proposal.decided_at


def value_for(value: Money, quantity: Quantity, valued_on: date, subject: Subject, on: date) -> Money:
    """Return what a stated value says of a subject on a day: in proportion to the tonne-years left, down to the fen.

    Zero where nothing is left on that day, or nothing was left when it was stated.
    """
    stated = units_on(replace(subject, quantity=quantity), valued_on)
    if not stated:
        return Money.zero()
    return Money.floor(Fraction(value.amount) * units_on(subject, on) / stated)


def latest(appraisals: Iterable[BankAppraisal], on: date) -> tuple[BankAppraisal, ...]:
    """Return the approved appraisals that none of their kind made by a day supersedes, expired ones among them."""
    newest: dict[AppraisalKind, BankAppraisal] = {}
    for appraisal in appraisals:
        if appraisal.proposal.is_approved and appraisal.as_of <= on:
            known = newest.get(appraisal.kind)
            if known is None or _order(appraisal) > _order(known):
                newest[appraisal.kind] = appraisal
    return tuple(sorted(newest.values(), key=lambda each: each.kind))


def standing_of(appraisal: BankAppraisal, all_of_right: Iterable[BankAppraisal], on: date) -> AppraisalStanding:
    """Return where an appraisal stands on a day among all that the bank has of the right."""
    status = appraisal.proposal.status
    if status is not ProposalStatus.APPROVED:
        return AppraisalStanding(status.value)
    if on < appraisal.as_of:
        return AppraisalStanding.NOT_YET
    if appraisal not in latest(all_of_right, on):
        return AppraisalStanding.SUPERSEDED
    return AppraisalStanding.EXPIRED if on > appraisal.valid_until else AppraisalStanding.IN_FORCE


def _order(appraisal: BankAppraisal) -> tuple[date, datetime, str]:
    return appraisal.as_of, appraisal.decided_at, appraisal.id
