"""Which schema this code was written for, and which one a database has.

The rule is one release apart, in one direction: the schema goes first. Code meets a schema that is newer than its own
while processes are replaced one by one, and every revision only adds, so it works. Code that met an older schema would
fail at whatever it reaches first, so it says so at its start instead, and in readiness should the schema ever be taken
back under it.

Source: UPGRADING.md; PostgreSQL 18, appendix A (error codes).
"""

import re
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

VERSIONS: Final = Path(__file__).resolve().parents[2] / "migrations" / "versions"
NAMED: Final = re.compile(r'^(down_)?revision = "([a-z0-9_]+)"$', re.MULTILINE)
"""Read as text: a process that serves need not load a migration tool, nor run what changes the schema."""

VERSION: Final = text("select version_num from alembic_version")
BEHIND: Final = "schema_behind"


async def schema_behind(engine: AsyncEngine) -> str | None:
    """Return the revision of a schema that is older than this code, none where it is the same or newer.

    The application could not read the revision before it was allowed to, so where it cannot, that is an old schema.
    """
    async with engine.connect() as connection:
        try:
            found = (await connection.execute(VERSION)).scalar()
        except ProgrammingError:
            return "unreadable"
    if found is None:
        return "empty"
    return found if found in _before() else None


@cache
def newest() -> str:
    """Return the newest revision of this code: the one that no other follows."""
    [last] = _named()[0] - _before()
    return last


@cache
def _before() -> frozenset[str]:
    """Return every revision of this code that another follows."""
    return _named()[1]


@cache
def _named() -> tuple[frozenset[str], frozenset[str]]:
    """Return the revisions that there are, and those that are named as the one before."""
    found = [each for path in VERSIONS.glob("*.py") for each in NAMED.findall(path.read_text(encoding="utf-8"))]
    return (
        frozenset(name for down, name in found if not down),
        frozenset(name for down, name in found if down),
    )
