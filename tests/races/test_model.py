"""The model and the timelines find what they are there to find."""

from decimal import Decimal

import pytest

from tests.races.arena import ENTRANTS, Drafted
from tests.races.contender import Reply
from tests.races.heat import Attempt, Heat
from tests.races.history import Timeline
from tests.races.ledger import PledgeEntry
from tests.races.model import BalanceRow, Check, HoldEntry, HoldRow, RightModel

RIGHT = "right_1"


def an_entry(state: str, hold: str = "hold_1", quantity: str = "1", sequence: int = 1) -> HoldEntry:
    """Return an entry of the pledge that the hold's number names."""
    return HoldEntry(sequence, RIGHT, f"hold.{state}", hold, Decimal(quantity), hold.replace("hold", "pledge"))


def replayed(*entries: HoldEntry, quantity: str = "1") -> set[Check]:
    """Return what a right of so much finds in these entries."""
    model = RightModel(Decimal(quantity))
    return {violation.check for entry in entries for violation in model.step(entry)}


@pytest.mark.parametrize("end", [("voided",), ("expired",), ("posted", "released"), ("posted", "pending", "voided")])
def test_a_hold_that_is_taken_and_given_back_is_in_order(end: tuple[str, ...]) -> None:
    assert replayed(an_entry("pending"), *(an_entry(state) for state in end), an_entry("pending", "hold_2")) == set()


def test_a_double_pledge_is_found_although_it_is_withdrawn_again() -> None:
    entries = (an_entry("pending"), an_entry("pending", "hold_2"), an_entry("voided"), an_entry("voided", "hold_2"))
    assert replayed(*entries) == {Check.COMMIT}


@pytest.mark.parametrize(
    "states",
    [
        ("posted",),
        ("pending", "pending"),
        ("pending", "voided", "voided"),
        ("pending", "released"),
        ("pending", "gone"),
    ],
)
def test_a_hold_that_moves_as_no_hold_may_is_found(states: tuple[str, ...]) -> None:
    assert replayed(*(an_entry(state) for state in states), quantity="9") == {Check.COMMIT}


def test_a_hold_that_gives_back_another_quantity_than_it_took_is_found() -> None:
    assert replayed(an_entry("pending"), an_entry("voided", quantity="2"), quantity="9") == {Check.COMMIT}


@pytest.mark.parametrize(
    ("taken", "overtaken", "rows", "found"),
    [
        ("1", "0", [("hold_1", "1", "pending")], set()),
        ("0", "0", [("hold_1", "1", "pending")], {Check.BALANCE, Check.HOLDS}),
        ("1", "1", [("hold_1", "1", "pending")], {Check.BALANCE}),
        ("1", "0", [("hold_1", "1", "posted")], {Check.HOLDS}),
        ("1", "0", [], {Check.HOLDS}),
        ("1", "0", [("hold_1", "1", "pending"), ("hold_2", "1", "voided")], {Check.HOLDS}),
    ],
)
def test_a_table_that_differs_from_the_model_is_found(
    taken: str, overtaken: str, rows: list[tuple[str, str, str]], found: set[Check]
) -> None:
    model = RightModel(Decimal(3))
    assert model.step(an_entry("pending")) == []
    balance = BalanceRow(Decimal(3), Decimal(taken), Decimal(overtaken))
    holds = [HoldRow(hold, Decimal(quantity), state) for hold, quantity, state in rows]

    assert {violation.check for violation in model.compare(balance, holds)} == found


def test_a_state_explains_only_what_was_said_while_it_may_have_stood() -> None:
    line = Timeline(3)
    line.commit(2, 10, 20)
    line.commit(1, 30, 40)

    def explained(state: int, started: int, ended: int) -> bool:
        return line.explains(started, ended, lambda was: was == state)

    assert explained(3, 0, 5)
    assert explained(3, 19, 25)
    assert not explained(3, 21, 25)
    assert not explained(2, 5, 9)
    assert explained(2, 5, 10)
    assert explained(2, 39, 45)
    assert not explained(2, 41, 45)
    assert not explained(1, 20, 29)
    assert explained(1, 100, 101)


def test_a_commit_cannot_have_happened_before_one_that_stands_before_it() -> None:
    line = Timeline(3)
    line.commit(2, 30, 40)
    line.commit(1, 10, 50)

    assert not line.explains(11, 20, lambda was: was == 1)
    assert line.contradictions() == []


def test_an_order_that_contradicts_the_clock_is_found() -> None:
    line = Timeline(3)
    line.commit(2, 30, 40)
    line.commit(1, 10, 20)

    assert line.contradictions() == [0, 1]


PLEDGE = Drafted("pledge_1", ENTRANTS[0], {RIGHT: Decimal(1)})
SUBMITTED = [PledgeEntry(1, PLEDGE.id, "pledge.submitted")]
HELD = [(an_entry("pending"), Decimal(2))]
UNAVAILABLE = '{"code": "quantity_unavailable", "right_id": "right_1", "available": {"amount": "%s", "unit": "t/a"}}'
CANNOT_MOVE = '{"code": "pledge_cannot_move", "state": "%s"}'
SEEN = '{"available": {"amount": "%s", "unit": "t/a"}}'


def an_attempt(verb: str, status: int, body: str = "{}", started: int = 10, ended: int = 20) -> Attempt:
    """Return an attempt on the one pledge."""
    return Attempt(verb, PLEDGE, RIGHT, Reply(status, body, started, ended))


def judged(*attempts: Attempt, moved: object = (), held: object = ()) -> set[Check]:
    """Return what a heat of these attempts finds, of three tonnes and one draft."""
    heat = Heat({RIGHT: Timeline(Decimal(3))}, {PLEDGE.id: Timeline("draft")})
    return {found.check for found in heat.judge(attempts, moved, held)}  # type: ignore[arg-type]  # tables of tuples


def test_a_heat_whose_replies_and_commits_explain_each_other_is_in_order() -> None:
    told = (
        an_attempt("submit", 200),
        an_attempt("submit", 409, CANNOT_MOVE % "submitted", 15, 30),
        an_attempt("read", 200, SEEN % "3.000000", 5, 11),
        an_attempt("read", 200, SEEN % "2.000000", 12, 13),
    )
    assert judged(*told, moved=SUBMITTED, held=HELD) == set()


@pytest.mark.parametrize(
    "attempt",
    [
        an_attempt("read", 200, SEEN % "3.000000", 21, 22),
        an_attempt("read", 200, SEEN % "1.000000"),
        an_attempt("submit", 409, CANNOT_MOVE % "submitted", 1, 9),
        an_attempt("submit", 409, CANNOT_MOVE % "draft"),
        an_attempt("withdraw", 409, CANNOT_MOVE % "submitted"),
        an_attempt("submit", 409, UNAVAILABLE % "3.000000", 1, 9),
        an_attempt("submit", 409, UNAVAILABLE % "0.000000"),
        an_attempt("reject", 409, UNAVAILABLE % "0.000000"),
        an_attempt("submit", 200),
        an_attempt("withdraw", 200),
    ],
)
def test_a_reply_that_no_moment_explains_is_found(attempt: Attempt) -> None:
    assert judged(an_attempt("submit", 200), attempt, moved=SUBMITTED, held=HELD) == {Check.HISTORY}


A_LIST = (
    '{"items": [{"id": "right_1", "available": {"amount": "%s"}}, {"id": "right_2", "available": {"amount": "%s"}}]}'
)
STATUSES = '{"items": [{"id": "pledge_1", "status": "%s"}, {"id": "pledge_of_another_day", "status": "draft"}]}'


@pytest.mark.parametrize(
    ("said", "started", "ended", "explained"),
    [
        (A_LIST % ("3", "3"), 0, 9, True),
        (A_LIST % ("2", "3"), 0, 100, True),
        (A_LIST % ("2", "2"), 0, 100, True),
        (A_LIST % ("3", "2"), 0, 100, False),  # the second was taken only after the first
        (A_LIST % ("2", "2"), 0, 29, False),
        (A_LIST.replace("right_2", "right_3") % ("3", "3"), 0, 9, False),
    ],
)
def test_a_list_is_explained_only_by_one_moment_at_which_all_of_it_was_so(
    said: str, started: int, ended: int, explained: bool
) -> None:
    first, second = Timeline(Decimal(3)), Timeline(Decimal(3))
    first.commit(Decimal(2), 10, 20)
    second.commit(Decimal(2), 30, 40)
    heat = Heat({RIGHT: first, "right_2": second}, {})

    found = heat.judge([an_attempt("list rights", 200, said, started, ended)], [], [])
    assert {each.check for each in found} == (set() if explained else {Check.HISTORY})


@pytest.mark.parametrize(("status", "explained"), [("draft", True), ("submitted", True), ("withdrawn", False)])
def test_a_list_of_pledges_is_explained_by_their_states(status: str, explained: bool) -> None:
    told = an_attempt("submit", 200), an_attempt("list pledges", 200, STATUSES % status, 5, 30)
    assert judged(*told, moved=SUBMITTED, held=HELD) == (set() if explained else {Check.HISTORY})


def test_a_failure_is_found() -> None:
    assert judged(an_attempt("submit", 500)) == {Check.FAILURE}
    assert judged(an_attempt("submit", 0, "no answer")) == {Check.FAILURE}


def test_a_commit_that_nobody_was_told_of_is_found() -> None:
    assert judged(moved=SUBMITTED) == {Check.HISTORY}
    assert judged(held=HELD) == {Check.HISTORY}


def test_a_success_that_holds_only_some_of_its_items_is_found() -> None:
    assert judged(an_attempt("submit", 200), moved=SUBMITTED) == {Check.HISTORY}


def test_a_move_that_the_states_do_not_allow_is_found() -> None:
    moved = [PledgeEntry(1, PLEDGE.id, "pledge.rejected")]
    assert judged(an_attempt("reject", 200), moved=moved) == {Check.COMMIT}
