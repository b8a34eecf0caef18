"""What the notice registry behind the port promises, proved by our client and the simulator over real HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from domain.pledges.notices import NoticeContent, NoticeKind
from domain.ports.notice_registry import ListingStatus, NoticeAnswer, NoticeMessage, NoticeParty
from domain.ports.registry import OrderStatus, RegistryClosed, RegistrySilent, RegistryUnavailable
from domain.values.money import Money
from integrations.notice_registry.client import HttpNoticeRegistry, NoticeEndpoint
from integrations.notice_registry.simulator import create_simulator
from integrations.registry.demo_rights import ENTERPRISE_HUANGSHI_USCC
from tests.builders import BANK_USCC, HOLDER
from tests.fakes.loopback import serving

pytestmark = pytest.mark.anyio

SECRET: Final = b"sixteen bytes or more"
FAILURES: Final = {
    "error": RegistrySilent,
    "lose_reply": RegistrySilent,
    "garbage": RegistrySilent,
    "closed": RegistryClosed,
}
START: Final = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
OTHER_DEBTOR: Final = ENTERPRISE_HUANGSHI_USCC


@dataclass
class Clock:
    """The simulator's and the client's common time, which a test moves."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at


@dataclass
class World:
    """A client, the register behind it, its back door and its clock."""

    registry: HttpNoticeRegistry
    base_url: str
    clock: Clock
    http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False))

    def control(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON answer
        method = "GET" if body is None else "POST"
        return self.http.request(method, f"{self.base_url}/control/{path}", json=body).raise_for_status().json()

    def arm(self, operation: str, kind: str, **more: object) -> None:
        self.control("faults", {"operation": operation, "kind": kind, **more})

    def executed(self) -> list[tuple[str, str]]:
        return [(row["order_id"], row["kind"]) for row in self.control("ledger")["items"]]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = Clock()
    with serving(create_simulator(None, SECRET, clock)) as base_url:
        registry = HttpNoticeRegistry(NoticeEndpoint(base_url, "greenlien", SECRET), timeout_seconds=5, now=clock)
        world = World(registry, base_url, clock)
        try:
            yield world
        finally:
            world.http.close()
            await registry.aclose()


def a_message(order_id: str = "notice_1", kind: NoticeKind = NoticeKind.REGISTER, **content: Any) -> NoticeMessage:  # noqa: ANN401 - fields of the content
    ordinary = {
        "description": "排污权 PWQ-ZJ-1",
        "secured_amount": Money.of("40000.00"),
        "term_months": 24,
        "asset_numbers": ("PWQ-ZJ-1",),
        "attachments": ("0" * 64,),
    }
    told = {**ordinary, **content} if kind is NoticeKind.REGISTER else content
    return NoticeMessage(
        order_id=order_id,
        kind=kind,
        secured_party=NoticeParty("甲银行", BANK_USCC),
        debtors=(NoticeParty("绍兴示例印染有限公司", HOLDER),),
        contract_no="pledge_1",
        content=NoticeContent(**told),
        certificate_no=None,
        modify_code=None,
    )


def about(registered: NoticeAnswer, order_id: str, kind: NoticeKind, **content: Any) -> NoticeMessage:  # noqa: ANN401 - fields of the content
    message = a_message(order_id, kind, **content)
    return replace(message, certificate_no=registered.certificate_no, modify_code=registered.modify_code)


async def test_an_entry_gets_number_code_time_and_last_day(world: World) -> None:
    answer = await world.registry.send_order(a_message())

    assert (answer.status, answer.executed_at, answer.expires_on) == (OrderStatus.EXECUTED, START, date(2028, 11, 21))
    assert answer.certificate_no
    assert answer.modify_code
    assert answer.modify_code not in repr(answer)
    (entry,) = (await world.registry.search(HOLDER)).items
    assert (entry.certificate_no, entry.status) == (answer.certificate_no, ListingStatus.REGISTERED)
    assert (entry.secured_amount, entry.asset_numbers) == (Money.of("40000.00"), ("PWQ-ZJ-1",))
    assert (await world.registry.search(OTHER_DEBTOR)).items == ()


async def test_the_same_order_again_is_one_entry_and_another_under_its_id_is_refused(world: World) -> None:
    first = await world.registry.send_order(a_message())
    again = await world.registry.send_order(a_message())
    other = await world.registry.send_order(a_message(term_months=36))

    assert (again.certificate_no, again.modify_code) == (first.certificate_no, first.modify_code)
    assert (other.status, other.reason) == (OrderStatus.REFUSED, "ORDER_ID_REUSED")
    assert world.executed() == [("notice_1", "register")]


async def test_a_renewal_adds_to_the_current_last_day_whenever_it_is_ordered(world: World) -> None:
    registered = await world.registry.send_order(a_message())
    world.clock.at += timedelta(days=300)

    renewed = await world.registry.send_order(about(registered, "notice_2", NoticeKind.EXTEND, term_months=12))

    assert renewed.expires_on == date(2029, 11, 21)


async def test_an_amendment_changes_what_it_names_and_not_the_time(world: World) -> None:
    registered = await world.registry.send_order(a_message())
    world.clock.at += timedelta(days=1)

    amount = Money.of("50000.00")
    await world.registry.send_order(about(registered, "notice_2", NoticeKind.AMEND, secured_amount=amount))

    (entry,) = (await world.registry.find([registered.certificate_no or ""])).items
    assert (entry.secured_amount, entry.description, entry.registered_at) == (amount, "排污权 PWQ-ZJ-1", START)


async def test_nothing_is_changed_without_the_code(world: World) -> None:
    registered = await world.registry.send_order(a_message())

    for order_id, kind in (("notice_2", NoticeKind.DISCHARGE), ("notice_3", NoticeKind.EXTEND)):
        message = replace(about(registered, order_id, kind, term_months=1), modify_code="WRONG")
        assert (await world.registry.send_order(message)).reason == "WRONG_CODE"

    assert world.executed() == [("notice_1", "register")]


async def test_an_objection_is_the_debtors_and_needs_no_code(world: World) -> None:
    registered = await world.registry.send_order(a_message())
    message = replace(about(registered, "notice_2", NoticeKind.OBJECT, reason="未签合同"), modify_code=None)

    stranger = replace(message, order_id="notice_3", debtors=(NoticeParty("别人", OTHER_DEBTOR),))
    assert (await world.registry.send_order(stranger)).reason == "NOT_A_DEBTOR"
    assert (await world.registry.send_order(message)).status is OrderStatus.EXECUTED

    assert [each.status for each in (await world.registry.search(HOLDER)).items] == [ListingStatus.OBJECTED]


async def test_the_last_day_is_a_day_of_the_term_and_what_has_ended_is_not_extended(world: World) -> None:
    registered = await world.registry.send_order(a_message(term_months=1))
    world.clock.at = datetime(2026, 12, 21, 15, 59, tzinfo=UTC)
    assert [each.status for each in (await world.registry.search(HOLDER)).items] == [ListingStatus.REGISTERED]

    world.clock.at = datetime(2026, 12, 21, 16, 0, tzinfo=UTC)

    assert [each.status for each in (await world.registry.search(HOLDER)).items] == [ListingStatus.EXPIRED]
    late = await world.registry.send_order(about(registered, "notice_2", NoticeKind.EXTEND, term_months=12))
    assert late.reason == "ENTRY_ENDED"


@pytest.mark.parametrize("months", [0, 361, None])
async def test_a_term_that_the_register_does_not_take_is_refused(world: World, months: int | None) -> None:
    assert (await world.registry.send_order(a_message(term_months=months))).reason == "TERM_OUT_OF_RANGE"


@pytest.mark.parametrize("kind", ["lose_reply", "garbage"])
async def test_after_a_lost_answer_the_query_tells_number_and_code(world: World, kind: str) -> None:
    world.arm("register", kind)
    with pytest.raises(RegistrySilent):
        await world.registry.send_order(a_message())

    known = await world.registry.query_order("notice_1")

    assert known is not None
    assert known.certificate_no
    assert known.modify_code
    assert world.executed() == [("notice_1", "register")]


@pytest.mark.parametrize(
    ("kind", "executed"),
    [("error", 0), ("lose_reply", 1), ("garbage", 1), ("duplicate", 1), ("late", 0), ("closed", 0)],
)
async def test_whatever_goes_wrong_the_order_under_its_id_takes_effect_once(
    world: World, kind: str, executed: int
) -> None:
    world.arm("register", kind)
    failure: type[Exception] | None = None
    try:
        await world.registry.send_order(a_message())
    except RegistryUnavailable as silence:
        failure = type(silence)
    assert failure is FAILURES.get(kind)
    assert len(world.executed()) == executed

    if await world.registry.query_order("notice_1") is None:
        await world.registry.send_order(a_message())

    assert world.executed() == [("notice_1", "register")]


async def test_a_slow_register_is_silent_and_executes_all_the_same(world: World) -> None:
    hurried = HttpNoticeRegistry(
        NoticeEndpoint(world.base_url, "greenlien", SECRET), timeout_seconds=0.1, now=_standing
    )
    world.arm("register", "slow", seconds=0.3)
    try:
        with pytest.raises(RegistrySilent):
            await hurried.send_order(a_message())
    finally:
        await hurried.aclose()

    again = await world.registry.send_order(a_message())

    assert again.status is OrderStatus.EXECUTED


async def test_an_order_that_was_never_seen_is_none_and_a_question_may_find_no_answer(world: World) -> None:
    assert await world.registry.query_order("notice_9") is None
    for kind in ("error", "garbage", "closed"):
        world.arm("query", kind)
        with pytest.raises(RegistryUnavailable):
            await world.registry.query_order("notice_9")


async def test_whoever_does_not_share_the_key_is_answered_nothing_and_believed_nothing(world: World) -> None:
    stranger = HttpNoticeRegistry(NoticeEndpoint(world.base_url, "greenlien", b"another sixteen bytes"), now=_standing)
    try:
        with pytest.raises(RegistrySilent):
            await stranger.send_order(a_message())
    finally:
        await stranger.aclose()

    assert world.executed() == []


async def test_nothing_is_sent_where_nobody_listens() -> None:
    registry = HttpNoticeRegistry(NoticeEndpoint("http://127.0.0.1:9", "greenlien", SECRET), timeout_seconds=2)
    try:
        with pytest.raises(RegistryClosed):
            await registry.send_order(a_message())
    finally:
        await registry.aclose()


def _standing() -> datetime:
    return START
