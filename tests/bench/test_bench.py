"""The benchmark itself: it runs, it prints its rows, and what it takes for the same statements is the same."""

import re
import secrets
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from integrations.database.connection import Prepared, transaction
from integrations.database.engine import make_engine
from tests.bench.__main__ import main
from tests.bench.bare import Script, bare_app, pool_of, sent_by
from tests.bench.cases import Case
from tests.bench.statements import Notes, Statement, every_new_connection_noted
from tests.bench.valuation import report
from tests.database_session import Database

ROW = re.compile(r"\| (?P<request>(?:GET|POST) \S+) \| (?P<trips>\d+) \|(?: [\d.]+%? \|){8} (?P<ratio>\d+\.\d\d) \|.*")
READ = Case(name="read", method="GET", path="/read", status=200, aim=None)


@pytest.mark.timeout(300)
def test_the_benchmark_prints_a_row_for_each_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["api", "--rounds", "1", "--seconds", "0.2"]) == 0

    rows = [found for line in capsys.readouterr().out.splitlines() if (found := ROW.fullmatch(line))]
    assert [row["request"] for row in rows] == ["GET /v1/rights/{id}", "POST /v1/valuations", "POST /v1/pledges"]
    assert all(int(row["trips"]) > 2 and float(row["ratio"]) > 0 for row in rows)


def test_the_valuation_s_part_prints_its_two_tables(tmp_path: Path) -> None:
    told = report(tmp_path, 1, deals=200, lots=40_000, prices=20)

    assert re.search(r"^\| from stored daily items \| \d+\.\d \| 5 \|$", told, re.MULTILINE)
    assert re.search(r"^\| ours \| \d+ \| \d+ \|$", told, re.MULTILINE)
    assert re.search(r"^Ours takes \d+\.\d\d times as long as bare", told, re.MULTILINE)


@pytest.mark.anyio
async def test_what_reaches_the_database_is_noted_alike_on_both_sides(database: Database) -> None:
    statement = Prepared(text("select cast(:number as integer) as number"))
    engine = make_engine(database.app_url, pool_size=1)
    with every_new_connection_noted() as through_sqlalchemy:
        for _ in range(2):  # the first one opens the connection and prepares the statement
            through_sqlalchemy.take()
            through_sqlalchemy.listening = True
            async with transaction(engine) as connection:
                await connection.value(statement, {"number": 1})
        await engine.dispose()
    expected = [Statement("begin"), Statement(statement.sql, (1,)), Statement("rollback")]
    assert through_sqlalchemy.take() == expected

    notes = Notes()

    def open_pool() -> Any:  # noqa: ANN401 - asyncpg's
        return pool_of(database.app_url, 1, notes)

    app = bare_app(open_pool, [READ], {READ.path: Script.of(expected, READ, "")})
    assert await sent_by(app, notes, READ, ["", ""], "no token", secrets.token_hex(16)) == [
        Statement("begin"),
        Statement(statement.sql, (1,)),
        Statement("rollback"),
    ]
