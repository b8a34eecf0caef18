"""Send webhook messages through the guarded way out; implements `WebhookSender`.

Nothing of what a receiver answers is kept but its status and how long it wants to be left alone: a body may hold
anything, and whoever reads our delivery list could otherwise read through us what an address of ours answers.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Final

import httpx

from domain.ports.webhook_sending import SendOutcome, WebhookMessage, WebhookUrlRefused
from integrations.outbound.addresses import AddressRefused
from integrations.outbound.guarded import Guard, guarded_client, guarded_post
from integrations.webhooks.signatures import headers_of, public_key_of

RETRY_AFTER_DIGITS_MAX: Final = 7

_WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "scheme": ("地址须以 https:// 开头", "the address must begin with https://"),
        "port": ("不允许该端口", "this port is not allowed"),
        "credentials": ("地址中不得含有用户名或密码", "no user name or password in the address"),
        "fragment": ("地址中不得含有 # 片段", "no fragment in the address"),
        "host": (
            "主机名须为普通域名或标准写法的 IP 地址",
            "the host is a plain name, or an IP address as usually written",
        ),
        "too_long": ("地址过长", "the address is too long"),
        "unreadable": ("地址无法识别", "the address cannot be read"),
        "unresolved": ("域名无法解析", "the name does not resolve"),
    }
)
_NOT_PUBLIC: Final = ("地址须指向公共互联网", "the address must lead into the public internet")


class HttpWebhookSender:
    """Sends over HTTP; nothing is connected before the first message."""

    def __init__(self, guard: Guard, client: httpx.AsyncClient | None = None) -> None:
        """Go where the guard allows."""
        self._guard = guard
        self._client = client or guarded_client(guard)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def require_allowed(self, url: str) -> None:
        """Resolve an address and judge it; raises WebhookUrlRefused, which does not tell what a name resolves to."""
        try:
            await self._guard.require_allowed(url)
        except AddressRefused as refusal:
            reason = refusal.reason if refusal.reason in _WORDS else "not_public"
            zh, en = _WORDS.get(reason, _NOT_PUBLIC)
            raise WebhookUrlRefused(what="webhook url", value=url, reason_zh=zh, reason_en=en, reason=reason) from None

    async def send(self, message: WebhookMessage) -> SendOutcome:
        """Send one message, once; a redirect is an answer like any other that is not a success."""
        headers = {"content-type": "application/json", **headers_of(message)}
        try:
            answer = await guarded_post(self._client, self._guard, message.url, message.body, headers)
        except AddressRefused:
            return SendOutcome(status=None, error="address_refused")
        except TimeoutError:
            return SendOutcome(status=None, error="timeout")
        except (httpx.HTTPError, httpx.InvalidURL):
            return SendOutcome(status=None, error="connection_failed")
        retry_after = read_retry_after(answer.headers.get("retry-after"), message.at)
        return SendOutcome(status=answer.status, retry_after=retry_after)

    def public_key(self, seed: bytes) -> str:
        """Return the public key of a seed."""
        return public_key_of(seed)


def webhook_sender(ports: Iterable[int], *, loopback: bool) -> HttpWebhookSender:
    """Return a sender to public addresses at these ports; with `loopback` also to this machine."""
    return HttpWebhookSender(Guard(ports=ports, loopback=loopback))


def read_retry_after(text: str | None, now: datetime) -> timedelta | None:
    """Return how long a receiver wants to be left alone, in seconds or until a date; none for what says neither.

    >>> read_retry_after("120", datetime(2026, 11, 21, tzinfo=UTC))
    datetime.timedelta(seconds=120)
    """
    if text is None:
        return None
    told = text.strip()
    if told.isascii() and told.isdigit():
        return timedelta(seconds=int(told)) if len(told) <= RETRY_AFTER_DIGITS_MAX else None
    try:
        until = parsedate_to_datetime(told)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(until - now, timedelta())
