"""Canaries in every secret that a process is told: no command prints one, neither as it works nor as it fails."""

import base64
import secrets
import traceback
from collections.abc import Mapping
from pathlib import Path

import pytest

from api.__main__ import main, parser
from domain.ports.key_store import KeyUse
from integrations.identity.key_rotation import rotate
from integrations.identity.key_store import read_folder
from tests.builders import NOW

NOWHERE = "postgresql://lien:{canary}@127.0.0.1:1/lien?sslmode=disable"
NEVER_ENDING = {"serve", "work", "simulate", "demo"}
"""What starts processes; what those write to their logs is watched by the tests of the access log."""
ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "migrate": (),
    "settings": (),
    "token": ("bank-a.officer", "--data-dir", "{folder}"),
    "call": ("bank-a.officer", "GET", "/v1/pledges", "--data-dir", "{folder}", "--base-url", "http://127.0.0.1:1"),
    "register-client": ("a.b", "--tenant", "bank-a", "--role", "auditor", "--key", "{folder}/none.json"),
    "make-key": ("{folder}/made.pem",),
    "demo-facts": ("--data-dir", "{folder}"),
    "draw-states": (),
    "backtest": ("--trades", "{folder}/none.csv", "--out", "{folder}/out"),
    "recompute": ("{folder}/none.json",),
    "import": ("{folder}/none.csv", "--format", "trades_csv"),
    "verify-certificate": ("{folder}/none.json", "--jwks", "{folder}/none.json"),
    "verify-audit": ("{folder}/none", "{folder}/none", "--jwks", "{folder}/none.json"),
    "verify-order": ("{folder}/none.json", "--jwks", "{folder}/none.json"),
    "openapi": ("--check",),
    "backup": ("{folder}/backup",),
    "restore": ("{folder}/none",),
    "resume-after-restore": ("--as", "platform.ops", "--key", "{folder}/none.pem"),
    "rotate-keys": ("--at-once",),
    "revoke-key": ("nobody",),
    "seal-secrets": (),
    "adopt-keys": (),
}


def commands() -> list[str]:
    """Return the names of all commands."""
    [choices] = [action.choices for action in parser()._actions if action.choices]
    return list(choices)


@pytest.mark.parametrize("command", [name for name in commands() if name not in NEVER_ENDING])
def test_no_command_tells_a_secret(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    canary = secrets.token_hex(16)
    keys = tmp_path / "house"
    rotate(keys, KeyUse, NOW)
    hidden = [canary, *(key.secret for key in read_folder(keys))]
    hidden += [base64.b64encode(canary.encode()).decode()]
    for variable in ("DATABASE_URL", "WORKER_DATABASE_URL", "MIGRATION_DATABASE_URL"):
        monkeypatch.setenv(variable, NOWHERE.format(canary=canary))
    monkeypatch.setenv("GREENLIEN_ISSUER", "https://lien.example")
    monkeypatch.setenv("GREENLIEN_KEY_STORE", str(keys))
    monkeypatch.setenv("GREENLIEN_SIGNING_KEY_FILE", str(next(keys.glob("*.secret"))))
    monkeypatch.setenv("GREENLIEN_KEYS", f'[{{"use": "secrets", "secret": "{canary}"}}]')

    assert command in ARGUMENTS, "a new command wants a row here"
    arguments = [each.format(folder=tmp_path) for each in ARGUMENTS[command]]
    failure = ""
    try:
        main([command, *arguments])
    except (Exception, SystemExit):  # noqa: BLE001 - whatever it fails with, it must not tell
        failure = traceback.format_exc()
    told = capsys.readouterr()

    for each in hidden:
        assert each not in told.out + told.err + failure


@pytest.mark.parametrize(
    ("address", "printed"),
    [
        ("postgresql://lien:open@db.example:5432/lien", "postgresql://lien:********@db.example:5432/lien"),
        ("postgresql://lien@/lien?host=/run&password=open", "postgresql://lien@/lien?host=/run&password=********"),
        ("postgresql://u:op%40en@h/d?sslmode=require", "postgresql://u:********@h/d?sslmode=require"),
        ("host=h password=open", "********"),
        ("open", "********"),
    ],
)
def test_an_address_is_printed_without_its_password_wherever_that_stands(
    address: str, printed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", address)
    assert main(["settings"]) == 0
    assert f"DATABASE_URL={printed} " in capsys.readouterr().out
