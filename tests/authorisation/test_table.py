"""The authorisation table, every cell of it: each route, each role, and six ways of standing before it (`cells`)."""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Final

import pytest

from domain.values.actors import Role
from tests.authorisation.cells import ROUTES, STANDINGS, Cells, but_for_its_id, code
from tests.authorisation.rows import PARTIES, ROWS, Row
from tests.authorisation.world import ABSENT, OTHERS, OWNERS, STRANGERS, World, furnished
from tests.database_session import Database
from tests.integration.business import HUANGSHI, a_pledge_body
from tests.integration.inside_business import business_inside
from tests.raw_cases import Steps

CELLS_MIN: Final = 3_000
CALLBACK: Final = "POST /v1/registries/{registry}/callbacks"
"""It takes no token and is proven by a registry's own key, which nobody here has."""
CLOSED: Final = sorted(
    (key for key, (permission, _) in ROUTES.items() if permission is not None),
    key=lambda key: not key.startswith("GET"),
)
"""The routes that ask for a token, those first that change nothing."""


@pytest.fixture(scope="module")
def world(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[World]:
    with new_database() as database, business_inside(database, tenants=OTHERS) as (business, inside):
        yield furnished(business, inside)


@pytest.fixture(scope="module")
def cells(world: World) -> Cells:
    return Cells(world)


def test_every_route_has_its_row_and_every_row_its_route() -> None:
    assert ROUTES.keys() - ROWS.keys() == set(), "routes without a row in tests/authorisation/rows.py"
    assert ROWS.keys() - ROUTES.keys() == set(), "rows without a route"
    for key, (permission, _) in ROUTES.items():
        assert (permission is None) == (ROWS[key].roles is None), key


def test_the_table_has_its_cells() -> None:
    assert OWNERS.keys() == set(Role)
    assert len(CLOSED) * len(Role) * len(STANDINGS) >= CELLS_MIN


@pytest.mark.parametrize("standing", STANDINGS)
def test_every_cell_is_as_the_table_says(cells: Cells, standing: str) -> None:
    wrong = [
        f"{key} {role}: {complaint}"
        for key in CLOSED
        for role in OWNERS
        if (complaint := cells.complaint(key, role, standing)) is not None
    ]

    assert not wrong, "\n".join(wrong)


def test_what_is_public_needs_no_token_and_takes_none_amiss(cells: Cells) -> None:
    for key, row in ROWS.items():
        if row.roles is not None:
            continue
        for authorization in (None, cells.token(OWNERS[Role.FUND]), "Bearer x"):
            told = cells.ask(key, authorization)
            if key == CALLBACK:
                assert (told.status, code(told)) == (401, "callback_refused")
                continue
            assert told.status not in {401, 403}, key
            assert told.status < 500, key


def _bodies(world: World) -> Iterator[tuple[Role, str, Steps, dict[str, Any]]]:
    """Yield bodies of a stranger's, each with the place where it names a thing of another's."""
    right = world.things["right"]["right_id"]
    loan = world.things["loan"]["loan_id"]
    firm = a_pledge_body({right: "1"}, pledgors=[HUANGSHI])
    yield Role.ENTERPRISE, "/v1/pledges", ("items", 0, "right_id"), firm
    yield Role.BANK_OFFICER, "/v1/pledges", ("items", 0, "right_id"), {**firm, "pledgee": "bank-b"}
    yield Role.BANK_OFFICER, "/v1/pledges", ("loans", 0), {**firm, "pledgee": "bank-b", "loans": [loan]}
    yield Role.ENTERPRISE, "/v1/pledges", ("loans", 0), {**firm, "loans": [loan]}
    for role in (Role.ENTERPRISE, Role.BANK_OFFICER, Role.AUTHORITY, Role.PORTAL, Role.FUND):
        yield role, "/v1/valuations", ("right_id",), {"right_id": right}


def test_what_a_body_names_and_is_another_s_is_told_as_what_is_not_there(cells: Cells) -> None:
    for role, path, steps, body in _bodies(cells.world):
        answers = set()
        for suffix in ("", ABSENT):
            sent: Any = json.loads(json.dumps(body))
            place = sent
            for step in steps[:-1]:
                place = place[step]
            named = place[steps[-1]]
            place[steps[-1]] = named.partition("_")[0] + "_" + suffix if suffix else named
            headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
            headers["Authorization"] = cells.token(STRANGERS[role])
            told = cells.world.ask("POST", path, headers, json.dumps(sent).encode())
            status, said, answer = but_for_its_id(told)
            answers.add((status, said, answer.replace(place[steps[-1]].encode(), b"")))
            assert 400 <= status < 500, answer
            assert code(told) != "invalid_payload", answer
        assert len(answers) == 1, (role, path, steps, answers)


def test_a_table_that_says_more_or_less_than_the_product_is_seen(world: World) -> None:
    """The judge is judged: a role too many, a role too few, an owner who is none, a stranger who sees."""
    key, officer = "GET /v1/loans/{loan_id}", Role.BANK_OFFICER
    right = ROWS[key]
    roles: Any = right.roles

    def wrong(row: Row, role: Role, standing: str) -> bool:
        return Cells(world, {**ROWS, key: row}).complaint(key, role, standing) is not None

    assert not wrong(right, officer, "own")
    assert wrong(Row("loan", roles | {Role.FUND}), Role.FUND, "own")
    assert wrong(Row("loan", roles - {officer}), officer, "own")
    assert wrong(Row("loan", roles, frozenset()), officer, "own")
    seeing = Cells(world, ROWS, {**STRANGERS, officer: OWNERS[officer]})
    assert seeing.complaint(key, officer, "foreign") is not None
    assert seeing.complaint("GET /v1/pledges", officer, "foreign") is not None


def test_a_bank_that_shares_a_pledge_reads_it_and_to_another_it_is_not_there(world: World) -> None:
    """A participant has no part of the table of its own, so the pledge's rows are asked again about a shared one."""
    rows = {
        key: replace(row, thing="shared", of=PARTIES | {Role.AUTHORITY})
        for key, row in ROWS.items()
        if row.thing == "pledge" and key.startswith("GET")
    }
    shared = Cells(world, {**ROWS, **rows})
    for key in rows:
        for role in (Role.BANK_OFFICER, Role.BANK_APPROVER):
            assert shared.complaint(key, role, "own") is None, key
            assert shared.complaint(key, role, "foreign") is None, key


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        (("webhooks",), "GET /v1/webhooks/{webhook_id}"),
        (("alarms",), "GET /v1/exceptions/{exception_id}"),
        (("pledge_imports",), "GET /v1/pledges/imports/{batch_id}"),
        (("signed_orders", "order_receipts"), "GET /v1/orders/{order_id}"),
    ],
)
def test_a_table_that_is_open_to_all_is_seen(cells: Cells, tables: tuple[str, ...], key: str) -> None:
    for table in tables:
        cells.world.business.sql(f"create policy leak on {table} for select to greenlien_app using (true)")
    try:
        assert cells.complaint(key, Role.BANK_OFFICER, "foreign") is not None
    finally:
        for table in tables:
            cells.world.business.sql(f"drop policy leak on {table}")
    assert cells.complaint(key, Role.BANK_OFFICER, "foreign") is None


def test_ids_are_random_and_of_one_form(world: World) -> None:
    ids = [place for thing in world.things.values() for place in thing.values() if "_" in place]
    assert all(re.fullmatch(r"[a-z]+_[0-9a-f]{32}", each) or each == "authority_consent" for each in ids)
