"""What a registry or a court does to a right by itself, without an order of ours.

The subtle thing is the version: it rises with holder, quantity, validity and status, and not with a court order, which
takes quantity like a freeze and changes nothing of the right itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.ports.registry import RegistryStatus
from domain.values.identifiers import RegistryNo, Uscc
from domain.values.quantity import Quantity
from integrations.registry.registered_right import RegisteredRight


class ChangeKind(StrEnum):
    """What may happen to a right."""

    REVOKE = "revoke"
    RECLAIM = "reclaim"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REQUIRE_RECONFIRMATION = "require_reconfirmation"
    REDUCE = "reduce"
    TRANSFER = "transfer"
    RENAME = "rename"
    COURT_ORDER = "court_order"
    LIFT_COURT_ORDER = "lift_court_order"


class ChangeImpossible(ValueError):
    """Say that a change does not fit the right: nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one right.

    `quantity` is *by* how much a right is reduced, or how much a court takes (none: all of it). `holder_uscc` and
    `holder_name` are the new holder of a transfer; `holder_name` alone is the enterprise's new business name, which the
    register of rights has not followed yet. `reference` names a court order, to be lifted by it.
    """

    registry: str
    registry_no: RegistryNo
    kind: ChangeKind
    quantity: Quantity | None = None
    holder_uscc: Uscc | None = None
    holder_name: str | None = None
    reference: str | None = None


STATUS_AFTER: Final[Mapping[ChangeKind, RegistryStatus]] = MappingProxyType(
    {
        ChangeKind.REVOKE: RegistryStatus.REVOKED,
        ChangeKind.RECLAIM: RegistryStatus.RECLAIMED,
        ChangeKind.SUSPEND: RegistryStatus.SUSPENDED,
        ChangeKind.REINSTATE: RegistryStatus.EFFECTIVE,
        ChangeKind.REQUIRE_RECONFIRMATION: RegistryStatus.PENDING_RECONFIRMATION,
    }
)


def changed(right: RegisteredRight, change: Change) -> RegisteredRight:
    """Return the entry after a change of the right itself, its version raised.

    Raises:
        ChangeImpossible: the change lacks what it needs, does not fit, or is none of the right itself.
    """
    version = right.version + 1
    if change.kind in STATUS_AFTER:
        return replace(right, status=STATUS_AFTER[change.kind], version=version)
    if change.kind is ChangeKind.REDUCE:
        by = change.quantity
        if by is None or by.unit is not right.quantity.unit or not by.is_positive or by > right.quantity:
            message = f"a reduction needs a quantity of at most {right.quantity.wire()} {right.quantity.unit}"
            raise ChangeImpossible(message)
        return replace(right, quantity=right.quantity - by, status=RegistryStatus.REDUCED, version=version)
    if change.kind is ChangeKind.TRANSFER:
        if change.holder_uscc is None or change.holder_name is None:
            message = "a transfer needs the new holder's USCC and name"
            raise ChangeImpossible(message)
        return replace(right, holder_uscc=change.holder_uscc, holder_name=change.holder_name, version=version)
    message = f"{change.kind} is no change of the right itself"
    raise ChangeImpossible(message)
