"""The mailbox with a registry: only whole files count, each row is judged, and a final answer is never taken back."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ports.registry import OrderStatus
from integrations.registry_files.mailbox import Mailbox, Report
from integrations.registry_files.rows import (
    ANSWER_COLUMNS,
    FORMATS,
    ORDER_COLUMNS,
    RIGHT_COLUMNS,
    FileRefused,
    check_control,
    quantity_total,
    read_rows,
    write_control,
    write_rows,
)

NOW: Final = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
ORDER: Final = {"order_id": "order_1", "kind": "freeze", "quantity": "10.000000", "unit": "t/a"}
ANSWER: Final = {
    "order_id": "order_1",
    "status": "executed",
    "quantity": "10.000000",
    "unit": "t/a",
    "registry_ref": "DJ-1",
    "executed_at": "2026-11-21T10:00:00+08:00",
}
REFUSED: Final = {"order_id": "order_1", "status": "refused", "quantity": "10.000000", "unit": "t/a", "reason": "NO"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "zhejiang"


@pytest.fixture
def mailbox(folder: Path) -> Mailbox:
    box = Mailbox(folder, "zhejiang")
    box.keep(ORDER)
    box.exchange(NOW)
    return box


def bring(folder: Path, name: str, rows: list[dict[str, str]], wrong: dict[str, Any] | None = None) -> None:
    """Put a file of theirs with its control file into the mailbox; `wrong` falsifies the control file."""
    columns = ANSWER_COLUMNS if name.startswith("answers-") else RIGHT_COLUMNS
    content = write_rows(rows, columns, name.rpartition(".")[2])
    full = [{column: row.get(column, "") for column in columns} for row in rows]
    (folder / "in" / name).write_bytes(content)
    control = json.loads(write_control(name, content, full))
    (folder / "in" / f"{name}.ok").write_text(json.dumps({**control, **(wrong or {})}))


def taken(mailbox: Mailbox) -> Report:
    (report,) = mailbox.exchange(NOW)
    return report


@pytest.mark.parametrize("form", FORMATS)
def test_orders_go_out_in_one_file_with_their_totals_and_only_once(folder: Path, form: str) -> None:
    box = Mailbox(folder, "zhejiang", form)
    box.keep(ORDER)
    box.keep({**ORDER, "order_id": "order_2", "quantity": "0.500000"})

    box.exchange(NOW)
    box.exchange(NOW)

    (file,) = (folder / "out").glob(f"orders-*.{form}")
    rows = read_rows(file.read_bytes(), ORDER_COLUMNS, form)
    check_control(file.with_name(file.name + ".ok").read_bytes(), file.name, file.read_bytes(), rows)
    assert sorted(row["order_id"] for row in rows) == ["order_1", "order_2"]
    assert quantity_total(rows) == "10.500000"


def test_the_same_order_is_kept_once_and_another_under_its_id_is_told_apart(mailbox: Mailbox, folder: Path) -> None:
    assert mailbox.keep({**ORDER, "quantity": "11.000000"})["quantity"] == "10.000000"
    mailbox.exchange(NOW)

    assert len(list((folder / "out").glob("*.ok"))) == 1


@pytest.mark.parametrize("form", FORMATS)
def test_an_answer_of_a_whole_file_is_taken(mailbox: Mailbox, folder: Path, form: str) -> None:
    bring(folder, f"answers-1.{form}", [ANSWER])

    report = taken(mailbox)

    assert (report.taken, report.refused, report.refused_rows) == (1, None, [])
    answer = mailbox.answer("order_1")
    assert answer is not None
    assert (answer.status, answer.registry_ref) == (OrderStatus.EXECUTED, "DJ-1")
    assert answer.executed_at == NOW


def test_a_file_without_its_control_file_is_still_on_its_way(mailbox: Mailbox, folder: Path) -> None:
    bring(folder, "answers-1.jsonl", [ANSWER])
    (folder / "in" / "answers-1.jsonl.ok").unlink()

    assert mailbox.exchange(NOW) == []
    assert mailbox.answer("order_1") is None
    assert (folder / "in" / "answers-1.jsonl").exists()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"rows": 2}, "row_count_mismatch"),
        ({"quantity_total": "11.000000"}, "quantity_total_mismatch"),
        ({"sha256": "0" * 64}, "digest_mismatch"),
        ({"file": "answers-2.jsonl"}, "control_of_another_file"),
        ({"rows": "1"}, "control_malformed"),
    ],
)
def test_a_file_that_is_not_what_its_control_file_says_is_refused_whole(
    mailbox: Mailbox, folder: Path, wrong: dict[str, Any], code: str
) -> None:
    bring(folder, "answers-1.jsonl", [ANSWER], wrong)

    report = taken(mailbox)

    assert (report.refused, report.taken) == (code, 0)
    assert mailbox.answer("order_1") is None
    assert (folder / "refused" / "answers-1.jsonl").exists()
    (said,) = (folder / "reports").glob("answers-1.jsonl.*.json")
    assert json.loads(said.read_bytes())["refused"] == code


def test_a_control_file_alone_is_refused_by_name(mailbox: Mailbox, folder: Path) -> None:
    bring(folder, "answers-1.jsonl", [ANSWER])
    (folder / "in" / "answers-1.jsonl").unlink()

    assert taken(mailbox).refused == "file_missing"
    assert mailbox.exchange(NOW) == []


def test_a_file_is_taken_once_under_its_name(mailbox: Mailbox, folder: Path) -> None:
    bring(folder, "answers-1.jsonl", [ANSWER])
    taken(mailbox)
    bring(folder, "answers-1.jsonl", [REFUSED])

    assert taken(mailbox).refused == "file_taken_before"


def test_rows_are_refused_one_by_one_and_the_others_are_taken(mailbox: Mailbox, folder: Path) -> None:
    mailbox.keep({**ORDER, "order_id": "order_2"})
    rows = [
        {**ANSWER, "order_id": "order_9"},
        {**ANSWER, "quantity": "9.000000"},
        {**ANSWER, "status": "done"},
        {**ANSWER, "registry_ref": ""},
        {**ANSWER, "executed_at": "yesterday"},
        ANSWER,
        ANSWER,
        REFUSED,
        {**ANSWER, "order_id": "order_2"},
    ]
    bring(folder, "answers-1.csv", rows)

    report = taken(mailbox)

    assert (report.rows, report.taken, report.duplicates) == (9, 2, 1)
    assert [(row["row"], row["code"]) for row in report.refused_rows] == [
        (1, "unknown_order"),
        (2, "quantity_mismatch"),
        (3, "row_malformed"),
        (4, "row_incomplete"),
        (5, "row_malformed"),
        (8, "conflicting_answer"),
    ]


def test_accepted_may_become_executed_and_executed_stays(mailbox: Mailbox, folder: Path) -> None:
    accepted = {name: ANSWER[name] for name in ("order_id", "quantity", "unit")} | {"status": "accepted"}
    bring(folder, "answers-1.jsonl", [accepted])
    taken(mailbox)
    first = mailbox.answer("order_1")
    bring(folder, "answers-2.jsonl", [ANSWER])
    taken(mailbox)
    bring(folder, "answers-3.jsonl", [accepted])
    report = taken(mailbox)

    assert first is not None
    assert first.status is OrderStatus.ACCEPTED
    assert [row["code"] for row in report.refused_rows] == ["conflicting_answer"]
    last = mailbox.answer("order_1")
    assert last is not None
    assert last.status is OrderStatus.EXECUTED


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("answers-1.jsonl", b'{"order_id": "order_1"', "file_truncated"),
        ("answers-1.jsonl", b"\xff\xfe\n", "file_malformed"),
        ("answers-1.jsonl", b'{"a": 1, "a": 2}\n', "file_malformed"),
        ("answers-1.csv", b"order_id,status\n", "header_mismatch"),
        ("answers-1.csv", b"order_id", "file_truncated"),
        ("answers-1.xlsx", b"PK", "file_unknown"),
        ("letters-1.csv", b"x\n", "file_unknown"),
        ("rights-2026-13-01.csv", (",".join(RIGHT_COLUMNS) + "\n").encode(), "file_unknown"),
    ],
)
def test_what_is_no_file_of_ours_is_refused_and_breaks_nothing(
    mailbox: Mailbox, folder: Path, name: str, content: bytes, code: str
) -> None:
    (folder / "in" / name).write_bytes(content)
    (folder / "in" / f"{name}.ok").write_bytes(write_control(name, content, []))

    assert taken(mailbox).refused == code


def test_a_statement_with_a_row_that_cannot_be_read_is_refused_whole(mailbox: Mailbox, folder: Path) -> None:
    bring(folder, "rights-2026-11-21.csv", [{"registry_no": "PWQ-1", "quantity": "1.000000", "unit": "t/a"}])

    report = taken(mailbox)

    assert (report.refused, [row["code"] for row in report.refused_rows]) == ("rows_malformed", ["row_malformed"])
    assert mailbox.statement() is None


def test_a_link_out_of_the_mailbox_is_not_followed(mailbox: Mailbox, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jsonl"
    secret.write_bytes(b"{}\n")
    (folder / "in" / "answers-1.jsonl").symlink_to(secret)
    (folder / "in" / "answers-1.jsonl.ok").write_bytes(b"{}")

    assert taken(mailbox).refused == "file_missing"
    assert secret.exists()


def test_an_order_that_was_not_put_out_before_a_crash_is_put_out_by_the_next(folder: Path) -> None:
    Mailbox(folder, "zhejiang").keep(ORDER)

    Mailbox(folder, "zhejiang").exchange(NOW)

    assert len(list((folder / "out").glob("*.ok"))) == 1


def test_a_format_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="jsonl or csv"):
        Mailbox(Path(), "zhejiang", "xml")


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(rows=st.lists(st.fixed_dictionaries(dict.fromkeys(ANSWER_COLUMNS[4:], CELLS)), max_size=5))
@pytest.mark.parametrize("form", FORMATS)
def test_whatever_text_a_row_has_comes_back(form: str, rows: list[dict[str, str]]) -> None:
    full = [{**dict.fromkeys(ANSWER_COLUMNS, ""), "order_id": "order_1", **row} for row in rows]

    assert read_rows(write_rows(full, ANSWER_COLUMNS, form), ANSWER_COLUMNS, form) == full


@given(amounts=st.lists(st.decimals(0, 10**12, places=6), max_size=20))
def test_totals_are_exact(amounts: list[Decimal]) -> None:
    assert Decimal(quantity_total([{"quantity": f"{amount:.6f}"} for amount in amounts])) == sum(amounts, Decimal(0))


@pytest.mark.parametrize("amount", ["ten", "NaN", "1E+999999999", "01", "1.0000001", "１"])
def test_a_total_of_what_is_no_plain_number_is_refused_at_once(amount: str) -> None:
    with pytest.raises(FileRefused):
        quantity_total([{"quantity": amount}])
