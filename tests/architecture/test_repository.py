"""The house rules that no other tool checks: sizes, addresses, reasons, locks, and what a make target says of itself.

A pattern is written so that it does not match itself.
"""

import ast
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES_MAX: Final = 400
LONGER_FOR_A_REASON: Final[dict[str, str]] = {}
"""Path to reason; empty, and to be kept so."""

REASON = re.compile(r"\s*(?:#|-|--|:)\s*\S.{2,}")
SILENCED = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma:\s*no|mypy:|ruff:)")
SILENCED_WITH_REASON = re.compile(r"#\s*(?:noqa: [A-Z0-9, ]+|type: ignore\[[a-z-, ]+\])(?P<reason>.*)")
FORBIDDEN_TEXTS: Final = {
    "an index address": re.compile(
        r"pypi[.]org|pythonhosted[.]org|npmjs[.](?:org|com)|yarnpkg[.]com|/simple/\S*[.]whl"
    ),
    "a path of one machine": re.compile(r"(?<![\w.<>}])/(?:work|root|opt|home/\w+|Users/\w+)/\w"),
    "a word of the workplace": re.compile(r"shared[ ]facts|[.][.]/shared/|issues[ ]show|sub[-]?agent", re.IGNORECASE),
    "unfinished work": re.compile(r"\b(?:TO[D]O|FIX[M]E|X[X]X)\b"),
}
TEMPORARY_PATH = re.compile(r"(?<![\w.])/tmp/")
TEXT_SUFFIXES: Final = {
    ".py",
    ".toml",
    ".md",
    ".txt",
    ".yaml",
    ".yml",
    ".json",
    ".csv",
    ".mako",
    ".cfg",
    ".ini",
    ".sh",
    "",
}


def tracked() -> list[Path]:
    """Return what git holds or would hold, as far as it still exists."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


TRACKED = tracked()
TEXTS = [path for path in TRACKED if path.suffix in TEXT_SUFFIXES]
MODULES = [path for path in TRACKED if path.suffix == ".py"]


def found(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """Return each line that matches, as `path:line: text`."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_there_is_something_to_check() -> None:
    assert ROOT / "pyproject.toml" in TEXTS
    assert Path(__file__) in MODULES


@pytest.mark.parametrize("kind", FORBIDDEN_TEXTS)
def test_no_file_holds(kind: str) -> None:
    assert not found(FORBIDDEN_TEXTS[kind], TEXTS)


def test_only_tests_name_a_temporary_path() -> None:
    assert not found(TEMPORARY_PATH, [path for path in TEXTS if not path.is_relative_to(ROOT / "tests")])


def test_no_module_is_longer_than_a_reader_s_patience() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert not {name: lines for name, lines in lengths.items() if lines > LINES_MAX and name not in LONGER_FOR_A_REASON}
    assert not {name for name in LONGER_FOR_A_REASON if lengths.get(name, 0) <= LINES_MAX}


def test_a_package_s_init_holds_a_docstring_and_nothing_else() -> None:
    others = {
        str(path.relative_to(ROOT)): [ast.unparse(node)[:60] for node in ast.parse(path.read_bytes()).body][:2]
        for path in MODULES
        if path.name == "__init__.py"
        and (len(ast.parse(path.read_bytes()).body) != 1 or not ast.get_docstring(ast.parse(path.read_bytes())))
    }
    assert not others


def test_every_folder_of_modules_is_a_package() -> None:
    assert not {str(path.parent.relative_to(ROOT)) for path in MODULES if not (path.parent / "__init__.py").exists()}


def test_every_silenced_check_has_its_reason_beside_it() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[-100:]}"
        for path in MODULES
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if SILENCED.search(line)
        and not ((match := SILENCED_WITH_REASON.search(line)) and REASON.match(match["reason"]))
    ]
    assert not bare


def test_every_rule_that_ruff_ignores_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = text[text.index("[tool.ruff.lint]") : text.index("[tool.ruff.lint.pydocstyle]")]
    ignored = re.findall(r'^    "[A-Z]+[0-9]*",(.*)$', section, re.MULTILINE)
    configured = tomllib.loads(text)["tool"]["ruff"]["lint"]

    assert configured["select"] == ["ALL"]
    assert len(ignored) == len(configured["ignore"]) + sum(map(len, configured["per-file-ignores"].values()))
    assert [reason for reason in ignored if not REASON.match(reason)] == []


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_holds_pinned_names_and_hashes_and_no_address(lock: str) -> None:
    lines = [line for line in (ROOT / lock).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    shapes = (re.compile(r"[a-z0-9-]+==[\w.]+( ; [^/]+)? \\"), re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?"))
    assert not [line for line in lines if not any(shape.fullmatch(line) for shape in shapes)]


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def names(texts: list[str]) -> set[str]:
        return {re.split(r"[^\w.-]", text, maxsplit=1)[0].lower() for text in texts}

    def locked(lock: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9-]+)==.*$", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))

    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9-]+==[\w.]+", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))

    assert names(project["dependencies"]) <= locked("requirements.txt")
    assert names(project["optional-dependencies"]["dev"]) <= locked("requirements-dev.txt")
    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_every_make_target_has_a_sentence() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    sentences = dict(re.findall(r"^([a-z]+):.*## (\S.*\.)$", makefile, re.MULTILINE))
    assert phony is not None
    assert set(phony[1].split()) == sentences.keys()
