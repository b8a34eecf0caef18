"""The simulated registry's books as they lie on disk: rights, orders, effects, court orders, each day's balances.

The subtle thing is where the truth is: `effects` holds one row for every freeze or release that really happened and
is not unique by order id, so that a double freeze would show as two rows instead of being hidden by a key. What is
frozen is summed from it, never stored.

One process, one connection, one writer: calls are synchronous and short, and writing calls stand inside `transaction`.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Final

from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import DailyBalance, OrderStatus, RegistryOrder
from domain.values.identifiers import PermitNo, RegistryNo, Uscc
from domain.values.quantity import Quantity, Unit
from domain.values.time import business_date
from integrations.outbound.strict_json import read_object, write_object
from integrations.registry.effects import SIGNS, Effect
from integrations.registry.messages import Outcome, read_entry, write_entry
from integrations.registry.registered_right import RegisteredRight
from integrations.registry.rulings import Freeze
from integrations.registry.vocabulary import RefusalCode
from integrations.registry.wire import read_time, write_time

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS rights (
    registry TEXT NOT NULL, registry_no TEXT NOT NULL, permit_no TEXT NOT NULL,
    entry BLOB NOT NULL, business_name TEXT,
    PRIMARY KEY (registry, registry_no)
) STRICT;
CREATE INDEX IF NOT EXISTS rights_by_permit ON rights (registry, permit_no);
CREATE TABLE IF NOT EXISTS orders (
    registry TEXT NOT NULL, order_id TEXT NOT NULL, kind TEXT NOT NULL, registry_no TEXT NOT NULL,
    content BLOB NOT NULL, received_at TEXT NOT NULL, messages INTEGER NOT NULL,
    status TEXT NOT NULL, registry_ref TEXT, executed_at TEXT, refusal TEXT,
    PRIMARY KEY (registry, order_id)
) STRICT;
CREATE TABLE IF NOT EXISTS effects (
    serial INTEGER PRIMARY KEY AUTOINCREMENT,
    registry TEXT NOT NULL, registry_no TEXT NOT NULL, order_id TEXT NOT NULL, kind TEXT NOT NULL,
    quantity TEXT NOT NULL, unit TEXT NOT NULL, registry_ref TEXT NOT NULL, freeze_ref TEXT NOT NULL,
    holder_uscc TEXT NOT NULL, beneficiary TEXT NOT NULL, contract_no TEXT NOT NULL, executed_at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS effects_by_right ON effects (registry, registry_no);
CREATE INDEX IF NOT EXISTS effects_by_freeze ON effects (registry, freeze_ref);
CREATE TABLE IF NOT EXISTS court_orders (
    serial INTEGER PRIMARY KEY AUTOINCREMENT,
    registry TEXT NOT NULL, registry_no TEXT NOT NULL, quantity TEXT NOT NULL, unit TEXT NOT NULL,
    reference TEXT NOT NULL, since TEXT NOT NULL, lifted_at TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS balances (
    registry TEXT NOT NULL, registry_no TEXT NOT NULL, day TEXT NOT NULL,
    quantity TEXT NOT NULL, frozen TEXT NOT NULL, unit TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (registry, registry_no, day)
) STRICT;
CREATE TABLE IF NOT EXISTS transfers (
    registry TEXT NOT NULL, registry_ref TEXT NOT NULL, buyer TEXT NOT NULL, buyer_registry_no TEXT NOT NULL,
    PRIMARY KEY (registry, registry_ref)
) STRICT;
CREATE TABLE IF NOT EXISTS amendments (
    registry TEXT NOT NULL, registry_ref TEXT NOT NULL, beneficiary TEXT NOT NULL, holder_uscc TEXT NOT NULL,
    PRIMARY KEY (registry, registry_ref)
) STRICT;
"""


_entered: Final = lru_cache(maxsize=4096)(lambda registry, entry: read_entry(registry, read_object(entry)))
_REF_LETTERS: Final = {OrderKind.FREEZE: "DJ", OrderKind.RELEASE: "JD", OrderKind.TRANSFER: "ZY", OrderKind.AMEND: "BG"}


@dataclass(frozen=True, slots=True)
class RecordedOrder:
    """An order as the books have it: its content as received, and what became of it."""

    content: bytes
    outcome: Outcome


class Books:
    """The books of all simulated registries, in one file or, without a path, in memory."""

    def __init__(self, path: Path | None, now: Callable[[], datetime]) -> None:
        """Open the file, or create it."""
        self._now = now
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all of it to disk, or none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Rights

    def enter(self, right: RegisteredRight) -> None:
        """Enter a right; one that stands in the books already stays as it is."""
        entered = self._db.execute(
            "INSERT INTO rights (registry, registry_no, permit_no, entry) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (right.registry, right.registry_no, right.permit_no, write_object(write_entry(right))),
        )
        if entered.rowcount:
            self.note_balance(right)

    def replace_entry(self, right: RegisteredRight) -> None:
        """Write a right's entry anew."""
        self._db.execute(
            "UPDATE rights SET entry = ? WHERE registry = ? AND registry_no = ?",
            (write_object(write_entry(right)), right.registry, right.registry_no),
        )

    def registries(self) -> frozenset[str]:
        """Return the names of the registries that have any right."""
        return frozenset(row["registry"] for row in self._db.execute("SELECT DISTINCT registry FROM rights"))

    def rights(
        self, registry: str, registry_no: RegistryNo | None = None, permit_no: PermitNo | None = None
    ) -> list[tuple[RegisteredRight, Quantity]]:
        """Return the rights under either number, or all of a registry, each with what is frozen of it."""
        rows = self._db.execute(
            "SELECT entry FROM rights WHERE registry = :registry AND (:number IS NULL OR registry_no = :number)"
            " AND (:permit IS NULL OR permit_no = :permit) ORDER BY registry_no",
            {"registry": registry, "number": registry_no, "permit": permit_no},
        )
        entries = [_entered(registry, row["entry"]) for row in rows.fetchall()]
        return [(right, self.frozen(right)) for right in entries]

    def right(self, registry: str, registry_no: RegistryNo) -> RegisteredRight | None:
        """Return one right."""
        found = self.rights(registry, registry_no)
        return found[0][0] if found else None

    def rename_holder(self, right: RegisteredRight, name: str | None) -> None:
        """Note the holder's name in the business register; none means the same as here."""
        self._db.execute(
            "UPDATE rights SET business_name = ? WHERE registry = ? AND registry_no = ?",
            (name, right.registry, right.registry_no),
        )

    def business_name(self, right: RegisteredRight) -> str:
        """Return the holder's name in the business register."""
        row = self._db.execute(
            "SELECT business_name FROM rights WHERE registry = ? AND registry_no = ?",
            (right.registry, right.registry_no),
        ).fetchone()
        return right.holder_name if row["business_name"] is None else str(row["business_name"])

    def frozen(self, right: RegisteredRight) -> Quantity:
        """Return what freezes and court orders take together."""
        rows = self._db.execute(
            "SELECT kind, quantity, unit FROM effects WHERE registry = :registry AND registry_no = :number"
            " UNION ALL SELECT 'freeze', quantity, unit FROM court_orders"
            " WHERE registry = :registry AND registry_no = :number AND lifted_at IS NULL",
            {"registry": right.registry, "number": right.registry_no},
        )
        return _sum(rows.fetchall(), right.quantity.unit)

    def freeze(self, registry: str, registry_ref: str | None) -> Freeze | None:
        """Return a freeze by its reference, with what is left of it and those whose it is by its latest amendment."""
        rows = self._db.execute(
            "SELECT effects.*, amendments.beneficiary AS now_beneficiary, amendments.holder_uscc AS now_holder"
            " FROM effects LEFT JOIN amendments USING (registry, registry_ref)"
            " WHERE registry = ? AND freeze_ref = ? ORDER BY serial",
            (registry, registry_ref),
        ).fetchall()
        if not rows:
            return None
        first = rows[0]
        remaining = _sum(rows, Unit(first["unit"]))
        amended = [row for row in rows if row["now_beneficiary"] is not None]
        return Freeze(
            registry_no=RegistryNo(first["registry_no"]),
            holder_uscc=Uscc(amended[-1]["now_holder"] if amended else first["holder_uscc"]),
            beneficiary=Uscc(amended[-1]["now_beneficiary"] if amended else first["beneficiary"]),
            remaining=remaining,
        )

    # Orders

    def order(self, registry: str, order_id: str) -> RecordedOrder | None:
        """Return an order by our id; none when it was never seen."""
        wanted = "SELECT * FROM orders WHERE registry = ? AND order_id = ?"
        row = self._db.execute(wanted, (registry, order_id)).fetchone()
        return None if row is None else RecordedOrder(content=row["content"], outcome=_outcome(row))

    def record_order(self, order: RegistryOrder, content: bytes) -> None:
        """Write an order down as accepted."""
        self._db.execute(
            "INSERT INTO orders (registry, order_id, kind, registry_no, content, received_at, messages, status)"
            " VALUES (?, ?, ?, ?, ?, ?, 1, ?)",
            (
                order.registry,
                order.order_id,
                order.kind.value,
                order.registry_no,
                content,
                write_time(self._now()),
                OrderStatus.ACCEPTED.value,
            ),
        )

    def count_message(self, registry: str, order_id: str) -> None:
        """Note that an order came once more."""
        counted = "UPDATE orders SET messages = messages + 1 WHERE registry = ? AND order_id = ?"
        self._db.execute(counted, (registry, order_id))

    def settle(self, registry: str, outcome: Outcome) -> None:
        """Write down what became of an order."""
        executed_at = outcome.executed_at
        self._db.execute(
            "UPDATE orders SET status = ?, registry_ref = ?, executed_at = ?, refusal = ?"
            " WHERE registry = ? AND order_id = ?",
            (
                outcome.status.value,
                outcome.registry_ref,
                None if executed_at is None else write_time(executed_at),
                outcome.refusal,
                registry,
                outcome.order_id,
            ),
        )

    def add_effect(self, order: RegistryOrder, executed_at: datetime) -> str:
        """Freeze, release, transfer or amend; return the registry's reference for it."""
        (serial,) = self._db.execute("SELECT coalesce(max(serial), 0) + 1 FROM effects").fetchone()
        time = write_time(executed_at)
        registry_ref = f"{order.registry[:2].upper()}{_REF_LETTERS[order.kind]}{time[:10].replace('-', '')}{serial:08d}"
        self._db.execute(
            "INSERT INTO effects (registry, registry_no, order_id, kind, quantity, unit, registry_ref, freeze_ref,"
            " holder_uscc, beneficiary, contract_no, executed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                order.registry,
                order.registry_no,
                order.order_id,
                order.kind.value,
                order.quantity.wire(),
                order.quantity.unit.value,
                registry_ref,
                registry_ref if order.registry_ref is None else order.registry_ref,
                order.holder_uscc,
                order.beneficiary,
                order.contract_no,
                time,
            ),
        )
        return registry_ref

    def effects(self) -> list[Effect]:
        """Return everything that was executed, oldest first."""
        rows = self._db.execute(
            "SELECT effects.*, orders.received_at, orders.messages, buyer, buyer_registry_no,"
            " amendments.beneficiary AS now_beneficiary, amendments.holder_uscc AS now_holder FROM effects"
            " JOIN orders USING (registry, order_id) LEFT JOIN transfers USING (registry, registry_ref)"
            " LEFT JOIN amendments USING (registry, registry_ref) ORDER BY serial"
        )
        return [
            Effect(
                registry=row["registry"],
                registry_no=row["registry_no"],
                order_id=row["order_id"],
                kind=row["kind"],
                quantity=Quantity.parse(row["quantity"], Unit(row["unit"])),
                registry_ref=row["registry_ref"],
                freeze_ref=row["freeze_ref"],
                holder_uscc=row["holder_uscc"],
                beneficiary=row["beneficiary"],
                contract_no=row["contract_no"],
                received_at=read_time(row["received_at"]),
                executed_at=read_time(row["executed_at"]),
                messages=row["messages"],
                buyer=row["buyer"],
                buyer_registry_no=row["buyer_registry_no"],
                new_beneficiary=row["now_beneficiary"],
                new_holder=row["now_holder"],
            )
            for row in rows.fetchall()
        ]

    def note_amendment(self, order: RegistryOrder, registry_ref: str) -> None:
        """Note whose a freeze is from now on."""
        beneficiary = order.new_beneficiary or order.beneficiary
        row = order.registry, registry_ref, beneficiary, order.new_holder or order.holder_uscc
        self._db.execute("INSERT INTO amendments VALUES (?, ?, ?, ?)", row)

    def note_transfer(self, registry: str, registry_ref: str, bought: RegisteredRight) -> None:
        """Note what a transfer entered for the buyer."""
        row = registry, registry_ref, bought.holder_uscc, bought.registry_no
        self._db.execute("INSERT INTO transfers VALUES (?, ?, ?, ?)", row)

    # Court orders

    def add_court_order(self, right: RegisteredRight, quantity: Quantity, reference: str | None) -> None:
        """Take a quantity for a court, whether or not so much is free."""
        (serial,) = self._db.execute("SELECT count(*) + 1 FROM court_orders").fetchone()
        since = write_time(self._now())
        self._db.execute(
            "INSERT INTO court_orders (registry, registry_no, quantity, unit, reference, since)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                right.registry,
                right.registry_no,
                quantity.wire(),
                quantity.unit.value,
                reference or f"({since[:4]})示例法执字第{serial}号",
                since,
            ),
        )

    def lift_court_order(self, right: RegisteredRight, reference: str | None) -> bool:
        """Lift the court order of this reference, or the latest one; tell whether one stood."""
        lifted = self._db.execute(
            "UPDATE court_orders SET lifted_at = :now WHERE serial = (SELECT max(serial) FROM court_orders"
            " WHERE registry = :registry AND registry_no = :number AND lifted_at IS NULL"
            " AND (:reference IS NULL OR reference = :reference))",
            {
                "now": write_time(self._now()),
                "registry": right.registry,
                "number": right.registry_no,
                "reference": reference,
            },
        )
        return lifted.rowcount == 1

    # Balances

    def note_balance(self, right: RegisteredRight) -> None:
        """Keep the day's last balance, from which the daily file of that day is made."""
        self._db.execute(
            "INSERT OR REPLACE INTO balances (registry, registry_no, day, quantity, frozen, unit, version)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                right.registry,
                right.registry_no,
                business_date(self._now()).isoformat(),
                right.quantity.wire(),
                self.frozen(right).wire(),
                right.quantity.unit.value,
                right.version,
            ),
        )

    def balances(self, registry: str, on: date) -> list[DailyBalance]:
        """Return each right's last balance up to a day; none for days before the books begin."""
        rows = self._db.execute(
            "SELECT registry_no, quantity, frozen, unit, version, max(day) FROM balances"
            " WHERE registry = ? AND day <= ? GROUP BY registry_no ORDER BY registry_no",
            (registry, on.isoformat()),
        )
        return [
            DailyBalance(
                registry_no=RegistryNo(row["registry_no"]),
                quantity=Quantity.parse(row["quantity"], Unit(row["unit"])),
                frozen=Quantity.parse(row["frozen"], Unit(row["unit"])),
                version=row["version"],
            )
            for row in rows.fetchall()
        ]


def _sum(rows: Sequence[sqlite3.Row], unit: Unit) -> Quantity:
    """Add freezes, subtract releases and transfers, let amendments be; all have six decimals in one unit: exact."""
    assert all(row["unit"] == unit.value for row in rows), "an order in another unit is refused"
    signed = (Decimal(row["quantity"]) * SIGNS[OrderKind(row["kind"])] for row in rows)
    return Quantity(sum(signed, Decimal(0)), unit)


def _outcome(row: sqlite3.Row) -> Outcome:
    return Outcome(
        order_id=row["order_id"],
        kind=OrderKind(row["kind"]),
        registry_no=RegistryNo(row["registry_no"]),
        status=OrderStatus(row["status"]),
        registry_ref=row["registry_ref"],
        executed_at=None if row["executed_at"] is None else read_time(row["executed_at"]),
        refusal=None if row["refusal"] is None else RefusalCode(row["refusal"]),
    )
