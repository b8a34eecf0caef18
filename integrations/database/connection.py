"""A connection with its one transaction, and the statements that are sent on it.

There are two ways to send one. `execute` takes any statement and goes through SQLAlchemy, which composes it anew each
time. What every request sends is a `Prepared` one: SQLAlchemy composed it once, when the program started, and asyncpg
executes it directly. Measured, the first way costs 100 µs of processor time beside the database's own, the second 20.

The subtle thing is who begins and ends the transaction: this module alone, with statements of its own, because the
engine is in autocommit (`engine.make_engine`). A statement of either kind therefore belongs to the transaction,
whichever comes first; left to itself, SQLAlchemy would begin one at its first statement, and what asyncpg had executed
before that would already be committed.

Source: SQLAlchemy 2.1, "Driver SQL: invoking thread-only and asyncio calls"; asyncpg 0.32, API reference.
"""

import json
from collections import namedtuple
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Executable,
    PoolProxiedConnection,
    Text,
    any_,
    bindparam,
    make_url,
)
from sqlalchemy import Connection as SyncConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import JSON

from integrations.database.engine import DRIVER
from integrations.database.tables import TEXTS

Values = Mapping[str, Any]
"""A statement's values by name."""

DIALECT: Final = make_url(f"{DRIVER}://").get_dialect()()


class Prepared:
    """A statement that was composed once; its values come by name, except those that it was written with.

    `columns` are those that an insert or update sets, each to the value of its own name; without them, all.
    """

    __slots__ = ("_fixed", "_json", "_names", "_row", "sql")

    def __init__(self, statement: ClauseElement, columns: Iterable[str] | None = None) -> None:
        """Compose it; raises TypeError for one whose text depends on its values, as a list of any length does."""
        named = None if columns is None else list(columns)
        composed = statement.compile(dialect=DIALECT, column_keys=named)
        if not isinstance(composed, SQLCompiler) or composed.post_compile_params or composed.literal_execute_params:
            raise TypeError(statement)
        self.sql = composed.string
        self._names: tuple[str, ...] = tuple(composed.positiontup or ())
        binds = {name: composed.binds[name] for name in self._names}
        self._json = frozenset(name for name, bind in binds.items() if isinstance(bind.type, JSON))
        self._row: Callable[[Iterable[Any]], Any] | None = None
        self._fixed = {name: bind.effective_value for name, bind in binds.items() if not bind.required}

    def arguments(self, values: Values) -> list[Any]:
        """Return the values in the statement's order; raises KeyError where one is missing."""
        if self._fixed:
            values = {**self._fixed, **values}
        if not self._json:
            return [values[name] for name in self._names]
        return [json.dumps(values[name]) if name in self._json else values[name] for name in self._names]

    def shaped(self, records: Sequence[Any]) -> list[Any]:
        """Return asyncpg's records as named tuples, whose columns are attributes, as those of SQLAlchemy's rows are."""
        if not records:
            return []
        if self._row is None:
            named: Any = namedtuple  # noqa: PYI024 - its fields are known only now
            self._row = named("Row", records[0].keys(), rename=True)._make
        return list(map(self._row, records))


class Among:
    """A statement about any number of keys: `written` says it for what its column is to equal.

    For a single key, by far the most frequent number, it is another statement than for several: the server keeps a plan
    for an equation, but plans an array anew each time, which costs it more than the execution.
    """

    __slots__ = ("_one", "_several")

    def __init__(self, written: Callable[[ColumnElement[Any]], ClauseElement]) -> None:
        """Compose both."""
        self._one = Prepared(written(bindparam("keys", type_=Text)))
        self._several = Prepared(written(any_(bindparam("keys", type_=TEXTS))))

    def for_keys(self, keys: Sequence[str]) -> tuple[Prepared, Values]:
        """Return the statement for these keys, and its values."""
        return (self._one, {"keys": keys[0]}) if len(keys) == 1 else (self._several, {"keys": keys})


class Connection:
    """A pooled connection for the length of one transaction."""

    __slots__ = ("_begun", "_driver", "_engine", "_pooled", "_savepoints", "_sqlalchemy")

    def __init__(self, engine: AsyncEngine, pooled: PoolProxiedConnection) -> None:
        """Take a connection out of the engine's pool; `begin` comes first."""
        self._engine = engine
        self._pooled = pooled
        self._driver: Any = pooled.driver_connection
        self._sqlalchemy: AsyncConnection | None = None
        self._begun = False
        self._savepoints = 0

    async def row(self, statement: Prepared, values: Values) -> Any:  # noqa: ANN401 - a named tuple
        """Return the first row, none when there is none."""
        rows = await self.rows(statement, values)
        return rows[0] if rows else None

    async def rows(self, statement: Prepared, values: Values) -> list[Any]:
        """Return every row."""
        return statement.shaped(await self._driver.fetch(statement.sql, *statement.arguments(values)))

    async def rows_among(self, statement: Among, keys: Sequence[str]) -> list[Any]:
        """Return every row of these keys; for none, ask nothing."""
        return await self.rows(*statement.for_keys(keys)) if keys else []

    async def value(self, statement: Prepared, values: Values) -> Any:  # noqa: ANN401 - whatever the column holds
        """Return the first column of the first row, none when there is none."""
        row = await self.row(statement, values)
        return None if row is None else row[0]

    async def run(self, statement: Prepared, values: Values) -> int:
        """Execute what brings no rows and return how many it touched."""
        status: str = await self._driver.execute(statement.sql, *statement.arguments(values))
        return int(status.rpartition(" ")[2])

    async def run_each(self, statement: Prepared, many: Iterable[Values]) -> None:
        """Execute a statement for each of some values, in one round trip."""
        await self._driver.executemany(statement.sql, [statement.arguments(values) for values in many])

    async def execute(
        self, statement: Executable, values: Values | Sequence[Values] | None = None
    ) -> CursorResult[Any]:
        """Execute any statement through SQLAlchemy; raises RuntimeError outside the transaction."""
        if not self._begun:
            raise RuntimeError("the transaction has ended")
        if self._sqlalchemy is None:
            self._sqlalchemy = AsyncConnection(self._engine, SyncConnection(self._engine.sync_engine, self._pooled))
        return await self._sqlalchemy.execute(statement, values)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what is done in the block, and nothing before, when an exception leaves it.

        The savepoint is not released afterwards, because the transaction's end does so without a round trip.
        """
        self._savepoints += 1
        name = f"savepoint_{self._savepoints}"
        await self._driver.execute(f"savepoint {name}")
        try:
            yield
        except Exception:
            if not self._driver.is_closed():
                await self._driver.execute(f"rollback to savepoint {name}")
            raise

    async def begin(self) -> None:
        """Begin the transaction."""
        self._begun = True
        await self._driver.execute("begin")

    async def commit(self) -> None:
        """Commit the transaction; whatever were sent after it would stand alone, so nothing more can be."""
        await self._driver.execute("commit")
        self._begun = False
        self._driver = self._sqlalchemy = None

    async def end(self) -> None:
        """Roll back what was not committed, and return the connection; one that cannot even do that is thrown away."""
        try:
            if self._begun and not self._driver.is_closed():
                await self._driver.execute("rollback")
                self._begun = False
        finally:
            if self._begun:
                self._pooled.invalidate()
            self._pooled.close()


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[Connection]:
    """Open a transaction on a connection of its own; it is rolled back unless committed."""
    connection = Connection(engine, await _living(engine))
    try:
        await connection.begin()
        yield connection
    finally:
        await connection.end()


async def once(engine: AsyncEngine, statement: Prepared, values: Values) -> Any:  # noqa: ANN401 - a named tuple
    """Execute a statement that is a transaction of its own, and return its first row, none when there is none."""
    pooled = await _living(engine)
    driver: Any = pooled.driver_connection
    try:
        rows = statement.shaped(await driver.fetch(statement.sql, *statement.arguments(values)))
    except BaseException:
        pooled.invalidate()
        raise
    finally:
        pooled.close()
    return rows[0] if rows else None


async def _living(engine: AsyncEngine) -> PoolProxiedConnection:
    """Take a connection that the server has not ended while it lay in the pool; such a one is replaced."""
    while True:
        pooled = await engine.raw_connection()
        driver: Any = pooled.driver_connection
        if not driver.is_closed():
            return pooled
        pooled.invalidate()
        pooled.close()
