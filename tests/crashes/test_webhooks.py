"""Workers killed with SIGKILL while they deliver webhooks to a receiver that fails: nothing is lost or invented."""

import asyncio
import os
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from integrations.database.unit_of_work import unit_of_work
from integrations.identity.keys import generate_key, save_key
from integrations.identity.secret_box import load_secret_box, make_secret_key
from integrations.system_clock import now
from tests.crashes.forked import started
from tests.database_session import Database
from tests.fakes.webhook_receiver import Answer, Receiver, receiving
from tests.filled_database import OFFICER
from tests.integration import webhook_scene as scenes
from tests.integration.test_webhook_campaign import Published, out_of_order

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

SECONDS_MAX: Final = 90.0
KILLS: Final = 2
EVENTS: Final = 40
FAILING: Final = 0.1
"""Of the first attempts: a second one comes five seconds later, by the real clock."""


async def test_workers_that_are_killed_while_they_deliver_lose_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_secret_key(tmp_path / "secrets.key")
    save_key(generate_key(), tmp_path / "server.pem")
    monkeypatch.setattr(scenes, "BOX", load_secret_box(tmp_path / "secrets.key"))
    luck, failed = random.Random(3), set[str]()

    def answer(_: str, headers: Mapping[str, str], __: bytes) -> Answer:
        told = headers["webhook-id"]
        if told not in failed and luck.random() < FAILING:
            failed.add(told)
            return 500, {}, b""
        return 200, {}, b""

    environment = {
        **os.environ,
        "GREENLIEN_DEMO": "1",
        "DATABASE_URL": database.app_url,
        "WORKER_DATABASE_URL": database.worker_url,
        "GREENLIEN_ISSUER": "http://127.0.0.1:1",
        "GREENLIEN_SIGNING_KEY_FILE": str(tmp_path / "server.pem"),
        "GREENLIEN_SECRETS_KEY_FILE": str(tmp_path / "secrets.key"),
        "GREENLIEN_WORKER_STALLED_SECONDS": "2",
    }
    published = Published()
    with receiving(Receiver(answer)) as receiver:
        async with scenes.webhook_scene(database) as scene:
            scene.clock.at = now()
            await scene.webhook(receiver.url)
            worker = started(["work"], environment, tmp_path / "worker.log")
            try:
                for kill in range(KILLS + 1):
                    for number in range(EVENTS):
                        name, subject = f"pledge.e_{kill}_{number}", f"pledge_{number % 10}"
                        async with unit_of_work(scene.app, OFFICER) as uow:
                            await uow.outbox.publish(name, subject, {}, OFFICER.parties, now())
                            await uow.commit()
                        published.by_subject[subject].append(name)
                    before = len(receiver.received)
                    await wait(lambda: len(receiver.received) > before, worker.said)  # noqa: B023 - called at once
                    if kill < KILLS:
                        worker.kill()
                        worker = started(["work"], environment, tmp_path / "worker.log")
                wanted = {name for names in published.by_subject.values() for name in names}
                await wait(lambda: {each.told["type"] for each in receiver.taken} >= wanted, worker.said)
            finally:
                worker.stop()
    assert {each.told["type"] for each in receiver.received} == wanted
    assert out_of_order(receiver.received, published, set()) == []
    assert failed


async def wait(condition: Callable[[], bool], said: Callable[[], str]) -> None:
    """Poll until a condition holds; fails with the worker's log when it does not in time."""
    until = time.monotonic() + SECONDS_MAX
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(said())
        await asyncio.sleep(0.05)
