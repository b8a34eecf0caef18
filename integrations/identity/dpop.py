"""Proofs of possession: a client shows with each request that it holds the key its access token is bound to.

The subtle thing is which address the proof must name. It is the address under the configured issuer, never one put
together from `Host` or `X-Forwarded-*`: those are the sender's words, and a proof caught at another server would be
good here. Its query and fragment are not looked at, as the standard has it; the body is not covered either, which is
what order signatures are for.

Source: RFC 9449 sections 4.2, 4.3 (the checks, in its order) and 7 (ath); FAPI 2.0 Security Profile section 5.3.2.1
(clock).
"""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from domain.ports.tokens import ProofOfPossession, TokenRefused
from domain.values.thumbprints import thumbprint_of
from integrations.identity.claims import (
    AGE_SECONDS_MAX,
    AHEAD_SECONDS_MAX,
    PROOF_ID_LENGTH_MIN,
    recent,
    require,
    text_claim,
)
from integrations.identity.compact import NESTING_MAX, json_object, open_compact
from integrations.identity.jose_signatures import private_key, public_key, sign, verify
from integrations.identity.keys import SigningKey

KIND: Final = "dpop+jwt"
TARGET_LENGTH_MAX: Final = 640
USABLE: Final = timedelta(seconds=AGE_SECONDS_MAX + AHEAD_SECONDS_MAX + 10)
"""How long after `iat` a proof is remembered: longer than it is accepted."""

_MEMBERS: Final = frozenset({"alg", "typ", "jwk"})
_PUBLIC_MEMBERS: Final = frozenset({"kty", "crv", "x", "y", "kid", "use", "alg", "key_ops"})
_AUTHORITY: Final = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.ASCII)
_DEFAULT_PORTS: Final = {"https": ":443", "http": ":80"}


def verify_proof(proof: str, *, method: str, target: str, now: datetime, token: str | None) -> ProofOfPossession:
    """Verify a proof for a request, and for the access token that it came with, if any.

    Raises:
        TokenRefused: it is no proof, not of this minute, or not for this request and token.
    """
    opened = open_compact(proof, frozenset({KIND}), _MEMBERS, header_nesting_max=3)
    jwk = opened.parameters.get("jwk")
    if not isinstance(jwk, dict) or not jwk.keys() <= _PUBLIC_MEMBERS:
        raise TokenRefused("no public key in the proof")
    verify(proof, public_key(jwk))
    claims = json_object(opened.payload, NESTING_MAX)
    require(text_claim(claims, "htm", length_max=16) == method, "for another method")
    require(
        _address(text_claim(claims, "htu", length_max=TARGET_LENGTH_MAX)) == _address(target), "for another address"
    )
    made = recent(claims, now)
    proof_id = text_claim(claims, "jti")
    require(len(proof_id) >= PROOF_ID_LENGTH_MIN, "short jti")
    if token is None:
        require("ath" not in claims, "for a token that did not come")
    else:
        require(hmac.compare_digest(text_claim(claims, "ath"), digest_of(token)), "for another token")
    return ProofOfPossession(thumbprint=thumbprint_of(jwk), proof_id=proof_id, expires_at=made + USABLE)


def sign_proof(key: SigningKey, *, method: str, target: str, now: datetime, token: str | None = None) -> str:
    """Return a proof for one request: what a client sends in the header `DPoP`."""
    claims: dict[str, object] = {
        "jti": secrets.token_hex(16),
        "htm": method,
        "htu": target,
        "iat": int(now.timestamp()),
    }
    if token is not None:
        claims["ath"] = digest_of(token)
    public = {name: key.public_jwk[name] for name in ("kty", "crv", "x", "y")}
    return sign(claims, private_key(key.pem), {"typ": KIND, "jwk": public})


def digest_of(token: str) -> str:
    """Return an access token's hash as a proof names it (`ath`)."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


def _address(text: str) -> tuple[str, str, str]:
    """Return scheme, authority and path in one spelling, without query and fragment."""
    try:
        parts = urlsplit(text)
    except ValueError:
        raise TokenRefused("htu is not an address") from None
    scheme, authority = parts.scheme.lower(), parts.netloc.lower()
    require(scheme in _DEFAULT_PORTS and _AUTHORITY.fullmatch(authority) is not None, "htu is not an address")
    return scheme, authority.removesuffix(_DEFAULT_PORTS[scheme]), parts.path or "/"
