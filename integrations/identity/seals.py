"""Seals: a statement signed with the house's key, and read again by anybody who has the published keys.

The subtle thing is the header's type. The same key signs access tokens; a certificate that could pass as a token, or a
token as a certificate, would be a forgery made by ourselves, so each reader takes its own type and nothing else. What
is signed is canonical JSON, and a payload in any other spelling is refused, because its digest would be another.

Source: RFC 7515 section 7.1 (compact), RFC 7518 section 3.4 (ES256: R and S, 32 bytes each), RFC 8725 section 3.11
(explicit types).
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from domain.ports.certificates import SealBroken
from domain.ports.tokens import PublicKey
from domain.values.canonical_json import canonical_json
from integrations.identity.keys import SigningKey

KIND: Final = "greenlien-certificate+jws"
ALGORITHM: Final = "ES256"
NUMBER_BYTES: Final = 32
LENGTH_MAX: Final = 1 << 20
NESTING_MAX: Final = 16

_ECDSA: Final = ec.ECDSA(hashes.SHA256())


class HouseSeal:
    """Signs statements with one key."""

    def __init__(self, key: SigningKey) -> None:
        """Take the key."""
        private = serialization.load_pem_private_key(key.pem.encode("ascii"), password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise TypeError(key.key_id)
        self._private = private
        self._header = {"alg": ALGORITHM, "kid": key.key_id}

    def sign(self, statement: Mapping[str, object], kind: str = KIND) -> str:
        """Return a compact JWS of a kind over the statement's canonical JSON."""
        header = {**self._header, "typ": kind}
        signed = f"{_text(canonical_json(header))}.{_text(canonical_json(statement))}"
        numbers = decode_dss_signature(self._private.sign(signed.encode("ascii"), _ECDSA))
        return f"{signed}.{_text(b''.join(number.to_bytes(NUMBER_BYTES, 'big') for number in numbers))}"


def read_sealed(jws: str, keys: Sequence[PublicKey], kind: str = KIND) -> Mapping[str, object]:
    """Return the statement of a kind, a certificate without it, that one of the keys signed.

    Raises:
        SealBroken: it is none of ours, is spelled otherwise, or none of the keys signed it.
    """
    segments = jws.split(".") if len(jws) <= LENGTH_MAX and jws.isascii() else []
    if len(segments) != 3:  # noqa: PLR2004 - header, payload, signature
        raise SealBroken("not a compact JWS")
    header, payload, signature = (_bytes(segment) for segment in segments)
    told = _object(header)
    if told.keys() != {"alg", "kid", "typ"} or (told["alg"], told["typ"]) != (ALGORITHM, kind):
        raise SealBroken("not a certificate of this house" if kind == KIND else f"not a {kind}")
    matching = [key for key in keys if key.get("kid") == told["kid"]]
    if len(matching) != 1:
        raise SealBroken("signed with a key that was not given")
    if len(signature) != 2 * NUMBER_BYTES:
        raise SealBroken("not an ES256 signature")
    r, s = (int.from_bytes(part, "big") for part in (signature[:NUMBER_BYTES], signature[NUMBER_BYTES:]))
    try:
        signed = f"{segments[0]}.{segments[1]}".encode("ascii")
        _public(matching[0]).verify(encode_dss_signature(r, s), signed, _ECDSA)
    except InvalidSignature:
        raise SealBroken("the signature is not of this statement") from None
    statement = _object(payload)
    if canonical_json(statement) != payload:
        raise SealBroken("not in its canonical spelling")
    return statement


def _public(key: PublicKey) -> ec.EllipticCurvePublicKey:
    sound = key.get("kty") == "EC" and key.get("crv") == "P-256" and key.get("use", "sig") == "sig"
    x, y = key.get("x"), key.get("y")
    if not sound or not isinstance(x, str) or not isinstance(y, str):
        raise SealBroken("the key is not one on P-256 for signatures")
    try:
        across, up = (int.from_bytes(_bytes(each), "big") for each in (x, y))
        return ec.EllipticCurvePublicNumbers(across, up, ec.SECP256R1()).public_key()
    except ValueError:
        raise SealBroken("the key is not a point on P-256") from None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(segment: str) -> bytes:
    """Return the bytes of a segment that is written in the one canonical way."""
    try:
        raw = base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise SealBroken("not base64url") from None
    if _text(raw) != segment:
        raise SealBroken("not canonical base64url")
    return raw


def _object(raw: bytes) -> dict[str, Any]:
    """Return a JSON object; brackets are counted first, so that nothing can recurse deeply."""
    try:
        value = json.loads(raw.decode("utf-8")) if _depth(raw) <= NESTING_MAX else None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise SealBroken("not a JSON object")
    return value


def _depth(raw: bytes) -> int:
    """Return how deep brackets stand in each other; those inside texts count too, which only refuses more."""
    deepest = depth = 0
    for byte in raw:
        if byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest
