"""Where pledges are kept, with their items, linked loans and registrations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.pledges.lifecycle import State
from domain.pledges.pledges import Pledge
from domain.values.identifiers import Uscc


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeFilter:
    """What a list of pledges is narrowed to; none means all."""

    status: State | None = None
    pledgor_uscc: Uscc | None = None
    updated_after: datetime | None = None


class Pledges(Protocol):
    """Keep pledges."""

    async def add(self, pledge: Pledge) -> None:
        """Write a new pledge whole."""
        ...

    async def find(self, pledge_id: str) -> Pledge | None:
        """Return a pledge that the caller may see, none otherwise."""
        ...

    async def find_many(self, pledge_ids: Sequence[str]) -> Sequence[Pledge]:
        """Return the pledges that the caller may see among these, in order of id."""
        ...

    async def lock(self, pledge_id: str) -> Pledge | None:
        """Return a pledge and keep others from changing it until the transaction ends."""
        ...

    async def save(self, pledge: Pledge) -> None:
        """Write a locked pledge's changed fields, items and registrations, and add its new loans."""
        ...

    async def save_anew(self, pledge: Pledge) -> None:
        """Write a locked pledge whose list of items has changed; the worker alone may do so."""
        ...

    async def page(self, narrowed: PledgeFilter, after: str | None, limit: int) -> Sequence[Pledge]:
        """Return up to `limit` visible pledges, newest first, after one."""
        ...

    async def linked(self, pledge_id: str) -> tuple[Sequence[str], Sequence[str]]:
        """Return the ids of all pledges and all loans that hang together with a pledge, itself included."""
        ...

    async def securing(self, loan_id: str) -> Sequence[Pledge]:
        """Return the pledges that name a loan."""
        ...

    async def holding(self, right_id: str, pledgee: str) -> Sequence[str]:
        """Return the ids of a bank's visible pledges with an item of a right, whatever their state, in order of id."""
        ...

    async def waiting_since(self, before: datetime, limit: int) -> Sequence[str]:
        """Return ids of pledges in a state that lapses and without progress since a time."""
        ...
