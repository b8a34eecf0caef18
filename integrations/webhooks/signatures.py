"""Signatures of webhook messages: `v1`, a shared secret, and `v1a`, a key that only we hold.

What is signed is the message's id, the second it is sent and the exact bytes of its body, joined by full stops; so an
id must hold none. Several signatures stand in one header with spaces between them, one of each kind for each live pair
of keys, and a receiver needs one that it knows.

Source: Standard Webhooks 1.0.0, "Signature scheme" and "Multiple signatures".

>>> secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
>>> sign_shared(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.ports.webhook_sending import WebhookMessage

PUBLIC_PREFIX: Final = "whpk_"


def headers_of(message: WebhookMessage) -> Mapping[str, str]:
    """Return the three headers of a message; raises ValueError for an id that could be mistaken for more."""
    if "." in message.id or not message.id.isascii():
        raise ValueError(message.id)
    second = _second(message.at)
    signatures = [sign_shared(pair.shared, message.id, second, message.body) for pair in message.keys]
    signatures += [sign_private(pair.seed, message.id, second, message.body) for pair in message.keys]
    return {
        "webhook-id": message.id,
        "webhook-timestamp": str(second),
        "webhook-signature": " ".join(signatures),
    }


def sign_shared(secret: bytes, message_id: str, second: int, body: bytes) -> str:
    """Return the signature with a shared secret, HMAC-SHA256."""
    return "v1," + _base64(hmac.digest(secret, _content(message_id, second, body), hashlib.sha256))


def sign_private(seed: bytes, message_id: str, second: int, body: bytes) -> str:
    """Return the signature with our private key, Ed25519."""
    return "v1a," + _base64(Ed25519PrivateKey.from_private_bytes(seed).sign(_content(message_id, second, body)))


def public_key_of(seed: bytes) -> str:
    """Return the public key of a private seed of 32 bytes, as receivers write it."""
    return PUBLIC_PREFIX + _base64(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def _content(message_id: str, second: int, body: bytes) -> bytes:
    return f"{message_id}.{second}.".encode("ascii") + body


def _second(at: datetime) -> int:
    return int(at.timestamp())


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
