"""A call to a counterpart, over real sockets: what is read is bounded, and a failure says whether anything was sent."""

import gzip
import socket
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from integrations.outbound.guarded import CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS, Guard, guarded_client
from integrations.outbound.http import ANSWER_BYTES_MAX, Answer, NoAnswer, NotSent, counterpart_client, post
from tests.fakes.webhook_receiver import HANG, HANG_UP, Receiver, receiving

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    made = counterpart_client(2.0)
    yield made
    await made.aclose()


async def told(client: httpx.AsyncClient, status: int, content: bytes, **headers: str) -> Answer:
    """Send a body to somebody who answers so."""
    with receiving(Receiver(lambda *_: (status, headers, content))) as receiver:
        return await post(client, receiver.url, b"{}", {}, deadline_seconds=1.0)


async def test_an_answer_of_a_mebibyte_is_read_and_a_byte_more_is_not(client: httpx.AsyncClient) -> None:
    assert ANSWER_BYTES_MAX == 1 << 20
    assert len((await told(client, 200, b"x" * ANSWER_BYTES_MAX)).body) == ANSWER_BYTES_MAX
    with pytest.raises(NoAnswer, match="larger"):
        await told(client, 200, b"x" * (ANSWER_BYTES_MAX + 1))


async def test_a_small_answer_that_would_unpack_into_a_large_one_is_not_unpacked(client: httpx.AsyncClient) -> None:
    bomb = gzip.compress(b"\x00" * (200 << 20), compresslevel=1)
    assert len(bomb) < ANSWER_BYTES_MAX
    with pytest.raises(NoAnswer, match="content-encoded"):
        await told(client, 200, bomb, **{"Content-Encoding": "gzip"})


@pytest.mark.parametrize("silence", [HANG, HANG_UP])
async def test_whoever_took_the_call_and_says_nothing_may_have_carried_it_out(
    client: httpx.AsyncClient, silence: int
) -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        await told(client, silence, b"")
    assert time.monotonic() - began < 3


async def test_where_nobody_listens_nothing_was_sent(client: httpx.AsyncClient) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # taken, and nobody listens
        with pytest.raises(NotSent):
            await post(client, f"http://127.0.0.1:{held.getsockname()[1]}/", b"{}", {}, deadline_seconds=1.0)


async def test_a_redirect_is_an_answer_and_is_not_followed(client: httpx.AsyncClient) -> None:
    with receiving(Receiver()) as other:
        assert (await told(client, 302, b"", Location=other.url)).status == 302
    assert other.received == []


async def test_the_guarded_way_out_waits_three_seconds_to_connect_ten_to_read_and_fifteen_in_all() -> None:
    client = guarded_client(Guard())
    assert (client.timeout.connect, client.timeout.read, TOTAL_SECONDS) == (3.0, 10.0, 15.0)
    assert (CONNECT_SECONDS, READ_SECONDS) == (3.0, 10.0)
    await client.aclose()
