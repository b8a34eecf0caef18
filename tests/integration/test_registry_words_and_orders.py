"""What the registry says is frozen, beside our own orders: others' share is neither lost nor invented meanwhile."""

from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from domain.rights.holds import HoldState
from integrations.database.engine import make_engine
from integrations.database.postmaster import SUPERUSER
from integrations.database.unit_of_work import unit_of_work
from tests.builders import NOW, a_right, tonnes
from tests.database_session import Database
from tests.filled_database import ENTERPRISE, as_told, filled

pytestmark = pytest.mark.anyio


def _stand(database: Database, order: str, hold: str, *, executed: bool = False) -> None:
    """Let the one order and its hold of 10 t/a stand so."""
    with psycopg.connect(database.libpq(SUPERUSER), autocommit=True) as connection:
        connection.execute(
            "update registry_orders set state = %s, executed_at = %s", [order, NOW if executed else None]
        )
        connection.execute("update holds set state = %s where kind = 'pledge'", [hold])


async def _foreign(database: Database, frozen: str, minutes: int) -> Decimal:
    """Return what we think others hold after the registry told of so much frozen, minutes from NOW."""
    engine = make_engine(database.app_url, pool_size=1)
    try:
        async with unit_of_work(engine, ENTERPRISE) as uow:
            told = as_told(a_right(as_of=NOW + timedelta(minutes=minutes)), tonnes(frozen))
            right_id = await uow.rights.record_verified(told, NOW)
            _, others = await uow.holds.of_right(right_id)
            await uow.commit()
    finally:
        await engine.dispose()
    return sum((each.quantity.amount for each in others), Decimal(0))


@pytest.mark.parametrize("state", ["sent", "accepted", "unknown"])
async def test_a_courts_freeze_is_not_forgotten_while_a_freeze_of_ours_is_on_its_way(
    database: Database, state: str
) -> None:
    await filled(database.owner_url, database.app_url)
    assert await _foreign(database, "5", 1) == 5
    _stand(database, state, "pending")

    assert await _foreign(database, "5", 2) == 5  # ours has not been executed
    assert await _foreign(database, "15", 3) == 5  # ours has been, and its answer is under way
    assert await _foreign(database, "18", 4) == 8  # the court took 3 more


async def test_a_freeze_that_was_undone_hides_no_courts_freeze(database: Database) -> None:
    await filled(database.owner_url, database.app_url)
    _stand(database, "executed", "pending")

    assert await _foreign(database, "5", 1) == 5


async def test_our_own_freeze_is_not_taken_for_anothers(database: Database) -> None:
    await filled(database.owner_url, database.app_url)
    _stand(database, "executed", "posted", executed=True)

    assert await _foreign(database, "10", 1) == 0
    assert await _foreign(database, "12", 2) == 2


async def test_a_word_from_before_our_release_invents_no_freeze_of_anothers(database: Database) -> None:
    await filled(database.owner_url, database.app_url)
    _stand(database, "executed", "released", executed=True)

    assert await _foreign(database, "10", -1) == 0


async def test_a_hold_ends_once(database: Database) -> None:
    await filled(database.owner_url, database.app_url)
    engine = make_engine(database.app_url, pool_size=1)
    try:
        async with unit_of_work(engine, ENTERPRISE) as uow:
            [pledge] = await uow.pledges.securing("loan_" + "1" * 32)
            hold = pledge.items[0].hold_id
            assert hold is not None
            await uow.holds.change(hold, HoldState.VOIDED, NOW)
            with pytest.raises(RuntimeError):
                await uow.holds.change(hold, HoldState.RELEASED, NOW)
    finally:
        await engine.dispose()


async def test_a_stranger_gives_nothing_back(database: Database) -> None:
    right_id = await filled(database.owner_url, database.app_url)
    with psycopg.connect(database.libpq("greenlien_app")) as connection:
        connection.execute("select set_config('greenlien.tenant', 'bank-b', true)")
        assert connection.execute("select give_back_unseen(%s, 10)", [right_id]).fetchone() == (False,)
