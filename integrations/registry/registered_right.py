"""A right as the registry itself keeps it, before anyone asks.

What the port's `RegistryRight` adds belongs to an answer: how much is frozen, as of when, and the digest of the bytes.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self

from domain.ports.registry import RegistryRight, RegistryStatus
from domain.values.identifiers import Division, PermitNo, RegistryNo, Uscc
from domain.values.instruments import Instrument
from domain.values.money import Money
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredRight:
    """One entry of the register; the fields mean what they mean in `RegistryRight`."""

    registry: str
    registry_no: RegistryNo
    permit_no: PermitNo
    holder_uscc: Uscc
    holder_name: str
    instrument: Instrument
    pollutant: Pollutant
    vintage: int | None
    quantity: Quantity
    origin: str
    acquisition_basis: str
    acquisition_amount: Money | None
    acquired_on: date | None
    fee_paid_through: date | None
    tenure: str
    valid_from: date
    valid_to: date | None
    division: Division
    status: RegistryStatus
    version: int

    def on(self, day: date) -> Self:
        """Return the entry as of a day: an effective or reduced right whose last day has passed is expired."""
        over = self.valid_to is not None and self.valid_to < day
        living = self.status in {RegistryStatus.EFFECTIVE, RegistryStatus.REDUCED}
        return replace(self, status=RegistryStatus.EXPIRED) if over and living else self

    def answered(self, *, frozen: Quantity, as_of: datetime, evidence_sha256: str) -> RegistryRight:
        """Return the right as an answer tells it."""
        return RegistryRight(
            registry=self.registry,
            registry_no=self.registry_no,
            permit_no=self.permit_no,
            holder_uscc=self.holder_uscc,
            holder_name=self.holder_name,
            instrument=self.instrument,
            pollutant=self.pollutant,
            vintage=self.vintage,
            quantity=self.quantity,
            frozen=frozen,
            origin=self.origin,
            acquisition_basis=self.acquisition_basis,
            acquisition_amount=self.acquisition_amount,
            acquired_on=self.acquired_on,
            fee_paid_through=self.fee_paid_through,
            tenure=self.tenure,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            division=self.division,
            status=self.status,
            as_of=as_of,
            version=self.version,
            evidence_sha256=evidence_sha256,
        )
