"""An order that nobody answers for hours: a person is called, nothing is given away, and asking goes on until it ends.

The hours pass by moving the jobs' times, and the number of attempts, in the database.
"""

import sqlite3

import psycopg
import pytest

from domain.pledges.lifecycle import State
from domain.pledges.registry_orders import RETRY_AFTER, STUCK_AFTER_ATTEMPTS, OrderState
from integrations.database.postmaster import SUPERUSER
from tests.crashes.agreement import breaches, disagreements
from tests.crashes.stage import Play, Stage

pytestmark = pytest.mark.timeout(120)

PATIENCE = {"GREENLIEN_REGISTRY_TIMEOUT_SECONDS": "1"}
SECOND_RIGHT = "PWQ-ZJ-330602-00002"


def test_an_unanswered_freeze_calls_a_person_holds_its_quantity_and_is_still_finished(stage: Stage) -> None:
    with stage.play("freezing", **PATIENCE) as play:
        _let_hours_pass(play, STUCK_AFTER_ATTEMPTS)
        play.registry.arm("freeze", "lose_reply")
        play.registry.arm("query", "error", times=2)
        play.start_worker()

        books = play.wait(lambda books: bool(books.of("pledges", status=State.EXCEPTION)))
        assert breaches(books) == []
        _let_hours_pass(play, STUCK_AFTER_ATTEMPTS)
        play.wait(lambda _: play.registry.armed() == [] or _let_hours_pass(play, STUCK_AFTER_ATTEMPTS))
        play.wait(lambda _: play.status("zhejiang") == State.ACTIVE or _let_hours_pass(play, STUCK_AFTER_ATTEMPTS))
        assert disagreements(play.rest("zhejiang", State.ACTIVE)) == []


def test_an_undoing_that_nobody_answers_for_hours_still_returns_to_the_state_before(stage: Stage) -> None:
    with stage.play("freezing_two_rights", **PATIENCE) as play:
        assert play.registry.change("zhejiang", SECOND_RIGHT, "court_order").is_success
        play.registry.arm("release", "lose_reply")
        play.registry.arm("query", "error", times=100)
        play.start_worker()

        play.wait(lambda books: bool(books.of("orders", kind="release", state=OrderState.UNKNOWN)))
        play.wait(lambda books: bool(books.of("pledges", status=State.EXCEPTION)) or _let_hours_pass(play, 59))
        play.registry.disarm()
        play.wait(lambda books: bool(books.of("orders", kind="release", state="executed")) or _let_hours_pass(play, 60))
        assert disagreements(play.rest("two_rights", State.CONFIRMED)) == []


def test_a_registry_that_says_that_it_is_closed_is_asked_ever_less_often_and_calls_nobody(stage: Stage) -> None:
    with stage.play("freezing", **PATIENCE) as play:
        play.registry.arm("freeze", "closed")
        play.registry.arm("query", "closed", times=1000)
        play.start_worker()

        play.wait(lambda books: books.ours["orders"][0]["attempts"] >= 4)
        _let_hours_pass(play, STUCK_AFTER_ATTEMPTS)
        [order] = play.wait(lambda books: books.ours["orders"][0]["attempts"] != STUCK_AFTER_ATTEMPTS).ours["orders"]
        assert order["attempts"] == len(RETRY_AFTER)
        assert play.status("zhejiang") == State.FREEZING

        play.registry.disarm()
        play.wait(lambda books: play.status("zhejiang") == State.ACTIVE or _let_hours_pass(play, order["attempts"]))
        assert disagreements(play.rest("zhejiang", State.ACTIVE)) == []


def test_an_order_that_the_registry_accepted_and_then_forgot_is_asked_about_until_a_person_is_called(
    stage: Stage,
) -> None:
    with stage.play("freezing", **PATIENCE) as play:
        play.registry.arm("freeze", "late")
        play.registry.arm("query", "error", times=1000)
        play.start_worker()
        play.wait(lambda books: bool(books.of("orders", state=OrderState.ACCEPTED)))
        with sqlite3.connect(play.folder / "registry.ledger") as forgetful:
            forgetful.execute("delete from orders")
        play.registry.disarm()

        _let_hours_pass(play, STUCK_AFTER_ATTEMPTS - 1)
        books = play.wait(lambda books: bool(books.of("pledges", status=State.EXCEPTION)))
        assert breaches(books) == []
        play.wait(lambda books: bool(books.of("jobs", task_name="carry_out_order", status="todo")))


def _let_hours_pass(play: Play, attempts: int) -> bool:
    """Let every waiting job be due now, after so many attempts; returns false, to stand in a condition."""
    with psycopg.connect(play.database.libpq(SUPERUSER)) as connection:
        connection.execute(
            "update registry_orders set attempts = %s where state not in ('executed', 'refused')", [attempts]
        )
        connection.execute("update procrastinate_jobs set scheduled_at = now() where status = 'todo'")
    return False
