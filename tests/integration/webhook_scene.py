"""Webhooks without the rest of the business: a database with tenants, a clock that is turned, the job run in-process.

Events are published as the application publishes them, in transactions that commit or do not; the job is the product's
own, as the worker's role, and what it sends goes over real HTTP to a receiver on this machine.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from api.house import House
from api.jobs.webhooks import deliver_webhook
from domain.ports.webhooks import Delivery, Webhook
from domain.use_cases.keep_webhooks import Keyed, WebhookChange, create_webhook
from domain.values.actors import Actor
from integrations.database.engine import make_engine
from integrations.database.provisioning import register
from integrations.database.unit_of_work import unit_of_work
from integrations.identity.secret_box import AesSecretBox
from integrations.webhooks.sender import HttpWebhookSender, webhook_sender
from tests.builders import NOW
from tests.database_session import Database
from tests.fakes.registry import FakeRegistry
from tests.filled_database import OFFICER, TENANTS
from tests.integration.business import _house

BOX = AesSecretBox({"test": bytes(32)})
MIDDLE = 0.5
"""A draw that makes every pause exactly what the schedule says."""


@dataclass(slots=True)
class Clock:
    """Time, which stands until it is turned."""

    at: datetime = NOW

    def now(self) -> datetime:
        """Return the time."""
        return self.at

    def turn(self, by: timedelta) -> None:
        """Let time pass."""
        self.at += by


@dataclass(slots=True)
class WebhookScene:
    """One database, one clock, one worker."""

    database: Database
    house: House
    app: AsyncEngine
    worker: AsyncEngine
    sender: HttpWebhookSender
    clock: Clock = field(default_factory=Clock)

    async def webhook(self, url: str, *event_types: str, actor: Actor = OFFICER) -> Keyed:
        """Register an endpoint."""
        wanted = WebhookChange(url=url, event_types=event_types or ("*",))
        async with unit_of_work(self.app, actor) as uow:
            keyed = await create_webhook(uow, actor, wanted, None, BOX, self.sender, self.clock.now())
            await uow.commit()
        return keyed

    async def publish(
        self,
        *events: tuple[str, str],
        data: dict[str, object] | None = None,
        actor: Actor = OFFICER,
        parties: Sequence[str] | None = None,
        commit: bool = True,
    ) -> None:
        """Publish events, each of a type about a subject, in one transaction."""
        async with unit_of_work(self.app, actor) as uow:
            for event_type, subject in events:
                told = tuple(parties or actor.parties)
                await uow.outbox.publish(event_type, subject, data or {}, told, self.clock.now())
            if commit:
                await uow.commit()

    async def deliver(self, webhook_id: str, draw: Callable[[], float] = lambda: MIDDLE) -> datetime | None:
        """Run the endpoint's job once."""
        return await deliver_webhook(self.house, webhook_id, draw)

    async def deliver_all(self, webhook_id: str, draw: Callable[[], float] = lambda: MIDDLE) -> None:
        """Run the endpoint's job whenever it is due, until nothing waits; time passes as it must."""
        while (again := await self.deliver(webhook_id, draw)) is not None:
            self.clock.at = max(self.clock.at, again)

    async def found(self, webhook_id: str, actor: Actor = OFFICER) -> Webhook | None:
        """Return an endpoint as its owner sees it."""
        async with unit_of_work(self.app, actor) as uow:
            return await uow.webhooks.find(webhook_id)

    async def deliveries(self, webhook_id: str, actor: Actor = OFFICER) -> Sequence[Delivery]:
        """Return an endpoint's deliveries as its owner sees them, the oldest event first."""
        async with unit_of_work(self.app, actor) as uow:
            return list(reversed(await uow.deliveries.page(webhook_id, None, None, 200)))


@asynccontextmanager
async def webhook_scene(database: Database) -> AsyncIterator[WebhookScene]:
    """Open a scene on a database."""
    await register(database.owner_url, TENANTS, [])
    app, worker = make_engine(database.app_url, pool_size=4), make_engine(database.worker_url, pool_size=4)
    sender = webhook_sender((443,), loopback=True)
    clock = Clock()
    house = replace(_house(worker, FakeRegistry([], clock.now), clock.now), secrets=BOX, webhooks=sender)
    try:
        yield WebhookScene(database, house, app, worker, sender, clock)
    finally:
        await sender.aclose()
        await app.dispose()
        await worker.dispose()
