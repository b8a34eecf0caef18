"""Seals: what the house signed is read by another library, and nothing else passes for it."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from domain.ports.certificates import SealBroken
from domain.values.canonical_json import canonical_json
from integrations.identity.keys import generate_key
from integrations.identity.seals import HouseSeal, read_sealed
from integrations.identity.tokens import sign_client_assertion

KEY = generate_key()
OTHER = generate_key()
STATEMENT = {"number": "GLC2026-0000-0000-0000", "items": [{"quantity": "1.000000"}], "名": None}
SIGNED = {"number": "GLC2026-0000-0000-0000", "items": [{"quantity": "1.000000"}], "name": "绍兴"}


def _segment(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "==")


def signed_by_hand(header: Mapping[str, object], payload: bytes) -> str:
    """Return a JWS that another library signed with our key, however odd."""
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    return jws.serialize_compact(dict(header), payload, ECKey.import_key(KEY.pem), registry=registry)


def test_another_library_verifies_the_seal_with_the_published_key() -> None:
    seal = HouseSeal(KEY).sign(SIGNED)

    read = jws.deserialize_compact(
        seal, ECKey.import_key({name: str(part) for name, part in KEY.public_jwk.items()}), algorithms=["ES256"]
    )

    assert read.payload == canonical_json(SIGNED)
    assert read.headers() == {"alg": "ES256", "kid": KEY.key_id, "typ": "greenlien-certificate+jws"}


def test_what_was_signed_is_read_back_whatever_other_keys_are_published() -> None:
    assert read_sealed(HouseSeal(KEY).sign(SIGNED), [OTHER.public_jwk, KEY.public_jwk]) == SIGNED


def test_a_name_that_is_no_ascii_has_no_canonical_spelling() -> None:
    with pytest.raises(TypeError):
        HouseSeal(KEY).sign(STATEMENT)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_no_bit_of_a_seal_can_be_changed(place: int) -> None:
    segments = HouseSeal(KEY).sign(SIGNED).split(".")
    raw = bytearray(_bytes(segments[place]))
    for at in range(len(raw)):
        changed = raw.copy()
        changed[at] ^= 1
        tampered = ".".join(_segment(bytes(changed)) if i == place else each for i, each in enumerate(segments))
        with pytest.raises(SealBroken):
            read_sealed(tampered, [KEY.public_jwk])


def test_another_s_signature_is_none_of_ours() -> None:
    with pytest.raises(SealBroken, match="was not given"):
        read_sealed(HouseSeal(OTHER).sign(SIGNED), [KEY.public_jwk])
    forged = {**OTHER.public_jwk, "kid": KEY.key_id}
    with pytest.raises(SealBroken, match="not of this statement"):
        read_sealed(HouseSeal(KEY).sign(SIGNED), [forged])


HEADER = {"alg": "ES256", "kid": KEY.key_id, "typ": "greenlien-certificate+jws"}
ODD: dict[str, Callable[[], str]] = {
    "a token of ours": lambda: sign_client_assertion(KEY, "a", "b", datetime(2026, 11, 21, tzinfo=UTC)),
    "another type": lambda: signed_by_hand({**HEADER, "typ": "at+jwt"}, canonical_json(SIGNED)),
    "a further header": lambda: signed_by_hand({**HEADER, "cty": "x"}, canonical_json(SIGNED)),
    "another spelling of the same": lambda: signed_by_hand(HEADER, json.dumps(SIGNED).encode()),
    "a list": lambda: signed_by_hand(HEADER, b"[]"),
    "no JSON": lambda: signed_by_hand(HEADER, b"\xff"),
    "deep brackets": lambda: signed_by_hand(HEADER, b'{"a":' * 40 + b"1" + b"}" * 40),
    "no algorithm": lambda: f"{_segment(canonical_json({**HEADER, 'alg': 'none'}))}.{_segment(b'{}')}.",
    "nothing": lambda: "",
    "two parts": lambda: "a.b",
    "padding": lambda: HouseSeal(KEY).sign(SIGNED) + "=",
    "two mebibytes": lambda: "a" * (2 << 20),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_odd_is_refused_even_where_the_signature_is_ours(kind: str) -> None:
    with pytest.raises(SealBroken):
        read_sealed(ODD[kind](), [KEY.public_jwk])


@pytest.mark.parametrize(
    "change", [{"kty": "RSA"}, {"crv": "P-384"}, {"use": "enc"}, {"x": "AAAA"}, {"y": 1}, {"x": "!"}]
)
def test_a_key_that_is_no_signing_key_on_p_256_verifies_nothing(change: dict[str, object]) -> None:
    with pytest.raises(SealBroken):
        read_sealed(HouseSeal(KEY).sign(SIGNED), [{**KEY.public_jwk, **change}])
