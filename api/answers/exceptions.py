"""An exception of the human queue as the API prints it."""

from api.answers.rights import instant
from domain.pledges.alarms import TWO_PERSONS, Alarm
from domain.values.time import rfc3339


def exception_answer(alarm: Alarm) -> dict[str, object]:
    """Return an exception with its notes, the oldest first."""
    return {
        "id": alarm.id,
        "kind": alarm.kind.value,
        "registry": alarm.registry,
        "pledge_id": alarm.pledge_id,
        "order_id": alarm.order_id,
        "state": alarm.state.value,
        "reason": alarm.reason,
        "owner": alarm.owner,
        "two_persons": alarm.kind in TWO_PERSONS,
        "notes": [{"text": note.text, "by": note.by, "at": rfc3339(note.at)} for note in alarm.notes],
        "opened_at": rfc3339(alarm.opened_at),
        "acknowledged_at": instant(alarm.acknowledged_at),
        "resolved_by": alarm.resolved_by,
        "resolved_at": instant(alarm.resolved_at),
        "confirmed_by": alarm.confirmed_by,
        "version": alarm.version,
    }
