"""`python -m api import`: what would be made of a file, without storing anything."""

import json
from pathlib import Path

import pytest

from api.__main__ import main
from tests.unit.exchange.samples import csv_of
from tests.unit.exchange.tables import HEADER, days


def test_a_file_is_shown_as_it_would_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "成交.csv"
    file.write_bytes(csv_of(HEADER, [*days(30)[:25], ("x", "80", "1", "80", "湖北")], "gb18030"))

    code = main(["import", str(file), "--format", "csv", "--instrument", "carbon_allowance", "--kind", "listed"])

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (told["rows_read"], told["rows_refused"], len(told["first_rows"])) == (26, 1, 20)
    assert [(row["row"], row["code"]) for row in told["refused"]] == [(27, "cell_unreadable")]
    assert told["first_rows"][0]["trade"]["instrument"] == "carbon_allowance"


def test_a_file_that_cannot_be_read_ends_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "book.xlsx"
    file.write_bytes(b"PK")

    assert main(["import", str(file), "--format", "xlsx"]) == 1
    assert json.loads(capsys.readouterr().out)["failure"]["code"] == "not_a_workbook"
    assert main(["import", str(tmp_path / "nothing"), "--format", "csv"]) == 1


def test_a_word_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["import", str(tmp_path), "--format", "csv", "--instrument", "gold"])

    assert "gold" in capsys.readouterr().err
