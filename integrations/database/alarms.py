"""Alarms."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, select, text, update
from sqlalchemy.dialects.postgresql import insert

from domain.pledges.alarms import SILENT, Alarm, AlarmKind, AlarmState, Note
from domain.values.time import parse_instant, rfc3339
from integrations.database.connection import Connection, Prepared
from integrations.database.estimate_tables import ALARMS

SILENT_WORDS: Final = ", ".join(f"'{kind.value}'" for kind in sorted(SILENT))
ANSWERED: Final = Prepared(
    text(f"""update alarms set state = 'resolved', resolved_at = :at, version = version + 1
             where order_id = :order_id and state <> 'resolved' and kind in ({SILENT_WORDS})
             returning id""")  # noqa: S608 - words of our own enumeration
)


class DatabaseAlarms:
    """Keep alarms."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def open(self, alarm: Alarm) -> bool:
        """Write an alarm, once for an order and a kind."""
        written = insert(ALARMS).values(**_values(alarm)).on_conflict_do_nothing().returning(ALARMS.c.id)
        return (await self._connection.execute(written)).first() is not None

    async def answered(self, order_id: str, now: datetime) -> Sequence[str]:
        """End the alarms about an order's silence."""
        rows = await self._connection.rows(ANSWERED, {"order_id": order_id, "at": now})
        return [row.id for row in rows]

    async def find(self, alarm_id: str) -> Alarm | None:
        """Return a visible alarm."""
        return await self._one(select(ALARMS).where(ALARMS.c.id == alarm_id))

    async def lock(self, alarm_id: str) -> Alarm | None:
        """Return a visible alarm and keep others from changing it."""
        return await self._one(select(ALARMS).where(ALARMS.c.id == alarm_id).with_for_update())

    async def save(self, alarm: Alarm) -> None:
        """Write a locked alarm."""
        await self._connection.execute(update(ALARMS).where(ALARMS.c.id == alarm.id).values(**_values(alarm)))

    async def page(self, state: AlarmState | None, after: str | None, limit: int) -> Sequence[Alarm]:
        """Return visible alarms, the oldest first."""
        wanted = select(ALARMS).order_by(ALARMS.c.sequence).limit(limit)
        if state is not None:
            wanted = wanted.where(ALARMS.c.state == state.value)
        if after is not None:
            place = select(ALARMS.c.sequence).where(ALARMS.c.id == after).scalar_subquery()
            wanted = wanted.where(ALARMS.c.sequence > place)
        return [_alarm(row) for row in (await self._connection.execute(wanted)).all()]

    async def _one(self, wanted: Select[Any]) -> Alarm | None:
        row = (await self._connection.execute(wanted)).first()
        return None if row is None else _alarm(row)


def _values(alarm: Alarm) -> dict[str, object]:
    return {
        "id": alarm.id,
        "kind": alarm.kind.value,
        "registry": alarm.registry,
        "pledge_id": alarm.pledge_id,
        "order_id": alarm.order_id,
        "parties": list(alarm.parties),
        "state": alarm.state.value,
        "reason": alarm.reason,
        "owner": alarm.owner,
        "notes": [{"text": note.text, "by": note.by, "at": rfc3339(note.at)} for note in alarm.notes],
        "opened_at": alarm.opened_at,
        "acknowledged_at": alarm.acknowledged_at,
        "resolved_by": alarm.resolved_by,
        "resolved_at": alarm.resolved_at,
        "confirmed_by": alarm.confirmed_by,
        "version": alarm.version,
    }


def _alarm(row: Row[Any]) -> Alarm:
    return Alarm(
        id=row.id,
        kind=AlarmKind(row.kind),
        registry=row.registry,
        pledge_id=row.pledge_id,
        order_id=row.order_id,
        parties=tuple(row.parties),
        state=AlarmState(row.state),
        reason=row.reason,
        owner=row.owner,
        notes=tuple(Note(text=each["text"], by=each["by"], at=parse_instant(each["at"])) for each in row.notes),
        opened_at=row.opened_at,
        acknowledged_at=row.acknowledged_at,
        resolved_by=row.resolved_by,
        resolved_at=row.resolved_at,
        confirmed_by=row.confirmed_by,
        version=row.version,
    )
