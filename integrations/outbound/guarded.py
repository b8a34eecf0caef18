"""A guarded way out: HTTP to an address that somebody else named, which may be meant to lead us astray.

The subtle thing is the time between judging and connecting: a name that resolved to a public address a moment ago may
resolve to ours now. So what connects is what judges: the connection is made to the very address that was judged, while
the certificate is still asked for the name and the name still stands in `Host`. All addresses of a name must be good,
because whoever mixes one of ours among them means it.

No redirect is followed, no proxy of the environment is used, nothing is unpacked, and what is read is bounded. With
`loopback` this machine may be reached too, also over plain http and at any port; that is for demonstrations and tests.

Source: OWASP, Server-Side Request Forgery Prevention; RFC 9110 section 8.4.1 (identity).
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import httpcore
import httpx

from integrations.outbound.addresses import HTTPS_PORT, LOOPBACK, AddressRefused, forbidden, plain_url, port_of

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 10.0
TOTAL_SECONDS: Final = 15.0
ANSWER_BYTES_MAX: Final = 64 * 1024
ADDRESSES_MAX: Final = 16
RESOLVER_THREADS: Final = 8

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns every address of a name; raises OSError where there is none."""


@dataclass(frozen=True, slots=True)
class GuardedAnswer:
    """What came back: the status and the headers by lower-case name; a body is read to its bound and let go."""

    status: int
    headers: Mapping[str, str]


class Guard:
    """Judges addresses: their spelling, their port, and every IP address that they resolve to."""

    def __init__(
        self, *, ports: Iterable[int] = (HTTPS_PORT,), loopback: bool = False, resolve: Resolve | None = None
    ) -> None:
        """Allow these ports; with `loopback` also this machine, at any port and over plain http."""
        self._ports = frozenset(ports)
        self._loopback = loopback
        self._resolve = resolve or _resolver()

    async def require_allowed(self, url: str) -> None:
        """Judge an address as it would be connected to now.

        Raises:
            AddressRefused: no connection may be made.
        """
        parts = self.require_plain(url)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.judged(parts[0], parts[1])
        except TimeoutError:
            raise AddressRefused("unresolved") from None

    def require_plain(self, url: str) -> tuple[str, int]:
        """Return host and port of an address that is well written, without resolving it; raises AddressRefused."""
        parts = plain_url(url)
        port = port_of(parts)
        if not self._loopback:
            if parts.scheme != "https":
                raise AddressRefused("scheme")
            if port not in self._ports:
                raise AddressRefused("port")
        elif parts.scheme == "http" and port in self._ports:
            raise AddressRefused("scheme")  # no public address is ever reached in clear
        return parts.hostname or "", port

    async def judged(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host, each of which may be connected to.

        Raises:
            AddressRefused: it has none, or one that may not.
        """
        try:
            addresses = list(dict.fromkeys(await self._resolve(host, port)))
        except (OSError, UnicodeError):
            raise AddressRefused("unresolved") from None
        if not 0 < len(addresses) <= ADDRESSES_MAX:
            raise AddressRefused("unresolved")
        words = {forbidden(address) for address in addresses}
        if self._loopback and words == {LOOPBACK}:
            return addresses
        for word in sorted(word for word in words if word is not None):
            raise AddressRefused(word)
        if port not in self._ports:
            raise AddressRefused("port")
        return addresses


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to an address that the guard has judged for this very connection."""

    def __init__(self, guard: Guard) -> None:
        """Ask a guard before each connection."""
        self._guard = guard
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, judge, and connect to the first judged address that answers; raises httpcore.ConnectError."""
        failure: Exception | None = None
        try:
            async with asyncio.timeout(CONNECT_SECONDS if timeout is None else timeout):
                for address in await self._guard.judged(host, port):
                    try:
                        return await self._inner.connect_tcp(address, port, None, local_address, socket_options)
                    except httpcore.ConnectError as error:
                        failure = error
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except AddressRefused as refusal:
            raise httpcore.ConnectError(refusal.reason) from refusal
        raise httpcore.ConnectError("no address answers") from failure

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002 - httpcore's signature
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - httpcore's signature
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: no address leads to a socket of ours."""
        raise httpcore.ConnectError("unix")

    async def sleep(self, seconds: float) -> None:
        """Sleep, for httpcore's own retries, of which there are none here."""
        await self._inner.sleep(seconds)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport over a pool whose connections the guard has judged."""

    def __init__(self, guard: Guard, context: ssl.SSLContext | None = None, *, connections_max: int = 200) -> None:
        """Trust the usual authorities, or what a test brings."""
        context = context or _trust()
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=connections_max,
            keepalive_expiry=5.0,
            network_backend=GuardedBackend(guard),
        )


def guarded_client(guard: Guard, context: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    """Return a client that goes only where the guard lets it."""
    return httpx.AsyncClient(
        transport=GuardedTransport(guard, context),
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
        headers={"accept-encoding": "identity", "user-agent": "greenlien"},
        follow_redirects=False,
        trust_env=False,
    )


async def guarded_post(
    client: httpx.AsyncClient,
    guard: Guard,
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    *,
    total_seconds: float = TOTAL_SECONDS,
) -> GuardedAnswer:
    """Send one body and return status and headers, whatever they are; nothing is retried.

    Raises:
        AddressRefused: no connection may be made; nothing was sent.
        TimeoutError: no complete answer came in time.
        httpx.HTTPError: the connection could not be made, or broke.
    """
    guard.require_plain(url)
    try:
        async with asyncio.timeout(total_seconds):
            request = client.build_request("POST", url, content=content, headers=dict(headers))
            response = await client.send(request, stream=True)
            try:
                await _drained(response)
            finally:
                await response.aclose()
    except httpx.TimeoutException as error:
        raise TimeoutError(type(error).__name__) from error
    except httpx.ConnectError as error:
        refusal = _refusal_behind(error)
        if refusal is not None:
            raise refusal from None
        raise
    return GuardedAnswer(response.status_code, {name.lower(): value for name, value in response.headers.items()})


def _refusal_behind(error: BaseException) -> AddressRefused | None:
    """Return the guard's refusal that lies behind a failure to connect, none when there is none."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AddressRefused):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


async def _drained(response: httpx.Response) -> None:
    """Read the body as sent, unpacked by nobody, up to the bound; what is longer is left unread."""
    read = 0
    async for chunk in response.aiter_raw():
        read += len(chunk)
        if read > ANSWER_BYTES_MAX:
            return


@cache
def _trust() -> ssl.SSLContext:
    """Return whom we trust on https; read from disk once."""
    return httpx.create_ssl_context(trust_env=False)


@cache
def _threads() -> ThreadPoolExecutor:
    """Return threads of their own for names, so that one that never resolves holds up nothing else."""
    return ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")


def _resolver() -> Resolve:
    def ask(host: str, port: int) -> list[str]:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [str(place[0]) for _, _, _, _, place in found]

    async def resolve(host: str, port: int) -> Sequence[str]:
        return await asyncio.get_running_loop().run_in_executor(_threads(), ask, host, port)

    return resolve
