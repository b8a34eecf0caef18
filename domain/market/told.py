"""What was told: a row as it came, and where it stands now.

A row is never changed in what it tells. What moves is whether it is believed: from `accepted_from`, none if it never
was, until `accepted_until`, none while it is. The subtle thing is that these are our own moments. A sender may state a
`known_at` of his own; it stays in the row and moves nothing, because an interval that began before we received the row
would let a sender rewrite what a valuation of last month could have known.

Source: issue 3 (two clocks; revisions supersede, never overwrite).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.market.quarantine import Quarantine
from domain.market.trades import Trade


class TradeStatus(StrEnum):
    """Where a row stands."""

    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTrade:
    """A row as sent: `row` as received, its digest, and the trade, none when the row could not be read."""

    source: str
    row: Mapping[str, object]
    content_sha256: str
    trade: Trade | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTrade:
    """A row as kept; `own` says that the sender told it himself, and only then does `trade` know its parties.

    `quarantine` stays with a corrected row, whose status is superseded. `former_code` is why a row was quarantined that
    was believed later. `duplicate_of` is the row of another source that tells the same deal.
    """

    id: str
    own: bool
    source: str
    content_sha256: str
    trade: Trade | None
    status: TradeStatus
    quarantine: Quarantine | None = None
    former_code: str | None = None
    accepted_from: datetime | None = None
    accepted_until: datetime | None = None
    superseded_by: str | None = None
    superseded_at: datetime | None = None
    exclusion: str | None = None
    duplicate_of: str | None = None

    @property
    def withdrawn(self) -> bool:
        """Tell whether it was believed once and is no longer, although nothing took its place."""
        return self.status is TradeStatus.QUARANTINED and self.accepted_from is not None
