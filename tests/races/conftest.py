"""The arenas, opened once for all races of a test process."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.database_session import Database
from tests.races.arena import Arena, opened


@pytest.fixture(scope="session")
def arena(
    new_database: Callable[[], AbstractContextManager[Database]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Arena]:
    """Open an arena with the product's own servers."""
    with opened(new_database, tmp_path_factory.mktemp("arena")) as arena:
        yield arena
