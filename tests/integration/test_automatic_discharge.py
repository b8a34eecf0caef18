"""A pledge that has ended ends its publicity by itself, once, again after a silence; of a refusal a person hears."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from domain.ports.notice_registry import NoticeAnswer, NoticeMessage
from domain.ports.registry import OrderStatus
from integrations.notice_registry.client import HttpNoticeRegistry
from tests.builders import NOW
from tests.database_session import Database
from tests.integration.business import Business, open_for_business, yuan
from tests.integration.certificate_scene import sealed
from tests.integration.enforcing import a_default, a_sale, act, running
from tests.integration.notice_scene import OFFICER, NoticeScene, notices

APPROVER = "bank-a.approver"
DISCHARGES = "select count(*) from notice_orders where pledge_id = %s and kind = 'discharge'"


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


@pytest.fixture(scope="module")
def standing(business: Business) -> Iterator[NoticeScene]:
    with notices(business) as lent:
        yield lent


@pytest.fixture
def scene(standing: NoticeScene) -> NoticeScene:
    standing.disarm()
    standing.clock.at = NOW
    return standing


def release(scene: NoticeScene, pledge: str) -> None:
    """Let two persons release a pledge, and the emission registry carry it out."""
    scene.business.act(OFFICER, pledge, "release", {"reason": "waived"}, 202)
    scene.business.act(APPROVER, pledge, "release/approve", expected=202)
    scene.business.work()


def publicity(scene: NoticeScene, pledge: str) -> str:
    """Return what the pledge tells of its entry at the notice registry."""
    entries = scene.pledge(pledge)["registrations"]
    return str(next(each["status"] for each in entries if each["register"] == "notice_registry"))


def test_a_released_pledge_has_its_entry_discharged_once_without_anybodys_asking(scene: NoticeScene) -> None:
    pledge, _, _ = scene.active()
    scene.register(pledge)
    assert publicity(scene, pledge) == "registered"

    release(scene, pledge)
    waiting = scene.pledge(pledge)
    assert (waiting["status"], publicity(scene, pledge)) == ("released", "pending")
    assert waiting["expected_by"] is not None
    scene.work()

    assert publicity(scene, pledge) == "discharged"
    assert scene.business.sql(DISCHARGES, pledge) == [(1,)]
    assert scene.pledge(pledge)["expected_by"] is None


def test_a_pledge_without_publicity_discharges_nothing(scene: NoticeScene) -> None:
    pledge, _, _ = scene.active()

    release(scene, pledge)

    assert scene.business.sql(DISCHARGES, pledge) == [(0,)]


def test_an_entry_that_is_registered_only_after_the_release_is_discharged_then(scene: NoticeScene) -> None:
    pledge, _, _ = scene.active()
    scene.order(pledge, "", {"register": "notice_registry", "term_months": 24})
    release(scene, pledge)
    assert scene.business.sql(DISCHARGES, pledge) == [(0,)]

    scene.work()

    assert publicity(scene, pledge) == "discharged"
    assert scene.business.sql(DISCHARGES, pledge) == [(1,)]


def test_a_silent_register_is_asked_again_until_it_has_discharged(scene: NoticeScene) -> None:
    pledge, _, _ = scene.active()
    scene.register(pledge)
    release(scene, pledge)
    scene.control("faults", {"operation": "discharge", "kind": "lose_reply", "times": 1})

    scene.work()

    assert publicity(scene, pledge) == "discharged"


def test_a_refused_discharge_calls_the_bank(scene: NoticeScene, monkeypatch: pytest.MonkeyPatch) -> None:
    pledge, _, _ = scene.active()
    scene.register(pledge)
    release(scene, pledge)
    with monkeypatch.context() as patch:
        patch.setattr(HttpNoticeRegistry, "send_order", _refuse)
        scene.work()

    items = scene.business.get(OFFICER, "/v1/exceptions")["items"]
    [alarm] = [each for each in items if each["pledge_id"] == pledge]
    assert (alarm["kind"], alarm["reason"]) == ("discharge_refused", "NOT_YOURS")
    assert publicity(scene, pledge) == "pending"
    assert scene.business.sql(DISCHARGES, pledge) == [(1,)], "what was refused is not ordered again by itself"
    scene.order(pledge, "discharge", {})
    scene.work()
    assert publicity(scene, pledge) == "discharged"
    ended = scene.business.post(OFFICER, f"/v1/exceptions/{alarm['id']}/resolve", {"note": "已注销"}, 200)
    assert ended["state"] == "resolved"


def test_a_disposed_pledge_is_certified_and_its_entry_discharged(scene: NoticeScene) -> None:
    business = scene.business
    pledge, _, _ = a_default(business)
    scene.register(pledge)
    enforcement = running(business, pledge, reserve_price=yuan("45000.00"))
    act(business, OFFICER, pledge, enforcement, "result", a_sale(), 202)
    business.work()
    assert scene.pledge(pledge)["status"] == "disposed"

    scene.work()
    sealed(business)

    assert publicity(scene, pledge) == "discharged"
    kinds = [each["kind"] for each in business.get(OFFICER, f"/v1/pledges/{pledge}/certificates")["items"]]
    assert kinds == ["registration", "publicity", "disposal"]
    newest = business.get(OFFICER, f"/v1/pledges/{pledge}/certificate")
    assert newest["kind"] == "disposal"


def test_an_entry_has_a_certificate_of_its_own_that_does_not_displace_the_pledges(scene: NoticeScene) -> None:
    pledge, _, _ = scene.active()
    reference = scene.register(pledge)["entry"]["certificate_no"]
    sealed(scene.business)

    listed = scene.business.get(OFFICER, f"/v1/pledges/{pledge}/certificates")["items"]

    assert [each["kind"] for each in listed] == ["registration", "publicity"]
    assert scene.business.get(OFFICER, f"/v1/pledges/{pledge}/certificate")["kind"] == "registration"
    told = scene.business.sql("select statement::text from certificates where number = %s", listed[1]["number"])
    assert reference in told[0][0]


async def _refuse(_: HttpNoticeRegistry, message: NoticeMessage) -> NoticeAnswer:
    return NoticeAnswer(
        order_id=message.order_id,
        status=OrderStatus.REFUSED,
        certificate_no=None,
        modify_code=None,
        executed_at=None,
        expires_on=None,
        reason="NOT_YOURS",
        message="非登记人",
        evidence_sha256="0" * 64,
    )
