"""An application that nobody moves lapses after ten working days, never once its freeze is ordered."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.pledges.lifecycle import State
from domain.use_cases.decide_on_pledge import lapse_pledge
from domain.values.working_days import CalendarUnknown
from integrations.database.engine import make_engine
from integrations.database.unit_of_work import DatabaseUnitOfWork, unit_of_work
from tests.builders import NOW, a_pledge
from tests.database_session import Database
from tests.filled_database import filled

pytestmark = pytest.mark.anyio

TENTH = datetime(2026, 12, 4, 2, 0, tzinfo=UTC)
"""Saturday 21 November 2026 and ten working days: Monday 23 November to Friday 4 December."""
ELEVENTH = datetime(2026, 12, 7, 2, 0, tzinfo=UTC)


async def _lapse(database: Database, state: State, now: datetime) -> tuple[bool, State, Decimal]:
    right_id = await filled(database.owner_url, database.app_url)
    engine = make_engine(database.worker_url, pool_size=2)
    try:
        async with unit_of_work(engine, None) as uow:
            await _stands(uow, state)
            lapsed = await lapse_pledge(uow, a_pledge().id, 10, now)
            pledge = await uow.pledges.find(a_pledge().id)
            right = await uow.rights.find(right_id)
        assert pledge is not None
        assert right is not None
        return lapsed, pledge.status, right.taken
    finally:
        await engine.dispose()


async def _stands(uow: DatabaseUnitOfWork, state: State) -> None:
    pledge = await uow.pledges.lock(a_pledge().id)
    assert pledge is not None
    await uow.pledges.save(replace(pledge, status=state))


async def test_after_ten_working_days_an_application_still_stands(database: Database) -> None:
    assert await _lapse(database, State.SUBMITTED, TENTH) == (False, State.SUBMITTED, Decimal(10))


@pytest.mark.parametrize("state", [State.SUBMITTED, State.QUANTITIES_VERIFIED, State.LOAN_APPROVED, State.CONFIRMED])
async def test_on_the_eleventh_it_is_withdrawn_and_its_quantity_free(database: Database, state: State) -> None:
    assert await _lapse(database, state, ELEVENTH) == (True, State.WITHDRAWN, Decimal(0))


@pytest.mark.parametrize("state", [State.DRAFT, State.FREEZING, State.ACTIVE, State.RELEASING, State.EXCEPTION])
async def test_a_draft_and_whatever_the_registry_was_told_of_never_lapse(database: Database, state: State) -> None:
    lapsed, stands, taken = await _lapse(database, state, NOW + timedelta(days=30))
    assert (lapsed, stands, taken) == (False, state, Decimal(10))


async def test_without_a_known_calendar_nothing_lapses(database: Database) -> None:
    with pytest.raises(CalendarUnknown):
        await _lapse(database, State.SUBMITTED, NOW + timedelta(days=60))
