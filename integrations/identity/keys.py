"""Signing keys: made here, kept in a file that only its owner can read, named by their thumbprint.

The key id is the RFC 7638 thumbprint of the public key, so two keys never share one and nobody has to invent names.

Source: RFC 7518 section 6.2 (EC keys), RFC 7638 (thumbprint).
"""

import base64
import hashlib
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

COORDINATE_BYTES: Final = 32
OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private P-256 key in PKCS 8 PEM; it never shows itself in a log."""

    key_id: str
    pem: str = field(repr=False)

    @property
    def public_jwk(self) -> dict[str, object]:
        """Return the public key as registered or published."""
        return {**_coordinates(_load(self.pem)), "kid": self.key_id, "use": "sig", "alg": "ES256"}


def generate_key() -> SigningKey:
    """Make a fresh key."""
    return _signing_key(ec.generate_private_key(ec.SECP256R1()))


def read_key(pem: str) -> SigningKey:
    """Return the key in a PEM text.

    Raises:
        ValueError: it is not an unencrypted private key on P-256.
    """
    return _signing_key(_load(pem))


def save_key(key: SigningKey, path: Path) -> None:
    """Write a key to a new file that only its owner may read; an existing file is never overwritten."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.pem)


def load_key(path: Path) -> SigningKey:
    """Read a key from a file.

    Raises:
        PermissionError: others may read the file.
        ValueError: it holds no private key on P-256.
    """
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"{path} can be read by others than its owner"
        raise PermissionError(message)
    return read_key(path.read_text(encoding="ascii"))


def _load(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode("ascii"), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("not a private key on P-256")  # noqa: TRY004 - the text of a file is wrong, not a type
    return key


def _signing_key(key: ec.EllipticCurvePrivateKey) -> SigningKey:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    canonical = json.dumps(_coordinates(key), sort_keys=True, separators=(",", ":"))
    return SigningKey(_base64url(hashlib.sha256(canonical.encode("ascii")).digest()), pem.decode("ascii"))


def _coordinates(key: ec.EllipticCurvePrivateKey) -> dict[str, object]:
    numbers = key.public_key().public_numbers()
    x, y = (_base64url(number.to_bytes(COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
