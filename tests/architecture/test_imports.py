"""Who may import whom: the contracts hold, and each of them, broken on purpose in a copy, is seen to break."""

import importlib
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("api", "domain", "integrations", "migrations")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
OFFENCES: list[tuple[str, dict[str, str]]] = [
    ("direction", {"domain/values/offence.py": "import integrations.registry"}),
    ("direction", {"domain/use_cases/offence.py": "import api.wiring"}),
    ("direction", {"integrations/registry/offence.py": "import api.wiring"}),
    ("domain-rooms", {"domain/values/offence.py": "import domain.rights.rights"}),
    ("domain-rooms", {"domain/pledges/offence.py": "import domain.ports.registry"}),
    ("domain-rooms", {"domain/rights/offence.py": "import domain.pledges.lifecycle"}),
    ("domain-rooms", {"domain/an_unknown_room.py": '"""A room that the contract does not list."""'}),
    ("domain-purity", {"domain/values/offence.py": "import sqlalchemy"}),
    ("domain-purity", {"domain/use_cases/offence.py": "from litestar import get"}),
    ("domain-purity", {"domain/use_cases/offence.py": "import logging"}),
    ("integrations-apart", {"integrations/registry/offence.py": "import integrations.database.migrate"}),
    ("integrations-apart", {"integrations/database/offence.py": "from integrations import registry"}),
    ("integrations-apart", {"integrations/outbound/offence.py": "import integrations.registry"}),
    ("integrations-apart", {"integrations/an_unknown_adapter.py": '"""An adapter that the contract does not list."""'}),
    ("one-wiring", {"api/routes/offence.py": "import integrations.database"}),
    ("one-wiring", {"api/offence.py": "from integrations.outbound import http"}),
    ("one-jose", {"api/offence.py": "from jose import jwt"}),
    ("one-jose", {"integrations/identity/offence.py": "import jose.jws"}),
    (
        "no-cycles",
        {"domain/loans/one.py": "import domain.loans.other", "domain/loans/other.py": "import domain.loans.one"},
    ),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what the linter reads."""
    folder = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder: Path, *options: str) -> tuple[int, str]:
    """Run import-linter over a folder, in a process that has nothing of ours imported yet."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    result = subprocess.run(
        [*command, "--no-cache", "--no-logo", *options], cwd=folder, check=False, capture_output=True, text=True
    )
    return result.returncode, result.stdout + result.stderr


def test_every_import_keeps_to_the_contracts() -> None:
    status, report = lint(ROOT)
    assert status == 0, report
    assert f"{len(CONTRACTS)} kept, 0 broken" in report


@pytest.mark.parametrize(("contract", "offence"), OFFENCES)
def test_an_offence_against_a_contract_is_seen(copy: Path, contract: str, offence: dict[str, str]) -> None:
    for module, text in offence.items():
        (copy / module).write_text(f"{text}\n", encoding="utf-8")

    status, report = lint(copy, "--contract", contract)

    for module in offence:
        (copy / module).unlink()
    assert (status, "1 broken" in report) == (1, True), report


def test_the_copy_without_an_offence_keeps_every_contract(copy: Path) -> None:
    status, report = lint(copy)
    assert status == 0, report


def test_no_contract_goes_unbroken() -> None:
    assert {contract for contract, _ in OFFENCES} == {contract["id"] for contract in CONTRACTS}


@pytest.mark.parametrize("package", [*PACKAGES, "tests"])
def test_what_is_imported_is_what_stands_in_this_checkout(package: str) -> None:
    imported = importlib.import_module(package).__file__
    assert imported == str(ROOT / package / "__init__.py")


def test_no_installed_distribution_bears_our_names() -> None:
    assert not {"openapi", "tests", *PACKAGES} & packages_distributions().keys()
