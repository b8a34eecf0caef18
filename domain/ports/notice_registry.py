"""The notice registry (动产融资统一登记公示系统, 中登网): publicity and rank by its own time, and no examination.

Silence is here what it is at the emission registry: `RegistrySilent` means that nobody knows, so the order stays
open, is queried by our id, and is sent again under the same id only where the register has never seen it. The answer
to a query repeats the modify code, because the first answer may have been lost with the only copy of it.

Source: house decisions 3 and 8; 中国人民银行令〔2021〕第7号.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Protocol

from domain.pledges.notices import NoticeContent, NoticeKind
from domain.ports.registry import OrderStatus, RegistryClosed, RegistryUnavailable
from domain.values.identifiers import Uscc
from domain.values.money import Money

NOTICE_REGISTRY: Final = "notice_registry"
"""Its name where a refusal or a log names a registry."""


@dataclass(frozen=True, slots=True)
class NoticeParty:
    """A secured party or a debtor, as registered."""

    name: str
    uscc: Uscc


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeMessage:
    """One order under our id, which the register treats as idempotent; changes name the entry and prove the right to.

    An objection is the debtor's and needs no code.
    """

    order_id: str
    kind: NoticeKind
    secured_party: NoticeParty
    debtors: tuple[NoticeParty, ...]
    contract_no: str
    content: NoticeContent
    certificate_no: str | None
    modify_code: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAnswer:
    """What the register answered to an order or to a query about it.

    `executed_at` is its own time and, of a registration, gives the rank; `expires_on` is the last day of the term as it
    stands after the order. `reason` is its refusal code with its words in `message`; none unless refused.
    """

    order_id: str
    status: OrderStatus
    certificate_no: str | None
    modify_code: str | None = field(repr=False)
    executed_at: datetime | None
    expires_on: date | None
    reason: str | None
    message: str | None
    evidence_sha256: str


class ListingStatus(StrEnum):
    """What the register says of an entry."""

    REGISTERED = "registered"
    OBJECTED = "objected"
    EXPIRED = "expired"
    DISCHARGED = "discharged"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeListing:
    """One entry as a search shows it to anybody."""

    certificate_no: str
    status: ListingStatus
    secured_party: NoticeParty
    debtors: tuple[NoticeParty, ...]
    description: str
    secured_amount: Money
    asset_numbers: tuple[str, ...]
    registered_at: datetime
    expires_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeListings:
    """What a search found, with the digest of the answer as received."""

    items: tuple[NoticeListing, ...]
    evidence_sha256: str


class NoticeRegistry(Protocol):
    """The one notice registry."""

    async def send_order(self, message: NoticeMessage) -> NoticeAnswer:
        """Send an order, idempotent by its id.

        Raises:
            RegistrySilent: the fate is unknown.
            RegistryClosed: the register declared that it did not take the order.
        """
        ...

    async def query_order(self, order_id: str) -> NoticeAnswer | None:
        """Return what became of an order; none when the register has never seen it. Raises RegistryUnavailable."""
        ...

    async def search(self, debtor: Uscc) -> NoticeListings:
        """Return every entry that names a debtor, ended ones included; raises RegistryUnavailable."""
        ...

    async def find(self, certificate_nos: Sequence[str]) -> NoticeListings:
        """Return the entries of these certificates, those that there are; raises RegistryUnavailable."""
        ...


class NoNoticeRegistry:
    """The notice registry of a house that is connected to none: orders wait as before a closed counter."""

    async def send_order(self, message: NoticeMessage) -> NoticeAnswer:
        """Take nothing."""
        raise RegistryClosed(NOTICE_REGISTRY, f"not connected: {message.order_id} waits")

    async def query_order(self, order_id: str) -> NoticeAnswer | None:
        """Know nothing."""
        raise RegistryUnavailable(NOTICE_REGISTRY, f"not connected: {order_id}")

    async def search(self, debtor: Uscc) -> NoticeListings:
        """Find nothing out."""
        raise RegistryUnavailable(NOTICE_REGISTRY, f"not connected: {debtor}")

    async def find(self, certificate_nos: Sequence[str]) -> NoticeListings:
        """Find nothing out."""
        raise RegistryUnavailable(NOTICE_REGISTRY, f"not connected: {len(certificate_nos)} certificates")
