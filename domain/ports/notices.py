"""Where entries of the notice registry are kept, with the orders about them, their codes, and searches."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from domain.pledges.notices import NoticeCode, NoticeEntry, NoticeOrder, PledgeSearch


class Notices(Protocol):
    """Keep what concerns the notice registry."""

    async def add_order(self, order: NoticeOrder) -> None:
        """Write an order; its id is known to us before the register is told."""
        ...

    async def find_order(self, order_id: str) -> NoticeOrder | None:
        """Return an order, none when there is no such."""
        ...

    async def lock_order(self, order_id: str) -> NoticeOrder | None:
        """Return an order and keep others from changing it meanwhile."""
        ...

    async def save_order(self, order: NoticeOrder, at: datetime) -> None:
        """Write a locked order's fields."""
        ...

    async def orders_of(self, pledge_id: str) -> Sequence[NoticeOrder]:
        """Return a pledge's orders, oldest first."""
        ...

    async def put_entry(self, entry: NoticeEntry, at: datetime) -> None:
        """Write a pledge's entry as it stands now, instead of the one before."""
        ...

    async def entry_of(self, pledge_id: str) -> NoticeEntry | None:
        """Return a pledge's entry, living or ended; none when it never had one."""
        ...

    async def put_code(self, code: NoticeCode) -> None:
        """Write the code of a pledge's entry, instead of the one before."""
        ...

    async def code_of(self, pledge_id: str) -> NoticeCode | None:
        """Return the code of a pledge's entry; none for whoever is not the pledgee."""
        ...

    async def live_entries(self, after: str, limit: int) -> Sequence[NoticeEntry]:
        """Return entries that are registered or objected, by pledge id, after one."""
        ...

    async def ended_before(self, day: date, limit: int) -> Sequence[str]:
        """Return the pledges whose live entry had its last day before a day."""
        ...

    async def add_search(self, search: PledgeSearch) -> None:
        """Write a search after registration."""
        ...

    async def newest_search(self, pledge_id: str) -> PledgeSearch | None:
        """Return a pledge's newest search, none before the first."""
        ...
