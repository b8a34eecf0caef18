"""Alarms: what a person must look into because a registry does not answer, or has answered what nobody can undo.

An alarm is opened once for an order and a kind of trouble, has an owner and notes, and never changes the pledge: the
table of states has no back door. The subtle thing is who may end one. That a registry is silent is ended by its answer
alone, because a person who says that it is over would only silence the alarm. What was refused is ended by a person,
and by two wherever security or money has been given up in part.

Source: issue 4 (`exception` is a human queue with an alarm); contract section 2 (second person).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.errors import DomainError
from domain.pledges.pledges import SamePerson
from domain.pledges.registry_orders import OrderKind


class AlarmKind(StrEnum):
    """What is wrong."""

    FREEZE_SILENT = "freeze_silent"
    RELEASE_SILENT = "release_silent"
    TRANSFER_SILENT = "transfer_silent"
    AMENDMENT_SILENT = "amendment_silent"
    NOTICE_SILENT = "notice_silent"
    RELEASE_REFUSED = "release_refused"
    TRANSFER_REFUSED = "transfer_refused"
    AMENDMENT_REFUSED = "amendment_refused"
    DISCHARGE_REFUSED = "discharge_refused"


class AlarmState(StrEnum):
    """Where an alarm stands; RESOLVING waits for the second person."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVING = "resolving"
    RESOLVED = "resolved"


SILENT: Final = frozenset(
    {
        AlarmKind.FREEZE_SILENT,
        AlarmKind.RELEASE_SILENT,
        AlarmKind.TRANSFER_SILENT,
        AlarmKind.AMENDMENT_SILENT,
        AlarmKind.NOTICE_SILENT,
    }
)
"""Ended by the registry's answer alone."""

TWO_PERSONS: Final = frozenset({AlarmKind.RELEASE_REFUSED, AlarmKind.TRANSFER_REFUSED, AlarmKind.AMENDMENT_REFUSED})
"""Security or money may have been given up in part, so a second person confirms how it ended."""

SILENT_KINDS: Final[Mapping[OrderKind, AlarmKind]] = MappingProxyType(
    {
        OrderKind.FREEZE: AlarmKind.FREEZE_SILENT,
        OrderKind.RELEASE: AlarmKind.RELEASE_SILENT,
        OrderKind.TRANSFER: AlarmKind.TRANSFER_SILENT,
    }
)
"""What the silence of an order is called; that of any other order belongs to an amendment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a person wrote."""

    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm; `parties` are the pledge's and the platform's own tenant."""

    id: str
    kind: AlarmKind
    registry: str
    pledge_id: str
    order_id: str
    parties: tuple[str, ...]
    state: AlarmState
    reason: str | None
    owner: str | None
    notes: tuple[Note, ...]
    opened_at: datetime
    acknowledged_at: datetime | None
    resolved_by: str | None
    resolved_at: datetime | None
    confirmed_by: str | None
    version: int

    def acknowledged(self, owner: str, now: datetime) -> "Alarm":
        """Return it with an owner; raises AlarmResolved."""
        self._require_unresolved()
        state = AlarmState.ACKNOWLEDGED if self.state is AlarmState.OPEN else self.state
        return self._next(owner=owner, state=state, acknowledged_at=self.acknowledged_at or now)

    def annotated(self, note: Note) -> "Alarm":
        """Return it with a further note; raises AlarmResolved."""
        self._require_unresolved()
        return self._next(notes=(*self.notes, note))

    def resolved(self, note: Note) -> "Alarm":
        """Return it ended, or waiting for the second person.

        Raises:
            AlarmStands: the registry is still silent.
            AlarmResolved: it has ended, or waits for its second person already.
        """
        if self.kind in SILENT:
            raise AlarmStands(self.kind.value)
        if self.state in {AlarmState.RESOLVING, AlarmState.RESOLVED}:
            raise AlarmResolved(self.id, self.state.value)
        notes = (*self.notes, note)
        if self.kind in TWO_PERSONS:
            return self._next(state=AlarmState.RESOLVING, notes=notes, resolved_by=note.by)
        return self._next(state=AlarmState.RESOLVED, notes=notes, resolved_by=note.by, resolved_at=note.at)

    def confirmed(self, by: str, now: datetime) -> "Alarm":
        """Return it ended by the second person; raises AlarmResolved unless it waits for one, or SamePerson."""
        if self.state is not AlarmState.RESOLVING:
            raise AlarmResolved(self.id, self.state.value)
        if by == self.resolved_by:
            raise SamePerson(by)
        return self._next(state=AlarmState.RESOLVED, confirmed_by=by, resolved_at=now)

    def _require_unresolved(self) -> None:
        if self.state is AlarmState.RESOLVED:
            raise AlarmResolved(self.id, self.state.value)

    def _next(self, **different: object) -> "Alarm":
        return replace(self, version=self.version + 1, **different)  # type: ignore[arg-type] # fields of its own


@dataclass(eq=False)
class AlarmResolved(DomainError):
    """Refuse what the alarm's state does not allow."""

    code = "exception_cannot_move"

    alarm_id: str
    state: str


@dataclass(eq=False)
class AlarmStands(DomainError):
    """Refuse to end by hand what only the registry's answer ends."""

    code = "exception_stands"

    kind: str
