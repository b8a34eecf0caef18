"""What our client believes of a registry that lies: nothing that is not proven, and nothing that makes no sense."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx
import pytest

from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import OrderStatus, RegistryClosed, RegistrySilent, RegistryUnavailable
from domain.values.time import business_date
from integrations.registry import wire
from integrations.registry.demo_rights import SHAOXING_COD_RIGHT
from integrations.registry.messages import Outcome, write_outcome
from integrations.registry.wire import Direction, Operation, ReplyCode
from tests.fakes.loopback import serving
from tests.fakes.registry_control import simulator_control
from tests.integration.registry_scene import NOW, SECRET, client, sent, simulated

pytestmark = pytest.mark.anyio

PATH: Final = "/zhejiang/djzl"
EXECUTED: Final = Outcome(
    "order_1", OrderKind.FREEZE, SHAOXING_COD_RIGHT, OrderStatus.EXECUTED, "ZJDJ2026112100000001", executed_at=NOW
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What goes back over the line."""

    content: bytes
    headers: dict[str, str]
    status: int = 200


Lie = Callable[[wire.Request], Spoken]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def signed(request: wire.Request, content: bytes, secret: bytes = SECRET, path: str = PATH) -> Spoken:
    """Return bytes with a signature that holds, unless another secret or path is given."""
    timestamp = wire.write_time(NOW)
    signature = wire.sign(secret, Direction.ANSWER, path, timestamp, request.request_id, content)
    return Spoken(content, {wire.HEADER_TIMESTAMP: timestamp, wire.HEADER_SIGN: signature})


def reply(request: wire.Request, body: Mapping[str, object], code: ReplyCode = ReplyCode.DONE) -> bytes:
    return wire.write_reply(request, wire.write_time(NOW), code, body)


def honest(request: wire.Request) -> Spoken:
    return signed(request, reply(request, write_outcome(EXECUTED)))


def saying(**changed: object) -> Lie:
    """Return a properly signed answer whose body has been changed."""
    return lambda request: signed(request, reply(request, {**write_outcome(EXECUTED), **changed}))


def tampered(request: wire.Request) -> Spoken:
    spoken = honest(request)
    return replace(spoken, content=spoken.content.replace(b"ZJDJ", b"ZJDK"))


def replayed(request: wire.Request) -> Spoken:
    return honest(replace(request, request_id="0" * 32))


def replayed_in_a_new_envelope(request: wire.Request) -> Spoken:
    return replace(replayed(request), content=honest(request).content)


def under_another_request(request: wire.Request) -> Spoken:
    return signed(request, reply(replace(request, request_id="0" * 32), write_outcome(EXECUTED)))


def reflected(request: wire.Request) -> Spoken:
    content = honest(request).content
    signature = wire.sign(SECRET, Direction.REQUEST, PATH, request.timestamp, request.request_id, content)
    return Spoken(content, {wire.HEADER_TIMESTAMP: request.timestamp, wire.HEADER_SIGN: signature})


def redated(request: wire.Request) -> Spoken:
    spoken = honest(request)
    return replace(spoken, headers={**spoken.headers, wire.HEADER_TIMESTAMP: "2026-11-22 10:30:15"})


def dated_twice(request: wire.Request) -> Spoken:
    content = wire.write_reply(request, "2026-11-20 10:30:15", ReplyCode.DONE, write_outcome(EXECUTED))
    return signed(request, content)


def encoded(request: wire.Request) -> Spoken:
    spoken = honest(request)
    return replace(spoken, headers={**spoken.headers, "content-encoding": "gzip"})


def raw(content: bytes) -> Lie:
    """Return properly signed bytes that are no envelope."""
    return lambda request: signed(request, content)


LIES: Final[Mapping[str, Lie]] = {
    "forged": lambda request: signed(request, honest(request).content, secret=b"another secret, as long"),
    "signed for another path": lambda request: signed(request, honest(request).content, path="/zhejiang/zlcx"),
    "unsigned": lambda request: replace(honest(request), headers={}),
    "signed in letters that no hexadecimal has": lambda request: replace(
        honest(request), headers={**honest(request).headers, wire.HEADER_SIGN: "é"}
    ),
    "tampered with": tampered,
    "replayed": replayed,
    "replayed in a new envelope": replayed_in_a_new_envelope,
    "genuine, under another request": under_another_request,
    "our own request's signature": reflected,
    "redated": redated,
    "dated twice": dated_twice,
    "HTTP 502 around a genuine answer": lambda request: replace(honest(request), status=502),
    "HTTP 201 around a genuine answer": lambda request: replace(honest(request), status=201),
    "content-encoded": encoded,
    "genuine, and too large": lambda request: signed(request, honest(request).content + b" " * 1024 * 1024),
    "nothing": raw(b""),
    "no JSON": raw(b"<html>"),
    "not UTF-8": raw(b'{"head": "\xd0\xd5"}'),
    "an array": raw(b"[]"),
    "nested 10,000 deep": raw(b"[" * 10_000 + b"]" * 10_000),
    "a name given twice": lambda request: signed(
        request, honest(request).content.replace(b'"zlzt":"ZX"', b'"zlzt":"ZX","zlzt":"JJ"')
    ),
    "a float": saying(bbh=1.5),
    "another order": saying(zlbh="order_2"),
    "no order": saying(zlbh=None),
    "a number for a text": saying(zlbh=1),
    "another right": saying(qzbh="PWQ-ZJ-330602-00002"),
    "a number in full-width digits": saying(qzbh="PWQ-ZJ-330602-００００１"),
    "another kind of order": saying(zllx="JD"),
    "a status that is not in the manual": saying(zlzt="OK"),
    "executed without a reference": saying(pzh=None),
    "executed without a time": saying(zxsj=None),
    "executed at a time of no day": saying(zxsj="2026-02-30 10:00:00"),
    "executed at a time in another format": saying(zxsj="2026-11-21T10:00:00"),
    "executed and refused": saying(jjdm="3001", jjsm="可用数量不足"),
    "refused without a reason": saying(zlzt="JJ", zxsj=None),
    "refused for a reason that is not in the manual": saying(zlzt="JJ", zxsj=None, jjdm="3999"),
    "accepted, with a time of execution": saying(zlzt="SL"),
    "a reply code that is not in the manual": lambda request: signed(
        request, honest(request).content.replace(b'"rspCode":"0000"', b'"rspCode":"0001"')
    ),
    "a reply code that answers another question": lambda request: signed(
        request, reply(request, {}, ReplyCode.NO_SUCH_RIGHT)
    ),
}


async def test_the_honest_answer_is_believed() -> None:
    with lying(honest) as base_url:
        answer = await sent(base_url)

    assert (answer.status, answer.registry_ref, answer.executed_at) == (
        OrderStatus.EXECUTED,
        EXECUTED.registry_ref,
        NOW,
    )


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_an_answer_that_proves_nothing_leaves_the_order_open(lie: Lie) -> None:
    with lying(lie) as base_url, pytest.raises(RegistrySilent):
        await sent(base_url)


async def test_a_redirect_is_not_followed_even_to_the_registry_itself() -> None:
    with simulated() as base_url, simulator_control(base_url) as control:
        redirect = Spoken(b"", {"location": base_url + PATH}, status=307)

        with lying(lambda _: redirect) as redirecting_url, pytest.raises(RegistrySilent):
            await sent(redirecting_url)

        assert control.ledger() == []


@pytest.mark.parametrize("code", [ReplyCode.CLOSED, ReplyCode.STALE_TIMESTAMP, ReplyCode.BAD_MESSAGE])
async def test_a_signed_word_that_nothing_was_taken_is_closed_and_an_unsigned_one_is_not(code: ReplyCode) -> None:
    with lying(lambda request: signed(request, reply(request, {}, code))) as base_url, pytest.raises(RegistryClosed):
        await sent(base_url)

    with (
        lying(lambda request: Spoken(reply(request, {}, code), {}, status=503)) as base_url,
        pytest.raises(RegistrySilent),
    ):
        await sent(base_url)


async def test_a_query_believes_no_answer_about_another_order() -> None:
    def never_seen(request: wire.Request) -> Spoken:
        return signed(request, reply(request, {"zlbh": "order_2"}, ReplyCode.NO_SUCH_ORDER), path="/zhejiang/zlcx")

    with lying(never_seen) as base_url, pytest.raises(RegistryUnavailable):
        async with client(base_url) as registry:
            await registry.query_order("zhejiang", "order_1")


def lookup_lies() -> dict[str, Callable[[dict[str, Any]], None]]:
    """Return what may be wrong in the row of a right."""

    def row(**changed: object) -> Callable[[dict[str, Any]], None]:
        return lambda body: body["qzlb"][0].update(changed)

    return {
        "another right": row(qzbh="PWQ-ZJ-330602-00002"),
        "the right twice": lambda body: body["qzlb"].append(body["qzlb"][0]),
        "no right": lambda body: body["qzlb"].clear(),
        "no list": lambda body: body.update(qzlb={}),
        "a holder with a wrong check character": row(cyrdm="91330602DEM0000141"),
        "a name with a control character": row(cyrmc="绍兴\x00示例"),
        "a unit that nobody knows": row(jldw="吨/月"),
        "a pollutant that nobody knows": row(wrw="COD"),
        "a status that nobody knows": row(qzzt="99"),
        "a quantity that is a number": row(qlsl=50),
        "a quantity with an exponent": row(qlsl="5E1"),
        "a quantity below zero": row(qlsl="-50.000000"),
        "a frozen quantity below zero": row(djsl="-1"),
        "a version that is true": row(bbh=True),
        "a version below zero": row(bbh=-1),
        "an amount with a fraction of a fen": row(qdje="1.001"),
        "a term without an end": row(yxqz=None),
        "an end before the beginning": row(yxqz="2020-01-01"),
        "a day that is none": row(yxqq="2026-02-30"),
        "no time of the answer": row(sjsj=None),
    }


@pytest.mark.parametrize("change", lookup_lies().values(), ids=lookup_lies().keys())
async def test_a_right_that_makes_no_sense_is_no_answer(change: Callable[[dict[str, Any]], None]) -> None:
    with rewritten(Operation.LOOKUP, change) as base_url, pytest.raises(RegistryUnavailable):
        async with client(base_url) as registry:
            await registry.lookup_right("zhejiang", registry_no=SHAOXING_COD_RIGHT)


@pytest.mark.parametrize("operation", [Operation.LOOKUP, Operation.BALANCES])
async def test_what_passes_through_unchanged_is_believed(operation: Operation) -> None:
    with rewritten(operation, lambda _: None) as base_url:
        async with client(base_url) as registry:
            if operation is Operation.LOOKUP:
                await registry.lookup_right("zhejiang", registry_no=SHAOXING_COD_RIGHT)
            else:
                await registry.daily_balances("zhejiang", business_date(NOW))


def file_lies() -> dict[str, Callable[[dict[str, Any]], None]]:
    """Return what may be wrong in a daily file."""

    def row_less(body: dict[str, Any]) -> None:
        body["wj"] = body["wj"].split("\n", 1)[1]

    def one_figure(body: dict[str, Any]) -> None:
        body["wj"] = body["wj"].replace("|50.000000|", "|51.000000|", 1)

    return {
        "another day": lambda body: body.update(rq="2026-11-20"),
        "a control total of one more": lambda body: body.update(zhs=body["zhs"] + 1),
        "a row less than the digest covers": row_less,
        "a figure that the digest does not cover": one_figure,
        "no file": lambda body: body.update(wj=""),
    }


@pytest.mark.parametrize("change", file_lies().values(), ids=file_lies().keys())
async def test_a_daily_file_that_contradicts_its_totals_is_no_answer(change: Callable[[dict[str, Any]], None]) -> None:
    with rewritten(Operation.BALANCES, change) as base_url, pytest.raises(RegistryUnavailable):
        async with client(base_url) as registry:
            await registry.daily_balances("zhejiang", business_date(NOW))


# What the lies are told with


def lying(lie: Lie) -> AbstractContextManager[str]:
    """Serve a registry that answers everything with one lie."""

    async def app(_: object, receive: Receive, send: Send) -> None:
        spoken = lie(wire.read_request(await body_of(receive)))
        await speak(send, spoken)

    return serving(app)


@contextmanager
def rewritten(operation: Operation, change: Callable[[dict[str, Any]], None]) -> Iterator[str]:
    """Serve a simulator whose answers are changed on the way, and signed as if they were its own."""
    path = wire.wire_path("zhejiang", operation)
    with simulated() as base_url:

        async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
            content = await body_of(receive)
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            async with httpx.AsyncClient(trust_env=False) as line:
                answer = await line.post(base_url + path, content=content, headers=headers)
            envelope = json.loads(answer.content)
            change(envelope["body"])
            changed = signed(wire.read_request(content), json.dumps(envelope).encode(), path=path)
            await speak(send, changed)

        with serving(app) as rewriting_url:
            yield rewriting_url


async def body_of(receive: Receive) -> bytes:
    content = bytearray()
    while True:
        event = await receive()
        content += event["body"]
        if not event["more_body"]:
            return bytes(content)


async def speak(send: Send, spoken: Spoken) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in spoken.headers.items()]
    headers.append((b"content-length", str(len(spoken.content)).encode()))
    await send({"type": "http.response.start", "status": spoken.status, "headers": headers})
    await send({"type": "http.response.body", "body": spoken.content, "more_body": False})
