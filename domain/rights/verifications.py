"""One request to verify a right at its registry, and what came of it.

It is written before the registry is asked, so that neither a crash nor a slow registry loses it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.values.identifiers import PermitNo, RegistryNo, Uscc
from domain.values.pollutants import Pollutant


class VerificationStatus(StrEnum):
    """Where a verification stands."""

    PENDING = "pending"
    VERIFIED = "verified"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A request by registry number or permit number; `refusal` carries code and facts when refused."""

    id: str
    client_id: str
    parties: tuple[str, ...]
    registry: str
    registry_no: RegistryNo | None
    permit_no: PermitNo | None
    holder_uscc: Uscc
    pollutant: Pollutant | None
    status: VerificationStatus
    refusal: Mapping[str, str] | None
    right_ids: tuple[str, ...]
    created_at: datetime
    finished_at: datetime | None

    @property
    def number(self) -> str:
        """Return the number that was asked for."""
        return self.registry_no or self.permit_no or ""
