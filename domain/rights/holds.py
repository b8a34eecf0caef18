"""Holds: each quantity taken out of what is free, for one named reason.

Every freeze, lease, listing or court order is a hold of its own, so lifting one never lifts another. A pledge blocks
transfer and lease and never the use of the right: the plant goes on emitting under it. A hold is born pending, when a
command takes the quantity, and posted when the registry has executed; it ends voided (never executed), expired or
released.

Source: house decision 2; 河北省生态环境厅 2023-01 (被抵押、租赁、采取财产保全措施 are separate causes).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.errors import DomainError
from domain.values.quantity import Quantity


class HoldKind(StrEnum):
    """Why a quantity is taken."""

    PLEDGE = "pledge"
    LEASE = "lease"
    JUDICIAL = "judicial"
    ADMINISTRATIVE = "administrative"
    LISTING = "listing"
    COMPLIANCE = "compliance"


class Blocked(StrEnum):
    """What a hold forbids the holder to do with the quantity."""

    TRANSFER = "transfer"
    LEASE = "lease"
    USE = "use"


class HoldState(StrEnum):
    """Where a hold stands; pending and posted ones take quantity, the others do not."""

    PENDING = "pending"
    POSTED = "posted"
    VOIDED = "voided"
    EXPIRED = "expired"
    RELEASED = "released"


BLOCKS: Final[Mapping[HoldKind, tuple[Blocked, ...]]] = MappingProxyType(
    {
        HoldKind.PLEDGE: (Blocked.TRANSFER, Blocked.LEASE),
        HoldKind.LEASE: (Blocked.TRANSFER, Blocked.LEASE, Blocked.USE),
        HoldKind.JUDICIAL: (Blocked.TRANSFER, Blocked.LEASE),
        HoldKind.ADMINISTRATIVE: (Blocked.TRANSFER, Blocked.LEASE),
        HoldKind.LISTING: (Blocked.LEASE,),
        HoldKind.COMPLIANCE: (Blocked.TRANSFER, Blocked.LEASE),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One hold, as its own parties see it."""

    id: str
    right_id: str
    kind: HoldKind
    blocks: tuple[Blocked, ...]
    quantity: Quantity
    state: HoldState
    since: datetime
    until: datetime | None
    reason: str
    reference: str | None
    document: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedHold:
    """A hold with its parties, of whom the first posted it; whoever posted a hold lifts it, and nobody else."""

    hold: Hold
    parties: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignHold:
    """What everybody who sees the right may know of another party's hold: kind, blocks, quantity."""

    kind: HoldKind
    blocks: tuple[Blocked, ...]
    quantity: Quantity


OVERTAKING: Final = frozenset({HoldKind.JUDICIAL, HoldKind.ADMINISTRATIVE, HoldKind.COMPLIANCE})
"""A court or an authority may take more than is free, and what must be surrendered is owed whatever is pledged."""

REGISTRY_REPORTED: Final = "registry_reported"
"""The reason of what a registry says it has frozen beyond our orders: only the registry's own word lifts it."""


@dataclass(eq=False)
class HoldExceeded(DomainError):
    """Refuse to give back more than a hold takes; says how much that is."""

    code = "hold_exceeded"

    held: Quantity


@dataclass(eq=False)
class QuantityUnavailable(DomainError):
    """Refuse to take more than is free; says what is still available and nothing of who holds the rest."""

    code = "quantity_unavailable"

    right_id: str
    available: Quantity
    pointer: str = ""
