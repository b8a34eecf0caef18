"""A story that is told although API and workers die at every point of it, one after another.

A command is given to an API that dies before its commit, again to one that dies after, and a third and fourth time to
one that lives: all under one key, as a client's software does. What a worker has to do is begun by one that dies at the
first point, taken up by one that dies at the second, and so on. Each dead worker is believed dead at once, because the
waiting is for other tests.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import psycopg

from domain.pledges.lifecycle import State
from integrations.database.postmaster import SUPERUSER
from tests.crashes.agreement import breaches, disagreements
from tests.crashes.client import fresh_key
from tests.crashes.crashing import Point, Trap
from tests.crashes.forked import Forked
from tests.crashes.stage import Play

DIE_SECONDS_MAX: Final = 30.0
MOMENTS: Final = ("before", "after")
NOBODY_WAITS: Final = """
    update procrastinate_workers set last_heartbeat = now() - interval '1 hour';
    update procrastinate_jobs set scheduled_at = null where status = 'todo'"""


@dataclass(slots=True)
class Telling:
    """One play; `killed` are the points at which a process died, `passed` all that workers have noted."""

    play: Play
    killed: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    _api: Forked | None = None

    def command(self, client: str, path: str, body: object, status: int) -> Any:  # noqa: ANN401 - any JSON answer
        """Give a command whose answer is lost twice; return what it is answered in the end, twice alike."""
        key, verb = fresh_key(), path.rpartition("/")[2]
        for moment in MOMENTS:
            self._kill_api(Point(f"api.{moment}_commit.{verb}"), client, path, body, key)
        again, once_more = (self._send(client, path, body, key) for _ in MOMENTS)
        assert (again.status_code, once_more.status_code) == (status, status), again.text
        assert again.content == once_more.content
        assert again.headers["Idempotency-Replayed"] == "true"
        return again.json()

    def told(self, client: str, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON answer
        """Send what needs no death: it was told elsewhere."""
        self._serve()
        return self.play.actors.told(client, method, path, body)

    def work(self, *places: str) -> None:
        """Let a worker die before each place, and one after it."""
        for place in places:
            for moment in MOMENTS:
                self.work_until(f"{moment}_{place}")

    def work_until(self, place: str) -> None:
        """Let a worker die at a place."""
        self._kill_worker(Point(f"worker.{place}"))

    def end(self, part: str, state: State) -> None:
        """Let a worker live, and see that all has come to rest and both sides agree."""
        self._let_time_pass()
        trap = self.play.trap("worker", None)
        self.play.start_worker(trap)
        assert disagreements(self.play.rest(part, state)) == []
        self._note(trap)

    def stop_workers(self) -> None:
        """Let nobody work, so that what comes next waits for those who die."""
        for process in self.play.running:
            if process is not self._api:
                process.kill()

    def _kill_worker(self, point: Point) -> None:
        self._let_time_pass()
        trap = self.play.trap("worker", point)
        doomed = self.play.start_worker(trap)
        assert doomed.died_within(DIE_SECONDS_MAX), f"{point} was never reached\n{doomed.said()}"
        self._died_at(trap, doomed)

    def _kill_api(self, point: Point, client: str, path: str, body: object, key: str) -> None:
        self._stop_serving()
        trap = self.play.trap("api", point)
        doomed = self.play.start_api(trap)
        try:
            answer = self.play.actors.call(client, "POST", path, body, key)
        except httpx.TransportError:
            assert doomed.died_within(DIE_SECONDS_MAX)
            self._died_at(trap, doomed)
        else:
            message = f"{point}: answered {answer.status_code} {answer.text}\n{doomed.said()}"
            raise AssertionError(message)

    def _died_at(self, trap: Trap, doomed: Forked) -> None:
        assert trap.was_hit(), f"it died elsewhere than at {trap.point}\n{doomed.said()}"
        assert breaches(self.play.books()) == []
        assert trap.point is not None
        self.killed.add(trap.point.name)
        self._note(trap)

    def _note(self, trap: Trap) -> None:
        if trap.process == "worker":
            self.passed |= trap.noted()

    def _send(self, client: str, path: str, body: object, key: str) -> httpx.Response:
        self._serve()
        return self.play.actors.call(client, "POST", path, body, key)

    def _serve(self) -> None:
        if self._api is None:
            self._api = self.play.start_api()

    def _stop_serving(self) -> None:
        if self._api is not None:
            self._api.kill()
            self._api = None

    def _let_time_pass(self) -> None:
        """Let dead workers be missed at once, and what waits be due."""
        with psycopg.connect(self.play.database.libpq(SUPERUSER), autocommit=True) as connection:
            connection.execute(NOBODY_WAITS)
