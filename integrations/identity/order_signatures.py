"""Order signatures as detached JWS: made by the command line, read by the server and by whoever verifies offline.

The signing input is `header.base64url(body)`, the body exactly as it was sent; what travels is `header..signature`. The
`b64: false` option, which would spare the encoding, is not used: python-jose ignores `crit` and would sign something
else.

Source: RFC 7515 section 5.2 and appendix F (detached content).
"""

import base64
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from domain.ports.order_signatures import KIND, OrderSignatureInvalid, SignedOrder
from domain.ports.tokens import PublicKey, TokenRefused
from integrations.identity.claims import AGE_SECONDS_MAX, AHEAD_SECONDS_MAX, require, seconds_claim, text_claim
from integrations.identity.compact import key_id_of, open_compact
from integrations.identity.jose_signatures import private_key, public_key, sign, verify
from integrations.identity.keys import SigningKey

MEMBERS: Final = frozenset({"alg", "typ", "kid", "order_id", "htm", "htu", "iat"})
TARGET_LENGTH_MAX: Final = 640
ORDER_ID: Final = re.compile(r"[A-Za-z0-9_-]{16,128}", re.ASCII)

_DETACHED: Final = re.compile(r"([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]+)", re.ASCII)
_STAND_IN: Final = "e30"
"""`{}`: stands where the payload is not, while the header is read."""


class JoseOrderSignatures:
    """Reads signatures of orders by ES256."""

    def claimed(self, signature: str) -> SignedOrder:
        """Return what a signature says, unverified, to look up its key; raises OrderSignatureInvalid if unreadable."""
        try:
            return _read(signature)
        except TokenRefused as refusal:
            raise OrderSignatureInvalid(refusal.reason) from None

    def verify(self, signature: str, body: bytes, keys: Sequence[PublicKey]) -> SignedOrder:
        """Return what exactly one of the keys signed over the body; raises OrderSignatureInvalid."""
        order = self.claimed(signature)
        matching = [key for key in keys if key.get("kid") == order.key_id]
        if len(matching) != 1:
            raise OrderSignatureInvalid("no single key of this id")
        header, _, mark = signature.split(".")
        try:
            verify(f"{header}.{_encoded(body)}.{mark}", public_key(matching[0]))
        except TokenRefused as refusal:
            raise OrderSignatureInvalid(refusal.reason) from None
        return order

    def require_meant_for(self, order: SignedOrder, method: str, target: str, now: datetime) -> None:
        """Return for an order signed for this request, a minute ago at most; raises OrderSignatureInvalid."""
        if order.method != method or order.target != target:
            raise OrderSignatureInvalid("signed for another request")
        age = now.timestamp() - order.signed_at.timestamp()
        if not -AHEAD_SECONDS_MAX <= age <= AGE_SECONDS_MAX:
            raise OrderSignatureInvalid("not of this minute")


def sign_order(
    key: SigningKey, body: bytes, *, method: str, target: str, now: datetime, order_id: str | None = None
) -> str:
    """Return the text of the header `Order-Signature` over a body; without an order id it gets a fresh one."""
    header = {
        "typ": KIND,
        "kid": key.key_id,
        "order_id": order_id or new_order_id(),
        "htm": method,
        "htu": target,
        "iat": int(now.timestamp()),
    }
    head, _, mark = sign(body, private_key(key.pem), header).split(".")
    return f"{head}..{mark}"


def new_order_id() -> str:
    """Return an order id that nobody else has."""
    return "ord_" + secrets.token_hex(16)


def _read(signature: str) -> SignedOrder:
    found = _DETACHED.fullmatch(signature)
    if found is None:
        raise TokenRefused("not a detached JWS")
    told = open_compact(f"{found[1]}.{_STAND_IN}.{found[2]}", frozenset({KIND}), MEMBERS).parameters
    order_id = text_claim(told, "order_id")
    require(ORDER_ID.fullmatch(order_id) is not None, "not an order id")
    return SignedOrder(
        order_id=order_id,
        key_id=key_id_of(told),
        method=text_claim(told, "htm", length_max=16),
        target=text_claim(told, "htu", length_max=TARGET_LENGTH_MAX),
        signed_at=datetime.fromtimestamp(seconds_claim(told, "iat"), UTC),
        signature=signature,
    )


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
