"""The guarded way out, over real sockets: what connects was judged; nothing is followed, unpacked or awaited."""

import asyncio
import datetime as dt
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from integrations.outbound.addresses import AddressRefused
from integrations.outbound.guarded import ANSWER_BYTES_MAX, Guard, GuardedAnswer, guarded_client, guarded_post
from tests.fakes.webhook_receiver import HANG, HANG_UP, Receiver, receiving

pytestmark = pytest.mark.anyio

NAME = "hooks.example.com"
ANSWERS_OF_LIARS = {
    "a redirect to the metadata service": (302, {"Location": "http://169.254.169.254/latest/meta-data"}, b""),
    "a permanent redirect": (308, {"Location": "https://127.0.0.1/"}, b""),
    "a refusal": (500, {}, b"no"),
    "ten megabytes": (200, {}, b"x" * 10_000_000),
    "a bomb": (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b\x08" + b"\x00" * 100),
    "another bomb": (200, {"Content-Encoding": "br"}, b"\xff" * 1000),
}


@asynccontextmanager
async def way_out(guard: Guard, context: ssl.SSLContext | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Lend a client."""
    client = guarded_client(guard, context)
    try:
        yield client
    finally:
        await client.aclose()


async def posted(guard: Guard, url: str, *, total_seconds: float = 5.0) -> GuardedAnswer:
    """Send one small body."""
    async with way_out(guard) as client:
        return await guarded_post(client, guard, url, b"{}", {}, total_seconds=total_seconds)


def changing(*told: str) -> tuple[Guard, list[str]]:
    """Return a guard for whom a name resolves to one address after the other, and what it was told."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return [told[min(len(asked), len(told)) - 1]]

    return Guard(resolve=resolve), asked


async def test_a_name_that_was_good_when_it_was_registered_is_judged_again_when_it_is_connected_to() -> None:
    with receiving(Receiver()) as receiver:
        port = int(receiver.url.split(":")[2].split("/")[0])
        guard, asked = changing("8.8.8.8", "127.0.0.1")
        guard._ports = frozenset({port})
        await guard.require_allowed(f"https://{NAME}:{port}/in")
        with pytest.raises(AddressRefused) as refusal:
            await posted(guard, f"https://{NAME}:{port}/in")
    assert (refusal.value.reason, asked, receiver.connections) == ("loopback", [NAME, NAME], 0)


async def test_an_address_that_is_judged_is_the_one_connected_to_and_nobody_asks_again() -> None:
    with receiving(Receiver()) as receiver:
        port = int(receiver.url.split(":")[2].split("/")[0])
        asked: list[str] = []

        async def resolve(host: str, port: int) -> Sequence[str]:
            asked.append(host)
            return ["127.0.0.1"]

        answer = await posted(Guard(loopback=True, resolve=resolve), f"http://{NAME}:{port}/in")
    assert (answer.status, asked) == (200, [NAME])
    assert receiver.received[0].headers["host"] == f"{NAME}:{port}"


async def test_the_certificate_is_asked_for_the_name_although_the_address_is_connected_to(tmp_path: Path) -> None:
    authority, server = certified(tmp_path, NAME)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    guard = Guard(loopback=True, resolve=resolve)
    with receiving(Receiver(), server) as receiver:
        port = int(receiver.url.split(":")[2].split("/")[0])
        async with way_out(guard, authority) as client:
            answer = await guarded_post(client, guard, f"https://{NAME}:{port}/in", b"{}", {})
            assert answer.status == 200
            with pytest.raises(httpx.ConnectError):
                await guarded_post(client, guard, f"https://other.example.com:{port}/in", b"{}", {})
    assert [each.headers["host"] for each in receiver.received] == [f"{NAME}:{port}"]


@pytest.mark.parametrize("lie", ANSWERS_OF_LIARS)
async def test_whatever_comes_back_is_a_status_and_no_more(lie: str) -> None:
    status, headers, content = ANSWERS_OF_LIARS[lie]
    with receiving(Receiver(lambda *_: (status, headers, content))) as receiver:
        answer = await posted(Guard(loopback=True), receiver.url)
    assert answer.status == status
    assert len(receiver.received) == 1
    assert receiver.received[0].headers["accept-encoding"] == "identity"


async def test_of_an_endless_answer_only_the_beginning_is_read() -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 999999999999\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 16384)
                await writer.drain()
                sent += 16384
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    answer = await posted(Guard(loopback=True), f"http://127.0.0.1:{port}/")
    server.close()
    assert answer.status == 200
    assert sent < 200 * ANSWER_BYTES_MAX


@pytest.mark.parametrize("silence", [HANG, HANG_UP])
async def test_a_receiver_that_hangs_or_hangs_up_is_left_in_time(silence: int) -> None:
    began = time.monotonic()
    with (
        receiving(Receiver(lambda *_: (silence, {}, b""))) as receiver,
        pytest.raises(TimeoutError if silence == HANG else httpx.HTTPError),
    ):
        await posted(Guard(loopback=True), receiver.url, total_seconds=0.5)
    assert time.monotonic() - began < 3


async def test_a_receiver_that_drips_is_left_in_time() -> None:
    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 1000\r\n\r\n")
            while await reader.read(1):
                writer.write(b"x")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(dripping, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(TimeoutError):
        await posted(Guard(loopback=True), f"http://127.0.0.1:{port}/", total_seconds=0.5)
    server.close()


async def test_the_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(Receiver(lambda *_: (418, {}, b""))) as proxy, receiving(Receiver()) as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert (await posted(Guard(loopback=True), receiver.url)).status == 200
    assert (proxy.received, len(receiver.received)) == ([], 1)


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://10.0.0.1:8080/", "https://192.168.1.1/"])
async def test_nothing_is_sent_where_it_must_not_go(url: str) -> None:
    with pytest.raises(AddressRefused):
        await posted(Guard(loopback=True), url)


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return whom a client trusts, and what a server of this name shows."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    paths[1].write_bytes(pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*paths)
    return ssl.create_default_context(cafile=str(paths[0])), server
