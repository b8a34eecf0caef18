"""The bare handler: a tiny Litestar application that does the API's statements on raw asyncpg, and nothing else.

It is told what to do by the API itself: each request is sent to the API inside this process, and what reached the
database is played again for each request that arrives here, with new ids and a new idempotency key, as the same role
under the same settings, through a pool of the same size, in the same transaction with the same savepoint. It knows no
caller, checks nothing and has every argument at hand, so it is a bound rather than a rival.

Before it serves, it is held against the API once more: what it sends must be the same, statement by statement.
"""

import argparse
import asyncio
import json
import re
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from litestar import Litestar, Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.testing import AsyncTestClient
from sqlalchemy import make_url

from api import wiring
from api.app import make_app
from api.commands import processes
from api.settings import Settings
from domain.values.identifiers import new_id
from integrations.database.engine import POOL_SIZE, SERVER_SETTINGS
from tests.bench.cases import Case
from tests.bench.statements import Notes, Statement, every_new_connection_noted, listen_at

KEY: Final = secrets.token_hex(16)
MADE_ID: Final = re.compile(r"\b([a-z]+)_[0-9a-f]{32}\b")


@dataclass(frozen=True, slots=True)
class Script:
    """A request's statements, the ids that it made, and the loan that it named; both are to be others next time."""

    statements: Sequence[Statement]
    made: frozenset[str]
    loan: str

    @classmethod
    def of(cls, statements: Sequence[Statement], case: Case, loan: str) -> "Script":
        """Read which ids the request did not bring itself."""
        sent = repr([statement.arguments for statement in statements])
        known = f"{case.path} {case.body} {loan}"
        made = {found[0] for found in MADE_ID.finditer(sent)} - {found[0] for found in MADE_ID.finditer(known)}
        return cls(statements, frozenset(made), loan if "{loan}" in case.body else "")

    def replacements(self, key: str, loan: str) -> dict[str, str]:
        """Return what takes the place of what, in one further request."""
        fresh = {old: new_id(old.partition("_")[0]) for old in self.made}
        return {**fresh, KEY: key, **({self.loan: loan} if self.loan else {})}


Scripts = Mapping[str, Script]
"""Scripts by the path of the request."""


async def play(connection: Any, script: Script, replaced: Mapping[str, str]) -> list[Any]:  # noqa: ANN401 - asyncpg's
    """Do a request's statements and return the last rows that one of them brought."""
    rows: list[Any] = []
    for statement in script.statements:
        if statement.arguments is None:
            await connection.execute(statement.sql)
        elif statement.many:
            await connection.executemany(statement.sql, [_renewed(row, replaced) for row in statement.arguments])
        else:
            rows = await connection.fetch(statement.sql, *_renewed(statement.arguments, replaced)) or rows
    return rows


def _renewed(arguments: Sequence[Any], replaced: Mapping[str, str]) -> list[Any]:
    return [_one_renewed(argument, replaced) for argument in arguments]


def _one_renewed(argument: Any, replaced: Mapping[str, str]) -> Any:  # noqa: ANN401 - whatever was sent
    if isinstance(argument, str):
        for old, new in replaced.items():
            argument = argument.replace(old, new)
    return argument


def bare_app(open_pool: Callable[[], Any], cases: Sequence[Case], scripts: Scripts) -> Litestar:
    """Return the application: each path plays its script, and `/statements` tells how long the scripts are."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with open_pool() as pool:
            app.state.pool = pool
            yield

    @get("/statements")
    async def statements() -> dict[str, int]:
        return {path: len(script.statements) for path, script in scripts.items()}

    handlers = [(_reads if case.method == "GET" else _writes)(case, scripts[case.path]) for case in cases]
    return Litestar([*handlers, statements], lifespan=[lifespan], openapi_config=None, logging_config=None)


def _reads(case: Case, script: Script) -> HTTPRouteHandler:
    @get(case.path, status_code=case.status)
    async def read(request: Request[Any, Any, Any]) -> dict[str, Any]:
        async with request.app.state.pool.acquire() as connection:
            [row] = await play(connection, script, {})
        return dict(row)

    return read


def _writes(case: Case, script: Script) -> HTTPRouteHandler:
    @post(case.path, status_code=case.status)
    async def write(request: Request[Any, Any, Any], data: dict[str, Any]) -> dict[str, Any]:
        replaced = script.replacements(request.headers["idempotency-key"], data.get("loans", [""])[0])
        async with request.app.state.pool.acquire() as connection:
            await play(connection, script, replaced)
        return {"replaced": list(replaced.values()), **data}

    return write


def pool_of(database_url: str, size: int = POOL_SIZE, notes: Notes | None = None) -> Any:  # noqa: ANN401 - asyncpg's
    """Return a pool like the API's, with its settings, and no statement of its own when a connection returns."""

    async def nothing(_: object) -> None:
        """Leave the connection as it is; its transaction has ended."""

    async def listen(connection: object) -> None:
        if notes is not None:
            listen_at(connection, notes)

    return asyncpg.create_pool(
        make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False),
        min_size=size,
        max_size=size,
        server_settings=dict(SERVER_SETTINGS),
        init=listen,
        reset=nothing,
    )


async def sent_by(
    app: Litestar, notes: Notes, case: Case, loans: Sequence[str], token: str, last_key: str
) -> list[Statement]:
    """Send a request to an application once for each of `loans`, and return what the last one asked of the database.

    The earlier ones open the connection and prepare the statements.
    """
    async with AsyncTestClient(app) as client:
        notes.listening = True
        for number, loan in enumerate(loans, start=1 - len(loans)):
            notes.take()
            key = last_key if number == 0 else secrets.token_hex(16)
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
            if case.body:
                headers["Content-Type"] = "application/json"
            body = case.body.replace("{loan}", loan) or None
            answer = await client.request(case.method, case.path, content=body, headers=headers)
            assert answer.status_code == case.status, answer.text
        notes.listening = False
    return notes.take()


async def recorded(settings: Settings, case: Case, loans: Sequence[str], token: str) -> Script:
    """Send a request to the API in this process and return what it asked of the database."""
    with every_new_connection_noted() as notes:
        app = make_app(
            wiring.open_house(settings),
            wiring.tokens_of(settings),
            settings.need("issuer"),
            clock=wiring.now,
            allow_bearer=True,
        )
        return Script.of(await sent_by(app, notes, case, loans, token, KEY), case, loans[-1])


async def hold_against_the_api(
    settings: Settings, cases: Sequence[Case], scripts: Scripts, loans: Sequence[str], token: str
) -> None:
    """Raise AssertionError unless this application sends what the API sends, statement by statement."""
    for case in cases:
        notes = Notes()

        def open_pool(notes: Notes = notes) -> Any:  # noqa: ANN401 - asyncpg's
            return pool_of(settings.need("database_url"), 1, notes)

        ours = await sent_by(bare_app(open_pool, cases, scripts), notes, case, loans, token, secrets.token_hex(16))
        assert [(one.sql, one.many) for one in ours] == [(one.sql, one.many) for one in scripts[case.path].statements]


def main(arguments: Sequence[str] | None = None) -> int:
    """Record the cases that standard input tells, then serve them until told to stop."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args(arguments).port
    told = json.load(sys.stdin)
    cases = [Case(**case) for case in told["cases"]]
    loans, token = told["loans"], told["token"]
    settings = Settings.from_environment()

    async def record() -> Scripts:
        scripts = {case.path: await recorded(settings, case, loans, token) for case in cases}
        await hold_against_the_api(settings, cases, scripts, loans, token)
        return scripts

    scripts = asyncio.run(record())
    app = bare_app(lambda: pool_of(settings.need("database_url")), cases, scripts)
    processes._serve_app(app, port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
