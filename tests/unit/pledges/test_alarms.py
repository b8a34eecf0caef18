"""Alarms: who may end what."""

import pytest

from domain.pledges.alarms import SILENT, TWO_PERSONS, Alarm, AlarmKind, AlarmResolved, AlarmStands, AlarmState, Note
from domain.pledges.pledges import SamePerson
from tests.builders import NOW


def an_alarm(kind: AlarmKind) -> Alarm:
    return Alarm(
        id="alarm_1",
        kind=kind,
        registry="zhejiang",
        pledge_id="pledge_1",
        order_id="order_1",
        parties=("greenlien", "bank-a"),
        state=AlarmState.OPEN,
        reason=None,
        owner=None,
        notes=(),
        opened_at=NOW,
        acknowledged_at=None,
        resolved_by=None,
        resolved_at=None,
        confirmed_by=None,
        version=1,
    )


NOTE = Note(text="电话核实", by="ops.1", at=NOW)


@pytest.mark.parametrize("kind", sorted(SILENT))
def test_a_silence_is_ended_by_the_registry_alone(kind: AlarmKind) -> None:
    with pytest.raises(AlarmStands):
        an_alarm(kind).resolved(NOTE)


@pytest.mark.parametrize("kind", sorted(TWO_PERSONS))
def test_where_something_may_have_been_given_up_a_second_person_confirms(kind: AlarmKind) -> None:
    waiting = an_alarm(kind).resolved(NOTE)

    assert (waiting.state, waiting.resolved_at) == (AlarmState.RESOLVING, None)
    with pytest.raises(SamePerson):
        waiting.confirmed("ops.1", NOW)
    assert waiting.confirmed("ops.2", NOW).state is AlarmState.RESOLVED


def test_a_refused_discharge_is_ended_by_one() -> None:
    ended = an_alarm(AlarmKind.DISCHARGE_REFUSED).resolved(NOTE)

    assert (ended.state, ended.resolved_by, ended.notes) == (AlarmState.RESOLVED, "ops.1", (NOTE,))
    with pytest.raises(AlarmResolved):
        ended.resolved(NOTE)
    with pytest.raises(AlarmResolved):
        ended.annotated(NOTE)
    with pytest.raises(AlarmResolved):
        ended.acknowledged("x", NOW)


def test_an_owner_does_not_take_a_resolution_back() -> None:
    waiting = an_alarm(AlarmKind.RELEASE_REFUSED).resolved(NOTE)

    assert waiting.acknowledged("ops.3", NOW).state is AlarmState.RESOLVING


def test_nothing_is_confirmed_that_nobody_has_resolved() -> None:
    with pytest.raises(AlarmResolved):
        an_alarm(AlarmKind.RELEASE_REFUSED).confirmed("ops.2", NOW)
