"""Work the queue of alarms: take one, write what was found, end it, and confirm its end as the second person.

Source: issue 4 (`exception` is a human queue with an alarm); contract section 2 (second person).
"""

from collections.abc import Mapping
from datetime import datetime

from domain.pledges.alarms import Alarm, AlarmState, Note
from domain.pledges.pledges import VersionMismatch
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import NotFound
from domain.values.actors import Actor


async def take_alarm(
    uow: UnitOfWork, actor: Actor, alarm_id: str, owner: str, if_match: int | None, now: datetime
) -> Alarm:
    """Give an alarm to its owner; raises NotFound, VersionMismatch, AlarmResolved."""
    alarm = await _locked(uow, alarm_id, if_match)
    return await _saved(uow, actor, alarm.acknowledged(owner, now), "acknowledged", {"owner": owner}, now)


async def annotate_alarm(
    uow: UnitOfWork, actor: Actor, alarm_id: str, text: str, if_match: int | None, now: datetime
) -> Alarm:
    """Add a note; raises NotFound, VersionMismatch, AlarmResolved."""
    alarm = await _locked(uow, alarm_id, if_match)
    return await _saved(uow, actor, alarm.annotated(_note(actor, text, now)), "annotated", {"note": text}, now)


async def resolve_alarm(
    uow: UnitOfWork, actor: Actor, alarm_id: str, text: str, if_match: int | None, now: datetime
) -> Alarm:
    """Say how it ended; where security or money may have been given up, a second person must confirm.

    Raises:
        NotFound, VersionMismatch: absent, another's, or another version.
        AlarmStands: only the registry's answer ends it.
        AlarmResolved: it has ended, or waits for its second person.
    """
    alarm = await _locked(uow, alarm_id, if_match)
    resolved = alarm.resolved(_note(actor, text, now))
    return await _saved(uow, actor, resolved, resolved.state.value, {"note": text}, now)


async def confirm_alarm(uow: UnitOfWork, actor: Actor, alarm_id: str, if_match: int | None, now: datetime) -> Alarm:
    """The second person confirms how it ended; raises NotFound, VersionMismatch, AlarmResolved, SamePerson."""
    alarm = await _locked(uow, alarm_id, if_match)
    return await _saved(uow, actor, alarm.confirmed(actor.client_id, now), "confirmed", {}, now)


async def _locked(uow: UnitOfWork, alarm_id: str, if_match: int | None) -> Alarm:
    alarm = await uow.alarms.lock(alarm_id)
    if alarm is None:
        raise NotFound("exception")
    if if_match is not None and if_match != alarm.version:
        raise VersionMismatch(alarm.version)
    return alarm


async def _saved(
    uow: UnitOfWork, actor: Actor, alarm: Alarm, done: str, details: Mapping[str, object], now: datetime
) -> Alarm:
    await uow.alarms.save(alarm)
    told = {"exception_id": alarm.id, "kind": alarm.kind.value, **details}
    await uow.audit.write(actor, f"exception.{done}", alarm.pledge_id, told, alarm.parties, now)
    if alarm.state is AlarmState.RESOLVED:
        resolved = {"exception_id": alarm.id, "order_id": alarm.order_id}
        await uow.outbox.publish("exception.resolved", alarm.pledge_id, resolved, alarm.parties, now)
    return alarm


def _note(actor: Actor, text: str, now: datetime) -> Note:
    return Note(text=text, by=actor.client_id, at=now)
