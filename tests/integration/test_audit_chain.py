"""The audit's chains: sealed at commit, one a tenant, exported, and held against what a bank kept."""

import asyncio
import json
import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import psycopg
import pytest

from api.demo.audit_tampering import caught
from api.verify_audit import Tampered, Verified
from domain.values.canonical_json import canonical_json
from domain.values.merkle import EMPTY_ROOT, Peaks, is_consistent
from integrations.database import migrate
from integrations.database.bootstrap import APP, OWNER, WORKER
from integrations.database.engine import make_engine
from integrations.database.postmaster import SUPERUSER
from integrations.database.unit_of_work import unit_of_work
from tests.builders import BANK_USCC, NOW
from tests.database_session import Database
from tests.filled_database import OFFICER, fill
from tests.integration.audit_scene import (
    AUDITOR,
    JWKS,
    checkpoint,
    is_caught,
    kept_of,
    leaves_of,
    verdict,
    write_entries,
)
from tests.integration.business import Business, at_once, open_for_business
from tests.integration.certificate_scene import ask

Rounds = Callable[[int, int], int]
INSERT = (
    "insert into audit_entries (id, at, actor, tenant, action, subject, details, parties)"
    " values (%s, now(), 'x', 'bank-a', 'x', 'x', %s, %s)"
)
TABLES = ("audit_entries", "audit_leaves", "audit_tree_leaves", "audit_tree_heads", "audit_checkpoints")


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


def _as_bank(database: Database, tenant: str = "bank-a") -> "psycopg.Connection[tuple[object, ...]]":
    connection = psycopg.connect(database.libpq(APP))
    connection.execute("select set_config('greenlien.tenant', %s, false)", [tenant])
    connection.commit()
    return connection


def _insert(connection: "psycopg.Connection[tuple[object, ...]]", *parties: str, details: str = "{}") -> str:
    entry = f"audit_{secrets.token_hex(16)}"
    connection.execute(INSERT, [entry, details, list(parties)])
    return entry


def test_an_export_is_what_the_checkpoints_say(business: Business) -> None:
    write_entries(business.database, 25)
    checkpoint(business)
    kept = kept_of(business)
    assert verdict(kept.export, kept.checkpoints) == Verified("bank-a", 1, 25, 1, 0)
    assert [json.loads(line)["leaf"]["entry"]["details"]["number"] for line in kept.lines[1:-1]] == list(range(25))


def test_the_platforms_own_signature_after_an_edit_does_not_save_it(business: Business) -> None:
    write_entries(business.database, 5)
    checkpoint(business)
    kept = kept_of(business)
    fault = caught(kept.export, kept.checkpoints, JWKS, 3)
    assert "history was rewritten" in fault.en


def test_an_owner_who_edits_a_row_must_drop_a_trigger_and_is_still_found(database: Database) -> None:
    with open_for_business(database) as opened:
        write_entries(database, 10)
        checkpoint(opened)
        checkpoints = kept_of(opened).checkpoints
        with psycopg.connect(database.libpq(OWNER)) as owner:
            owner.execute("drop trigger audit_leaves_frozen on audit_leaves")
            owner.execute(
                "update audit_leaves set leaf = overlay(leaf placing 'X'::bytea from 60 for 1),"
                " hash = sha256('\\x00'::bytea || overlay(leaf placing 'X'::bytea from 60 for 1)) where sequence = 10"
            )
        assert is_caught(kept_of(opened).export, checkpoints)


@pytest.mark.parametrize("role", [APP, WORKER, OWNER, SUPERUSER])
@pytest.mark.parametrize("table", TABLES)
def test_no_role_can_change_delete_or_truncate_what_is_sealed(business: Business, role: str, table: str) -> None:
    write_entries(business.database, 1)
    checkpoint(business)
    column = (
        "id" if table in {"audit_entries", "audit_checkpoints"} else "at" if table == "audit_tree_heads" else "chain"
    )
    for statement in (f"update {table} set {column} = {column}", f"delete from {table}", f"truncate {table} cascade"):
        with (
            psycopg.connect(business.database.libpq(role)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into audit_leaves values ('bank-a', 999, 'x', '', '')",
        "insert into audit_chains values ('bank-c', 0, '')",
        "update audit_chains set sequence = 0",
        "delete from audit_chains",
        "select seal_audit_entries(0)",
    ],
)
@pytest.mark.parametrize("role", [APP, WORKER])
def test_the_serving_roles_reach_a_chain_only_by_writing_an_entry(
    business: Business, role: str, statement: str
) -> None:
    with (
        psycopg.connect(business.database.libpq(role)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_what_was_rolled_back_leaves_no_gap(business: Business) -> None:
    with _as_bank(business.database) as connection:
        before = len(leaves_of(business.database, "bank-a"))
        _insert(connection, "bank-a")
        connection.rollback()
        _insert(connection, "bank-a")
        connection.execute("savepoint s")
        _insert(connection, "bank-a")
        connection.execute("rollback to savepoint s")
        _insert(connection, "bank-a")
        connection.commit()
    assert len(leaves_of(business.database, "bank-a")) == before + 2


def test_each_party_has_the_entry_in_its_own_chain_and_reads_of_no_other_party(business: Business) -> None:
    with _as_bank(business.database) as connection:
        entry = _insert(connection, "bank-a", BANK_USCC, "bank-b", "91330600NOBODYYETX")
        connection.commit()
    rows = business.sql("select chain, leaf from audit_leaves where entry_id = %s order by chain", entry)
    assert [chain for chain, _ in rows] == ["91330600NOBODYYETX", "bank-a", "bank-b"]  # the bank's USCC is the bank
    for chain, leaf in rows:
        assert {other for other, _ in rows if other.encode() in leaf} <= {chain, "bank-a"}  # the actor's tenant is told


def test_an_entry_that_concerns_nobody_else_is_in_its_tenants_chain(business: Business) -> None:
    with psycopg.connect(business.database.libpq(WORKER)) as connection:
        entry = _insert(connection)
    assert business.sql("select chain from audit_leaves where entry_id = %s", entry) == [("bank-a",)]


def test_a_bank_reads_its_own_chain_and_learns_nothing_of_another(business: Business) -> None:
    write_entries(business.database, 3, ("bank-a",))
    before = kept_of(business, "bank-b.auditor").lines[:-1]
    write_entries(business.database, 7, ("bank-a",))
    assert kept_of(business, "bank-b.auditor").lines[:-1] == before
    foreign = ask(business, "bank-b.auditor", "GET", "/v1/audit/export?chain=bank-a")
    absent = ask(business, "bank-b.auditor", "GET", "/v1/audit/export?chain=bank-z")
    assert (foreign.status_code, absent.status_code) == (404, 404)
    told = [{**answer.json(), "request_id": None} for answer in (foreign, absent)]
    assert told[0] == told[1]
    with _as_bank(business.database, "bank-b") as connection:
        for table in ("audit_leaves", "audit_chains", "audit_checkpoints"):
            assert connection.execute(f"select count(*) from {table} where chain <> 'bank-b'").fetchone() == (0,)
        for table in ("audit_tree_leaves", "audit_tree_heads"):
            assert connection.execute(f"select count(*) from {table}").fetchone() == (0,)


def test_many_sessions_on_crossing_chains_leave_whole_chains_and_no_deadlock(
    database: Database, rounds: Rounds
) -> None:
    names = [f"tenant-{number}" for number in range(5)]
    each, sessions = rounds(25, 500), 8

    def session(seed: int) -> Callable[[], int]:
        def run() -> int:
            dice = random.Random(seed)
            with _as_bank(database) as connection:
                for _ in range(each):
                    for _ in range(dice.randint(1, 4)):
                        _insert(
                            connection, "bank-a" if dice.random() < 0.3 else names[0], *dice.sample(names, 3), "bank-a"
                        )
                    if dice.random() < 0.1:
                        connection.rollback()
                    else:
                        connection.commit()
            return seed

        return run

    assert at_once(*(session(seed) for seed in range(sessions))) == list(range(sessions))
    for name in ["bank-a", *names]:
        leaves = leaves_of(database, name)  # asserts that each follows from the one before
        assert [leaf["sequence"] for leaf in leaves] == list(range(1, len(leaves) + 1))
        assert len(leaves) > each


def test_an_entry_spells_as_the_products_own_canonical_json(business: Business) -> None:
    details: dict[str, object] = {
        "b": [1, -5, 10**17, True, None, [], {}],
        "a": {"z": '\u0001\b\f\n\r\t"\\/\u007f\u2028質', "A": {"": ""}},
    }
    with _as_bank(business.database) as connection:
        entry = _insert(connection, "bank-a", details=json.dumps(details))
        connection.commit()
    [(leaf,)] = business.sql("select leaf from audit_leaves where entry_id = %s", entry)
    assert canonical_json(json.loads(leaf)) == leaf
    assert json.loads(leaf)["entry"]["details"] == details


def test_what_was_written_before_chains_is_chained_in_its_order(database: Database) -> None:
    fill(database)
    migrate.downgrade(database.owner_url, "clients")
    with _as_bank(database) as connection:
        entries = [_insert(connection, "bank-a", details=json.dumps({"n": number})) for number in range(20)]
        connection.commit()
    migrate.upgrade(database.owner_url)
    leaves = leaves_of(database, "bank-a")
    assert [leaf["entry"]["id"] for leaf in leaves][-20:] == entries
    before = "select count(*) from audit_entries where parties && array['bank-a']"
    with psycopg.connect(database.libpq(SUPERUSER)) as connection:
        assert connection.execute(before).fetchone() == (len(leaves),)
    with _as_bank(database) as connection:
        _insert(connection, "bank-a")
        connection.commit()
    assert len(leaves_of(database, "bank-a")) == len(leaves) + 1


def test_a_receipt_can_name_its_leaf_before_the_commit(business: Business) -> None:
    async def write() -> tuple[object, object, object]:
        engine = make_engine(business.database.app_url, pool_size=1)
        try:
            async with unit_of_work(engine, OFFICER) as uow:
                entry = await uow.audit.write(OFFICER, "order.received", "pledge_1", {}, ("bank-a",), NOW)
                unsealed = await uow.audit_chains.leaf_of(entry, "bank-a")
                await uow.audit_chains.seal()
                sealed = await uow.audit_chains.leaf_of(entry, "bank-a")
                await uow.audit.write(OFFICER, "order.received", "pledge_1", {}, ("bank-a",), NOW)
                await uow.commit()
            async with unit_of_work(engine, OFFICER) as uow:
                return unsealed, sealed, await uow.audit_chains.leaf_of(entry, "bank-a")
        finally:
            await engine.dispose()

    unsealed, sealed, committed = asyncio.run(write())
    assert unsealed is None
    assert sealed == committed
    assert sealed is not None
    leaves_of(business.database, "bank-a")


def test_checkpoints_are_signed_once_for_what_is_new_and_told_to_the_bank(business: Business) -> None:
    write_entries(business.database, 2, ("bank-a",))
    write_entries(business.database, 2, ("bank-a", "bank-b"))
    checkpoint(business)
    assert checkpoint(business) == 0
    write_entries(business.database, 1, ("bank-a", "bank-b"))
    assert checkpoint(business) == 2
    newest = {chain: kept_of(business, f"{chain}.auditor").checkpoints for chain in ("bank-a", "bank-b")}
    last = {chain: json.loads(page)["items"][-1] for chain, page in newest.items()}
    assert last["bank-a"]["tree_root"] == last["bank-b"]["tree_root"]
    events = business.get("bank-a.officer", "/v1/events?limit=200")["items"]
    told = [event["data"] for event in events if event["type"] == "audit.checkpoint"]
    assert told[-1] == {
        "sequence": last["bank-a"]["sequence"],
        "head": last["bank-a"]["head"],
        "jws": last["bank-a"]["jws"],
    }
    assert {each["jws"] for each in told} == {each["jws"] for each in json.loads(newest["bank-a"])["items"]}


def test_the_tree_only_grows_and_holds_every_leaf_once(business: Business) -> None:
    for count in (1, 4, 2):
        write_entries(business.database, count, ("bank-a", "bank-b"))
        checkpoint(business)

    async def read() -> list[tuple[int, bytes, tuple[bytes, ...]]]:
        async with business.worker_house() as house, house.open(None) as uow:
            return [(head.tree.size, head.tree.root, head.proof) for head in await uow.audit_chains.tree_heads(0, 100)]

    heads = asyncio.run(read())
    hashes = business.sql(
        "select l.hash from audit_tree_leaves t join audit_leaves l using (chain, sequence) order by position"
    )
    assert (len(hashes),) == business.sql("select count(*) from audit_leaves")[0]
    before = (0, EMPTY_ROOT)
    for size, root, proof in heads:
        assert is_consistent(before, (size, root), proof)
        assert Peaks().grown(bytes(each) for (each,) in hashes[:size]).root == root
        before = (size, root)
    assert before[0] == len(hashes)
    assert len(heads) > 2


def test_an_auditor_asks_for_a_checkpoint_and_nobody_else_may(business: Business) -> None:
    write_entries(business.database, 1)
    told = business.post(AUDITOR, "/v1/audit/checkpoints", {}, 202)
    assert told == {"status": "requested", "chain": "bank-a", "sequence": len(leaves_of(business.database, "bank-a"))}
    assert business.sql("select count(*) from procrastinate_jobs where task_name = 'checkpoint_audit'") == [(1,)]
    for path in ("/v1/audit/checkpoints", "/v1/audit/export"):
        assert business.call("bank-a.officer", "GET", path)[0] == 403
    assert business.call("bank-a.officer", "POST", "/v1/audit/checkpoints", {})[0] == 403


def test_a_part_is_exported_by_its_numbers(business: Business) -> None:
    write_entries(business.database, 10)
    part = kept_of(business, query="?from=3&to=7").lines
    assert [json.loads(line)["leaf"]["sequence"] for line in part[1:-1]] == [3, 4, 5, 6, 7]
    for query, status in (
        ("?from=0", 422),
        ("?from=01", 422),
        ("?to=-1", 422),
        ("?from=999999", 404),
        ("?to=999999", 404),
    ):
        answer = ask(business, AUDITOR, "GET", f"/v1/audit/export{query}")
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), query


def test_an_empty_chain_has_an_empty_export(database: Database) -> None:
    with open_for_business(database) as opened:
        kept = kept_of(opened)
        assert len(kept.lines) == 2
        with pytest.raises(Tampered, match="nothing is proved"):
            verdict(kept.export, kept.checkpoints)
