"""Signed orders as they are kept for ever: the exact bytes, the signature over them, the key, and our receipt.

An order is kept in the transaction that carries it out, together with the answer it got, also where the answer was a
business refusal. What was refused otherwise (its body was no order, its sender was not the one) leaves nothing, and its
id may be used again.

The subtle thing is what an order id is unique in: its tenant, for ever. That is stricter than for each client, so that
an id alone names an order to its tenant, and two tenants with the same id learn nothing of each other.

Source: contract sections 1 and 2 (orders are kept 20 years, and carry `Order-Signature`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.errors import DomainError
from domain.ports.order_signatures import OrderSignatureInvalid, SignedOrder
from domain.ports.tokens import PublicKey


@dataclass(eq=False)
class OrderSignatureRequired(DomainError):
    """Refuse an order that nobody has signed."""

    code = "order_signature_required"


@dataclass(eq=False)
class OrderReplayed(DomainError):
    """Refuse an order whose id was used before, under another idempotency key."""

    code = "order_replayed"

    order_id: str


@dataclass(eq=False)
class OrderUnsigned(DomainError):
    """Refuse to approve what the first person ordered without a signature."""

    code = "order_unsigned"


@dataclass(eq=False)
class SameKey(DomainError):
    """Refuse an approval by the very key that signed the order."""

    code = "same_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOrder:
    """An order as received: `signature` holds its protected header, `public_jwk` is the key as registered then.

    `path` is what the order was about, without origin and query; `route` the name of the command.
    """

    order_id: str
    tenant: str
    client_id: str
    method: str
    target: str
    path: str
    route: str
    body: bytes
    signature: str
    public_jwk: PublicKey
    thumbprint: str
    signed_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReceipt:
    """What we answered, signed: `subject` is the id of the thing in the answer, none where a refusal has none."""

    order_id: str
    tenant: str
    status: int
    answer_sha256: str
    subject: str | None
    audit_entry: str
    issued_at: datetime
    jws: str


class SignedOrders(Protocol):
    """Keep orders and receipts; neither is ever changed."""

    async def add(self, order: KeptOrder) -> bool:
        """Write an order before it is carried out; false where its tenant has used the id.

        A twin that runs at the same time waits here, so send it before anything else is locked.
        """
        ...

    async def add_receipt(self, receipt: OrderReceipt) -> None:
        """Write what was answered."""
        ...

    async def find(self, order_id: str) -> tuple[KeptOrder, OrderReceipt] | None:
        """Return an order of the caller's tenant with its receipt, none where there is no such."""
        ...

    async def page(self, after: str | None, limit: int) -> Sequence[tuple[KeptOrder, OrderReceipt]]:
        """Return up to `limit` orders of the caller's tenant, oldest first, after one."""
        ...

    async def last_about(self, path: str, subject: str) -> KeptOrder | None:
        """Return the newest order at a path that succeeded and whose answer was about a subject."""
        ...


class NoOrderSignatures:
    """Reads no signature: for a process that takes no orders in."""

    def claimed(self, signature: str) -> SignedOrder:  # noqa: ARG002 - the port's
        """Refuse it."""
        raise OrderSignatureInvalid("no orders are taken in here")

    def verify(self, signature: str, body: bytes, keys: Sequence[PublicKey]) -> SignedOrder:  # noqa: ARG002 - the port's
        """Refuse it."""
        raise OrderSignatureInvalid("no orders are taken in here")

    def require_meant_for(self, order: SignedOrder, method: str, target: str, now: datetime) -> None:  # noqa: ARG002 - the port's
        """Refuse it."""
        raise OrderSignatureInvalid("no orders are taken in here")
