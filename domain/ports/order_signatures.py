"""Order signatures: a client's signature over one order, so that it can neither be forged nor denied.

It travels in the header `Order-Signature` as a detached JWS, `header..signature`: the payload is the body of the
request, byte for byte, and is not sent twice. The header says which order this is, and for which method, address and
moment it was meant, so that a signature under one order is good for no other.

The subtle thing is what is *not* asked here: whether an order id was used before. Signatures on elliptic curves can be
rewritten without the key into others that verify as well, so that question is asked of the order id, never of the
signature's bytes.

Source: RFC 7515 appendix F (detached content), RFC 7518 section 3.4 (ES256).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from domain.errors import DomainError
from domain.ports.tokens import PublicKey

HEADER: Final = "Order-Signature"
KIND: Final = "greenlien-order+jws"


@dataclass(eq=False)
class OrderSignatureInvalid(DomainError):
    """Refuse a signature that is not this client's over this very order; `reason` is for the log."""

    code = "order_signature_invalid"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOrder:
    """What a signature says: the order, what it was meant for, and when it was signed.

    `target` is origin, path and query as the client wrote them; `signature` is the header's text, to be stored with the
    body and the key.
    """

    order_id: str
    key_id: str
    method: str
    target: str
    signed_at: datetime
    signature: str


class OrderSignatures(Protocol):
    """Reads signatures of orders."""

    def claimed(self, signature: str) -> SignedOrder:
        """Return what a signature says, unverified, to look up its key; raises OrderSignatureInvalid if unreadable."""
        ...

    def verify(self, signature: str, body: bytes, keys: Sequence[PublicKey]) -> SignedOrder:
        """Return what exactly one of the keys signed over the body; raises OrderSignatureInvalid.

        It asks nothing of method, address and time: `require_meant_for` does, where an order comes in. Reading a stored
        order again in twenty years does not.
        """
        ...

    def require_meant_for(self, order: SignedOrder, method: str, target: str, now: datetime) -> None:
        """Return for an order signed for this request, a minute ago at most; raises OrderSignatureInvalid."""
        ...
