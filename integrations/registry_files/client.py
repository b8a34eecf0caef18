"""The file transport: an order is kept and put out with the next file, and accepted until an answer's file says more.

Questions are answered from the newest statement of the whole register. A statement that is too old is no answer: a
right that was revoked the day before yesterday must not look alive because nobody brought the files.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from domain.ports.registry import (
    DailyBalance,
    DailyBalances,
    HolderMatch,
    OrderAnswer,
    OrderStatus,
    RegistryFreeze,
    RegistryOrder,
    RegistryRight,
    RegistryRightNotFound,
    RegistryUnavailable,
)
from domain.values.identifiers import PermitNo, RegistryNo, Uscc
from domain.values.time import business_date
from integrations.registry_files.mailbox import Mailbox
from integrations.registry_files.messages import order_row, read_right
from integrations.registry_files.rows import Row

STATEMENT_DAYS_MAX: Final = 3
REUSED: Final = "ORDER_ID_REUSED"

log: Final = structlog.get_logger("greenlien.registry_files")


class FileRegistry:
    """Implements `Registry` for one registry over a mailbox; files are read and written in a thread."""

    def __init__(
        self,
        folder: Path,
        registry: str,
        now: Callable[[], datetime],
        *,
        form: str = "jsonl",
        statement_days_max: int = STATEMENT_DAYS_MAX,
    ) -> None:
        """Open the mailbox in a folder."""
        self._mailbox = Mailbox(folder, registry, form)
        self._registry = registry
        self._now = now
        self._statement_days_max = statement_days_max

    async def lookup_right(
        self, registry: str, *, registry_no: RegistryNo | None = None, permit_no: PermitNo | None = None
    ) -> Sequence[RegistryRight]:
        """Return the rights of the newest statement; see the port."""
        rows, digest = await asyncio.to_thread(self._fresh)
        wanted = [
            row for row in rows if registry_no in {None, row["registry_no"]} and permit_no in {None, row["permit_no"]}
        ]
        if not wanted:
            raise RegistryRightNotFound(registry, str(registry_no or permit_no))
        found = [read_right(row, self._registry, digest) for row in wanted]
        return sorted(found, key=lambda right: right.registry_no)

    async def lookup_freeze(self, registry: str, registry_no: RegistryNo, registry_ref: str) -> RegistryFreeze | None:
        """Raise RegistryUnavailable: a statement tells only what all freezes of a right take together."""
        raise RegistryUnavailable(registry, f"the statements name no freeze {registry_ref} of {registry_no}")

    async def verify_holder(self, registry: str, registry_no: RegistryNo, uscc: Uscc) -> HolderMatch:
        """Compare with the newest statement, which knows no business register."""
        try:
            (right,) = await self.lookup_right(registry, registry_no=registry_no)
        except RegistryRightNotFound:
            return HolderMatch.UNKNOWN
        return HolderMatch.MATCH if right.holder_uscc == uscc else HolderMatch.MISMATCH

    async def send_order(self, order: RegistryOrder) -> OrderAnswer:
        """Keep the order for the next file, once; another order under its id is refused."""
        row = order_row(order)
        kept = await asyncio.to_thread(self._mailbox.keep, {name: value for name, value in row.items() if value})
        if {name: kept.get(name, "") for name in row} != row:
            return _answer(order.order_id, OrderStatus.REFUSED, REUSED)
        return await self._known(order.order_id)

    async def query_order(self, registry: str, order_id: str) -> OrderAnswer | None:
        """Exchange files and return what is known of an order; none when it was never kept."""
        reports = await asyncio.to_thread(self._mailbox.exchange, self._now())
        for report in reports:
            say = log.warning if report.refused or report.refused_rows else log.info
            say(
                "file_taken" if report.refused is None else "file_refused",
                registry=registry,
                file=report.file,
                rows=report.rows,
                taken=report.taken,
                duplicates=report.duplicates,
                refused=report.refused,
                refused_rows=len(report.refused_rows),
            )
        kept = await asyncio.to_thread(self._mailbox.order, order_id)
        return None if kept is None else await self._known(order_id)

    async def daily_balances(self, registry: str, on: date) -> DailyBalances:
        """Return the statement of a day; see the port."""
        statement = await asyncio.to_thread(self._of_day, on)
        if statement is None:
            raise RegistryUnavailable(registry, "no statement of this day")
        _, rows, digest = statement
        rights = sorted((read_right(row, registry, digest) for row in rows), key=lambda right: right.registry_no)
        balances = tuple(
            DailyBalance(
                registry_no=right.registry_no, quantity=right.quantity, frozen=right.frozen, version=right.version
            )
            for right in rights
        )
        return DailyBalances(registry=registry, on=on, rows=balances, control_total=len(balances), sha256=digest)

    async def _known(self, order_id: str) -> OrderAnswer:
        answer = await asyncio.to_thread(self._mailbox.answer, order_id)
        return answer or _answer(order_id, OrderStatus.ACCEPTED)

    def _of_day(self, on: date) -> tuple[str, list[Row], str] | None:
        self._mailbox.exchange(self._now())
        return self._mailbox.statement_of(on.isoformat())

    def _fresh(self) -> tuple[list[Row], str]:
        """Return rows and digest of the newest statement; raises RegistryUnavailable where none is fresh enough."""
        self._mailbox.exchange(self._now())
        statement = self._mailbox.statement()
        oldest = business_date(self._now()) - timedelta(days=self._statement_days_max)
        if statement is None or date.fromisoformat(statement[0]) < oldest:
            raise RegistryUnavailable(self._registry, "no statement of the last days")
        return statement[1], statement[2]


def _answer(order_id: str, status: OrderStatus, reason: str | None = None) -> OrderAnswer:
    return OrderAnswer(
        order_id=order_id,
        status=status,
        registry_ref=None,
        executed_at=None,
        reason=reason,
        message=None if reason is None else "指令编号已用于另一指令",
        evidence_sha256="0" * 64,
    )
