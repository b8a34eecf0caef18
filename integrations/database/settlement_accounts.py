"""The exchanges' settlement accounts, as they stated them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, tuple_

from domain.loans.settlement_accounts import SettlementAccount
from integrations.database.connection import Connection
from integrations.database.syndicate_tables import SETTLEMENT_ACCOUNTS

NEWEST_FIRST = SETTLEMENT_ACCOUNTS.c.stated_at.desc(), SETTLEMENT_ACCOUNTS.c.id.desc()


class DatabaseSettlementAccounts:
    """Keep settlement accounts."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, account: SettlementAccount) -> None:
        """Write a statement."""
        values = {
            "id": account.id,
            "exchange": account.exchange,
            "account_no": account.account_no,
            "account_name": account.account_name,
            "bank_name": account.bank_name,
            "valid_from": account.valid_from,
            "source_title": account.source_title,
            "source_sha256": account.source_sha256,
            "stated_by": account.stated_by,
            "stated_at": account.stated_at,
        }
        await self._connection.execute(insert(SETTLEMENT_ACCOUNTS).values(values))

    async def of_exchange(self, exchange: str) -> Sequence[SettlementAccount]:
        """Return an exchange's statements that the caller may see, newest first."""
        wanted = select(SETTLEMENT_ACCOUNTS).where(SETTLEMENT_ACCOUNTS.c.exchange == exchange)
        return [_account(row) for row in (await self._connection.execute(wanted.order_by(*NEWEST_FIRST))).all()]

    async def page(self, after: str | None, limit: int) -> Sequence[SettlementAccount]:
        """Return up to `limit` statements that the caller may see, newest first, after one."""
        place = SETTLEMENT_ACCOUNTS.c.stated_at, SETTLEMENT_ACCOUNTS.c.id
        wanted = select(SETTLEMENT_ACCOUNTS).order_by(*NEWEST_FIRST).limit(limit)
        if after is not None:
            last = select(*place).where(SETTLEMENT_ACCOUNTS.c.id == after).subquery()
            wanted = wanted.where(tuple_(*place) < select(last.c.stated_at, last.c.id).scalar_subquery())
        return [_account(row) for row in (await self._connection.execute(wanted)).all()]


def _account(row: Row[Any]) -> SettlementAccount:
    return SettlementAccount(
        id=row.id,
        exchange=row.exchange,
        account_no=row.account_no,
        account_name=row.account_name,
        bank_name=row.bank_name,
        valid_from=row.valid_from,
        source_title=row.source_title,
        source_sha256=row.source_sha256,
        stated_by=row.stated_by,
        stated_at=row.stated_at,
    )
