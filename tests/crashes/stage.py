"""The stage: scenes that were played up to a point once, and any number of plays that go on from there.

A scene is a database to copy and the registry's books to copy. A play has copies of its own, a registry of its own, and
whatever API and worker processes it starts, so that plays do not see one another and may run at the same time.
"""

import asyncio
import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import psycopg

from api import wiring
from api.commands.demonstration import Demonstration
from domain.pledges.lifecycle import State
from domain.values.time import business_date
from integrations import system_clock
from integrations.database import bootstrap
from integrations.database.embedded import EmbeddedServer
from integrations.database.postmaster import SUPERUSER
from tests import database_session
from tests.crashes.agreement import Books, opened
from tests.crashes.client import Actors, Bargain
from tests.crashes.crashing import Point, Trap
from tests.crashes.forked import Forked, started
from tests.database_session import Database
from tests.fakes.loopback import serving
from tests.fakes.registry_control import SimulatorControl, simulator_control
from tests.races.servers import free_ports

CONVERGE_SECONDS_MAX: Final = 60.0
SERVE_SECONDS_MAX: Final = 30.0
POLL_SECONDS: Final = 0.2
SOONER: Final = {"GREENLIEN_WORKER_STALLED_SECONDS": "3"}
"""For plays that are many: a dead worker is missed sooner than by the product's own setting, which others keep."""
LEDGERS: Final = ("registry.ledger", "notice_registry.ledger")
AT_REST: Final = """
    select not exists (select from procrastinate_jobs where task_name = 'carry_out_order')
           and exists (select from pledges where id = %(pledge)s and status = %(status)s)"""
"""Asked so often that it must be cheap; what it found is read in full afterwards."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A database to copy, the folder of the registers' books to copy, and the pledges in it by their part's name."""

    template: str
    books: Path | None
    pledges: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Play:
    """One running copy of a scene."""

    folder: Path
    database: Database
    registry_url: str
    registry: SimulatorControl
    demonstration: Demonstration
    pledges: dict[str, str]
    port: int
    settings: dict[str, str] = field(default_factory=dict)
    running: list[Forked] = field(default_factory=list)

    @property
    def actors(self) -> Actors:
        """Return the clients against this play's API."""
        return Actors(self.demonstration, f"http://127.0.0.1:{self.port}")

    def environment(self) -> dict[str, str]:
        """Return what the product's processes are told."""
        registries = self.demonstration.registries(self.registry_url)
        assert json.loads(registries), "there are registries"
        return {
            **os.environ,
            "GREENLIEN_DEMO": "1",
            "GREENLIEN_RATE_LIMITS": "off",
            "DATABASE_URL": self.database.app_url,
            "WORKER_DATABASE_URL": self.database.worker_url,
            "GREENLIEN_ISSUER": f"http://127.0.0.1:{self.port}",
            "GREENLIEN_SIGNING_KEY_FILE": str(self.demonstration.signing_key),
            "GREENLIEN_REGISTRIES": registries,
            "GREENLIEN_NOTICE_REGISTRY": self.demonstration.notice_registry(self.registry_url),
            **self.settings,
        }

    def trap(self, process: str, point: Point | None) -> Trap:
        """Return a trap for a process of this play."""
        return Trap(process, point, self.folder / f"points-{secrets.token_hex(4)}")

    def start_worker(self, trap: Trap | None = None) -> Forked:
        """Start a worker."""
        return self._start("worker", ["work"], trap)

    def start_api(self, trap: Trap | None = None) -> Forked:
        """Start the API at this play's address, and wait until it serves."""
        api = self._start("api", ["serve", "--port", str(self.port), "--allow-bearer"], trap)
        until = time.monotonic() + SERVE_SECONDS_MAX
        while time.monotonic() < until and api.alive:
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/health", timeout=1, trust_env=False).is_success:
                    return api
            except httpx.HTTPError:
                time.sleep(POLL_SECONDS)
        message = f"the API does not serve:\n{api.said()}"
        raise AssertionError(message)

    def books(self) -> Books:
        """Read our tables and the registry's ledger."""
        return opened(self.database.libpq(SUPERUSER), self.registry.ledger())

    def status(self, part: str) -> str:
        """Return the state of a pledge."""
        [pledge] = self.books().of("pledges", id=self.pledges[part])
        return str(pledge["status"])

    def wait(self, condition: Callable[[Books], bool], seconds: float = CONVERGE_SECONDS_MAX) -> Books:
        """Poll the books until they satisfy a condition; fails with the logs when they do not in time."""
        return self._poll(lambda: condition(self.books()), seconds)

    def rest(self, part: str, status: State, seconds: float = CONVERGE_SECONDS_MAX) -> Books:
        """Wait until a pledge is in a state and nothing is on its way."""
        with psycopg.connect(self.database.libpq(SUPERUSER), autocommit=True) as connection:
            asked = {"pledge": self.pledges[part], "status": status.value}
            return self._poll(lambda: connection.execute(AT_REST, asked).fetchone() == (True,), seconds)

    def _poll(self, condition: Callable[[], bool], seconds: float) -> Books:
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                books = self.books()
                pledges = [(pledge["id"], pledge["status"]) for pledge in books.ours["pledges"]]
                orders = [(order["id"], order["kind"], order["state"]) for order in books.ours["orders"]]
                message = f"not within {seconds:.0f} s: {pledges} {orders} {books.ours['jobs']}\n{self.said()}"
                raise AssertionError(message)
            time.sleep(POLL_SECONDS)
        return self.books()

    def stop(self) -> None:
        """End every process."""
        for process in self.running:
            process.stop()

    def said(self) -> str:
        """Return the ends of the logs."""
        return "\n".join(f"--- {process.log.name}\n{process.said()}" for process in self.running)

    def _start(self, name: str, command: list[str], trap: Trap | None) -> Forked:
        log = self.folder / f"{name}-{len(self.running)}.log"
        process = started(command, self.environment(), log, trap)
        self.running.append(process)
        return process


class Stage:
    """Where plays are given; scenes are played up to their point when they are first wanted."""

    def __init__(self, server: EmbeddedServer, folder: Path) -> None:
        """Set up the actors' keys."""
        self._server = server
        self._folder = folder
        self._lock = threading.RLock()
        self._scenes: dict[str, Scene] = {}
        self.demonstration = Demonstration(folder)
        self.demonstration.make_keys()

    @contextmanager
    def play(self, scene: str, **settings: str) -> Iterator[Play]:
        """Give a play that goes on from a scene; `settings` are further variables of its processes."""
        with self._lock:
            known = self._scenes.get(scene) or self._prepare(scene)
        with self._copy(known) as play:
            play.settings.update(settings)
            yield play

    def close(self) -> None:
        """Remove the scenes' databases."""
        for scene in self._scenes.values():
            asyncio.run(bootstrap.drop(self._server.superuser_url(), scene.template))

    @contextmanager
    def _copy(self, scene: Scene) -> Iterator[Play]:
        folder = self._folder / secrets.token_hex(4)
        folder.mkdir()
        if scene.books is not None:
            for name in LEDGERS:
                shutil.copyfile(scene.books / name, folder / name)
        ledger, notice_ledger = (folder / name for name in LEDGERS)
        today = business_date(system_clock.now())
        simulator = wiring.simulators(ledger, notice_ledger, today, self.demonstration.registry_secret())
        with ExitStack() as stack:
            database = stack.enter_context(database_session.copied(self._server, scene.template))
            registry_url = stack.enter_context(serving(simulator))
            registry = stack.enter_context(simulator_control(registry_url))
            [port] = free_ports(1)
            pledges = dict(scene.pledges)
            play = Play(folder, database, registry_url, registry, self.demonstration, pledges, port)
            stack.callback(play.stop)
            yield play

    def _prepare(self, name: str) -> Scene:
        before, prepare = SCENES[name]
        if before is None:
            former = Scene(database_session.template(self._server), None)
        else:
            former = self._scenes.get(before) or self._prepare(before)
        with self._copy(former) as play:
            try:
                prepare(play)
            except AssertionError as failure:
                failure.add_note(play.said())
                raise
            play.stop()
            template = f"scene_{name}_{secrets.token_hex(4)}"
            asyncio.run(bootstrap.clone(self._server.superuser_url(), play.database.name, template))
            folder, pledges = play.folder, dict(play.pledges)
        books = self._folder / name
        books.mkdir()
        for ledger in LEDGERS:
            shutil.copyfile(folder / ledger, books / ledger)
        self._scenes[name] = Scene(template, books, pledges)
        return self._scenes[name]


def _ready(play: Play) -> None:
    """Bring one pledge by each workflow, and one of two rights, to where one more command orders the freeze."""
    play.demonstration.register_clients(play.database.owner_url)
    play.start_api()
    actors = play.actors
    actors.tell_prices()
    first, second = (
        actors.verify("enterprise.shaoxing", "zhejiang", f"PWQ-ZJ-330602-0000{number}") for number in (1, 2)
    )
    third = actors.verify("enterprise.huangshi", "hubei", "PWQ-HB-420202-00001")
    bargains = {
        "zhejiang": Bargain("enterprise.shaoxing", "zhejiang", {first: "10"}),
        "hubei": Bargain("enterprise.huangshi", "hubei", {third: "10"}),
        "two_rights": Bargain("enterprise.shaoxing", "zhejiang", {first: "4", second: "6"}),
    }
    for part, bargain in bargains.items():
        play.pledges[part] = actors.submit(bargain)
        if bargain.workflow == "zhejiang":
            actors.verify_and_approve(play.pledges[part], bargain)


def _confirm(part: str) -> Callable[[Play], None]:
    def confirm(play: Play) -> None:
        play.start_api()
        play.actors.told("enterprise.shaoxing", "POST", f"/v1/pledges/{play.pledges[part]}/confirm", {})

    return confirm


def _freeze(play: Play) -> None:
    play.start_worker()
    play.rest("zhejiang", State.ACTIVE)


def _order_release(play: Play) -> None:
    play.start_api()
    release = {"reason": "claim_extinguished"}
    play.actors.told("bank-a.officer", "POST", f"/v1/pledges/{play.pledges['zhejiang']}/release", release)


def _approve_release(play: Play) -> None:
    play.start_api()
    play.actors.told("bank-a.approver", "POST", f"/v1/pledges/{play.pledges['zhejiang']}/release/approve", {})


SCENES: Final[Mapping[str, tuple[str | None, Callable[[Play], None]]]] = {
    "ready": (None, _ready),
    "freezing": ("ready", _confirm("zhejiang")),
    "freezing_two_rights": ("ready", _confirm("two_rights")),
    "active": ("freezing", _freeze),
    "release_ordered": ("active", _order_release),
    "releasing": ("release_ordered", _approve_release),
}
"""Each scene: the scene that it goes on from, and how; no worker is left running in any of them."""
