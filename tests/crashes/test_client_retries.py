"""The API killed before and after each commit that orders something: the client sends its request again, under its key."""

from dataclasses import dataclass

import httpx
import pytest

from domain.pledges.lifecycle import State
from tests.crashes.agreement import breaches, disagreements
from tests.crashes.client import APPROVAL, ENTERPRISES, fresh_key
from tests.crashes.crashing import Point
from tests.crashes.stage import Play, Stage
from tests.crashes.together import together

DIE_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True)
class Command:
    """A command whose API is killed, and how the pledge ends once it was sent again and a worker works."""

    scene: str
    part: str
    client: str
    verb: str
    body: object
    status: int
    ends: State


@dataclass(frozen=True, slots=True)
class Lost:
    """A command that gets no answer: the API dies before its commit, or after."""

    command: Command
    moment: str

    @property
    def point(self) -> Point:
        """Return where the API dies."""
        return Point(f"api.{self.moment}_commit.{self.command.verb.rpartition('/')[2]}")


COMMANDS = (
    Command("ready", "zhejiang", "enterprise.shaoxing", "confirm", {}, 202, State.ACTIVE),
    Command("ready", "two_rights", "enterprise.shaoxing", "confirm", {}, 202, State.ACTIVE),
    Command("ready", "hubei", "bank-a.approver", "approve-loan", APPROVAL, 202, State.ACTIVE),
    Command("active", "zhejiang", "bank-a.officer", "release", {"reason": "waived"}, 202, State.ACTIVE),
    Command("release_ordered", "zhejiang", "bank-a.approver", "release/approve", {}, 202, State.RELEASED),
)
LOST = [Lost(command, moment) for command in COMMANDS for moment in ("before", "after")]


@pytest.mark.timeout(300)
def test_a_command_sent_again_after_the_api_died_has_one_effect_and_one_answer(stage: Stage) -> None:
    together(LOST, lambda lost: kill_and_send_again(stage, lost))


def kill_and_send_again(stage: Stage, lost: Lost) -> None:
    """Lose the answer, send again twice, let a worker finish, and count what was ordered."""
    command = lost.command
    with stage.play(command.scene) as play:
        key, ordered = fresh_key(), len(play.books().ours["orders"])
        trap = play.trap("api", lost.point)
        doomed = play.start_api(trap)

        with pytest.raises(httpx.TransportError):
            _send(play, command, key)
        assert doomed.died_within(DIE_SECONDS_MAX)
        assert trap.was_hit(), f"the API died elsewhere\n{doomed.said()}"
        assert breaches(play.books()) == []

        play.start_api()
        again, once_more = _send(play, command, key), _send(play, command, key)
        assert (again.status_code, once_more.status_code) == (command.status, command.status), again.text
        assert again.content == once_more.content
        assert again.headers.get("Idempotency-Replayed") == ("true" if lost.moment == "after" else None)
        assert once_more.headers["Idempotency-Replayed"] == "true"

        play.start_worker()
        books = play.rest(command.part, command.ends)
        assert disagreements(books) == []
        items = len(books.of("items", pledge_id=play.pledges[command.part]))
        assert len(books.ours["orders"]) - ordered == (0 if command.verb == "release" else items)


VERIFICATION_POINTS = [
    Point(f"api.{moment}_commit.verifications", occurrence) for occurrence in (1, 2) for moment in ("before", "after")
]


@pytest.mark.timeout(180)
def test_a_verification_whose_api_died_is_finished_by_sending_it_again(stage: Stage) -> None:
    def kill_and_verify_again(point: Point) -> None:
        with stage.play("ready") as play:
            key, trap = fresh_key(), play.trap("api", point)
            doomed = play.start_api(trap)
            with pytest.raises(httpx.TransportError):
                _verify(play, key)
            assert doomed.died_within(DIE_SECONDS_MAX)
            assert trap.was_hit(), f"the API died elsewhere\n{doomed.said()}"

            play.start_api()
            again, once_more = _verify(play, key), _verify(play, key)
            assert again.status_code == 200, again.text
            assert again.content == once_more.content
            [right] = again.json()["rights"]
            assert [right["id"]] == [row["right_id"] for row in _verified(play)]

    together(VERIFICATION_POINTS, kill_and_verify_again)


@pytest.mark.timeout(180)
def test_a_verification_whose_client_never_comes_back_is_finished_by_the_worker(stage: Stage) -> None:
    with stage.play("ready") as play:
        trap = play.trap("api", Point("api.after_commit.verifications"))
        doomed = play.start_api(trap)
        with pytest.raises(httpx.TransportError):
            _verify(play, fresh_key())
        assert doomed.died_within(DIE_SECONDS_MAX)
        assert _verified(play) == []

        play.start_worker()
        play.wait(lambda _: len(_verified(play)) == 1)


def _send(play: Play, command: Command, key: str) -> httpx.Response:
    path = f"/v1/pledges/{play.pledges[command.part]}/{command.verb}"
    return play.actors.call(command.client, "POST", path, command.body, key)


def _verify(play: Play, key: str) -> httpx.Response:
    wanted = {
        "registry": "zhejiang",
        "registry_no": "PWQ-ZJ-330602-00003",
        "holder_uscc": ENTERPRISES["enterprise.shaoxing"],
    }
    return play.actors.call("enterprise.shaoxing", "POST", "/v1/rights/verifications", wanted, key)


def _verified(play: Play) -> list[dict[str, object]]:
    """Return the balances of rights that are there now and were not in the scene: no pledge has them."""
    books = play.books()
    pledged = {item["right_id"] for item in books.ours["items"]}
    return [dict(row) for row in books.ours["balances"] if row["right_id"] not in pledged]
