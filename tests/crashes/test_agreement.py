"""The rules of agreement notice what they are for: true books of an active pledge, falsified in one place each."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from domain.pledges.lifecycle import State
from tests.crashes.agreement import Books, disagreements
from tests.crashes.stage import Stage

Row = Mapping[str, Any]


@pytest.fixture(scope="module")
def true_books(stage: Stage) -> Books:
    """Return the books of a scene in which one pledge is active."""
    with stage.play("active") as play:
        books = play.books()
    assert disagreements(books) == []
    return books


def with_ledger(change: Callable[[list[Row]], list[Row]]) -> Callable[[Books], Books]:
    """Return what falsifies the registry's ledger."""
    return lambda books: replace(books, ledger=change(list(books.ledger)))


def with_ours(table: str, change: Callable[[Row], Row]) -> Callable[[Books], Books]:
    """Return what falsifies each row of a table of ours."""
    return lambda books: replace(books, ours={**books.ours, table: [change(row) for row in books.ours[table]]})


FALSIFIED = {
    "frozen_twice": (with_ledger(lambda rows: rows * 2), "an_order_has_at_most_one_effect"),
    "frozen_without_an_order": (
        with_ledger(lambda rows: [{**row, "order_id": "order_x"} for row in rows]),
        "an_effect_has_an_order_of_ours",
    ),
    "executed_and_never_sent": (
        with_ours("orders", lambda row: {**row, "state": "recorded"}),
        "an_effect_has_an_order_of_ours",
    ),
    "total_and_holds_differ": (
        with_ours("balances", lambda row: {**row, "taken": row["taken"] + 1}),
        "what_is_taken_is_what_the_holds_take",
    ),
    "frozen_and_free": (
        with_ours("holds", lambda row: {**row, "state": "voided"}),
        "a_frozen_quantity_is_never_free_with_us",
    ),
    "ended_unanswered": (
        with_ours("holds", lambda row: {**row, "state": "released"}),
        "nothing_ends_without_the_registrys_answer",
    ),
    "answered_and_open": (with_ours("orders", lambda row: {**row, "state": "unknown"}), "an_order_is_settled_once"),
    "moved_by_nobody": (
        with_ours("pledges", lambda row: {**row, "status": State.RELEASED.value}),
        "a_pledge_moved_by_the_table",
    ),
    "certified_otherwise": (
        with_ours("certificates", lambda row: {**row, "kind": "release"}),
        "what_the_registry_did_is_certified_once",
    ),
    "left_open": (with_ours("orders", lambda row: {**row, "state": "sent"}), "every_order_is_answered"),
    "left_waiting": (with_ours("pledges", lambda row: {**row, "status": "freezing"}), "every_order_is_answered"),
    "never_frozen": (
        with_ledger(lambda rows: []),
        "an_executed_order_is_in_the_ledger_and_a_refused_one_is_not",
    ),
    "active_and_not_posted": (
        with_ours("holds", lambda row: {**row, "state": "pending"}),
        "posted_holds_are_what_the_registry_has_frozen",
    ),
    "registered_elsewhere": (
        with_ours("registrations", lambda row: {**row, "reference": "ZHDJ0"}),
        "posted_holds_are_what_the_registry_has_frozen",
    ),
}


@pytest.mark.parametrize("name", FALSIFIED)
def test_a_falsified_book_breaks_the_rule_that_is_about_it(name: str, true_books: Books) -> None:
    falsify, rule = FALSIFIED[name]

    assert rule in {broken.partition(":")[0] for broken in disagreements(falsify(true_books))}
