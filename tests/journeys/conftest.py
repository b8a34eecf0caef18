"""The whole product, running: one ensemble of processes a test process, and what a journey needs of it.

The main job is played in it first (`story`), through a second door that takes no bearer tokens, as `make demo` has it;
then come the tests, which share it, so each takes rights, contract numbers and idempotency keys of its own. Every
answer, the main job's too, is judged by the served OpenAPI document.
"""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest

from api.commands.demo import IN_CHINESE, NOT_HEEDED
from api.commands.supervisor import HOST, Child, Ensemble, free_port
from api.demo.line import BackDoor, Line, Surprise
from api.demo.main_job import Story, play
from api.demo.scene import Scene
from tests.database_session import FOLDER_VARIABLE
from tests.journeys.company import Company, open_company, prepare
from tests.openapi_truth import NotAsDocumented

SECONDS_MAX: Final = 300
LOG_SHOWN: Final = 4000  # pytest shows it beside a failure only


@dataclass(frozen=True, slots=True)
class Played:
    """The running product, and what came of the main job: its story, or the surprise that ended it; what it printed."""

    company: Company
    outcome: Story | Surprise | NotAsDocumented
    printed: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give journeys time: the first of them starts four processes and a database, on a machine that may be busy."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS_MAX))


@pytest.fixture(scope="session")
def played() -> Iterator[Played]:
    """Start the product and play the main job in it."""
    with tempfile.TemporaryDirectory(dir=os.environ[FOLDER_VARIABLE], ignore_cleanup_errors=True) as folder:
        started = Ensemble(Path(folder), free_port(), allow_bearer=True, logs=Path(folder) / "logs")
        environment = pytest.MonkeyPatch()
        for variable in NOT_HEEDED:
            environment.delenv(variable, raising=False)
        try:
            started.start()
            strict_url = _strict_door(started)
            with open_company(started.demonstration) as company:
                printed = io.StringIO()
                outcome = _play(company, strict_url, printed)
                prepare(company)
                yield Played(company, outcome, printed.getvalue())
        finally:
            environment.undo()
            started.stop()
            for log in sorted(Path(folder).glob("logs/*.log")):
                sys.stderr.write(f"{log.name}: {log.read_text(encoding='utf-8')[-LOG_SHOWN:]}\n")


@pytest.fixture(scope="session")
def ensemble(played: Played) -> Company:
    """Lend the running product with its demo clients; do not stop it."""
    return played.company


@pytest.fixture(scope="session")
def story(played: Played) -> Story:
    """Return what came of the main job; raises the surprise that ended it."""
    if not isinstance(played.outcome, Story):
        raise played.outcome
    return played.outcome


@pytest.fixture
def plain(ensemble: Company) -> Iterator[httpx.Client]:
    """Lend a client without token or key, whose answers are judged all the same."""
    hooks = {"response": [ensemble.truth.check]}
    with httpx.Client(base_url=ensemble.base_url, trust_env=False, timeout=30, event_hooks=hooks) as client:
        yield client


def _strict_door(started: Ensemble) -> str:
    """Start a second API of the same ensemble, which takes no bearer tokens, and return its address."""
    [api] = [child for child in started.children if child.name == "api"]
    port = free_port()
    door = Child("strict", ["serve", "--port", str(port)], api.environment, api.logs)
    started.children.append(door)
    door.start()
    started._wait_until_served(f"http://{HOST}:{port}/health")
    return f"http://{HOST}:{port}"


def _play(company: Company, address: str, printed: io.StringIO) -> Story | Surprise | NotAsDocumented:
    hooks = {"response": [company.truth.check]}
    with httpx.Client(base_url=address, headers=IN_CHINESE, trust_env=False, timeout=60, event_hooks=hooks) as http:
        scene = Scene(
            line=Line(http, lambda actor: company.demonstration.speaker(actor, http)),
            back_door=BackDoor(company.back_door, company.control_url),
            facts=company.facts,
            today=company.today,
            out=printed,
        )
        try:
            return play(scene)
        except (Surprise, NotAsDocumented) as surprise:
            return surprise
