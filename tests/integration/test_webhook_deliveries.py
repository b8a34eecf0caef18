"""Deliveries to webhooks, on PostgreSQL and over real HTTP: who is told what, in which order, how often, signed how."""

import base64
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook as Oracle

from domain.ports.webhooks import DeliveryPending, DeliveryState, DisabledReason, FormerSecretLive, WebhookState
from domain.use_cases.deliver_webhooks import GIVE_UP_AFTER, OPEN_AFTER_FAILURES, PAUSES, ROUND_MAX
from domain.use_cases.keep_webhooks import (
    NewSecret,
    WebhookChange,
    change_webhook,
    delete_webhook,
    replay_delivery,
    rotate_secret,
    shared_owner,
    written_secret,
)
from domain.values.actors import Actor, Role
from domain.values.identifiers import Uscc
from integrations.database.unit_of_work import unit_of_work
from tests.database_session import Database
from tests.fakes.webhook_receiver import HANG_UP, Answer, Receiver, receiving, verify_private, verify_shared
from tests.filled_database import FOREIGN_BANK, OFFICER
from tests.integration.webhook_scene import BOX, WebhookScene, webhook_scene

pytestmark = pytest.mark.anyio

JOBS = text("select task_name, lock from procrastinate_jobs where status = 'todo' order by id")
STRANGER = Actor(
    client_id="bank-b.officer",
    tenant=FOREIGN_BANK,
    role=Role.BANK_OFFICER,
    uscc=Uscc("91420100DEM000310G"),
    division=None,
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Lend a receiver."""
    with receiving(Receiver()) as lent:
        yield lent


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[WebhookScene]:
    """Lend a scene."""
    async with webhook_scene(database) as lent:
        yield lent


def types(receiver: Receiver) -> list[str]:
    """Return the types of what a receiver took."""
    return [each.told["type"] for each in receiver.taken]


async def test_a_committed_event_arrives_thin_and_signed_in_both_ways(scene: WebhookScene, receiver: Receiver) -> None:
    keyed = await scene.webhook(receiver.url)
    data: dict[str, object] = {"status": "active", "version": 7, "amount": "1" * 30_000}
    await scene.publish(("pledge.active", "pledge_1"), data=data)

    assert await scene.deliver(keyed.webhook.id) is None

    [message] = receiver.received
    assert message.told == {
        "id": message.headers["webhook-id"],
        "type": "pledge.active",
        "timestamp": "2026-11-21T10:00:00.000+08:00",
        "subject": "pledge_1",
        "version": 7,
    }
    assert len(message.body) < 20_000
    assert message.headers["content-type"] == "application/json"
    secret = written_secret(BOX.open(keyed.key.sealed_shared, shared_owner(keyed.key)))
    assert verify_shared(secret, message)
    assert verify_private(keyed.key.public_key, message)
    at = datetime.fromtimestamp(int(message.headers["webhook-timestamp"]), tz=scene.clock.at.tzinfo)
    oracle = Oracle(secret).sign(message.headers["webhook-id"], at, message.body.decode())
    assert oracle in message.headers["webhook-signature"].split(" ")


async def test_what_was_rolled_back_is_never_told(scene: WebhookScene, receiver: Receiver) -> None:
    keyed = await scene.webhook(receiver.url)
    await scene.publish(("pledge.active", "pledge_1"), commit=False)
    await scene.publish(("pledge.released", "pledge_1"))
    await scene.deliver(keyed.webhook.id)
    assert types(receiver) == ["pledge.released"]


async def test_what_was_committed_before_the_webhook_is_not_told_and_everything_after_it_once(
    scene: WebhookScene, receiver: Receiver
) -> None:
    await scene.publish(("pledge.submitted", "pledge_1"))
    keyed = await scene.webhook(receiver.url)
    await scene.publish(("pledge.active", "pledge_1"), ("pledge.released", "pledge_1"))
    for _ in range(3):
        await scene.deliver(keyed.webhook.id)
    assert types(receiver) == ["pledge.active", "pledge.released"]


async def test_only_the_types_that_were_asked_for_are_told(scene: WebhookScene, receiver: Receiver) -> None:
    keyed = await scene.webhook(receiver.url, "pledge.*", "right.revoked")
    told = ("pledge.active", "pledges.other", "right.changed", "right.revoked", "coverage.call")
    await scene.publish(*((each, f"s_{each}") for each in told))
    await scene.deliver(keyed.webhook.id)
    assert types(receiver) == ["pledge.active", "right.revoked"]


async def test_a_webhook_is_told_of_its_own_tenants_events_alone(scene: WebhookScene, receiver: Receiver) -> None:
    own, foreign = await scene.webhook(receiver.url + "/a"), await scene.webhook(receiver.url + "/b", actor=STRANGER)
    await scene.publish(("pledge.active", "pledge_1"))
    await scene.publish(("pledge.active", "pledge_2"), actor=STRANGER)
    await scene.publish(("pledge.active", "pledge_3"), parties=[*OFFICER.parties, *STRANGER.parties])
    await scene.deliver(own.webhook.id)
    await scene.deliver(foreign.webhook.id)
    told = {(each.path, each.told["subject"]) for each in receiver.taken}
    assert told == {("/in/a", "pledge_1"), ("/in/a", "pledge_3"), ("/in/b", "pledge_2"), ("/in/b", "pledge_3")}
    assert await scene.found(own.webhook.id, STRANGER) is None
    assert await scene.deliveries(own.webhook.id, STRANGER) == []


async def test_a_later_event_of_a_subject_waits_for_the_earlier_one_and_other_subjects_do_not(
    scene: WebhookScene,
) -> None:
    refused: set[str] = {"pledge.submitted"}

    def answer(_: str, __: Mapping[str, str], body: bytes) -> Answer:
        return (500 if any(each.encode() in body for each in refused) else 200), {}, b""

    with receiving(Receiver(answer)) as receiver:
        keyed = await scene.webhook(receiver.url)
        await scene.publish(("pledge.submitted", "pledge_1"), ("pledge.active", "pledge_1"), ("loan.repaid", "loan_1"))
        await scene.deliver(keyed.webhook.id)
        assert types(receiver) == ["loan.repaid"]
        refused.clear()
        await scene.deliver_all(keyed.webhook.id)
        assert types(receiver) == ["loan.repaid", "pledge.submitted", "pledge.active"]


async def test_an_event_that_is_refused_for_ever_is_tried_ten_times_in_three_days_and_then_dead(
    scene: WebhookScene,
) -> None:
    attempts: list[datetime] = []

    def answer(_: str, __: Mapping[str, str], body: bytes) -> Answer:
        if b"pledge.active" in body:
            attempts.append(scene.clock.at)
            return 500, {}, b""
        return 200, {}, b""

    with receiving(Receiver(answer)) as receiver:
        keyed = await scene.webhook(receiver.url)
        await scene.publish(("pledge.active", "pledge_1"), ("pledge.released", "pledge_1"))
        await scene.deliver_all(keyed.webhook.id)

    waited = [later - earlier for earlier, later in pairwise(attempts)]
    cut = GIVE_UP_AFTER - sum(PAUSES[:-1], timedelta())
    assert waited == [*PAUSES[1:-1], cut]
    assert attempts[-1] - attempts[0] == GIVE_UP_AFTER == timedelta(days=3)
    states = [(each.state, each.attempts, each.response_status) for each in await scene.deliveries(keyed.webhook.id)]
    assert states == [(DeliveryState.DEAD, 10, 500), (DeliveryState.DELIVERED, 1, 200)]
    assert types(receiver) == ["pledge.released"]


async def test_a_dead_delivery_is_replayed_under_its_own_id(scene: WebhookScene) -> None:
    status = 410
    with receiving(Receiver(lambda *_: (status, {}, b""))) as receiver:
        keyed = await scene.webhook(receiver.url)
        await scene.publish(("pledge.active", "pledge_1"))
        await scene.deliver(keyed.webhook.id)
        [dead] = await scene.deliveries(keyed.webhook.id)
        assert dead.state is DeliveryState.DEAD
        status = 200
        async with unit_of_work(scene.app, OFFICER) as uow:
            now = scene.clock.at
            await change_webhook(uow, OFFICER, keyed.webhook.id, WebhookChange(enabled=True), None, now)
            await replay_delivery(uow, OFFICER, keyed.webhook.id, dead.id, now)
            with pytest.raises(DeliveryPending):
                await replay_delivery(uow, OFFICER, keyed.webhook.id, dead.id, now)
            await uow.commit()
        await scene.deliver(keyed.webhook.id)
    first, second = receiver.received
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    [delivered] = await scene.deliveries(keyed.webhook.id)
    assert (delivered.state, delivered.attempts, delivered.replays) == (DeliveryState.DELIVERED, 1, 1)


async def test_a_receiver_that_says_gone_is_switched_off_and_that_is_audited(scene: WebhookScene) -> None:
    with receiving(Receiver(lambda *_: (410, {}, b""))) as receiver:
        keyed = await scene.webhook(receiver.url)
        await scene.publish(("pledge.active", "pledge_1"), ("pledge.active", "pledge_2"))
        await scene.deliver(keyed.webhook.id)
        await scene.publish(("pledge.active", "pledge_3"))
        sent = len(receiver.received)
        await scene.deliver_all(keyed.webhook.id)
        assert len(receiver.received) == sent
    webhook = await scene.found(keyed.webhook.id)
    assert webhook is not None
    assert (webhook.state, webhook.disabled_reason) == (WebhookState.DISABLED, DisabledReason.GONE)
    async with unit_of_work(scene.app, OFFICER) as uow:
        told = [entry.action for entry in await uow.audit.of_subject(webhook.id)]
    assert told == ["webhook.created", "webhook.disabled"]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, HANG_UP])
async def test_nothing_but_success_is_success(scene: WebhookScene, status: int) -> None:
    location = {"Location": "http://127.0.0.1:1/"}
    with receiving(Receiver(lambda *_: (status, location, b""))) as receiver:
        keyed = await scene.webhook(receiver.url)
        await scene.publish(("pledge.active", "pledge_1"))
        await scene.deliver(keyed.webhook.id)
    [delivery] = await scene.deliveries(keyed.webhook.id)
    assert (delivery.state, delivery.response_status) == (DeliveryState.PENDING, status or None)
    assert delivery.error == ("connection_failed" if status == HANG_UP else None)
    assert delivery.next_attempt_at == scene.clock.at + PAUSES[1]


async def test_a_receiver_says_how_long_to_wait_and_is_left_alone_that_long(scene: WebhookScene) -> None:
    answers = iter([(503, {"Retry-After": "7200"}, b""), (200, {}, b"")])
    with receiving(Receiver(lambda *_: next(answers))) as receiver:
        keyed = await scene.webhook(receiver.url)
        await scene.publish(("pledge.active", "pledge_1"))
        assert await scene.deliver(keyed.webhook.id) == scene.clock.at + timedelta(hours=2)
        await scene.deliver_all(keyed.webhook.id)
        assert len(receiver.taken) == 1


@pytest.mark.parametrize("status", [429, 502, 504])
async def test_an_overloaded_receiver_is_sent_nothing_else_meanwhile(scene: WebhookScene, status: int) -> None:
    answers = iter([(status, {"Retry-After": "60"}, b"")])
    with receiving(Receiver(lambda *_: next(answers, (200, {}, b"")))) as receiver:
        keyed = await scene.webhook(receiver.url)
        await scene.publish(("pledge.active", "pledge_1"))
        await scene.deliver(keyed.webhook.id)
        await scene.publish(("pledge.active", "pledge_2"))
        assert await scene.deliver(keyed.webhook.id) == scene.clock.at + timedelta(seconds=60)
        assert len(receiver.received) == 1
        await scene.deliver_all(keyed.webhook.id)
        assert {each.told["subject"] for each in receiver.taken} == {"pledge_1", "pledge_2"}


async def test_a_receiver_that_fails_again_and_again_is_asked_with_one_message_at_growing_pauses_and_then_switched_off(
    scene: WebhookScene,
) -> None:
    times: list[datetime] = []

    def answer(*_: object) -> Answer:
        times.append(scene.clock.at)
        return 500, {}, b""

    with receiving(Receiver(answer)) as receiver:
        keyed = await scene.webhook(receiver.url)
        await scene.publish(*(("pledge.active", f"pledge_{number}") for number in range(200)))
        await scene.deliver_all(keyed.webhook.id)
    at_once = times.count(times[0])
    assert OPEN_AFTER_FAILURES <= at_once <= ROUND_MAX
    assert len(set(times[at_once:])) == len(times[at_once:])
    webhook = await scene.found(keyed.webhook.id)
    assert webhook is not None
    assert webhook.disabled_reason is DisabledReason.FAILING
    assert timedelta(days=5) <= times[-1] - times[0] < timedelta(days=6)


async def test_during_a_rotation_both_secrets_sign_and_after_it_only_the_new_one(
    scene: WebhookScene, receiver: Receiver
) -> None:
    keyed = await scene.webhook(receiver.url)
    own = base64.b64encode(b"x" * 24).decode()
    async with unit_of_work(scene.app, OFFICER) as uow:
        rotated = await rotate_secret(
            uow, OFFICER, keyed.webhook.id, NewSecret(b"x" * 24), None, BOX, scene.sender, scene.clock.at
        )
        with pytest.raises(FormerSecretLive):
            await rotate_secret(uow, OFFICER, keyed.webhook.id, NewSecret(), None, BOX, scene.sender, scene.clock.at)
        await uow.commit()
    former = written_secret(BOX.open(keyed.key.sealed_shared, shared_owner(keyed.key)))
    told = {}
    for hours in (0, 71, 2):
        scene.clock.turn(timedelta(hours=hours))
        await scene.publish(("pledge.active", f"pledge_{hours}"))
        await scene.deliver(keyed.webhook.id)
        message = receiver.received[-1]
        told[hours] = (
            verify_shared("whsec_" + own, message),
            verify_private(rotated.key.public_key, message),
            verify_shared(former, message),
            verify_private(keyed.key.public_key, message),
        )
    assert told == {0: (True,) * 4, 71: (True,) * 4, 2: (True, True, False, False)}


async def test_a_deleted_webhook_is_sent_nothing_and_its_keys_are_gone(scene: WebhookScene, receiver: Receiver) -> None:
    keyed = await scene.webhook(receiver.url)
    await scene.publish(("pledge.active", "pledge_1"))
    async with unit_of_work(scene.app, OFFICER) as uow:
        await delete_webhook(uow, OFFICER, keyed.webhook.id, None, scene.clock.at)
        await uow.commit()
    assert await scene.deliver(keyed.webhook.id) is None
    assert receiver.received == []
    async with unit_of_work(scene.app, OFFICER) as uow:
        assert await uow.webhooks.keys(keyed.webhook.id) == []


async def test_a_webhook_that_was_switched_off_goes_on_where_it_stopped(
    scene: WebhookScene, receiver: Receiver
) -> None:
    keyed = await scene.webhook(receiver.url)
    for enabled in (False, True):
        async with unit_of_work(scene.app, OFFICER) as uow:
            await change_webhook(uow, OFFICER, keyed.webhook.id, WebhookChange(enabled=enabled), None, scene.clock.at)
            await uow.commit()
        await scene.publish(("pledge.active", f"pledge_{enabled}"))
        await scene.deliver(keyed.webhook.id)
        assert len(receiver.taken) == (2 if enabled else 0)


async def test_a_name_that_leads_elsewhere_by_now_is_not_connected_to(scene: WebhookScene) -> None:
    keyed = await scene.webhook("https://10.0.0.1/in")
    await scene.publish(("pledge.active", "pledge_1"))
    await scene.deliver(keyed.webhook.id)
    [delivery] = await scene.deliveries(keyed.webhook.id)
    assert (delivery.state, delivery.error) == (DeliveryState.PENDING, "address_refused")


async def test_an_event_wakes_the_endpoints_that_want_it_with_one_job_each(
    scene: WebhookScene, receiver: Receiver
) -> None:
    wanting = await scene.webhook(receiver.url, "pledge.*")
    await scene.webhook(receiver.url, "loan.*")
    await scene.webhook(receiver.url, actor=STRANGER)
    await scene.publish(("pledge.active", "pledge_1"), ("pledge.released", "pledge_1"))
    await scene.publish(("pledge.active", "pledge_2"))
    await scene.publish(("pledge.active", "pledge_2"), commit=False)
    async with unit_of_work(scene.worker, None) as uow:
        rows = (await uow.connection.execute(JOBS)).all()
    assert [(row.task_name, row.lock) for row in rows] == [("deliver_webhook", f"webhook:{wanting.webhook.id}")]


async def test_a_job_that_somebody_relies_on_who_has_not_committed_looks_again(
    scene: WebhookScene, receiver: Receiver
) -> None:
    keyed = await scene.webhook(receiver.url)
    async with unit_of_work(scene.app, OFFICER) as slow:
        await slow.outbox.publish("pledge.active", "pledge_1", {}, OFFICER.parties, scene.clock.at)
        await scene.deliver(keyed.webhook.id)
        assert receiver.received == []
        await slow.commit()
    async with unit_of_work(scene.worker, None) as uow:
        rows = (await uow.connection.execute(JOBS)).all()
    assert "wake_webhook" in {row.task_name for row in rows}
