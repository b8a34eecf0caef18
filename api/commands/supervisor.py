"""Start everything for a demonstration.

Embedded PostgreSQL, schema, clients, then API, worker and simulators as processes.

A child that dies is started again. INT or TERM ends the children, then PostgreSQL, within ten seconds. If this process
itself is killed, the children notice and end; PostgreSQL is taken over by the next start.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from api import wiring
from api.commands.demonstration import Demonstration
from api.settings import Settings

HOST: Final = "127.0.0.1"
DATABASE: Final = "greenlien"
RATE_LIMITS: Final = "requests=2000/4000 tokens=500/1000 checks=500/1000"
"""Room for whoever tries the demonstration out with a load generator."""
START_SECONDS_MAX: Final = 90.0
STOP_SECONDS_MAX: Final = 6.0
RESTART_AFTER_SECONDS: Final = 0.5


@dataclass(slots=True)
class Child:
    """One process of ours, started again when it dies; what it says goes to ours, or to a file among the logs."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    logs: Path | None = None
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    def start(self) -> None:
        """Start it."""
        command = [sys.executable, "-m", "api", *self.command, "--until-parent-ends", str(os.getpid())]
        environment = dict(self.environment)
        if self.logs is None:
            self.process = subprocess.Popen(command, env=environment)
            return
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def died(self) -> bool:
        """Tell whether it has ended."""
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        """Ask it to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, until: float) -> None:
        """Wait for its end, and then insist."""
        if self.process is None:
            return
        try:
            self.process.wait(max(until - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Ensemble:
    """Everything of one demonstration, running."""

    def __init__(self, folder: Path, port: int, *, allow_bearer: bool, logs: Path | None = None) -> None:
        """Prepare; `start` starts. With `logs` each process says there what it has to say."""
        self.demonstration = Demonstration(folder)
        self.base_url = f"http://{HOST}:{port}"
        self._port = port
        self._allow_bearer = allow_bearer
        self._logs = logs
        self._server: wiring.EmbeddedServer | None = None
        self.children: list[Child] = []

    def start(self) -> None:
        """Start the database, bring it up to date, and start the processes; returns when requests are served."""
        demonstration = self.demonstration
        demonstration.folder.mkdir(parents=True, exist_ok=True)
        demonstration.make_keys()
        addresses = self._addresses()
        wiring.migrate.upgrade(addresses["MIGRATION_DATABASE_URL"])
        demonstration.register_clients(addresses["MIGRATION_DATABASE_URL"])
        simulator_port = free_port()
        simulator_url = f"http://{HOST}:{simulator_port}"
        environment = self._environment(addresses, simulator_url)
        api = ["serve", "--port", str(self._port), *(["--allow-bearer"] if self._allow_bearer else [])]
        self.children = [
            Child(
                "simulators",
                ["simulate", "--port", str(simulator_port), "--data-dir", str(demonstration.folder)],
                environment,
                self._logs,
            ),
            Child("worker", ["work"], environment, self._logs),
            Child("api", api, environment, self._logs),
        ]
        for child in self.children:
            child.start()
        self._wait_until_served(f"{self.base_url}/health")
        self._wait_until_served(f"{simulator_url}/control/ledger")
        demonstration.write_facts(self.base_url, simulator_url)

    def watch(self, stop: threading.Event) -> None:
        """Start children again that died, until told to stop."""
        while not stop.wait(RESTART_AFTER_SECONDS):
            for child in self.children:
                if child.died():
                    sys.stderr.write(f"{child.name} ended and is started again\n")
                    child.start()

    def stop(self) -> None:
        """End the children, then PostgreSQL."""
        until = time.monotonic() + STOP_SECONDS_MAX
        for child in self.children:
            child.stop()
        for child in self.children:
            child.wait(until)
        if self._server is not None:
            self._server.stop(3.0)

    def _addresses(self) -> dict[str, str]:
        """Return the database's addresses by variable: those that are set, or the embedded server's, started here.

        A DATABASE_URL wins over the folder; then the owner's must be set, too. Where the worker's is not, it is the
        owner's, which only a demonstration should do.
        """
        given = Settings.from_environment()
        if given.database_url:
            owner = given.need("migration_database_url")
            worker = given.worker_database_url or owner
            return {"DATABASE_URL": given.database_url, "WORKER_DATABASE_URL": worker, "MIGRATION_DATABASE_URL": owner}
        self._server = server = wiring.EmbeddedServer.start(self.demonstration.database)
        asyncio.run(wiring.bootstrap.prepare(server.superuser_url(), DATABASE))
        return {
            "DATABASE_URL": server.url(DATABASE, wiring.bootstrap.APP),
            "WORKER_DATABASE_URL": server.url(DATABASE, wiring.bootstrap.WORKER),
            "MIGRATION_DATABASE_URL": server.url(DATABASE, wiring.bootstrap.OWNER),
        }

    def _environment(self, addresses: Mapping[str, str], simulator_url: str) -> dict[str, str]:
        return {
            **os.environ,
            **addresses,
            "GREENLIEN_DEMO": "1",
            "GREENLIEN_RATE_LIMITS": os.environ.get("GREENLIEN_RATE_LIMITS", RATE_LIMITS),
            "GREENLIEN_ISSUER": self.base_url,
            "GREENLIEN_KEY_STORE": str(self.demonstration.key_store),
            "GREENLIEN_REGISTRIES": self.demonstration.registries(simulator_url),
            "GREENLIEN_NOTICE_REGISTRY": self.demonstration.notice_registry(simulator_url),
        }

    def _wait_until_served(self, url: str) -> None:
        until = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < until:
            for child in self.children:
                if child.died():
                    child.start()
            try:
                if httpx.get(url, timeout=1, trust_env=False).is_success:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        message = f"{url} was not served within {START_SECONDS_MAX:.0f} s"
        raise SystemExit(message)


def supervise(folder: Path, port: int, *, allow_bearer: bool) -> int:
    """Run a demonstration until INT or TERM."""
    ensemble = Ensemble(folder, port, allow_bearer=allow_bearer)
    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: stop.set())
    try:
        ensemble.start()
        sys.stdout.write(f"greenlien is served at {ensemble.base_url}\n")
        sys.stdout.flush()
        ensemble.watch(stop)
    finally:
        ensemble.stop()
    return 0


def free_port() -> int:
    """Return a port of this machine that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
