"""One call to a counterpart over HTTP, bounded in time and size, whose failure says whether anything was sent.

The subtle thing is that a failed call is one of two kinds. `NotSent` is certain knowledge: the connection was never
made, so the counterpart cannot have seen a byte. `NoAnswer` is ignorance: anything may have happened over there. Only
failures to connect, or to get a connection out of the pool, count as `NotSent`; a broken write already counts as
`NoAnswer`.

The deadline covers the whole call, because the time limits of the HTTP client itself are per read, and a counterpart
that drips one byte a second would never meet them. Content encodings are refused, so that a small answer cannot
unpack into a large one. Redirects are not followed and the environment's proxies are not used: an order goes where
the configuration says or nowhere.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import urlsplit

import httpx

ANSWER_BYTES_MAX: Final = 1024 * 1024

_UNSENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


class NotSent(Exception):
    """Say that no connection was made: the counterpart has seen nothing of this call."""


class NoAnswer(Exception):
    """Say that no usable answer came back: nobody on this side knows what the counterpart did."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the headers by lower-case name, and the exact bytes of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def checked_base_url(text: str) -> str:
    """Return a counterpart's base address without a trailing slash; it must be plain http(s) without credentials.

    >>> checked_base_url("https://registry.example/gateway/")
    'https://registry.example/gateway'

    Raises:
        ValueError: not an http(s) address, or one with user information, query or fragment.
    """
    parts = urlsplit(text)
    plain = parts.scheme in {"http", "https"} and parts.hostname and not (parts.query or parts.fragment)
    if not plain or parts.username is not None or parts.password is not None:
        message = "a base address is http(s)://host[:port][/path], without credentials, query or fragment"
        raise ValueError(message)
    return text.rstrip("/")


def counterpart_client(timeout_seconds: float, *, connections_max: int = 10) -> httpx.AsyncClient:
    """Return a client for one counterpart; give each counterpart its own, so that a slow one starves no other."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(timeout_seconds),
        limits=httpx.Limits(max_connections=connections_max, keepalive_expiry=5.0),
        headers={"accept-encoding": "identity", "user-agent": "greenlien"},
        verify=_trust(),
        follow_redirects=False,
        trust_env=False,
    )


async def post(
    client: httpx.AsyncClient,
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    *,
    deadline_seconds: float,
    answer_bytes_max: int = ANSWER_BYTES_MAX,
) -> Answer:
    """Send one body and return the answer whatever its status; nothing is retried.

    A call that is cancelled from outside is in the same position as one that raised `NoAnswer`.

    Raises:
        NotSent: no connection was made.
        NoAnswer: time ran out, the connection broke, or the answer is encoded or too large.
    """
    try:
        async with asyncio.timeout(deadline_seconds):
            request = client.build_request("POST", url, content=content, headers=dict(headers))
            response = await client.send(request, stream=True)
            try:
                body = await _bounded_body(response, answer_bytes_max)
            finally:
                await response.aclose()
    except TimeoutError as error:
        message = f"no complete answer within {deadline_seconds:g} s"
        raise NoAnswer(message) from error
    except _UNSENT as error:
        message = f"not connected: {type(error).__name__}"
        raise NotSent(message) from error
    except httpx.HTTPError as error:
        message = f"the connection failed: {type(error).__name__}"
        raise NoAnswer(message) from error
    return Answer(status=response.status_code, headers=dict(response.headers), body=body)


@cache
def _trust() -> ssl.SSLContext:
    """Return whom we trust on https; read from disk once, because reading takes longer than a call."""
    return httpx.create_ssl_context(trust_env=False)


async def _bounded_body(response: httpx.Response, bytes_max: int) -> bytes:
    """Read the body as sent, giving up at the first byte too many."""
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        message = "the answer is content-encoded although only identity was asked for"
        raise NoAnswer(message)
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > bytes_max:
            message = f"the answer is larger than {bytes_max} bytes"
            raise NoAnswer(message)
    return bytes(body)
