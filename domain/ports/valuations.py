"""Where valuations are kept, as answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.valuation.appraisal import Appraisal


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredValuation:
    """A valuation as it was answered; `body`, `evidence` and `exclusions` are what the API prints.

    `inputs` is what it can be made again from (`domain.valuation.inputs`), none for one older than that.
    """

    id: str
    right_id: str | None
    body: Mapping[str, object]
    evidence: Sequence[Mapping[str, object]]
    exclusions: Sequence[Mapping[str, object]]
    inputs: Mapping[str, object] | None
    created_at: datetime


class Valuations(Protocol):
    """Keep valuations."""

    async def add(
        self, appraisal: Appraisal, right_id: str | None, tenant: str, parties: tuple[str, ...], created_at: datetime
    ) -> str:
        """Write an appraisal and return its id."""
        ...

    async def find(self, valuation_id: str) -> StoredValuation | None:
        """Return one that the caller may see, none otherwise."""
        ...
