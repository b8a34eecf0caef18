"""Where impairments are kept, with what was told last of each right and who has a stake in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from domain.pledges.impairments import Impairment, Seizure
from domain.rights.rights import Right, RightStatus
from domain.values.identifiers import Uscc


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was told last of a right; nobody is told the same twice."""

    status: RightStatus
    quantity: Decimal
    holder_uscc: Uscc
    valid_to: date | None
    overtaken: Decimal

    @classmethod
    def of(cls, right: Right) -> "Standing":
        """Return how a right stands now."""
        return cls(
            status=right.status,
            quantity=right.quantity.amount,
            holder_uscc=right.holder_uscc,
            valid_to=right.valid_to,
            overtaken=right.overtaken,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StakeHolder:
    """A live pledge on a right: its quantity in the right's unit, and who its parties are."""

    pledge_id: str
    quantity: Decimal
    pledgee: str
    parties: tuple[str, ...]
    pledgors: tuple[Uscc, ...]


class Impairments(Protocol):
    """Keep impairments."""

    async def lock_standing(self, right_id: str) -> Standing | None:
        """Return what was told last of a right, and let nobody else tell of it until the transaction ends."""
        ...

    async def keep_standing(self, right: Right, at: datetime) -> None:
        """Write that a right is told of as it stands now."""
        ...

    async def newly_due(self, right_id: str, due_on: date) -> bool:
        """Write that a right's confirmation is told to be due on a day; false where that was told already."""
        ...

    async def stakes(self, right_id: str) -> Sequence[StakeHolder]:
        """Return the pledges with a live hold on a right, in the order of the registry's time; pending ones last.

        Entries of the same second stand in the order of the registry's references.
        """
        ...

    async def seizures(self, right_id: str) -> Sequence[Seizure]:
        """Return the court orders on a right that are known to us."""
        ...

    async def reserved(self, right_id: str) -> Decimal:
        """Return what of a right must be surrendered, by the compliance holds on it."""
        ...

    async def disputed(self, right_id: str) -> str | None:
        """Return the unresolved case in which the registry denies what we hold of a right, none where there is none."""
        ...

    async def lasting(self, right_id: str) -> Sequence[Impairment]:
        """Return the impairments on a right that have not ended."""
        ...

    async def begin(self, impairment: Impairment, parties: tuple[str, ...], unit: str) -> None:
        """Write an impairment of a locked pledge."""
        ...

    async def end(self, impairment_id: str, at: datetime) -> None:
        """Write that an impairment has ended."""
        ...
