"""The registry's own rules: when it refuses to freeze, to release, to change whose a freeze is, or to sell from it.

The subtle thing is the order in which it looks: who before what before how much, so that a stranger learns nothing of
quantities. A release asks nothing of the right's state, because what was frozen must be releasable even after a
revocation.
"""

from dataclasses import dataclass
from datetime import date

from domain.ports.registry import RegistryOrder, RegistryStatus
from domain.values.identifiers import RegistryNo, Uscc
from domain.values.quantity import Quantity
from integrations.registry.registered_right import RegisteredRight
from integrations.registry.vocabulary import RefusalCode


@dataclass(frozen=True, slots=True)
class Freeze:
    """A freeze as it stands: for whom, over whose right, and how much of it is not yet released."""

    registry_no: RegistryNo
    holder_uscc: Uscc
    beneficiary: Uscc
    remaining: Quantity


def refusal_of_freeze(
    order: RegistryOrder, right: RegisteredRight | None, frozen: Quantity, today: date
) -> RefusalCode | None:
    """Return why a freeze is refused, or none; `frozen` is what freezes and court orders take already."""
    if right is None:
        return RefusalCode.RIGHT_NOT_FOUND
    status = right.on(today).status
    version = order.expected_version
    return _first(
        (RefusalCode.HOLDER_MISMATCH, order.holder_uscc != right.holder_uscc),
        (RefusalCode.SUSPENDED, status is RegistryStatus.SUSPENDED),
        (RefusalCode.NOT_EFFECTIVE, status not in {RegistryStatus.EFFECTIVE, RegistryStatus.REDUCED}),
        (RefusalCode.VERSION_CONFLICT, version is not None and version != right.version),
        (RefusalCode.UNIT_MISMATCH, order.quantity.unit is not right.quantity.unit),
        (RefusalCode.INSUFFICIENT_AVAILABLE, order.quantity.amount > right.quantity.amount - frozen.amount),
    )


def refusal_of_release(order: RegistryOrder, freeze: Freeze | None) -> RefusalCode | None:
    """Return why a release is refused, or none; holder and beneficiary are those of the freeze, repeated as a check."""
    if freeze is None:
        return RefusalCode.FREEZE_NOT_FOUND
    return _first(
        (RefusalCode.FREEZE_NOT_FOUND, freeze.registry_no != order.registry_no),
        (RefusalCode.HOLDER_MISMATCH, order.holder_uscc != freeze.holder_uscc),
        (RefusalCode.NOT_BENEFICIARY, order.beneficiary != freeze.beneficiary),
        (RefusalCode.UNIT_MISMATCH, order.quantity.unit is not freeze.remaining.unit),
        (RefusalCode.AMOUNT_EXCEEDS, order.quantity.amount > freeze.remaining.amount),
    )


def refusal_of_transfer(
    order: RegistryOrder, freeze: Freeze | None, right: RegisteredRight | None, today: date
) -> RefusalCode | None:
    """Return why a transfer out of a freeze is refused, or none: as a release, and of a usable right to another."""
    refusal = refusal_of_release(order, freeze)
    if refusal is not None:
        return refusal
    if right is None:
        return RefusalCode.RIGHT_NOT_FOUND
    status = right.on(today).status
    return _first(
        (
            RefusalCode.HOLDER_MISMATCH,
            order.holder_uscc != right.holder_uscc or order.buyer in {None, order.holder_uscc},
        ),
        (RefusalCode.SUSPENDED, status is RegistryStatus.SUSPENDED),
        (RefusalCode.NOT_EFFECTIVE, status not in {RegistryStatus.EFFECTIVE, RegistryStatus.REDUCED}),
    )


def refusal_of_amendment(
    order: RegistryOrder, freeze: Freeze | None, right: RegisteredRight | None
) -> RefusalCode | None:
    """Return why a change of a freeze's parties is refused, or none: by the named parties, over all that is left of it.

    A new holder must hold the right already: the registry has entered the succession, and the freeze follows it.
    """
    refusal = refusal_of_release(order, freeze)
    if refusal is not None:
        return refusal
    assert freeze is not None, "a freeze that is not there was refused"
    return _first(
        (RefusalCode.RIGHT_NOT_FOUND, right is None),
        (RefusalCode.AMOUNT_EXCEEDS, order.quantity != freeze.remaining),
        (
            RefusalCode.HOLDER_MISMATCH,
            right is not None and order.new_holder not in {None, order.holder_uscc, right.holder_uscc},
        ),
    )


def _first(*checks: tuple[RefusalCode, bool]) -> RefusalCode | None:
    """Return the first code that applies."""
    return next((code for code, applies in checks if applies), None)
