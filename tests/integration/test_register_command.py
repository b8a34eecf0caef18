"""`register-client` and `make-key`: the first administrators come in by the owner's hand, and leave a trace."""

import json
from pathlib import Path

import psycopg
import pytest

from api.__main__ import main
from domain.values.thumbprints import thumbprint_of
from integrations.database.postmaster import SUPERUSER
from tests.database_session import Database


@pytest.fixture
def owned(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("MIGRATION_DATABASE_URL", database.owner_url)
    return database


def a_key(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> Path:
    """Make a private key and keep the public one beside it, as an administrator would."""
    assert main(["make-key", str(folder / f"{name}.pem")]) == 0
    public = folder / f"{name}.jwk"
    public.write_text(capsys.readouterr().out, encoding="utf-8")
    return public


def command(client: str, key: Path, *more: str, tenant: str = "bank-z", role: str = "bank_officer") -> list[str]:
    return ["register-client", client, "--tenant", tenant, "--role", role, "--key", str(key), *more]


NEW_BANK = ("--tenant-kind", "bank", "--tenant-name", "示例银行")


def rows(database: Database, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.libpq(SUPERUSER)) as connection:
        return connection.execute(statement).fetchall()


def test_a_client_is_registered_with_its_tenant_and_keys_and_it_is_told(
    owned: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, order_key = a_key(tmp_path, "token", capsys), a_key(tmp_path, "order", capsys)

    for _ in range(2):
        assert main(command("bank-z.officer", key, "--order-key", str(order_key), *NEW_BANK)) == 0

    thumbprints = [thumbprint_of(json.loads(path.read_text())) for path in (key, order_key)]
    said = capsys.readouterr().out
    assert all(each in said for each in thumbprints)
    assert "is registered" in said
    assert "was registered before" in said
    assert rows(owned, "select id, tenant, role, status from clients") == [
        ("bank-z.officer", "bank-z", "bank_officer", "active")
    ]
    assert rows(owned, "select thumbprint, purpose, state from client_keys order by purpose desc") == [
        (thumbprints[0], "token", "active"),
        (thumbprints[1], "order", "active"),
    ]
    assert rows(owned, "select action, subject, tenant from audit_entries") == [
        ("client.registered", "bank-z.officer", "bank-z")
    ]
    assert rows(owned, "select type, parties from events") == [("client.registered", ["bank-z"])]


def test_nothing_that_does_not_fit_is_registered(
    owned: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = a_key(tmp_path, "first", capsys), a_key(tmp_path, "second", capsys)
    third = a_key(tmp_path, "third", capsys)
    platform = ("--tenant-kind", "platform", "--tenant-name", "平台", "--person", "张三")
    admin = command("platform.ops", second, *platform, tenant="greenlien", role="platform_ops")
    assert main(command("bank-z.officer", first, *NEW_BANK)) == 0
    assert main(admin) == 0
    private = tmp_path / "private.jwk"
    private.write_text(json.dumps({**json.loads(third.read_text()), "d": "x"}), encoding="utf-8")

    wrong = {
        "no such tenant": command("bank-y.officer", third, tenant="bank-y"),
        "another kind": command("bank-z.portal", third, role="portal"),
        "another's key": command("bank-z.approver", first, role="bank_approver"),
        "another role": command("bank-z.officer", third, role="bank_approver"),
        "a private key": command("bank-z.approver", private, role="bank_approver"),
        "no key": command("bank-z.approver", tmp_path / "none", role="bank_approver"),
        "an odd id": command("Bank Z", third),
        "no person": command("platform.audit", third, tenant="greenlien", role="platform_audit"),
        "a second role of one person": command(
            "platform.audit", third, "--person", "张三", tenant="greenlien", role="platform_audit"
        ),
    }
    before = rows(owned, "select id from clients order by id"), rows(owned, "select kid from client_keys order by kid")
    for name, arguments in wrong.items():
        assert main(arguments) == 2, name
        assert capsys.readouterr().err, name
    after = rows(owned, "select id from clients order by id"), rows(owned, "select kid from client_keys order by kid")
    assert after == before


def test_a_key_file_is_its_owners_alone_and_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_key(tmp_path, "token", capsys)

    assert (tmp_path / "token.pem").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        main(["make-key", str(tmp_path / "token.pem")])
