"""The files of a report, written only where nothing of somebody else's stands.

A file is ours if its beginning says so: the JSON's first entry, the CSV's header, the mark in Markdown and drawings.
All names are looked at before the work begins, and again before anything is written.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from api.backtest.points_file import COLUMNS

POINTS: Final = "points.csv"
REPORT: Final = "report.json"
TEXT: Final = "report.md"
MARK: Final = "<!-- greenlien backtest -->"
JSON_MARK: Final = '"made_by": "greenlien backtest"'
CSV_MARK: Final = ",".join(COLUMNS)
BEGINNING_BYTES: Final = 400
WRITTEN_LAST: Final = REPORT
"""report.json is written last: where it stands, all the rest does."""


class CannotWrite(Exception):
    """Say what stands in the way, in one plain sentence."""


def require_ours(folder: Path, names: Iterable[str]) -> None:
    """Make the folder if there is none, and see that every name is free or a file of an earlier backtest.

    Raises:
        CannotWrite: the folder cannot be made, or something else stands under one of the names.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"{folder} cannot be made a folder: {error.strerror or error}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CannotWrite(f"{folder} may not be written to")
    for name in names:
        if not _free_or_ours(folder / name):
            raise CannotWrite(f"{folder / name} is no file of a backtest and is left as it is; name another folder")


def write(folder: Path, contents: Mapping[str, bytes], names: Iterable[str]) -> None:
    """Write the contents, and remove what an earlier backtest left under names that this one does not use.

    Each file appears whole or not at all. Raises CannotWrite as above, and where the disk fails.
    """
    names = list(names)
    require_ours(folder, names)
    try:
        for name in names:
            if name not in contents:
                (folder / name).unlink(missing_ok=True)
        (folder / WRITTEN_LAST).unlink(missing_ok=True)
        for name in sorted(contents, key=lambda each: each == WRITTEN_LAST):
            _replace(folder / name, contents[name])
    except OSError as error:
        raise CannotWrite(f"{folder} cannot be written to: {error.strerror or error}") from error


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _free_or_ours(path: Path) -> bool:
    if not os.path.lexists(path):
        return True
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as stream:
        beginning = stream.read(BEGINNING_BYTES).decode("utf-8", errors="replace")
    if path.name == REPORT:
        return JSON_MARK in beginning
    if path.name == POINTS:
        return beginning.split("\n", 1)[0] == CSV_MARK
    return beginning.startswith(MARK)
