"""Reconciliation: our books against the registry's daily file and its live answer, three ways.

The file says which rights to ask about, the live answer says whether it is a difference: what moved between the file
and now agrees live, and is nobody's case. What is frozen is compared as a range, because an order of ours in flight,
or a court order that an authority posted with us, may or may not be in the registry's sum.

The subtle thing is who is right. A change of the right itself is the registry's to make, so it is entered and the case
tells of it. Where the registry shows less frozen than it confirmed to us, or does not know the right at all, or counts
in a unit that does not convert, nothing is entered: our books keep saying what was confirmed, and no money leaves.

Source: issue 4 (reconciliation); facts of the port: file = live = ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from domain.errors import DomainError, InvalidQuantity
from domain.rights.rights import RightStatus
from domain.values.identifiers import Division, RegistryNo, Uscc
from domain.values.quantity import Quantity, UnitMismatch


class Difference(StrEnum):
    """In what a registry and our books differ; the first that holds names the case."""

    MISSING = "missing_at_registry"
    UNIT = "unit_differs"
    FROZEN_LESS = "frozen_less"
    HOLDER = "holder_differs"
    QUANTITY = "quantity_differs"
    STATUS = "status_differs"
    FROZEN_MORE = "frozen_more"
    VERSION = "version_differs"


DENIED: Final = frozenset({Difference.MISSING, Difference.UNIT, Difference.FROZEN_LESS})
"""What the registry denies of our books, and what is therefore never entered."""


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Our page of a right: what the registry should have frozen lies between `frozen_least` and `frozen_most`."""

    right_id: str
    registry: str
    registry_no: RegistryNo
    division: Division
    holder_uscc: Uscc
    status: RightStatus
    quantity: Quantity
    frozen_least: Decimal
    frozen_most: Decimal
    version: int
    last_executed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """The registry's page; the daily file names neither holder nor status, nor the moment it is of."""

    quantity: Quantity
    frozen: Quantity
    version: int
    holder_uscc: Uscc | None = None
    status: RightStatus | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One difference with its owner; the three pages are kept as they were read, none where there was no such page."""

    id: str
    run_id: str | None
    registry: str
    registry_no: RegistryNo
    right_id: str
    division: Division
    parties: tuple[str, ...]
    kind: Difference
    ours: Mapping[str, str]
    theirs_balance: Mapping[str, str] | None
    theirs_live: Mapping[str, str] | None
    state: CaseState
    owner: str
    note: str | None
    opened_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    version: int


@dataclass(eq=False)
class CaseResolved(DomainError):
    """Refuse to change a case that is resolved."""

    code = "case_resolved"

    case_id: str


def difference(ours: Book, theirs: Word | None) -> Difference | None:
    """Return in what a page of the registry differs from ours, none where it does not; no page is a difference."""
    if theirs is None:
        return Difference.MISSING
    try:
        quantity, frozen = theirs.quantity.to(ours.quantity.unit), theirs.frozen.to(ours.quantity.unit).amount
    except (UnitMismatch, InvalidQuantity):
        return Difference.UNIT
    counted = ours.last_executed_at is None or theirs.as_of is None or ours.last_executed_at <= theirs.as_of
    other = theirs.version != ours.version
    found = {
        Difference.FROZEN_LESS: counted and frozen < ours.frozen_least,
        Difference.HOLDER: theirs.holder_uscc not in {None, ours.holder_uscc},
        Difference.QUANTITY: quantity != ours.quantity,
        Difference.STATUS: other and theirs.status not in {None, ours.status},
        Difference.FROZEN_MORE: counted and frozen > ours.frozen_most,
        Difference.VERSION: other,
    }
    return next((kind for kind, holds in found.items() if holds), None)


def our_page(ours: Book) -> dict[str, str]:
    """Return our page as a case keeps it."""
    return {
        "quantity": ours.quantity.wire(),
        "unit": ours.quantity.unit.value,
        "frozen": Quantity(ours.frozen_least, ours.quantity.unit).wire(),
        "version": str(ours.version),
        "holder_uscc": ours.holder_uscc,
        "status": ours.status.value,
    }


def their_page(theirs: Word | None) -> dict[str, str] | None:
    """Return a page of the registry as a case keeps it."""
    if theirs is None:
        return None
    page = {
        "quantity": theirs.quantity.wire(),
        "unit": theirs.quantity.unit.value,
        "frozen": theirs.frozen.wire(),
        "version": str(theirs.version),
    }
    told = {"holder_uscc": theirs.holder_uscc, "status": None if theirs.status is None else theirs.status.value}
    return page | {name: value for name, value in told.items() if value is not None}
