"""The statements of one request: noted below SQLAlchemy, at the driver, with the arguments they were sent with.

Noted is what costs a round trip: each simple query (`begin`, `rollback`) and each execution of a prepared statement.
Preparing is not, because a connection prepares a statement once in its life. So the bare handler can do what the API
does, and a test can hold the two lists side by side. The notes are taken by standing before asyncpg's protocol object,
which has no public place to listen at: the public query logger does not see prepared statements.

Source: asyncpg 0.32, prepared_stmt.py and connection.py (`_protocol`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool


@dataclass(frozen=True, slots=True)
class Statement:
    """One round trip: the SQL, and its arguments; none for a simple query, several rows of them for `many`."""

    sql: str
    arguments: tuple[Any, ...] | None = None
    many: bool = False


@dataclass(slots=True)
class Notes:
    """What was sent, in order, while somebody listened."""

    statements: list[Statement] = field(default_factory=list)
    listening: bool = False

    def take(self) -> list[Statement]:
        """Return what was noted and begin anew."""
        taken, self.statements = self.statements, []
        return taken

    def note(self, statement: Statement) -> None:
        """Note a statement if somebody listens."""
        if self.listening:
            self.statements.append(statement)


class NotingProtocol:
    """Stands before a connection's protocol object and notes what passes."""

    def __init__(self, protocol: Any, notes: Notes) -> None:  # noqa: ANN401 - asyncpg's own, without types
        """Stand before `protocol`."""
        self._protocol = protocol
        self._notes = notes

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the protocol has
        """Pass everything else on."""
        return getattr(self._protocol, name)

    def query(self, sql: str, timeout: float | None) -> Any:  # noqa: ANN401 - asyncpg's signature
        """Note a simple query."""
        self._notes.note(Statement(sql))
        return self._protocol.query(sql, timeout)

    def bind_execute(self, state: Any, args: Any, *others: Any, **named: Any) -> Any:  # noqa: ANN401 - asyncpg's signature
        """Note the execution of a prepared statement."""
        self._notes.note(Statement(state.query, tuple(args)))
        return self._protocol.bind_execute(state, args, *others, **named)

    def bind_execute_many(self, state: Any, args: Any, **named: Any) -> Any:  # noqa: ANN401 - asyncpg's signature
        """Note the execution of a prepared statement for several rows, which is one round trip."""
        rows = tuple(tuple(row) for row in args)
        self._notes.note(Statement(state.query, rows, many=True))
        return self._protocol.bind_execute_many(state, rows, **named)


def listen_at(connection: Any, notes: Notes) -> None:  # noqa: ANN401 - an asyncpg connection
    """Note what an asyncpg connection sends from now on."""
    connection._protocol = NotingProtocol(connection._protocol, notes)


@contextmanager
def every_new_connection_noted() -> Iterator[Notes]:
    """Note what SQLAlchemy's new asyncpg connections send, as long as the block lasts and `listening` is set."""
    notes = Notes()

    def connected(adapted: Any, _: object) -> None:  # noqa: ANN401 - SQLAlchemy's adapter
        listen_at(adapted.driver_connection, notes)

    event.listen(Pool, "connect", connected)
    try:
        yield notes
    finally:
        event.remove(Pool, "connect", connected)
