"""Tokens by python-jose, the only module that imports it.

The subtle thing is how little is left to the library: it checks one signature, with one algorithm given as a list (a
text would be searched as a substring), with a key object built from a key we know. The shape of the token is checked
before it (`compact`), the claims after it, and every exception it may raise is the same refusal. Its own claim checks
are not used: they accept a missing `aud` and a missing `exp`.

Source: RFC 7523 section 3, RFC 9068 section 2, FAPI 2.0 Security Profile section 5.3.2.1 (clock: 10 s ahead is
accepted).
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from jose import jwk, jws
from jose.backends import AESKey, ECKey, HMACKey, RSAKey
from jose.backends.base import Key

from domain.ports.tokens import AccessClaims, ClientAssertion, IssuedToken, KeysOfClient, PublicKey, TokenRefused
from domain.values.actors import Actor, Role
from domain.values.identifiers import Division, Uscc
from integrations.identity.compact import ALGORITHM, Compact, read_compact
from integrations.identity.keys import SigningKey

ACCESS_TOKEN_KIND: Final = "at+jwt"  # noqa: S105 - a media type
ASSERTION_KIND: Final = "client-authentication+jwt"
ASSERTION_KINDS: Final[frozenset[str | None]] = frozenset({None, "JWT", ASSERTION_KIND})
"""`JWT` is what most libraries write unasked; an access token never passes, since its type is another."""

ACCESS_LIFETIME_SECONDS: Final = 300
ASSERTION_LIFETIME_SECONDS_MAX: Final = 60
AHEAD_SECONDS_MAX: Final = 10
ASSERTION_ID_LENGTH_MIN: Final = 16
TEXT_LENGTH_MAX: Final = 256

_JWK_MEMBERS: Final = frozenset({"kty", "crv", "x", "y", "kid", "use", "alg", "key_ops"})
_COORDINATE_LENGTH: Final = 43


def assert_sound_backends() -> None:
    """Make sure that python-jose computes with `cryptography`; its other backends are slow and leak time.

    Raises:
        RuntimeError: another backend is in use.
    """
    for backend in (ECKey, RSAKey, HMACKey, AESKey):
        if backend is None or backend.__module__ != "jose.backends.cryptography_backend":
            message = f"python-jose uses {backend!r} instead of the cryptography backend"
            raise RuntimeError(message)


class JoseTokens:
    """Signs and verifies tokens for one issuer, with one signing key and the retired ones that are still published."""

    def __init__(
        self, *, issuer: str, audience: str, signing_key: SigningKey, retired: Sequence[PublicKey] = ()
    ) -> None:
        """Take the keys; `issuer` and `audience` are compared as exact texts."""
        assert_sound_backends()
        self._issuer = issuer
        self._audience = audience
        self._signing_key = signing_key
        self._private = jwk.construct(signing_key.pem, ALGORITHM)
        self._public = (signing_key.public_jwk, *retired)
        self._own = {_text(key, "kid"): _public_key(key) for key in self._public}

    def public_keys(self) -> tuple[PublicKey, ...]:
        """Return the keys to publish, the signing one first."""
        return self._public

    def claimed_client(self, assertion: str) -> str:
        """Return the client id that an assertion claims, unverified; raises TokenRefused where it cannot be read."""
        return _text(read_compact(assertion, ASSERTION_KINDS).claims, "iss")

    def verify_client_assertion(
        self, assertion: str, keys_of_client: KeysOfClient, issuer: str, now: datetime
    ) -> ClientAssertion:
        """Verify an assertion for `issuer` at `now`; single use is the caller's to enforce. Raises TokenRefused."""
        compact = read_compact(assertion, ASSERTION_KINDS)
        claims = compact.claims
        client_id = _text(claims, "iss")
        _require(_text(claims, "sub") == client_id, "iss and sub differ")
        _verify(compact, _only_key(keys_of_client(client_id), compact.key_id))
        _require(_text(claims, "aud") == issuer, "another audience")
        expires = _times(claims, now, lifetime_seconds_max=ASSERTION_LIFETIME_SECONDS_MAX)
        assertion_id = _text(claims, "jti")
        _require(len(assertion_id) >= ASSERTION_ID_LENGTH_MIN, "short jti")
        return ClientAssertion(client_id=client_id, assertion_id=assertion_id, expires_at=expires)

    def issue_access_token(self, actor: Actor, scopes: frozenset[str], now: datetime) -> IssuedToken:
        """Sign an access token of five minutes."""
        issued = int(now.timestamp())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": actor.client_id,
            "tenant": actor.tenant,
            "role": actor.role.value,
            "scope": " ".join(sorted(scopes)),
            "jti": secrets.token_hex(16),
            "iat": issued,
            "exp": issued + ACCESS_LIFETIME_SECONDS,
        }
        if actor.uscc is not None:
            claims["uscc"] = actor.uscc
        if actor.division is not None:
            claims["division"] = actor.division
        token = _sign(claims, self._private, self._signing_key.key_id, ACCESS_TOKEN_KIND)
        return IssuedToken(token=token, lifetime_seconds=ACCESS_LIFETIME_SECONDS)

    def verify_access_token(self, token: str, now: datetime) -> AccessClaims:
        """Verify an access token that we issued; raises TokenRefused."""
        compact = read_compact(token, frozenset({ACCESS_TOKEN_KIND}))
        claims = compact.claims
        key = self._own.get(compact.key_id)
        if key is None:
            raise TokenRefused("unknown key")
        _verify(compact, key)
        _require(_text(claims, "iss") == self._issuer, "another issuer")
        _require(_text(claims, "aud") == self._audience, "another audience")
        expires = _times(claims, now, lifetime_seconds_max=ACCESS_LIFETIME_SECONDS)
        actor = Actor(
            client_id=_text(claims, "sub"),
            tenant=_text(claims, "tenant"),
            role=_role(claims),
            uscc=Uscc(_text(claims, "uscc")) if "uscc" in claims else None,
            division=Division(_text(claims, "division")) if "division" in claims else None,
        )
        scopes = frozenset(_text(claims, "scope", length_max=4096, length_min=0).split())
        return AccessClaims(actor=actor, scopes=scopes, token_id=_text(claims, "jti"), expires_at=expires)


def sign_client_assertion(key: SigningKey, client_id: str, issuer: str, now: datetime) -> str:
    """Sign the assertion by which a client of ours (the command line, the demo) proves who it is, good for a minute."""
    issued = int(now.timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": issuer,
        "jti": secrets.token_hex(16),
        "iat": issued,
        "exp": issued + ASSERTION_LIFETIME_SECONDS_MAX,
    }
    return _sign(claims, jwk.construct(key.pem, ALGORITHM), key.key_id, ASSERTION_KIND)


def check_public_key(key: PublicKey) -> None:
    """Make sure that a key which a client wants to register is one that we would ever accept a signature by.

    Raises:
        TokenRefused: another type or curve, a private key, off the curve, for another use, or an odd member.
    """
    _text(key, "kid", length_max=128)
    _public_key(key)


def _sign(claims: Mapping[str, Any], key: Key, key_id: str, kind: str) -> str:
    return str(jws.sign(claims, key, headers={"typ": kind, "kid": key_id}, algorithm=ALGORITHM))


def _verify(compact: Compact, key: Key) -> None:
    try:
        jws.verify(compact.token, key, algorithms=[ALGORITHM])
    except Exception:  # noqa: BLE001 - python-jose lets errors of every kind escape; each means the same
        raise TokenRefused("bad signature") from None


def _only_key(keys: Iterable[PublicKey], key_id: str) -> Key:
    found = [key for key in keys if key.get("kid") == key_id]
    if len(found) != 1:
        raise TokenRefused("no single key of this id")
    return _public_key(found[0])


def _public_key(key: PublicKey) -> Key:
    sound = (
        key.keys() <= _JWK_MEMBERS
        and key.get("kty") == "EC"
        and key.get("crv") == "P-256"
        and key.get("use", "sig") == "sig"
        and key.get("alg", ALGORITHM) == ALGORITHM
        and key.get("key_ops", ["verify"]) == ["verify"]
        and all(isinstance(key.get(name), str) and len(str(key[name])) == _COORDINATE_LENGTH for name in ("x", "y"))
    )
    _require(sound, "not a public P-256 key for signatures")
    try:
        return jwk.construct({name: key[name] for name in ("kty", "crv", "x", "y")}, ALGORITHM)
    except Exception:  # noqa: BLE001 - off the curve, or not base64url: python-jose and cryptography raise differently
        raise TokenRefused("not a point on P-256") from None


def _times(claims: Mapping[str, Any], now: datetime, *, lifetime_seconds_max: int) -> datetime:
    """Return when the token expires, its `iat`, `nbf` and `exp` all in order."""
    moment = now.timestamp()
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    starts = _seconds(claims, "nbf") if "nbf" in claims else issued
    _require(max(issued, starts) <= moment + AHEAD_SECONDS_MAX, "not valid yet")
    _require(0 < expires - issued <= lifetime_seconds_max, "lives too long")
    _require(moment < expires, "expired")
    return datetime.fromtimestamp(expires, UTC)


def _role(claims: Mapping[str, Any]) -> Role:
    try:
        return Role(_text(claims, "role"))
    except ValueError:
        raise TokenRefused("unknown role") from None


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value < 1 << 40:
        raise TokenRefused(f"{name} is not a whole number of seconds")
    return value


def _text(claims: Mapping[str, Any], name: str, *, length_max: int = TEXT_LENGTH_MAX, length_min: int = 1) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not length_min <= len(value) <= length_max or not value.isascii():
        raise TokenRefused(f"{name} is not a short text")
    if not value.isprintable():
        raise TokenRefused(f"{name} holds control characters")
    return value


def _require(holds: bool, reason: str) -> None:  # noqa: FBT001 - reads as a sentence at every call
    if not holds:
        raise TokenRefused(reason)
