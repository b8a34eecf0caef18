"""Enter what a registry tells of a right, in the unit that we keep it in, and have those told whom a change concerns.

Whoever asked need not see the pledges on the right, and so does not tell their banks: a job does, which sees them all.
A registry that begins to count in another unit is followed where the units convert exactly. Otherwise nothing is
entered, because a quantity in a unit that we do not keep would be another quantity: the right is compared by a job of
its own, which opens a case.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from domain.errors import InvalidQuantity
from domain.ports.registry import RegistryRight
from domain.ports.unit_of_work import UnitOfWork
from domain.values.quantity import Unit, UnitMismatch

REVIEW_TASK: Final = "review_right"
COMPARE_TASK: Final = "compare_right"


async def hear(uow: UnitOfWork, told: RegistryRight, now: datetime) -> str | None:
    """Return the right's id, none where its unit has become another that does not convert."""
    known = await uow.rights.known(told.registry, told.registry_no)
    heard = told if known is None else in_unit(told, known.unit)
    if heard is None:
        assert known is not None, "a new right is kept in the unit that it comes in"
        await uow.jobs.enqueue(COMPARE_TASK, f"compare:{known.id}", {"right_id": known.id})
        return None
    right_id = await uow.rights.record_verified(heard, now)
    if known is not None and await uow.rights.stands_otherwise(right_id):
        await ask_for_review(uow, right_id)
    return right_id


async def hear_of_known(uow: UnitOfWork, told: RegistryRight, now: datetime) -> None:
    """Enter what a registry tells of a right that we keep already, and nothing of one that we do not."""
    if await uow.rights.known(told.registry, told.registry_no) is not None:
        await hear(uow, told, now)


async def ask_for_review(uow: UnitOfWork, right_id: str) -> None:
    """Have a job look at what a change of a right means for the pledges on it."""
    await uow.jobs.enqueue(REVIEW_TASK, f"review:{right_id}", {"right_id": right_id})


def in_unit(told: RegistryRight, unit: Unit) -> RegistryRight | None:
    """Return what was told in another unit, exactly; none where that is not possible."""
    try:
        return replace(told, quantity=told.quantity.to(unit), frozen=told.frozen.to(unit))
    except (UnitMismatch, InvalidQuantity):
        return None
