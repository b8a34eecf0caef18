"""The whole product, running: one ensemble of processes a test process, and what a journey needs of it.

Tests share the ensemble, so each takes rights, contract numbers and idempotency keys of its own. The two rights of the
main job (`PWQ-ZJ-330602-00001` and `-00002`, `PWQ-HB-420202-00001`) and the deals of cities 3306 and 4202 in COD are
left to it. Every answer to `call` and to the main job is judged by the served OpenAPI document.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.commands.supervisor import Ensemble, free_port
from tests.database_session import FOLDER_VARIABLE
from tests.journeys.company import Company, open_company


@pytest.fixture(scope="session")
def ensemble() -> Iterator[Company]:
    """Lend the running product with its demo clients; do not stop it."""
    with tempfile.TemporaryDirectory(dir=os.environ[FOLDER_VARIABLE], ignore_cleanup_errors=True) as folder:
        started = Ensemble(Path(folder), free_port(), allow_bearer=True, logs=Path(folder) / "logs")
        try:
            started.start()
            with open_company(started.demonstration) as company:
                yield company
        finally:
            started.stop()


@pytest.fixture
def plain(ensemble: Company) -> Iterator[httpx.Client]:
    """Lend a client without token or key, whose answers are judged all the same."""
    hooks = {"response": [ensemble.truth.check]}
    with httpx.Client(base_url=ensemble.base_url, trust_env=False, timeout=30, event_hooks=hooks) as client:
        yield client
