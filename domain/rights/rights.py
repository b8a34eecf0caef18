"""An emission right, as its registry last told it to us, and what of it is free.

One permit yields several rights: one for each pollutant and tranche (same origin, payment and validity). The registry's
number is the key; `registry_version` rises when the right itself changes at the registry and fences our freezes.
`available` is never below zero, although a court or the registry may take more than is free.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from domain.errors import DomainError
from domain.values.identifiers import Division, PermitNo, RegistryNo, Uscc
from domain.values.instruments import Instrument
from domain.values.money import Money
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity


class RightStatus(StrEnum):
    """What the registry says of the right."""

    EFFECTIVE = "effective"
    PENDING_RECONFIRMATION = "pending_reconfirmation"
    REDUCED = "reduced"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    REVOKED = "revoked"
    RECLAIMED = "reclaimed"
    TRANSFERRED = "transferred"


USABLE = frozenset({RightStatus.EFFECTIVE, RightStatus.REDUCED})
"""A reduced right stands for what is left of it; every other status but `effective` carries no new pledge."""


class Origin(StrEnum):
    """Where the right comes from (contract section 3)."""

    INITIAL = "initial"
    NEW_PROJECT = "new_project"
    SURPLUS = "surplus"
    RESERVE = "reserve"
    PURCHASED = "purchased"


class Tenure(StrEnum):
    """Whether the right ends."""

    FIXED = "fixed"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """How the holder came by the right: `basis` is paid or free; the fee is paid through a day, or unknown (none)."""

    basis: str
    amount: Money | None
    on: date | None
    fee_paid_through: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """A right with the sum that is taken of it; `as_of` is the registry's time, `verified_at` ours."""

    id: str
    registry: str
    registry_no: RegistryNo
    permit_no: PermitNo
    holder_uscc: Uscc
    holder_name: str
    instrument: Instrument
    pollutant: Pollutant
    vintage: int | None
    quantity: Quantity
    taken: Decimal
    overtaken: Decimal
    origin: Origin
    acquisition: Acquisition
    tenure: Tenure
    valid_from: date
    valid_to: date | None
    predecessor_id: str | None
    successor_id: str | None
    division: Division
    status: RightStatus
    registry_version: int
    as_of: datetime
    verified_at: datetime
    evidence_sha256: str
    version: int

    @property
    def available(self) -> Quantity:
        """Return what nobody has taken, in the right's unit; zero when more is taken than there is."""
        return Quantity(max(self.quantity.amount - self.taken, Decimal(0)), self.quantity.unit)


@dataclass(eq=False)
class RightNotFound(DomainError):
    """Say that the registry knows no such right."""

    code = "right_not_found"

    registry: str
    number: str


@dataclass(eq=False)
class SuccessorUnconfirmed(DomainError):
    """Refuse to count on a right whose plan period is over and whose successor the authority has not confirmed."""

    code = "successor_unconfirmed"

    right_id: str
    valid_to: date | None


@dataclass(eq=False)
class UnitChanged(DomainError):
    """Refuse what a registry tells in a unit that does not convert into the one that we keep the right in."""

    code = "unit_changed"

    registry: str
    number: str


@dataclass(eq=False)
class HolderMismatch(DomainError):
    """Say that the registry names another holder; who it is stays unsaid."""

    code = "holder_mismatch"

    registry: str
    number: str
