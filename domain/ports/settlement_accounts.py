"""Where the exchanges' settlement accounts are kept."""

from collections.abc import Sequence
from typing import Protocol

from domain.loans.settlement_accounts import SettlementAccount


class SettlementAccounts(Protocol):
    """Keep settlement accounts; what was stated is never changed, only followed by another statement."""

    async def add(self, account: SettlementAccount) -> None:
        """Write a statement."""
        ...

    async def of_exchange(self, exchange: str) -> Sequence[SettlementAccount]:
        """Return an exchange's statements that the caller may see, newest first."""
        ...

    async def page(self, after: str | None, limit: int) -> Sequence[SettlementAccount]:
        """Return up to `limit` statements that the caller may see, newest first, after one."""
        ...
