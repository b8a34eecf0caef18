"""Proposals: what one person of a bank puts forward and a second one decides, once.

The subtle thing is that a proposal never changes: only its decision is written, and a decision is final. Who was wrong
puts forward another one, which supersedes it. That the second person is another than the first, and may approve, is
asked where the persons are known.

>>> from datetime import UTC
>>> at = datetime(2026, 11, 21, tzinfo=UTC)
>>> Proposal.by("bank-a.officer", at).decided("bank-a.approver", at).status
<ProposalStatus.APPROVED: 'approved'>
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from domain.errors import DomainError


class ProposalStatus(StrEnum):
    """Whether a second person has decided, and how."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(eq=False)
class AlreadyDecided(DomainError):
    """Refuse to decide what has been decided."""

    code = "already_decided"

    decision: ProposalStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Who put it forward, who decided, and why not; `rejection` is none unless it was rejected."""

    status: ProposalStatus
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    rejection: str | None
    version: int

    @classmethod
    def by(cls, client_id: str, at: datetime) -> Self:
        """Return what nobody has decided yet."""
        return cls(
            status=ProposalStatus.PROPOSED,
            proposed_by=client_id,
            proposed_at=at,
            decided_by=None,
            decided_at=None,
            rejection=None,
            version=1,
        )

    @property
    def is_approved(self) -> bool:
        """Tell whether a second person approved."""
        return self.status is ProposalStatus.APPROVED

    def decided(self, by: str, at: datetime, rejection: str | None = None) -> Self:
        """Return it approved, or rejected where a reason against it is given; raises AlreadyDecided."""
        if self.status is not ProposalStatus.PROPOSED:
            raise AlreadyDecided(self.status)
        status = ProposalStatus.APPROVED if rejection is None else ProposalStatus.REJECTED
        return replace(self, status=status, decided_by=by, decided_at=at, rejection=rejection, version=self.version + 1)
