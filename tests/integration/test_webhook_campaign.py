"""Every committed event arrives, in order, nothing else does: with a receiver that fails and workers that are killed.

The worker is killed in-process, thousands of times where there is time for it: the job is broken off before or after
any of its commits, which leaves what a `kill -9` there would leave. Real processes and signals are in tests/crashes.
Time is turned to when the job wants to be woken, so three days of retries pass in as many seconds.
"""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import pytest

from api.house import House
from api.jobs.webhooks import deliver_webhook
from domain.ports.webhooks import DeliveryState
from domain.use_cases.keep_webhooks import replay_delivery
from integrations.database.unit_of_work import unit_of_work
from tests.database_session import Database
from tests.fakes.webhook_receiver import HANG_UP, Answer, Received, Receiver, receiving_here
from tests.filled_database import OFFICER
from tests.integration.test_webhook_deliveries import STRANGER
from tests.integration.webhook_scene import WebhookScene, webhook_scene

pytestmark = [pytest.mark.anyio, pytest.mark.campaign, pytest.mark.timeout(3600)]

FAILING: Final = 0.3
KILLED: Final = 0.03
"""Of the commits of the worker, how many it does not survive."""
ROLLED_BACK: Final = 0.06
EVENTS_PER_TRANSACTION: Final = 20
EVENTS_PER_SUBJECT: Final = 20
FAILURES: Final[Sequence[Answer]] = (
    *[(500, {}, b"")] * 12,
    (503, {"Retry-After": "30"}, b""),
    (429, {"Retry-After": "5"}, b""),
    (502, {}, b""),
    (302, {"Location": "http://127.0.0.1:1/"}, b""),
    (HANG_UP, {}, b""),
)


class Killed(BaseException):
    """The worker is no more."""


@dataclass(slots=True)
class Fate:
    """Decides which commits a worker survives."""

    draws: random.Random
    kills: int = 0

    def strikes(self) -> bool:
        """Tell whether the worker dies here."""
        struck = self.draws.random() < KILLED / 2
        self.kills += struck
        return struck


@dataclass(slots=True)
class Published:
    """What was committed, by subject in its order; and what was rolled back."""

    by_subject: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    phantoms: set[str] = field(default_factory=set)


def mortal(house: House, fate: Fate) -> House:
    """Return a house in which whoever commits may die just before or just after it."""

    @asynccontextmanager
    async def opened(actor: Any) -> AsyncIterator[Any]:  # noqa: ANN401 - as the house has them
        async with house.open(actor) as uow:
            commit = uow.commit

            async def commit_or_die() -> None:
                if fate.strikes():
                    raise Killed
                await commit()
                if fate.strikes():
                    raise Killed

            uow.commit = commit_or_die  # type: ignore[method-assign]  # that is the point
            yield uow

    door: Callable[[Any], AbstractAsyncContextManager[Any]] = opened
    return replace(house, open=door)


async def publish(scene: WebhookScene, published: Published, draws: random.Random, numbers: range) -> None:
    """Publish events of random subjects in one transaction, which may be rolled back."""
    commit = draws.random() >= ROLLED_BACK
    subjects = max(numbers.stop // EVENTS_PER_SUBJECT, 5)
    async with unit_of_work(scene.app, OFFICER) as uow:
        for place in numbers:
            subject = f"pledge_{draws.randrange(subjects)}"
            name = f"pledge.{'n' if commit else 'phantom'}_{place}"
            await uow.outbox.publish(name, subject, {"version": place}, OFFICER.parties, scene.clock.at)
            if commit:
                published.by_subject[subject].append(name)
            else:
                published.phantoms.add(name)
        if commit:
            await uow.commit()


async def work(house: House, webhook_id: str) -> datetime | None:
    """Run the job; whoever is killed is started again."""
    while True:
        try:
            return await deliver_webhook(house, webhook_id)
        except Killed:
            continue


def out_of_order(received: Sequence[Received], published: Published, dead: set[str]) -> list[str]:
    """Return every message that was sent, successfully or not, before an earlier one of its subject was taken."""
    taken: set[str] = set()
    places = {
        name: (subject, place) for subject, names in published.by_subject.items() for place, name in enumerate(names)
    }
    found = []
    for each in received:
        name = each.told["type"]
        subject, place = places[name]
        earlier = set(published.by_subject[subject][:place])
        if not earlier <= taken | dead:
            found.append(name)
        if 200 <= each.status < 300:
            taken.add(name)
    return found


async def test_nothing_is_lost_nothing_invented_and_nothing_out_of_order(
    database: Database, rounds: Callable[[int, int], int], say: Callable[[str], None]
) -> None:
    count = rounds(5_400, 108_000)
    draws, luck = random.Random(7), random.Random(11)

    def answer(_: str, __: Mapping[str, str], ___: bytes) -> Answer:
        return luck.choice(FAILURES) if luck.random() < FAILING else (200, {}, b"")

    async with (
        receiving_here(Receiver(answer)) as receiver,
        receiving_here(Receiver()) as stranger,
        webhook_scene(database) as scene,
    ):
        own = (await scene.webhook(receiver.url)).webhook.id
        foreign = (await scene.webhook(stranger.url, actor=STRANGER)).webhook.id
        published, fate = Published(), Fate(random.Random(13))
        house = mortal(scene.house, fate)
        for start in range(0, count, EVENTS_PER_TRANSACTION):
            await publish(scene, published, draws, range(start, start + EVENTS_PER_TRANSACTION))
            if start % (count // 10) == 0:
                await work(house, own)
        while (again := await work(house, own)) is not None:
            scene.clock.at = max(scene.clock.at, again)
        dead = await replay_dead(scene, own)
        while (again := await work(house, own)) is not None:
            scene.clock.at = max(scene.clock.at, again)
        await work(house, foreign)

    committed = {name for names in published.by_subject.values() for name in names}
    taken = {each.told["type"] for each in receiver.taken}
    assert committed - taken == set(), "lost"
    assert {each.told["type"] for each in receiver.received} - committed == set(), "invented"
    assert stranger.received == []
    assert out_of_order(receiver.received, published, dead) == []
    assert fate.kills > count // 100
    failed = 1 - len(receiver.taken) / len(receiver.received)
    assert 0.25 < failed < 0.35
    say(
        f"webhooks: {len(committed):,} events, {len(published.phantoms):,} rolled back; {len(receiver.received):,} sent"
        f" {failed:.0%} failed, {fate.kills:,} kills, {len(dead)} dead and replayed; 0 lost, 0 invented, 0 out of order"
    )


async def replay_dead(scene: WebhookScene, webhook_id: str) -> set[str]:
    """Replay what was given up, and return its types."""
    async with unit_of_work(scene.app, OFFICER) as uow:
        dead = await uow.deliveries.page(webhook_id, DeliveryState.DEAD, None, 200)
        for each in dead:
            await replay_delivery(uow, OFFICER, webhook_id, each.id, scene.clock.at)
        await uow.commit()
    return {each.type for each in dead}
