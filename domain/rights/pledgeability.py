"""Whether a right may be pledged today, and why not: every reason at once, in this documented order.

expired, not_effective, fee_unpaid, pollutant_not_allowed, no_quantity_available. Each reason names the rule that says
so. A free right is pledgeable only after its use fee has been paid where the pack says `pledge.paid_only`; a fee of
unknown standing there is unpaid. Environmental facts (credit grade, accidents, emissions) join with their own port.

Source: rule pack `pledge.*`; contract section 3 (`pledgeable`).
"""

from dataclasses import dataclass
from datetime import date

from domain.errors import DomainError
from domain.jurisdictions.rulebook import Rulebook
from domain.rights.rights import USABLE, Right
from domain.values.instruments import Instrument


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason against, with the rule that says so."""

    code: str
    rule: str


@dataclass(eq=False)
class RightNotPledgeable(DomainError):
    """Refuse a right that may not be pledged, with every reason."""

    code = "right_not_pledgeable"

    right_id: str
    reasons: tuple[Reason, ...]


def reasons_against(right: Right, rulebook: Rulebook, on: date) -> tuple[Reason, ...]:
    """Return every reason against pledging `right` on a day, none when it may be pledged."""
    found: list[Reason] = []
    if right.valid_to is not None and right.valid_to < on:
        found.append(Reason("expired", "right.validity"))
    if right.status not in USABLE:
        found.append(Reason("not_effective", f"right.status.{right.status}"))
    if right.instrument is Instrument.DISCHARGE_RIGHT:
        found.extend(_of_discharge_rights(right, rulebook, on))
    if not right.available.is_positive:
        found.append(Reason("no_quantity_available", "right.available"))
    return tuple(found)


def _of_discharge_rights(right: Right, rulebook: Rulebook, on: date) -> list[Reason]:
    found = []
    paid_only = rulebook.find("pledge.paid_only", right.division, on)
    if paid_only is not None and paid_only.value is True and not _paid(right, on):
        found.append(Reason("fee_unpaid", paid_only.name))
    pollutants = rulebook.find("pledge.pollutants", right.division, on)
    if (
        pollutants is not None
        and isinstance(pollutants.value, list | tuple)
        and right.pollutant.value not in pollutants.value
    ):
        found.append(Reason("pollutant_not_allowed", pollutants.name))
    return found


def _paid(right: Right, on: date) -> bool:
    """Tell whether the right was paid for: bought, or free with its fee made up through today."""
    through = right.acquisition.fee_paid_through
    if right.acquisition.basis == "paid":
        return through is None or through >= on
    return through is not None and through >= on
