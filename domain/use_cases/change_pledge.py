"""What every command on a pledge shares.

Fetch it locked, see that it is this version, move it by the table, leave a trail.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from domain.pledges.lifecycle import TERMINAL, Event, move
from domain.pledges.pledges import Pledge, VersionMismatch
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import NotFound
from domain.rights.holds import HoldState
from domain.use_cases.hear_registry import ask_for_review
from domain.values.actors import Actor


async def fetch(uow: UnitOfWork, pledge_id: str, if_match: int | None) -> Pledge:
    """Return the pledge locked until the end of the transaction.

    Raises:
        NotFound: absent, or another's.
        VersionMismatch: the caller saw another version.
    """
    pledge = await uow.pledges.lock(pledge_id)
    if pledge is None:
        raise NotFound("pledge")
    if if_match is not None and if_match != pledge.version:
        raise VersionMismatch(pledge.version)
    return pledge


async def happen(
    uow: UnitOfWork,
    actor: Actor,
    pledge: Pledge,
    event: Event,
    now: datetime,
    details: Mapping[str, object] | None = None,
) -> Pledge:
    """Move the pledge by the table, save it, and leave an audit entry and an event."""
    moved = replace(
        pledge,
        status=move(pledge.workflow, pledge.status, event),
        progressed_at=now,
        updated_at=now,
        version=pledge.version + 1,
    )
    await uow.pledges.save(moved)
    if moved.status in TERMINAL:
        for item in moved.items:
            await uow.rights.hide_from(item.right_id, moved.pledgee)
    said = {"from": pledge.status.value, "to": moved.status.value, **(details or {})}
    await uow.audit.write(actor, f"pledge.{event.value}", pledge.id, said, pledge.parties, now)
    await uow.outbox.publish(
        f"pledge.{_told(event, moved)}",
        pledge.id,
        {"status": moved.status.value, "version": moved.version},
        pledge.parties,
        now,
    )
    return moved


def _told(event: Event, moved: Pledge) -> str:
    """Return the name under which the feed tells of an event: a reached resting state by the state's own name."""
    named = {
        Event.BROUGHT_IN,
        Event.FREEZE_EXECUTED,
        Event.RELEASE_EXECUTED,
        Event.ORDER_STUCK,
        Event.ENFORCEMENT_APPROVED,
        Event.STAY_LIFTED,
        Event.DISPOSAL_SETTLED,
        Event.DISPOSAL_REFUSED,
    }
    return moved.status.value if event in named else event.value


async def give_holds_back(uow: UnitOfWork, actor: Actor, pledge: Pledge, state: HoldState, now: datetime) -> None:
    """End every hold of the pledge and give its quantity back.

    In the order of the rights, so that no two wait for each other.
    """
    for item in sorted(pledge.items, key=lambda each: each.right_id):
        if item.hold_id is not None:
            await uow.rights.give_back(item.right_id, item.quantity.amount)
            await uow.holds.change(item.hold_id, state, now)
            if pledge.impairments or await uow.rights.stands_otherwise(item.right_id):
                await ask_for_review(uow, item.right_id)
            await uow.audit.write(
                actor,
                f"hold.{state.value}",
                item.right_id,
                hold_details(item.hold_id, item.quantity.wire()),
                pledge.parties,
                now,
            )


def hold_details(hold_id: str, quantity: str) -> dict[str, object]:
    """Return what the audit trail says of a hold; the races replay these entries on a model."""
    return {"hold_id": hold_id, "quantity": quantity}
