"""The API killed before and after each commit that orders something: the client sends again, under the same key."""

from dataclasses import dataclass

import httpx
import pytest

from domain.pledges.lifecycle import State
from tests.crashes.agreement import breaches, disagreements
from tests.crashes.client import APPROVAL, fresh_key
from tests.crashes.crashing import Point
from tests.crashes.stage import SOONER, Play, Stage
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
    with stage.play(command.scene, **SOONER) as play:
        key, ordered = fresh_key(), len(play.books().ours["orders"])
        trap = play.trap("api", lost.point)
        doomed = play.start_api(trap)

        with pytest.raises(httpx.TransportError):
            pytest.fail(f"answered: {_send(play, command, key).text}\n{doomed.said()}")
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


def _send(play: Play, command: Command, key: str) -> httpx.Response:
    path = f"/v1/pledges/{play.pledges[command.part]}/{command.verb}"
    return play.actors.call(command.client, "POST", path, command.body, key)
