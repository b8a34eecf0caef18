"""Send one webhook message to an address that a tenant named, and say what came back.

Whatever happens is an outcome and none is an exception: a receiver that answers badly, or not at all, is the ordinary
case. An address is judged twice, when it is registered and again at each connection, because a name may resolve to
another address by then.

Source: Standard Webhooks 1.0.0 (https://www.standardwebhooks.com), "Webhook headers", "Signature scheme".
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from domain.errors import InvalidValue


@dataclass(eq=False)
class WebhookUrlRefused(InvalidValue):
    """Refuse an address that no webhook may go to; `reason` is a stable word."""

    code = "invalid_webhook_url"

    reason: str
    pointer: str = "#/url"


@dataclass(frozen=True, slots=True)
class SigningSecrets:
    """One live pair of an endpoint: the shared secret of `v1` and the private seed of `v1a`."""

    shared: bytes = field(repr=False)
    seed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMessage:
    """A message as it is sent: signed with each live pair, the newest first."""

    url: str
    id: str
    body: bytes
    at: datetime
    keys: tuple[SigningSecrets, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOutcome:
    """What came back: a status, or the stable word of what went wrong before there was one."""

    status: int | None
    error: str | None = None
    retry_after: timedelta | None = None

    @property
    def delivered(self) -> bool:
        """Tell whether the receiver took it; a redirect is no answer."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - the successful statuses


class WebhookSender(Protocol):
    """Send messages."""

    async def require_allowed(self, url: str) -> None:
        """Resolve an address and judge it; raises WebhookUrlRefused."""
        ...

    async def send(self, message: WebhookMessage) -> SendOutcome:
        """Send one message, once."""
        ...

    def public_key(self, seed: bytes) -> str:
        """Return the public key of a seed as receivers write it: `whpk_` and base64."""
        ...


class NoWebhookSender:
    """A house that sends no webhooks."""

    async def require_allowed(self, url: str) -> None:
        """Refuse every address."""
        raise WebhookUrlRefused(
            what="webhook url",
            value=url,
            reason_zh="本系统未开启 Webhook。",
            reason_en="this house sends no webhooks",
            reason="not_configured",
        )

    async def send(self, message: WebhookMessage) -> SendOutcome:  # noqa: ARG002 - the port's signature
        """Send nothing."""
        return SendOutcome(status=None, error="not_configured")

    def public_key(self, seed: bytes) -> str:  # noqa: ARG002 - the port's signature
        """Know none."""
        return ""
