"""What every route needs of the running process: the database, the registries, the rules, the clock."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from litestar import Request

from api.rate_limits import RateLimits
from domain.jurisdictions.rulebook import Rulebook
from domain.pledges.opening import ALWAYS_OPEN, Opening
from domain.ports.certificates import CertificateSigner, SheetMaker
from domain.ports.exchange import ExchangeFiles
from domain.ports.identity import Assertions, Clients, Proofs
from domain.ports.notice_registry import NoNoticeRegistry, NoticeRegistry
from domain.ports.order_signatures import OrderSignatures
from domain.ports.registry import Registry
from domain.ports.registry_callbacks import CallbackReader, NoCallbackReader
from domain.ports.secret_box import NoSecretBox, SecretBox
from domain.ports.signed_orders import NoOrderSignatures
from domain.ports.unit_of_work import UnitOfWork
from domain.ports.webhook_sending import NoWebhookSender, WebhookSender
from domain.rights.authorizations import NotFound
from domain.values.actors import Actor
from domain.values.identifiers import ID_PATTERN

Identity = tuple[str, str, str]
"""A key's identity: client, route, key."""
SentAnswer = tuple[int, dict[str, str], bytes]
"""What was answered: status, headers, body."""


class Keys(Protocol):
    """Where idempotency keys are kept."""

    async def try_lock(self, client_id: str, route: str, key: str) -> bool:
        """Take the key for this transaction; false when a twin has it."""
        ...

    async def find(self, client_id: str, route: str, key: str) -> "KeptAnswer | None":
        """Return what the key stands for, none when it is new."""
        ...

    async def keep(self, identity: Identity, body_sha256: str, answer: SentAnswer, at: datetime) -> None:
        """Write the answer that the key stands for from now on."""
        ...

    async def open(self, identity: Identity, body_sha256: str, subject: str, at: datetime) -> None:
        """Write that a slow command has begun on `subject`."""
        ...

    async def answer(self, identity: Identity, answer: SentAnswer) -> None:
        """Write the answer of a slow command."""
        ...

    async def forget(self, identity: Identity) -> None:
        """Forget a key whose slow command came to nothing that is kept."""
        ...


class KeptAnswer(Protocol):
    """What a kept key says."""

    @property
    def body_sha256(self) -> str:
        """Return the digest of the request that came with the key."""
        ...

    @property
    def subject(self) -> str | None:
        """Return what a slow command runs on."""
        ...

    @property
    def status(self) -> int | None:
        """Return the answered status, none while it runs."""
        ...

    @property
    def headers(self) -> dict[str, str]:
        """Return the answered headers."""
        ...

    @property
    def body(self) -> bytes:
        """Return the answered body."""
        ...


class EdgeUnitOfWork(UnitOfWork, Protocol):
    """A unit of work as the edge uses it: with the keys, the clients, and the commit that no use case has."""

    @property
    def clients(self) -> Clients:
        """Return the clients."""
        ...

    @property
    def assertions(self) -> Assertions:
        """Return the assertions."""
        ...

    @property
    def proofs(self) -> Proofs:
        """Return the used proofs of possession."""
        ...

    @property
    def idempotency(self) -> Keys:
        """Return the idempotency."""
        ...

    async def commit(self) -> None:
        """Make it so."""
        ...


async def _never() -> str | None:
    """Nothing bars sending."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The process's own: `open` begins a unit of work for an actor (none for the token endpoint and the worker).

    `issuer` is the origin under which the house is served, without a trailing slash. `sending_barred` tells why nothing
    may be sent to any counterpart now, none where it may.
    """

    open: Callable[[Actor | None], AbstractAsyncContextManager[EdgeUnitOfWork]]
    registry: Registry
    exchange: ExchangeFiles
    signer: CertificateSigner
    sheets: SheetMaker
    issuer: str
    rulebook: Rulebook
    now: Callable[[], datetime]
    ready: Callable[[], Awaitable[Mapping[str, bool | str]]]
    registry_patience_seconds: float
    notice_registry: NoticeRegistry = field(default_factory=NoNoticeRegistry)
    secrets: SecretBox = field(default_factory=NoSecretBox)
    webhooks: WebhookSender = field(default_factory=NoWebhookSender)
    callbacks: CallbackReader = field(default_factory=NoCallbackReader)
    openings: Mapping[str, Opening] = field(default_factory=dict)
    order_signatures: OrderSignatures = field(default_factory=NoOrderSignatures)
    rate_limits: RateLimits | None = None
    sending_barred: Callable[[], Awaitable[str | None]] = _never

    def closed_until(self, registry: str) -> datetime | None:
        """Return the end of the scheduled closure in which a registry is now, none where it is open."""
        return self.openings.get(registry, ALWAYS_OPEN).closed_until(self.now())


def house_of(request: Request[Any, Any, Any]) -> House:
    """Return the house that a request came to."""
    house: House = request.app.state.house
    return house


def known_id(text: str, kind: str) -> str:
    """Return an id from a path; raises NotFound for what can be no id of ours."""
    if ID_PATTERN.match(text) is None:
        raise NotFound(kind)
    return text
