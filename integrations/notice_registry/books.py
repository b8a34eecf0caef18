"""The simulated notice registry's books: entries, orders with their outcomes, and every act that really happened.

It examines nothing but what such a register does: the term, the code, whether the entry stands, whether the objector
is its debtor. An order and its effect are one transaction, on disk before any answer leaves; `effects` is not unique
by order id, so that a doubled act would show as two rows instead of being hidden by a key.
"""

import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from domain.pledges.notices import TERM_MONTHS_MAX, TERM_MONTHS_MIN, NoticeKind, extended, term_from
from domain.ports.notice_registry import ListingStatus, NoticeListing, NoticeMessage
from domain.ports.registry import OrderStatus
from domain.values.identifiers import Uscc
from domain.values.time import business_date, rfc3339
from integrations.notice_registry.messages import (
    Outcome,
    read_listing,
    read_order,
    read_outcome,
    write_listing,
    write_order,
    write_outcome,
)
from integrations.outbound.strict_json import read_object, write_object

WORDS: Final = {
    "ORDER_ID_REUSED": "指令编号已用于另一指令",
    "TERM_OUT_OF_RANGE": "登记期限应为1个月至30年",
    "NO_SUCH_ENTRY": "登记证明编号不存在",
    "WRONG_CODE": "修改码不符",
    "ENTRY_ENDED": "登记已到期或已注销",
    "NOT_A_DEBTOR": "异议人不是该登记的担保人",
    "INCOMPLETE": "登记内容不完整",
}
_STANDING: Final = frozenset({ListingStatus.REGISTERED, ListingStatus.OBJECTED})
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS entries (
    certificate_no TEXT PRIMARY KEY, modify_code TEXT NOT NULL, entry BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS orders (
    order_id TEXT PRIMARY KEY, kind TEXT NOT NULL, content BLOB NOT NULL, outcome BLOB NOT NULL,
    messages INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS effects (
    serial INTEGER PRIMARY KEY AUTOINCREMENT, order_id TEXT NOT NULL, kind TEXT NOT NULL,
    certificate_no TEXT NOT NULL, executed_at TEXT NOT NULL
) STRICT;
"""


class Refused(Exception):
    """Say why the register refuses an order; the argument is its code."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One act that happened."""

    order_id: str
    kind: str
    certificate_no: str
    executed_at: str
    messages: int


class Books:
    """The books, in a file or, without a path, in memory."""

    def __init__(self, path: Path | None, now: Callable[[], datetime]) -> None:
        """Open the file, or create it."""
        self._now = now
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def place(self, order: NoticeMessage, *, postponed: bool) -> Outcome:
        """Take an order and execute or refuse it; the same id again gives the same outcome, or ORDER_ID_REUSED."""
        content = write_object(write_order(order))
        with self._transaction():
            row = self._db.execute(
                "SELECT kind, content, outcome FROM orders WHERE order_id = ?", (order.order_id,)
            ).fetchone()
            if row is not None and (row[0], row[1]) != (order.kind.value, content):
                return _refused(order.order_id, "ORDER_ID_REUSED")
            if row is not None:
                self._db.execute("UPDATE orders SET messages = messages + 1 WHERE order_id = ?", (order.order_id,))
                return read_outcome(read_object(row[2]), order.order_id)
            accepted = Outcome(order_id=order.order_id, status=OrderStatus.ACCEPTED)
            outcome = accepted if postponed else self._executed(order)
            self._db.execute(
                "INSERT INTO orders VALUES (?, ?, ?, ?, 1)",
                (order.order_id, order.kind.value, content, write_object(write_outcome(outcome))),
            )
            return outcome

    def outcome(self, order_id: str) -> Outcome | None:
        """Return what became of an order, executing it first if it was only accepted; none when never seen."""
        with self._transaction():
            row = self._db.execute(
                "SELECT kind, content, outcome FROM orders WHERE order_id = ?", (order_id,)
            ).fetchone()
            if row is None:
                return None
            outcome = read_outcome(read_object(row[2]), order_id)
            if outcome.status is OrderStatus.ACCEPTED:
                outcome = self._executed(read_order(read_object(row[1]), NoticeKind(row[0])))
                self._db.execute(
                    "UPDATE orders SET outcome = ? WHERE order_id = ?",
                    (write_object(write_outcome(outcome)), order_id),
                )
            return outcome

    def entries(self, debtor: Uscc | None = None, certificate_nos: Sequence[str] | None = None) -> list[NoticeListing]:
        """Return the entries of a debtor, or of some certificates, or all, as they stand today."""
        today = business_date(self._now())
        rows = self._db.execute("SELECT entry FROM entries ORDER BY certificate_no").fetchall()
        found = [_on(read_listing(read_object(row[0])), today) for row in rows]
        return [
            each
            for each in found
            if (debtor is None or debtor in {party.uscc for party in each.debtors})
            and (certificate_nos is None or each.certificate_no in certificate_nos)
        ]

    def effects(self) -> list[Effect]:
        """Return everything that happened, oldest first."""
        rows = self._db.execute(
            "SELECT e.order_id, e.kind, e.certificate_no, e.executed_at, coalesce(o.messages, 0)"
            " FROM effects e LEFT JOIN orders o ON o.order_id = e.order_id ORDER BY e.serial"
        )
        return [Effect(*row) for row in rows.fetchall()]

    def change(self, certificate_no: str, status: ListingStatus) -> NoticeListing | None:
        """Let others change an entry without an order of ours; none when there is no such entry."""
        with self._transaction():
            found = self.entries(certificate_nos=[certificate_no])
            if not found:
                return None
            changed = replace(found[0], status=status)
            self._write(changed)
            return changed

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _executed(self, order: NoticeMessage) -> Outcome:
        try:
            entry, code = self._registered(order) if order.kind is NoticeKind.REGISTER else self._changed(order)
        except Refused as refusal:
            return _refused(order.order_id, str(refusal))
        now = self._now()
        self._db.execute(
            "INSERT INTO effects (order_id, kind, certificate_no, executed_at) VALUES (?, ?, ?, ?)",
            (order.order_id, order.kind.value, entry.certificate_no, rfc3339(now)),
        )
        return Outcome(
            order_id=order.order_id,
            status=OrderStatus.EXECUTED,
            certificate_no=entry.certificate_no,
            modify_code=code,
            executed_at=now,
            expires_on=entry.expires_on,
        )

    def _registered(self, order: NoticeMessage) -> tuple[NoticeListing, str]:
        content, now = order.content, self._now()
        if content.description is None or content.secured_amount is None or not order.debtors:
            raise Refused("INCOMPLETE")
        entry = NoticeListing(
            certificate_no=f"{business_date(now):%Y%m%d}{self._serial():010d}",
            status=ListingStatus.REGISTERED,
            secured_party=order.secured_party,
            debtors=order.debtors,
            description=content.description,
            secured_amount=content.secured_amount,
            asset_numbers=content.asset_numbers,
            registered_at=now,
            expires_on=term_from(business_date(now), _term(content.term_months)),
        )
        code = secrets.token_hex(4).upper()
        self._db.execute(
            "INSERT INTO entries VALUES (?, ?, ?)", (entry.certificate_no, code, write_object(write_listing(entry)))
        )
        return entry, code

    def _changed(self, order: NoticeMessage) -> tuple[NoticeListing, None]:
        entry = self._proven(order)
        content = order.content
        if order.kind is NoticeKind.AMEND:
            entry = replace(
                entry,
                description=content.description or entry.description,
                secured_amount=content.secured_amount or entry.secured_amount,
            )
        elif order.kind is NoticeKind.EXTEND:
            entry = replace(entry, expires_on=extended(entry.expires_on, _term(content.term_months)))
        elif order.kind is NoticeKind.DISCHARGE:
            entry = replace(entry, status=ListingStatus.DISCHARGED)
        else:
            entry = replace(entry, status=ListingStatus.OBJECTED)
        self._write(entry)
        return entry, None

    def _proven(self, order: NoticeMessage) -> NoticeListing:
        """Return the entry that the order may change; raises Refused."""
        found = self.entries(certificate_nos=[order.certificate_no or ""])
        if not found:
            raise Refused("NO_SUCH_ENTRY")
        entry = found[0]
        if order.kind is NoticeKind.OBJECT:
            if not {party.uscc for party in entry.debtors}.intersection(party.uscc for party in order.debtors):
                raise Refused("NOT_A_DEBTOR")
        elif not secrets.compare_digest(self._code(entry.certificate_no), (order.modify_code or "").encode()):
            raise Refused("WRONG_CODE")
        if entry.status not in _STANDING:
            raise Refused("ENTRY_ENDED")
        return entry

    def _code(self, certificate_no: str) -> bytes:
        row = self._db.execute("SELECT modify_code FROM entries WHERE certificate_no = ?", (certificate_no,)).fetchone()
        return str(row[0]).encode()

    def _write(self, entry: NoticeListing) -> None:
        self._db.execute(
            "UPDATE entries SET entry = ? WHERE certificate_no = ?",
            (write_object(write_listing(entry)), entry.certificate_no),
        )

    def _serial(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM entries").fetchone()[0]) + 1


def _term(months: int | None) -> int:
    if months is None or not TERM_MONTHS_MIN <= months <= TERM_MONTHS_MAX:
        raise Refused("TERM_OUT_OF_RANGE")
    return months


def _on(entry: NoticeListing, today: date) -> NoticeListing:
    """Return an entry as it stands on a day: the last day is still a day of the term."""
    over = entry.status in _STANDING and entry.expires_on < today
    return replace(entry, status=ListingStatus.EXPIRED) if over else entry


def _refused(order_id: str, code: str) -> Outcome:
    return Outcome(order_id=order_id, status=OrderStatus.REFUSED, refusal=code, words=WORDS[code])
