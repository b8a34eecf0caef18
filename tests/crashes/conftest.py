"""The stage on which the crashes are played."""

from collections.abc import Iterator

import pytest

from integrations.database.embedded import EmbeddedServer
from tests.crashes.stage import Stage


@pytest.fixture(scope="session")
def stage(postgres_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Lend the stage."""
    lent = Stage(postgres_server, tmp_path_factory.mktemp("crashes"))
    yield lent
    lent.close()
