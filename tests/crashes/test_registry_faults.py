"""A registry that misbehaves: every freeze and release still ends once, and what it refuses leaves nothing behind."""

import itertools
from dataclasses import dataclass
from decimal import Decimal

import pytest

from domain.pledges.lifecycle import State
from tests.crashes.agreement import Books, disagreements
from tests.crashes.client import APPROVAL
from tests.crashes.stage import Play, Stage
from tests.crashes.together import together

PATIENCE = {"GREENLIEN_REGISTRY_TIMEOUT_SECONDS": "3"}
SLOW_SECONDS = 8.0  # so that the order is asked for, and sent again, before the first message is obeyed
KINDS = ("lose_reply", "slow", "error", "garbage", "duplicate", "late", "closed")
MESSAGES = {"lose_reply": 1, "slow": 2, "error": 1, "garbage": 1, "duplicate": 2, "late": 1, "closed": 1}
"""How often the registry took the order: it is sent again only where the registry said that it had never seen it."""
SHAOXING_RIGHT, SECOND_RIGHT, HUANGSHI_RIGHT = "PWQ-ZJ-330602-00001", "PWQ-ZJ-330602-00002", "PWQ-HB-420202-00001"


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """What the registry does, how often, to which operation, and how the pledge ends."""

    kind: str
    operation: str
    times: int = 1

    @property
    def scene(self) -> tuple[str, State]:
        """Return the scene that goes on, and where it ends."""
        return ("freezing", State.ACTIVE) if self.operation == "freeze" else ("releasing", State.RELEASED)


@pytest.mark.timeout(180)
def test_a_registry_that_misbehaves_once_executes_every_order_once(stage: Stage) -> None:
    def go_on(fault: Misbehaviour) -> None:
        scene, ends = fault.scene
        slow = fault.kind == "slow"
        with stage.play(scene, **(PATIENCE if slow else {})) as play:
            play.registry.arm(fault.operation, fault.kind, seconds=SLOW_SECONDS if slow else None)
            play.start_worker()

            books = play.rest("zhejiang", ends)
            assert play.registry.armed() == []
            assert disagreements(books) == []
            unknown = {event["type"] for event in books.ours["events"] if event["type"].endswith(".unknown")}
            silent = fault.kind in {"lose_reply", "slow", "error", "garbage", "closed"}
            assert unknown == ({f"{fault.operation}.unknown"} if silent else set())
            books = play.wait(lambda books: _messages(books, fault.operation) >= MESSAGES[fault.kind])
            assert slow or _messages(books, fault.operation) == MESSAGES[fault.kind]
            assert disagreements(books) == []

    together([Misbehaviour(kind, operation) for kind in KINDS for operation in ("freeze", "release")], go_on)


@pytest.mark.timeout(180)
def test_a_registry_that_is_closed_or_fails_for_a_while_makes_an_order_wait_and_fails_nothing(stage: Stage) -> None:
    def go_on(fault: Misbehaviour) -> None:
        scene, ends = fault.scene
        waits = State.FREEZING if fault.operation == "freeze" else State.RELEASING
        with stage.play(scene, **PATIENCE) as play:
            play.registry.arm("any", fault.kind, times=fault.times)
            play.start_worker()

            play.wait(lambda _: all(row["times"] <= fault.times - 4 for row in play.registry.armed()))
            assert play.status("zhejiang") == waits
            play.registry.disarm()
            assert disagreements(play.rest("zhejiang", ends)) == []

    for_a_while = [
        Misbehaviour(kind, operation, 100) for kind in ("closed", "error") for operation in ("freeze", "release")
    ]
    together(for_a_while, go_on)


@pytest.mark.timeout(180)
def test_a_refused_freeze_returns_to_the_state_before_it_with_its_reason_and_can_be_withdrawn(stage: Stage) -> None:
    def refuse(case: tuple[str, str, str]) -> None:
        part, change, reason = case
        with stage.play("ready") as play:
            registry, number, client, verb, body, before = _last_command(part)
            facts = {"quantity": "1"} if change == "reduce" else {}
            assert play.registry.change(registry, number, change, **facts).is_success
            play.start_api()
            play.start_worker()
            pledge = f"/v1/pledges/{play.pledges[part]}"
            assert play.actors.call(client, "POST", f"{pledge}/{verb}", body).status_code == 202

            books = play.rest(part, before)
            assert disagreements(books) == []
            assert [row for row in books.ledger if row["contract_no"] == play.pledges[part]] == []
            told = play.actors.told(client, "GET", pledge)
            assert (told["status"], told["reason"]) == (before.value, reason)

            applicant = "enterprise.shaoxing" if part == "zhejiang" else "enterprise.huangshi"
            assert play.actors.told(applicant, "POST", f"{pledge}/withdraw", {})["status"] == State.WITHDRAWN
            assert disagreements(play.books()) == []

    cases = itertools.product(
        ("zhejiang", "hubei"),
        (
            ("reduce", "right_changed"),
            ("suspend", "right_changed"),
            ("court_order", "INSUFFICIENT_AVAILABLE"),
        ),
    )
    together([(part, change, reason) for part, (change, reason) in cases], refuse)


@pytest.mark.timeout(120)
def test_a_pledge_whose_second_right_is_refused_is_undone_and_can_be_frozen_later(stage: Stage) -> None:
    with stage.play("ready") as play:
        assert play.registry.change("zhejiang", SECOND_RIGHT, "court_order").is_success
        play.start_api()
        play.start_worker()
        confirm = f"/v1/pledges/{play.pledges['two_rights']}/confirm"
        play.actors.told("enterprise.shaoxing", "POST", confirm, {})

        books = play.rest("two_rights", State.CONFIRMED)
        assert disagreements(books) == []
        assert [row["kind"] for row in books.ledger] == ["freeze", "release"]
        assert books.frozen() == 0
        assert _frozen(play, SHAOXING_RIGHT) == 0

        assert play.registry.change("zhejiang", SECOND_RIGHT, "lift_court_order").is_success
        play.actors.told("enterprise.shaoxing", "POST", confirm, {})
        books = play.rest("two_rights", State.ACTIVE)
        assert disagreements(books) == []
        assert [_frozen(play, right) for right in (SHAOXING_RIGHT, SECOND_RIGHT)] == [4, 6]


@pytest.mark.timeout(120)
def test_an_undoing_that_the_registry_leaves_unanswered_is_finished_all_the_same(stage: Stage) -> None:
    with stage.play("freezing_two_rights", **PATIENCE) as play:
        assert play.registry.change("zhejiang", SECOND_RIGHT, "court_order").is_success
        play.registry.arm("release", "lose_reply")
        play.registry.arm("query", "error", times=2)
        play.start_worker()

        assert disagreements(play.rest("two_rights", State.CONFIRMED)) == []


def _last_command(part: str) -> tuple[str, str, str, str, object, State]:
    if part == "zhejiang":
        return "zhejiang", SHAOXING_RIGHT, "enterprise.shaoxing", "confirm", {}, State.CONFIRMED
    return "hubei", HUANGSHI_RIGHT, "bank-a.approver", "approve-loan", APPROVAL, State.LOAN_APPROVED


def _frozen(play: Play, registry_no: str) -> Decimal:
    """Return what the registry itself says is frozen of a right, less what a court took."""
    [right] = [row for row in play.registry.rights() if row["registry_no"] == registry_no]
    return Decimal(right["frozen"]["amount"])


def _messages(books: Books, kind: str) -> int:
    """Return how often the one order of a kind arrived, as the registry counts."""
    [effect] = [row for row in books.ledger if row["kind"] == kind]
    return int(effect["messages"])
