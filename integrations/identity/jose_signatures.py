"""Signatures by python-jose, the only module that imports it.

The subtle thing is how little is left to the library: it checks one signature, with one algorithm given as a list (a
text would be searched as a substring), with a key object built from a key we know. The shape of a token is checked
before it (`compact`), the claims after it, and every exception it may raise is the same refusal.

Source: RFC 7515, RFC 7518 section 3.4 (ES256), RFC 8725 (best current practice).
"""

from collections.abc import Mapping
from typing import Any, Final

from jose import jwk, jws
from jose.backends import AESKey, ECKey, HMACKey, RSAKey
from jose.backends.base import Key

from domain.ports.tokens import PublicKey, TokenRefused
from domain.values.curve_points import on_p256
from integrations.identity.compact import ALGORITHM

JWK_MEMBERS: Final = frozenset({"kty", "crv", "x", "y", "kid", "use", "alg", "key_ops"})


def assert_sound_backends() -> None:
    """Make sure that python-jose computes with `cryptography`; its other backends are slow and leak time.

    Raises:
        RuntimeError: another backend is in use.
    """
    for backend in (ECKey, RSAKey, HMACKey, AESKey):
        if backend is None or backend.__module__ != "jose.backends.cryptography_backend":
            message = f"python-jose uses {backend!r} instead of the cryptography backend"
            raise RuntimeError(message)


def private_key(pem: str) -> Key:
    """Return a key that signs."""
    return jwk.construct(pem, ALGORITHM)


def public_key(key: PublicKey) -> Key:
    """Return a key that verifies.

    Raises:
        TokenRefused: another type or curve, a private key, off the curve, for another use, or an odd member.
    """
    sound = (
        key.keys() <= JWK_MEMBERS
        and key.get("kty") == "EC"
        and key.get("crv") == "P-256"
        and key.get("use", "sig") == "sig"
        and key.get("alg", ALGORITHM) == ALGORITHM
        and key.get("key_ops", ["verify"]) == ["verify"]
    )
    x, y = key.get("x"), key.get("y")
    if not sound or not isinstance(x, str) or not isinstance(y, str):
        raise TokenRefused("not a public P-256 key for signatures")
    if not on_p256(x, y):  # asked by hand too: the library reads other spellings of a coordinate as the same one
        raise TokenRefused("not a point on P-256")
    try:
        return jwk.construct({name: key[name] for name in ("kty", "crv", "x", "y")}, ALGORITHM)
    except Exception:  # noqa: BLE001 - python-jose and cryptography raise differently; each means the same
        raise TokenRefused("not a point on P-256") from None


def sign(payload: Mapping[str, Any] | bytes, key: Key, header: Mapping[str, object]) -> str:
    """Return a compact token over claims or bytes, with these header parameters beside the algorithm."""
    return str(jws.sign(payload, key, headers=dict(header), algorithm=ALGORITHM))


def verify(token: str, key: Key) -> None:
    """Return where the key has signed the token.

    Raises:
        TokenRefused: it has not.
    """
    try:
        jws.verify(token, key, algorithms=[ALGORITHM])
    except Exception:  # noqa: BLE001 - python-jose lets errors of every kind escape; each means the same
        raise TokenRefused("bad signature") from None
