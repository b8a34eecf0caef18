"""A folder as a mailbox with a registry: what we put out, what they put in, and what we keep of both.

    out/       orders-*.jsonl|csv with .ok, for them to fetch
    in/        answers-* and rights-* with .ok, as they bring them
    kept/      orders/ and answers/ by order id, waiting/ (not yet put out), rights/ by day, taken/ (their files)
    refused/   files that were refused whole
    reports/   what was taken and refused of each file, as JSON

Every file appears by a rename, whole or not at all; the control file comes last. One process at a time works in the
mailbox, by a lock of the operating system that dies with its holder, so a crash leaves at worst an order that is put
out twice: the registry takes it by its id, once. How the folder reaches the registry (SFTP, a courier) is not our
business.
"""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from domain.errors import InvalidDate
from domain.ports.registry import OrderAnswer, OrderStatus
from domain.values.time import SHANGHAI, parse_date
from integrations.outbound.strict_json import read_object, write_object
from integrations.registry_files.messages import RowRefused, read_answer, read_right
from integrations.registry_files.rows import (
    ANSWER_COLUMNS,
    FILE_BYTES_MAX,
    FORMATS,
    ORDER_COLUMNS,
    RIGHT_COLUMNS,
    FileRefused,
    Row,
    check_control,
    read_rows,
    write_control,
    write_rows,
)

CONTROL: Final = ".ok"
_FOLDERS: Final = ("out", "in", "kept/orders", "kept/answers", "kept/waiting", "kept/rights", "kept/taken", "refused")
_FINAL: Final = frozenset({OrderStatus.EXECUTED.value, OrderStatus.REFUSED.value})


@dataclass(slots=True)
class Report:
    """What became of one file of theirs: `refused` is why it was refused whole, none where it was taken."""

    file: str
    rows: int = 0
    taken: int = 0
    duplicates: int = 0
    refused: str | None = None
    refused_rows: list[dict[str, object]] = field(default_factory=list)


class Mailbox:
    """The mailbox of one registry."""

    def __init__(self, folder: Path, registry: str, form: str = "jsonl") -> None:
        """Make the folders; raises ValueError for a format that is none."""
        if form not in FORMATS:
            message = f"a mailbox exchanges {' or '.join(FORMATS)}, not {form}"
            raise ValueError(message)
        self._folder = folder
        self._registry = registry
        self._form = form
        for name in (*_FOLDERS, "reports"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def keep(self, row: Row) -> Row:
        """Keep an order to be put out, once; return what is kept under its id, which may be another order."""
        with self._alone():
            path = self._at("kept/orders", row["order_id"])
            if path.exists():
                return _read(path)
            self._write(self._at("kept/waiting", row["order_id"]), write_object(row))
            self._write(path, write_object(row))
            return row

    def order(self, order_id: str) -> Row | None:
        """Return a kept order, none when there is no such."""
        path = self._at("kept/orders", order_id)
        return _read(path) if path.exists() else None

    def answer(self, order_id: str) -> OrderAnswer | None:
        """Return what they answered to an order, none before they did."""
        path, order = self._at("kept/answers", order_id), self.order(order_id)
        if order is None or not path.exists():
            return None
        row = {"order_id": order_id, **_full(_read(path), ANSWER_COLUMNS)}
        return read_answer(row, _full(order, ORDER_COLUMNS), _read(path)["evidence"])

    def statement(self) -> tuple[str, list[Row], str] | None:
        """Return day, rows and digest of the newest statement of the whole register, none before the first."""
        kept = sorted(path for path in (self._folder / "kept/rights").iterdir() if not path.name.startswith("."))
        return self._statement(kept[-1]) if kept else None

    def statement_of(self, day: str) -> tuple[str, list[Row], str] | None:
        """Return the statement of a day."""
        kept = [path for path in (self._folder / "kept/rights").iterdir() if path.stem == day]
        return self._statement(kept[0]) if kept else None

    def exchange(self, now: datetime) -> list[Report]:
        """Put out what waits, take in what lies there whole, and return what became of each file of theirs."""
        with self._alone():
            self._put_out(now)
            return [self._take(path) for path in self._arrived()]

    def _put_out(self, now: datetime) -> None:
        waiting = sorted((self._folder / "kept/waiting").glob("[!.]*"))
        if not waiting:
            return
        rows = [_full(_read(path), ORDER_COLUMNS) for path in waiting]
        stamp = now.astimezone(SHANGHAI).strftime("%Y%m%d%H%M%S")
        name = f"orders-{stamp}-{secrets.token_hex(4)}.{self._form}"
        content = write_rows(rows, ORDER_COLUMNS, self._form)
        self._write(self._folder / "out" / name, content)
        self._write(self._folder / "out" / (name + CONTROL), write_control(name, content, rows))
        for path in waiting:
            path.unlink()

    def _arrived(self) -> list[Path]:
        """Return their files that are whole, in the order of their names."""
        controls = sorted((self._folder / "in").glob(f"*{CONTROL}"))
        return [path.with_name(path.name.removesuffix(CONTROL)) for path in controls]

    def _take(self, path: Path) -> Report:
        report = Report(path.name)
        control = path.with_name(path.name + CONTROL)
        try:
            rows, digest = self._checked(path, control)
            report.rows = len(rows)
            if path.name.startswith("answers-"):
                self._take_answers(rows, digest, report)
            else:
                self._take_statement(path, rows, digest, report)
        except FileRefused as refusal:
            report.refused = str(refusal)
        place = "kept/taken" if report.refused is None else "refused"
        said = {
            "file": report.file,
            "rows": report.rows,
            "taken": report.taken,
            "duplicates": report.duplicates,
            "refused": report.refused,
            "refused_rows": report.refused_rows,
        }
        self._write(self._folder / "reports" / f"{path.name}.{secrets.token_hex(4)}.json", write_object(said))
        for each in (path, control):
            if each.exists():
                target = self._folder / place / each.name
                again = target.with_name(f"{each.name}.{secrets.token_hex(4)}")
                each.rename(again if target.exists() else target)
        return report

    def _checked(self, path: Path, control: Path) -> tuple[list[Row], str]:
        """Return the rows of a whole file and its digest; raises FileRefused."""
        columns = ANSWER_COLUMNS if path.name.startswith("answers-") else RIGHT_COLUMNS
        form = path.suffix.removeprefix(".")
        if not path.is_file() or path.is_symlink():
            raise FileRefused("file_missing")
        if form not in FORMATS or not path.name.startswith(("answers-", "rights-")):
            raise FileRefused("file_unknown")
        if (self._folder / "kept/taken" / path.name).exists():
            raise FileRefused("file_taken_before")
        if path.stat().st_size > FILE_BYTES_MAX:
            raise FileRefused("file_too_large")
        content = path.read_bytes()
        rows = read_rows(content, columns, form)
        check_control(control.read_bytes(), path.name, content, rows)
        return rows, hashlib.sha256(content).hexdigest()

    def _take_answers(self, rows: list[Row], digest: str, report: Report) -> None:
        """Take each answer that can be taken; a final answer is never taken back."""
        for number, row in enumerate(rows, start=1):
            try:
                if self._take_answer(row, digest):
                    report.taken += 1
                else:
                    report.duplicates += 1
            except RowRefused as refusal:
                report.refused_rows.append({"row": number, "order_id": row["order_id"], "code": str(refusal)})

    def _take_answer(self, row: Row, digest: str) -> bool:
        """Keep an answer; false when it says what is known. Raises RowRefused."""
        order = self.order(row["order_id"])
        if order is None:
            raise RowRefused("unknown_order")
        read_answer(row, _full(order, ORDER_COLUMNS), digest)
        path = self._at("kept/answers", row["order_id"])
        known = _full(_read(path), ANSWER_COLUMNS) if path.exists() else None
        if known == row:
            return False
        if known is not None and known["status"] in _FINAL:
            raise RowRefused("conflicting_answer")
        present = {name: value for name, value in row.items() if value}
        self._write(path, write_object({**present, "evidence": digest}))
        return True

    def _take_statement(self, path: Path, rows: list[Row], digest: str, report: Report) -> None:
        """Keep a statement of the whole register; one row that cannot be read refuses all, for it would be missing."""
        day = path.stem.removeprefix("rights-")
        try:
            parse_date(day)
        except InvalidDate as error:
            raise FileRefused("file_unknown") from error
        for number, row in enumerate(rows, start=1):
            try:
                read_right(row, self._registry, digest)
            except RowRefused as refusal:
                report.refused_rows.append({"row": number, "registry_no": row["registry_no"], "code": str(refusal)})
        numbers = [row["registry_no"] for row in rows]
        if report.refused_rows:
            raise FileRefused("rows_malformed")
        if len(set(numbers)) != len(numbers):
            raise FileRefused("right_twice")
        self._write(self._folder / "kept/rights" / f"{day}{path.suffix}", path.read_bytes())
        report.taken = len(rows)

    def _statement(self, path: Path) -> tuple[str, list[Row], str]:
        content = path.read_bytes()
        rows = read_rows(content, RIGHT_COLUMNS, path.suffix.removeprefix("."))
        return path.stem, rows, hashlib.sha256(content).hexdigest()

    def _at(self, folder: str, order_id: str) -> Path:
        """Return where something of an order is kept; an id that is no file name finds nothing."""
        return self._folder / folder / hashlib.sha256(order_id.encode()).hexdigest()

    def _write(self, path: Path, content: bytes) -> None:
        """Let a file appear whole, on disk."""
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _read(path: Path) -> dict[str, str]:
    told = read_object(path.read_bytes())
    names = (*ORDER_COLUMNS, *ANSWER_COLUMNS, "evidence")
    return {name: told.optional_text(name) or "" for name in names}


def _full(row: Mapping[str, str], columns: tuple[str, ...]) -> dict[str, str]:
    return {name: row.get(name, "") for name in columns}
