"""A box for secrets: AES-256-GCM under a key of a file, each sealed text bound to its owner and naming its key.

A file holds one key a line, `KEYID:BASE64`, of 32 bytes; the first seals, all open. A sealed text is `KEYID.BASE64`, of
the nonce and what GCM makes. The owner's parts are joined with their lengths, so that no two owners ever read alike.

Source: NIST SP 800-38D (a nonce of 96 random bits; far fewer than 2^32 texts under one key).
"""

import base64
import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.ports.secret_box import Owner, SecretsUnavailable

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
KEY_ID_BYTES: Final = 4
OWNER_ONLY: Final = 0o600
_KEY_ID: Final = re.compile(r"[0-9a-z]{1,32}", re.ASCII)


class AesSecretBox:
    """Keys by their id; the first one seals."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Hold keys.

        Raises:
            ValueError: none, an id that is no plain word, or a key of another length.
        """
        if not keys or any(_KEY_ID.fullmatch(name) is None or len(key) != KEY_BYTES for name, key in keys.items()):
            raise ValueError("a box needs keys of 32 bytes under plain ids")
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._sealing = next(iter(keys))

    def seal(self, secret: bytes, owner: Owner) -> str:
        """Return the secret sealed for its owner."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self._sealing].encrypt(nonce, secret, _bound(self._sealing, owner))
        return f"{self._sealing}.{base64.urlsafe_b64encode(nonce + sealed).decode('ascii')}"

    def open(self, sealed: str, owner: Owner) -> bytes:
        """Return what was sealed for this owner; raises SecretsUnavailable."""
        name, _, text = sealed.partition(".")
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise SecretsUnavailable
        try:
            raw = base64.urlsafe_b64decode(text)
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(name, owner))
        except (InvalidTag, ValueError):
            raise SecretsUnavailable from None


def load_secret_box(path: Path) -> AesSecretBox:
    """Return the box of a key file.

    Raises:
        PermissionError: others may read the file.
        ValueError: it is no such file.
    """
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"{path} can be read by others than its owner"
        raise PermissionError(message)
    keys: dict[str, bytes] = {}
    for line in path.read_text(encoding="ascii").split():
        name, _, text = line.partition(":")
        keys[name] = base64.b64decode(text, validate=True)
    return AesSecretBox(keys)


def make_secret_key(path: Path) -> None:
    """Write a file with one fresh key that only its owner may read; an existing file is never overwritten."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")
        file.write(f"{secrets.token_hex(KEY_ID_BYTES)}:{key}\n")


def _bound(name: str, owner: Owner) -> bytes:
    """Return what a sealed text is bound to."""
    parts = [part.encode("utf-8") for part in (name, *owner)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
