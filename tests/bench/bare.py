"""The bare handler: a tiny Litestar application that does the API's statements on raw asyncpg, and nothing else.

It is told what to do by the API itself: each request is sent once to the API inside this process, and what reached the
database is played again for each request that arrives here, with new ids and a new idempotency key, on a connection
of the same role under the same settings, through a pool of the same size, in the same transaction with the same
savepoint. It knows no caller, checks nothing, and has every argument at hand, so it is a bound rather than a rival.
"""

import argparse
import asyncio
import json
import re
import secrets
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from litestar import Litestar, Request, get, post
from litestar.testing import AsyncTestClient
from sqlalchemy import make_url

from api import wiring
from api.app import make_app
from api.commands import processes
from api.settings import Settings
from domain.values.identifiers import new_id
from integrations.database.engine import POOL_SIZE, SERVER_SETTINGS
from tests.bench.cases import Case
from tests.bench.statements import Statement, every_new_connection_noted

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


async def play(connection: Any, script: Script, replaced: Mapping[str, str]) -> list[Any]:  # noqa: ANN401 - asyncpg ships no types
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


def bare_app(database_url: str, cases: Sequence[Case], scripts: Mapping[str, Script]) -> Litestar:
    """Return the application: the same paths, each playing its script."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with pool_of(database_url) as pool:
            app.state.pool = pool
            yield

    reading, *writing = cases

    @get(reading.path, status_code=reading.status)
    async def read(request: Request[Any, Any, Any]) -> dict[str, Any]:
        script = scripts[reading.path]
        async with request.app.state.pool.acquire() as connection:
            [row] = await play(connection, script, {})
        return dict(row)

    @post([case.path for case in writing], status_code=writing[0].status)
    async def write(request: Request[Any, Any, Any], data: dict[str, Any]) -> dict[str, Any]:
        script = scripts[request.url.path]
        replaced = script.replacements(request.headers["idempotency-key"], data.get("loans", [""])[0])
        async with request.app.state.pool.acquire() as connection:
            await play(connection, script, replaced)
        return {"replaced": list(replaced.values()), **data}

    return Litestar([read, write], lifespan=[lifespan], openapi_config=None, logging_config=None)


def pool_of(database_url: str, **more: Any) -> Any:  # noqa: ANN401 - asyncpg ships no types
    """Return a pool like the API's: its size and settings, and no statement of its own when a connection returns."""

    async def nothing(_: object) -> None:
        """Leave the connection as it is; its transaction has ended."""

    return asyncpg.create_pool(
        make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False),
        min_size=POOL_SIZE,
        max_size=POOL_SIZE,
        server_settings=dict(SERVER_SETTINGS),
        reset=nothing,
        **more,
    )


async def recorded(settings: Settings, case: Case, loans: Sequence[str], token: str) -> Script:
    """Send a request to the API in this process and return what it asked of the database.

    It is sent once for each of `loans`, and the last one counts: the first opens the connection and prepares the
    statements.
    """
    with every_new_connection_noted() as notes:
        app = make_app(
            wiring.open_house(settings),
            wiring.tokens_of(settings),
            settings.need("issuer"),
            clock=wiring.now,
            allow_bearer=True,
        )
        async with AsyncTestClient(app) as client:
            notes.listening = True
            for number, loan in enumerate(loans, start=1 - len(loans)):
                notes.take()
                headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": KEY if number == 0 else new_id("key")}
                if case.body:
                    headers["Content-Type"] = "application/json"
                body = case.body.replace("{loan}", loan) or None
                answer = await client.request(case.method, case.path, content=body, headers=headers)
                assert answer.status_code == case.status, answer.text
        return Script.of(notes.take(), case, loans[-1])


def main(arguments: Sequence[str] | None = None) -> int:
    """Record the cases that standard input tells, then serve them until told to stop."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args(arguments).port
    told = json.load(sys.stdin)
    cases = [Case(**case) for case in told["cases"]]
    settings = Settings.from_environment()

    async def record() -> dict[str, Script]:
        return {case.path: await recorded(settings, case, told["loans"], told["token"]) for case in cases}

    scripts = asyncio.run(record())
    processes._serve_app(bare_app(settings.need("database_url"), cases, scripts), port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
