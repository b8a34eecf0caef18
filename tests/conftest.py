"""What every test may ask for: the event loop's name, a database, how many rounds a race runs, where figures go."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
import structlog
from hypothesis import HealthCheck, settings

from integrations.database.embedded import EmbeddedServer
from tests import database_session
from tests.database_session import Database

CAMPAIGN = os.environ.get("GREENLIEN_CAMPAIGN") == "1"
"""Set by `make campaign`: big counts, and examples that differ from run to run."""

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))  # a command's own answer is on stdout

settings.register_profile("test", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("campaign", parent=settings.get_profile("test"), derandomize=False, max_examples=5000)
settings.load_profile("campaign" if CAMPAIGN else "test")


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's folder, in the process that outlives all others."""
    if not hasattr(config, "workerinput"):
        database_session.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the run's PostgreSQL and remove the run's folder."""
    if not hasattr(config, "workerinput"):
        database_session.end()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run `async def` tests on asyncio alone."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server() -> EmbeddedServer:
    """Return the run's PostgreSQL; do not stop it."""
    return database_session.server()


@pytest.fixture(scope="session")
def new_database(postgres_server: EmbeddedServer) -> Callable[[], AbstractContextManager[Database]]:
    """Hand out what lends further databases, for fixtures that live longer than a test: `with ...() as database`."""
    return lambda: database_session.copied(postgres_server, database_session.template(postgres_server))


@pytest.fixture
def database(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Database]:
    """Lend the test a migrated database of its own."""
    with new_database() as own:
        yield own


@pytest.fixture(scope="session")
def rounds() -> Callable[[int, int], int]:
    """Choose a count: `rounds(100, 2_000)` is 100 in `make test` and 2,000 in `make campaign`."""
    return lambda ordinarily, in_campaign: in_campaign if CAMPAIGN else ordinarily


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a line of figures past pytest's capture."""

    def said(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}", flush=True)  # noqa: T201 - figures are what a campaign is run for

    return said
