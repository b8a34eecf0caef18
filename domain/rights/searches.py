"""Searches: what stood under a number or a holder at a moment, kept so that it can be cited.

A search never says more than its reader may see anyhow: a right that is not visible is not found, and whoever has
neither the holder's consent nor a pledge on the right is told that consent is required, in the same words whether there
is such a right or not. Of other parties' encumbrances it tells kind, blocked uses, quantity, place and time, and not
whose they are. `extent` says how much of the holder the searcher could see, so that nothing found in a part is not read
as nothing at all.

Source: contract sections 3 and 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.errors import DomainError
from domain.rights.holds import Blocked, HoldKind
from domain.values.quantity import Quantity

NUMBER_PREFIX: Final = "GLS"


class SearchBy(StrEnum):
    """What is searched by."""

    REGISTRY_NO = "registry_no"
    PERMIT_NO = "permit_no"
    USCC = "uscc"


class Extent(StrEnum):
    """What the searcher could see: all of the holder's rights, those pledged to him, or those of his division."""

    ALL = "all"
    PLEDGED = "pledged"
    DIVISION = "division"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encumbrance:
    """A hold on a right as everybody who sees the right may know it.

    `register` is none for what no register carries; `registered_at` and `rank` are none while a hold is only ours. The
    rank counts the right's encumbrances by time, the register's own where it has one.
    """

    kind: HoldKind
    blocks: tuple[Blocked, ...]
    quantity: Quantity
    register: str | None
    registered_at: datetime | None
    rank: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search as made: its statement is never changed, and the digest covers it."""

    id: str
    number: str
    tenant: str
    client_id: str
    searched_at: datetime
    statement: Mapping[str, object]
    digest: str


@dataclass(eq=False)
class SearchNotAuthorised(DomainError):
    """Refuse a search by whoever has neither the holder's consent nor a pledge on what would be found."""

    code = "authorization_required"

    value: str
