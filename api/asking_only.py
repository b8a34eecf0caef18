"""A house that asks and orders nothing: what checks a restored database is given no way to send."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from api.house import House
from domain.ports.estimates import NOTICE_REGISTRY
from domain.ports.notice_registry import NoticeAnswer, NoticeListings, NoticeMessage, NoticeRegistry
from domain.ports.registry import (
    DailyBalances,
    HolderMatch,
    OrderAnswer,
    Registry,
    RegistryClosed,
    RegistryFreeze,
    RegistryOrder,
    RegistryRight,
)
from domain.ports.webhook_sending import NoWebhookSender
from domain.values.identifiers import PermitNo, RegistryNo, Uscc

BARRED: Final = "nothing is sent from a restored database"


def asking_only(house: House) -> House:
    """Return the house without its ways to send."""
    return replace(
        house,
        registry=_AskedRegistry(house.registry),
        notice_registry=_AskedNoticeRegistry(house.notice_registry),
        webhooks=NoWebhookSender(),
    )


class _AskedRegistry:
    """The registries, asked only."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def lookup_right(
        self, registry: str, *, registry_no: RegistryNo | None = None, permit_no: PermitNo | None = None
    ) -> Sequence[RegistryRight]:
        return await self._registry.lookup_right(registry, registry_no=registry_no, permit_no=permit_no)

    async def lookup_freeze(self, registry: str, registry_no: RegistryNo, registry_ref: str) -> RegistryFreeze | None:
        return await self._registry.lookup_freeze(registry, registry_no, registry_ref)

    async def verify_holder(self, registry: str, registry_no: RegistryNo, uscc: Uscc) -> HolderMatch:
        return await self._registry.verify_holder(registry, registry_no, uscc)

    async def send_order(self, order: RegistryOrder) -> OrderAnswer:
        raise RegistryClosed(order.registry, BARRED)

    async def query_order(self, registry: str, order_id: str) -> OrderAnswer | None:
        return await self._registry.query_order(registry, order_id)

    async def daily_balances(self, registry: str, on: date) -> DailyBalances:
        return await self._registry.daily_balances(registry, on)


class _AskedNoticeRegistry:
    """The notice registry, asked only."""

    def __init__(self, registry: NoticeRegistry) -> None:
        self._registry = registry

    async def send_order(self, message: NoticeMessage) -> NoticeAnswer:
        raise RegistryClosed(NOTICE_REGISTRY, f"{BARRED}: {message.order_id} waits")

    async def query_order(self, order_id: str) -> NoticeAnswer | None:
        return await self._registry.query_order(order_id)

    async def search(self, debtor: Uscc) -> NoticeListings:
        return await self._registry.search(debtor)

    async def find(self, certificate_nos: Sequence[str]) -> NoticeListings:
        return await self._registry.find(certificate_nos)
