"""The report's files: only what is ours is written over, and each appears whole."""

from pathlib import Path

import pytest

from api.backtest import files
from api.backtest.files import MARK, CannotWrite, require_ours, write

NAMES = ("points.csv", "report.json", "report.md", "levels.svg")
OURS = {
    "points.csv": f"{files.CSV_MARK}\n".encode(),
    "report.json": b'{\n  "made_by": "greenlien backtest",\n  "format": 1\n}\n',
    "report.md": f"{MARK}\n".encode(),
    "levels.svg": f"{MARK}\n<svg/>\n".encode(),
}


def test_an_earlier_report_is_replaced_and_what_is_no_longer_drawn_is_removed(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "out", OURS, NAMES)
    fewer = {name: content for name, content in OURS.items() if name != "levels.svg"}
    write(tmp_path / "deep" / "out", fewer, NAMES)
    found = {path.name: path.read_bytes() for path in (tmp_path / "deep" / "out").iterdir()}
    assert found == fewer


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [b"", b"mine\n", b"\xff\xfe", b"instrument,as_of\n"])
def test_what_somebody_else_wrote_is_left_as_it_is(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CannotWrite, match="no file of a backtest"):
        write(tmp_path, OURS, NAMES)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {name: content}


def test_a_link_and_a_folder_are_not_ours(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", OURS, NAMES)
    (tmp_path / "report.md").symlink_to(tmp_path / "elsewhere" / "report.md")
    (tmp_path / "points.csv").mkdir()
    for name in ("report.md", "points.csv"):
        with pytest.raises(CannotWrite):
            require_ours(tmp_path, [name])


def test_a_file_where_the_folder_should_be_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(CannotWrite, match="cannot be made a folder"):
        require_ours(tmp_path / "out", NAMES)
    assert (tmp_path / "out").read_text() == "mine"


def test_a_failing_disk_is_told_in_a_sentence_and_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(CannotWrite, match="No space left on device"):
        write(tmp_path, OURS, NAMES)
    assert not list(tmp_path.iterdir())
