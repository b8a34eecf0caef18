"""Tokens: access tokens and the assertions of clients, with every claim checked by hand.

The subtle thing is the order: the shape of a token is checked first (`compact`), then its one signature
(`jose_signatures`), then each claim here. The library's own claim checks are not used: they accept a missing `aud` and
a missing `exp`.

Source: RFC 7523 section 3, RFC 9068 section 2, FAPI 2.0 Security Profile section 5.3.2.1 (clock: 10 s ahead is
accepted).
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from domain.ports.tokens import (
    AccessClaims,
    ClientAssertion,
    Confirmation,
    IssuedToken,
    KeysOfClient,
    ProofOfPossession,
    PublicKey,
    TokenRefused,
)
from domain.values.actors import Actor, Role
from domain.values.identifiers import Division, Uscc
from integrations.identity.claims import (
    AHEAD_SECONDS_MAX,
    PROOF_ID_LENGTH_MIN,
    require,
    seconds_claim,
    text_claim,
)
from integrations.identity.compact import read_compact
from integrations.identity.dpop import verify_proof
from integrations.identity.jose_signatures import assert_sound_backends, private_key, public_key, sign, verify
from integrations.identity.keys import SigningKey

ACCESS_TOKEN_KIND: Final = "at+jwt"  # noqa: S105 - a media type
ASSERTION_KIND: Final = "client-authentication+jwt"
ASSERTION_KINDS: Final[frozenset[str | None]] = frozenset({None, "JWT", ASSERTION_KIND})
"""`JWT` is what most libraries write unasked; an access token never passes, since its type is another."""

ACCESS_LIFETIME_SECONDS: Final = 300
ASSERTION_LIFETIME_SECONDS_MAX: Final = 60


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
        self._private = private_key(signing_key.pem)
        self._public = (signing_key.public_jwk, *retired)
        self._own = {text_claim(key, "kid"): public_key(key) for key in self._public}

    def public_keys(self) -> tuple[PublicKey, ...]:
        """Return the keys to publish, the signing one first."""
        return self._public

    def claimed_client(self, assertion: str) -> str:
        """Return the client id that an assertion claims, unverified; raises TokenRefused where it cannot be read."""
        return text_claim(read_compact(assertion, ASSERTION_KINDS).claims, "iss")

    def verify_client_assertion(
        self, assertion: str, keys_of_client: KeysOfClient, issuer: str, now: datetime
    ) -> ClientAssertion:
        """Verify an assertion for `issuer` at `now`; single use is the caller's to enforce. Raises TokenRefused."""
        compact = read_compact(assertion, ASSERTION_KINDS)
        claims = compact.claims
        client_id = text_claim(claims, "iss")
        require(text_claim(claims, "sub") == client_id, "iss and sub differ")
        key = _only_key(keys_of_client(client_id), compact.key_id)
        verify(compact.token, public_key(key))
        require(text_claim(claims, "aud") == issuer, "another audience")
        expires = _times(claims, now, lifetime_seconds_max=ASSERTION_LIFETIME_SECONDS_MAX)
        assertion_id = text_claim(claims, "jti")
        require(len(assertion_id) >= PROOF_ID_LENGTH_MIN, "short jti")
        return ClientAssertion(client_id=client_id, assertion_id=assertion_id, expires_at=expires, key=key)

    def verify_proof(
        self, proof: str, *, method: str, target: str, now: datetime, token: str | None
    ) -> ProofOfPossession:
        """Verify a DPoP proof for a request, and for the access token that it came with; raises TokenRefused."""
        return verify_proof(proof, method=method, target=target, now=now, token=token)

    def issue_access_token(
        self,
        actor: Actor,
        scopes: frozenset[str],
        now: datetime,
        *,
        confirmation: Confirmation | None = None,
        obtained_by: str | None = None,
    ) -> IssuedToken:
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
        if confirmation is not None:
            claims["cnf"] = _written(confirmation)
        if obtained_by is not None:
            claims["obtained_by"] = obtained_by
        token = sign(claims, self._private, {"typ": ACCESS_TOKEN_KIND, "kid": self._signing_key.key_id})
        return IssuedToken(token=token, lifetime_seconds=ACCESS_LIFETIME_SECONDS)

    def verify_access_token(self, token: str, now: datetime) -> AccessClaims:
        """Verify an access token that we issued; raises TokenRefused."""
        compact = read_compact(token, frozenset({ACCESS_TOKEN_KIND}))
        claims = compact.claims
        key = self._own.get(compact.key_id)
        if key is None:
            raise TokenRefused("unknown key")
        verify(compact.token, key)
        require(text_claim(claims, "iss") == self._issuer, "another issuer")
        require(text_claim(claims, "aud") == self._audience, "another audience")
        expires = _times(claims, now, lifetime_seconds_max=ACCESS_LIFETIME_SECONDS)
        actor = Actor(
            client_id=text_claim(claims, "sub"),
            tenant=text_claim(claims, "tenant"),
            role=_role(claims),
            uscc=Uscc(text_claim(claims, "uscc")) if "uscc" in claims else None,
            division=Division(text_claim(claims, "division")) if "division" in claims else None,
        )
        scopes = frozenset(text_claim(claims, "scope", length_max=4096, length_min=0).split())
        return AccessClaims(
            actor=actor,
            scopes=scopes,
            token_id=text_claim(claims, "jti"),
            expires_at=expires,
            confirmation=_confirmation(claims["cnf"]) if "cnf" in claims else None,
            obtained_by=text_claim(claims, "obtained_by") if "obtained_by" in claims else None,
        )


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
    return sign(claims, private_key(key.pem), {"typ": ASSERTION_KIND, "kid": key.key_id})


def check_public_key(key: PublicKey) -> None:
    """Make sure that a key which a client wants to register is one that we would ever accept a signature by.

    Raises:
        TokenRefused: another type or curve, a private key, off the curve, for another use, or an odd member.
    """
    text_claim(key, "kid", length_max=128)
    public_key(key)


def _only_key(keys: Iterable[PublicKey], key_id: str) -> PublicKey:
    found = [key for key in keys if key.get("kid") == key_id]
    if len(found) != 1:
        raise TokenRefused("no single key of this id")
    return found[0]


def _written(confirmation: Confirmation) -> dict[str, str]:
    told = {"jkt": confirmation.key, "x5t#S256": confirmation.certificate}
    return {name: thumbprint for name, thumbprint in told.items() if thumbprint is not None}


def _confirmation(told: object) -> Confirmation:
    """Return what a token of ours is bound to: to one thing, which we know how to ask for."""
    if not isinstance(told, dict) or len(told) != 1 or not told.keys() <= {"jkt", "x5t#S256"}:
        raise TokenRefused("bound to what we do not know")
    key = text_claim(told, "jkt") if "jkt" in told else None
    return Confirmation(key=key, certificate=None if key is not None else text_claim(told, "x5t#S256"))


def _times(claims: Mapping[str, Any], now: datetime, *, lifetime_seconds_max: int) -> datetime:
    """Return when the token expires, its `iat`, `nbf` and `exp` all in order."""
    moment = now.timestamp()
    issued, expires = seconds_claim(claims, "iat"), seconds_claim(claims, "exp")
    starts = seconds_claim(claims, "nbf") if "nbf" in claims else issued
    require(max(issued, starts) <= moment + AHEAD_SECONDS_MAX, "not valid yet")
    require(0 < expires - issued <= lifetime_seconds_max, "lives too long")
    require(moment < expires, "expired")
    return datetime.fromtimestamp(expires, UTC)


def _role(claims: Mapping[str, Any]) -> Role:
    try:
        return Role(text_claim(claims, "role"))
    except ValueError:
        raise TokenRefused("unknown role") from None
