"""API or worker killed at a random moment of a pledge's life, while the registry misbehaves: it ends as it should.

One number is the seed of one play: which process dies, when, and how the registry errs. The client does what a bank's
software does: it sends a command again, under the same key, until it is answered. Nobody repairs anything.
"""

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import httpx
import pytest

from domain.pledges.lifecycle import State
from tests.crashes.agreement import breaches, disagreements
from tests.crashes.client import fresh_key
from tests.crashes.forked import Forked
from tests.crashes.stage import CONVERGE_SECONDS_MAX, POLL_SECONDS, Play, Stage
from tests.crashes.together import together

ORDINARILY, IN_CAMPAIGN = 10, 600
AT_ONCE: Final = 6
FAULTS_MAX: Final = 2
FAULTS: Final = ("lose_reply", "error", "garbage", "duplicate", "late", "closed")
SCENES: Final = ("ready", "release_ordered")
"""Where a play begins: before the confirmation, or before the approval of the release, so that both are met."""
PARTIES: Final = ("enterprise.shaoxing", "bank-a.officer", "bank-a.approver")
OPERATIONS: Final = ("lookup", "freeze", "release", "query")


@dataclass(slots=True)
class Tally:
    """What the kills met, and how long it took from each new start until the pledge was released."""

    undisturbed_seconds: float
    met: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def told(self) -> str:
        """Return the figures."""
        seconds = sorted(self.seconds)
        met = ", ".join(f"{state} {count}" for state, count in sorted(self.met.items()))
        return (
            f"{len(seconds)} kills within {self.undisturbed_seconds:.1f} s of a pledge's life; met: {met};"
            f" seconds from the new start to the release: median {seconds[len(seconds) // 2]:.1f},"
            f" most {seconds[-1]:.1f}\n"
        )


@pytest.mark.campaign
@pytest.mark.timeout(0)
def test_whoever_is_killed_at_whatever_moment_the_pledge_ends_released_and_the_registry_agrees(
    stage: Stage, rounds: Callable[[int, int], int], capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally(undisturbed_seconds=undisturbed(stage))
    seeds = [random.SystemRandom().getrandbits(32) for _ in range(rounds(ORDINARILY, IN_CAMPAIGN))]

    together(seeds, lambda seed: play_with(stage, seed, tally), AT_ONCE)

    assert len(tally.seconds) == len(seeds)
    with capsys.disabled():
        sys.stdout.write(f"\n{tally.told()}")


def undisturbed(stage: Stage) -> float:
    """Return how long a pledge takes from its confirmation to its release when nobody is killed, several at once."""
    lives: list[float] = []

    def live(_: int) -> None:
        with stage.play("ready") as play:
            play.start_api()
            play.start_worker()
            client, since = Client(play, "ready"), time.monotonic()
            client.run()
            assert client.failure is None, client.failure
            lives.append(time.monotonic() - since)

    together(range(AT_ONCE), live)
    return max(lives)


def play_with(stage: Stage, seed: int, tally: Tally) -> None:
    """Play a pledge's life or the end of it, and kill API, worker or both on the way."""
    chance = random.Random(seed)
    scene = chance.choice(SCENES)
    with stage.play(scene) as play:
        running = {"api": play.start_api(), "worker": play.start_worker()}
        client = Client(play, scene)
        for _ in range(chance.randint(0, FAULTS_MAX)):
            play.registry.arm(chance.choice(OPERATIONS), chance.choice(FAULTS))
        client.start()

        time.sleep(chance.uniform(0, tally.undisturbed_seconds))
        victims = chance.choice((["api"], ["worker"], ["api", "worker"]))
        _kill(play, running, victims, tally)
        time.sleep(chance.choice((0.0, 0.0, 1.0)))
        since = time.monotonic()
        for victim in victims:
            play.start_api() if victim == "api" else play.start_worker()

        client.join(CONVERGE_SECONDS_MAX)
        assert client.failure is None, client.failure
        assert not client.is_alive(), (
            f"not within {CONVERGE_SECONDS_MAX:.0f} s: {play.status('zhejiang')}\n{play.said()}"
        )
        assert disagreements(play.rest("zhejiang", State.RELEASED)) == []
        tally.seconds.append(time.monotonic() - since)


def _kill(play: Play, running: dict[str, Forked], victims: list[str], tally: Tally) -> None:
    for victim in victims:
        running[victim].kill()
    books = play.books()
    assert breaches(books) == []
    [pledge] = books.of("pledges", id=play.pledges["zhejiang"])
    tally.met[str(pledge["status"])] += 1
    tally.met[f"({' and '.join(victims)})"] += 1


class Client(threading.Thread):
    """The parties' software: from confirmation to release, sending again under the same key until it is answered."""

    def __init__(self, play: Play, scene: str) -> None:
        """Obtain the parties' tokens; `start` starts."""
        super().__init__(daemon=True)
        self._actors = play.actors
        self._confirms = scene == "ready"
        for client in PARTIES:
            self._actors.told(client, "GET", "/v1/pledges")
        self._pledge = f"/v1/pledges/{play.pledges['zhejiang']}"
        self.failure: str | None = None

    def run(self) -> None:
        """Bring the pledge from where the scene leaves it to its release."""
        try:
            if self._confirms:
                self._command("enterprise.shaoxing", "confirm", {})
                self._until(State.ACTIVE)
                self._command("bank-a.officer", "release", {"reason": "claim_extinguished"})
            self._command("bank-a.approver", "release/approve", {})
            self._until(State.RELEASED)
        except AssertionError as failure:
            self.failure = str(failure)

    def _command(self, client: str, verb: str, body: object) -> None:
        key = fresh_key()
        answer = self._insist(lambda: self._actors.call(client, "POST", f"{self._pledge}/{verb}", body, key))
        assert answer.status_code == 202, f"{verb}: {answer.status_code} {answer.text}"

    def _until(self, state: State) -> None:
        while True:
            answer = self._insist(lambda: self._actors.call("bank-a.officer", "GET", self._pledge))
            assert answer.status_code == 200, answer.text
            status = answer.json()["status"]
            if status == state:
                return
            assert status in {State.FREEZING, State.RELEASING}, status
            time.sleep(POLL_SECONDS)

    def _insist(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        while True:
            try:
                answer = send()
            except httpx.HTTPError:
                time.sleep(POLL_SECONDS)
                continue
            if answer.status_code == 409 and answer.json()["code"] == "idempotency_key_in_flight":
                time.sleep(POLL_SECONDS)
                continue
            return answer
