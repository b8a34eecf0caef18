"""Impairments: what has befallen a pledged right, as the pledge is told of it, with when it began and when it ended.

The pledge itself stays what it is: nothing is released, lowered or mended because a registry or a court acted. A right
that is cut below what is pledged is lost by rank, the latest registered first, because the earlier registration goes
before (civil code art. 414); what is only pending ranks behind everything registered. A seizure takes nothing from the
pledgee's priority, so it has a quantity and no loss; it stops new money. A compliance reserve that reaches into what is
pledged takes it by rank like a cut, because what has to be surrendered is no security for anybody.

Whoever reads one pledge is told its own rank and its own loss, and nothing of the others on the same right.

Source: civil code art. 390, 414, 423 (4); contract section 5 (`impairments`); issue 4 (expiry and change).

>>> stakes = [Stake("early", Decimal(60), 1), Stake("late", Decimal(60), 2)]
>>> [(each.rank, str(each.lost)) for each in losses(Decimal(80), stakes).values()]
[(1, '0'), (2, '40')]
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.rights.rights import Right, RightStatus
from domain.values.identifiers import Uscc
from domain.values.quantity import Quantity


class ImpairmentKind(StrEnum):
    """What has befallen the right."""

    REVOKED = "right_revoked"
    RECLAIMED = "right_reclaimed"
    TRANSFERRED = "right_transferred"
    SUSPENDED = "right_suspended"
    EXPIRED = "right_expired"
    RECONFIRMATION_PENDING = "reconfirmation_pending"
    REDUCED = "right_reduced"
    SEIZED = "right_seized"
    OVERTAKEN = "right_overtaken"
    RESERVED = "compliance_reserve"
    DISPUTED = "registry_differs"


OF_STATUS: Final[Mapping[RightStatus, ImpairmentKind]] = MappingProxyType(
    {
        RightStatus.REVOKED: ImpairmentKind.REVOKED,
        RightStatus.RECLAIMED: ImpairmentKind.RECLAIMED,
        RightStatus.TRANSFERRED: ImpairmentKind.TRANSFERRED,
        RightStatus.SUSPENDED: ImpairmentKind.SUSPENDED,
        RightStatus.EXPIRED: ImpairmentKind.EXPIRED,
        RightStatus.PENDING_RECONFIRMATION: ImpairmentKind.RECONFIRMATION_PENDING,
    }
)
"""A reduced right is an impairment only where less is left than is pledged."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What a pledge loses by its rank on a right: of `pledged`, `lost`, in the right's unit."""

    rank: int
    pledged: Decimal
    lost: Decimal


@dataclass(frozen=True, slots=True)
class Stake:
    """A pledge's quantity of a right; `place` orders the stakes, the earliest registered first."""

    pledge_id: str
    quantity: Decimal
    place: int


@dataclass(frozen=True, slots=True)
class Seizure:
    """A court's hold that is known to us."""

    hold_id: str
    quantity: Decimal
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One impairment as it is found now; `reference` tells two of one kind apart."""

    kind: ImpairmentKind
    reference: str
    since: datetime
    quantity: Quantity | None = None
    loss: Loss | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Impairment:
    """One impairment of a pledge as it is kept; it lasts while it has no end."""

    id: str
    pledge_id: str
    right_id: str
    kind: ImpairmentKind
    reference: str
    since: datetime
    until: datetime | None
    quantity: Quantity | None
    loss: Loss | None

    @property
    def lasts(self) -> bool:
        """Tell whether it has not ended."""
        return self.until is None

    def says(self, finding: Finding) -> bool:
        """Tell whether it says the same as a finding; since when is left to the first."""
        return (self.kind, self.reference, self.quantity, self.loss) == (
            finding.kind,
            finding.reference,
            finding.quantity,
            finding.loss,
        )


def losses(left: Decimal, stakes: Iterable[Stake]) -> dict[str, Loss]:
    """Return what each pledge loses where only `left` is left of a right: the last place loses first."""
    found = {}
    for rank, stake in enumerate(sorted(stakes, key=lambda each: (each.place, each.pledge_id)), start=1):
        kept = min(stake.quantity, left)
        left -= kept
        found[stake.pledge_id] = Loss(rank, stake.quantity, stake.quantity - kept)
    return found


def findings(
    right: Right,
    stakes: Sequence[Stake],
    pledgors: Mapping[str, Sequence[Uscc]],
    seizures: Sequence[Seizure],
    disputed: str | None,
    reserved: Decimal = Decimal(0),
) -> dict[str, list[Finding]]:
    """Return by pledge what impairs it now.

    `pledgors` says whose right each pledge believes it to be; `disputed` names the open case in which the registry
    denies what our books say of the right itself or of what is frozen, none where there is none. `reserved` must be
    surrendered and carries nobody's debt.
    """
    shared = [*_of_status(right), *_of_seizures(right, seizures)]
    if disputed is not None:
        shared.append(Finding(kind=ImpairmentKind.DISPUTED, reference=disputed, since=right.as_of))
    lost = losses(right.quantity.amount, stakes)
    short = losses(max(Decimal(0), right.quantity.amount - reserved), stakes) if reserved else lost
    overtaken = Decimal(0) if seizures else right.overtaken - sum((loss.lost for loss in short.values()), Decimal(0))
    found: dict[str, list[Finding]] = {}
    for stake in sorted(stakes, key=lambda each: (each.place, each.pledge_id), reverse=True):
        own = list(shared)
        if right.holder_uscc not in pledgors[stake.pledge_id] and right.status is not RightStatus.TRANSFERRED:
            own.append(_told(ImpairmentKind.TRANSFERRED, right))
        loss = lost[stake.pledge_id]
        if loss.lost > 0:
            own.append(_told(ImpairmentKind.REDUCED, right, loss.lost, loss))
        if short[stake.pledge_id].lost > loss.lost:
            reserve = short[stake.pledge_id]
            own.append(_told(ImpairmentKind.RESERVED, right, reserve.lost - loss.lost, reserve))
        reached = min(overtaken, stake.quantity - short[stake.pledge_id].lost)
        if reached > 0:
            own.append(_told(ImpairmentKind.OVERTAKEN, right, reached))
            overtaken -= reached
        found[stake.pledge_id] = own
    return found


def _told(kind: ImpairmentKind, right: Right, quantity: Decimal | None = None, loss: Loss | None = None) -> Finding:
    """Return a finding that rests on what the registry told of a right, under the right's own number."""
    reached = None if quantity is None else Quantity(quantity, right.quantity.unit)
    return Finding(kind=kind, reference=right.registry_no, since=right.as_of, quantity=reached, loss=loss)


def _of_status(right: Right) -> list[Finding]:
    kind = OF_STATUS.get(right.status)
    return [] if kind is None else [_told(kind, right)]


def _of_seizures(right: Right, seizures: Sequence[Seizure]) -> list[Finding]:
    """Every court order on the right, however much of it is free: whoever knows of one pays out no more."""
    return [
        Finding(
            kind=ImpairmentKind.SEIZED,
            reference=each.hold_id,
            since=each.since,
            quantity=Quantity(each.quantity, right.quantity.unit),
        )
        for each in seizures
    ]
