"""Tokens: what ours accepts, everybody accepts; what is odd in any way is refused, in one way, at once."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey

from domain.ports.tokens import AccessClaims, ClientAssertion, TokenRefused
from domain.values.actors import Actor, Role
from domain.values.identifiers import Division, Uscc
from integrations.identity import tokens as module
from integrations.identity.keys import SigningKey, generate_key
from integrations.identity.tokens import JoseTokens, check_public_key, sign_client_assertion

ISSUER: Final = "https://greenlien.example"
CLIENT: Final = "bank-a.officer"
NOW: Final = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
SECOND: Final = int(NOW.timestamp())
MILLISECONDS_MAX: Final = 10
ATTEMPTS: Final = 3

SERVER_KEY: Final = generate_key()
CLIENT_KEY: Final = generate_key()
OTHER_KEY: Final = generate_key()
TOKENS: Final = JoseTokens(issuer=ISSUER, audience=ISSUER, signing_key=SERVER_KEY)

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

ACCESS_HEADER: Final[dict[str, Any]] = {"alg": "ES256", "kid": SERVER_KEY.key_id, "typ": "at+jwt"}
ACCESS_CLAIMS: Final[dict[str, Any]] = {
    "iss": ISSUER,
    "aud": ISSUER,
    "sub": CLIENT,
    "tenant": "bank-a",
    "role": "bank_officer",
    "scope": "pledge:create pledge:read",
    "jti": "0123456789abcdef",
    "iat": SECOND,
    "exp": SECOND + 300,
}
ASSERTION_HEADER: Final[dict[str, Any]] = {
    "alg": "ES256",
    "kid": CLIENT_KEY.key_id,
    "typ": "client-authentication+jwt",
}
ASSERTION_CLAIMS: Final[dict[str, Any]] = {
    "iss": CLIENT,
    "sub": CLIENT,
    "aud": ISSUER,
    "jti": "0123456789abcdef",
    "iat": SECOND,
    "exp": SECOND + 60,
}

Forged = str
GONE: Final = object()


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def dumped(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()


def private(key: SigningKey) -> ec.EllipticCurvePrivateKey:
    loaded = serialization.load_pem_private_key(key.pem.encode(), None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    return loaded


def signature(text: str, key: SigningKey) -> bytes:
    r, s = decode_dss_signature(private(key).sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def forged(header: object, claims: object, key: SigningKey) -> str:
    """Return a token with exactly these bytes for header and claims, well signed."""
    text = f"{encoded(dumped(header))}.{encoded(dumped(claims))}"
    return f"{text}.{encoded(signature(text, key))}"


def changed(valid: Mapping[str, Any], **changes: object) -> dict[str, Any]:
    return {name: value for name, value in {**valid, **changes}.items() if value is not GONE}


def hs256(header: Mapping[str, Any], claims: object, secret: bytes) -> str:
    text = f"{encoded(dumped({**header, 'alg': 'HS256'}))}.{encoded(dumped(claims))}"
    return f"{text}.{encoded(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def public_bytes(key: SigningKey, form: str) -> bytes:
    public = private(key).public_key()
    if form == "X962":
        return public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    encoding = serialization.Encoding.PEM if form == "PEM" else serialization.Encoding.DER
    return public.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def rs256(header: Mapping[str, Any], claims: object) -> str:
    text = f"{encoded(dumped({**header, 'alg': 'RS256'}))}.{encoded(dumped(claims))}"
    key = rsa.generate_private_key(65537, 2048)
    return f"{text}.{encoded(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def odd_headers(valid: Mapping[str, Any]) -> dict[str, object]:
    """Return headers that no token of ours has; each is well signed with the right key."""
    kid = json.dumps(valid["kid"])
    return {
        "alg none": changed(valid, alg="none"),
        "alg NONE": changed(valid, alg="NONE"),
        "alg lower case": changed(valid, alg="es256"),
        "alg ES384": changed(valid, alg="ES384"),
        "alg HS256": changed(valid, alg="HS256"),
        "alg PS256": changed(valid, alg="PS256"),
        "alg EdDSA": changed(valid, alg="EdDSA"),
        "alg a part of ES256": changed(valid, alg="ES"),
        "alg empty": changed(valid, alg=""),
        "alg absent": changed(valid, alg=GONE),
        "alg null": changed(valid, alg=None),
        "alg a list": changed(valid, alg=["ES256"]),
        "alg an object": changed(valid, alg={"ES256": 1}),
        "alg with a space": changed(valid, alg="ES256 "),
        "kid absent": changed(valid, kid=GONE),
        "kid empty": changed(valid, kid=""),
        "kid unknown": changed(valid, kid="nobody"),
        "kid a number": changed(valid, kid=1),
        "kid null": changed(valid, kid=None),
        "kid a list": changed(valid, kid=[valid["kid"]]),
        "kid a path": changed(valid, kid="../../../dev/null"),
        "kid an injection": changed(valid, kid="' OR 1=1 --"),
        "kid longer": changed(valid, kid=valid["kid"] + "x"),
        "kid of a kilobyte": changed(valid, kid="x" * 600),
        "typ of the other token": changed(valid, typ="at+jwt" if valid["typ"] != "at+jwt" else "JWT"),
        "typ in capitals": changed(valid, typ=valid["typ"].upper()),
        "typ empty": changed(valid, typ=""),
        "typ null": changed(valid, typ=None),
        "typ a list": changed(valid, typ=[valid["typ"]]),
        "typ an id token": changed(valid, typ="id+jwt"),
        "typ dpop": changed(valid, typ="dpop+jwt"),
        "crit": changed(valid, crit=["exp"], exp=1),
        "crit empty": changed(valid, crit=[]),
        "b64 false": changed(valid, b64=False, crit=["b64"]),
        "jku": changed(valid, jku="https://evil.example/keys"),
        "jwk in the header": changed(valid, jwk=OTHER_KEY.public_jwk),
        "x5u": changed(valid, x5u="https://evil.example/x5u"),
        "x5c": changed(valid, x5c=["MIIB"]),
        "cty": changed(valid, cty="JWT"),
        "zip": changed(valid, zip="DEF"),
        "enc": changed(valid, enc="A256GCM"),
        "an unknown member": changed(valid, foo="bar"),
        "a duplicate alg": f'{{"alg":"none","alg":"ES256","kid":{kid},"typ":"{valid["typ"]}"}}'.encode(),
        "a duplicate kid": f'{{"alg":"ES256","kid":"x","kid":{kid},"typ":"{valid["typ"]}"}}'.encode(),
        "a list": [valid],
        "a text": "ES256",
        "null": None,
        "nothing": b"",
        "not JSON": b"{",
        "nested": b'{"a":' * 100 + b"1" + b"}" * 100,
        "invalid UTF-8": b'{"alg":"ES256","kid":"\xff"}',
        "UTF-16": json.dumps(dict(valid)).encode("utf-16"),
        "a byte order mark": b"\xef\xbb\xbf" + dumped(dict(valid)),
        "long": changed(valid, kid="x" * 2000),
        "NaN": b'{"alg":NaN}',
    }


def odd_claims(valid: Mapping[str, Any], lifetime_seconds: int) -> dict[str, object]:
    """Return claims that must be refused, whichever of the two kinds of token it is."""
    odd: dict[str, object] = {}
    for name in ("iss", "aud", "sub", "jti", "iat", "exp"):
        odd[f"{name} absent"] = changed(valid, **{name: GONE})
        odd[f"{name} null"] = changed(valid, **{name: None})
        odd[f"{name} true"] = changed(valid, **{name: True})
        odd[f"{name} a list"] = changed(valid, **{name: [valid[name]]})
        odd[f"{name} an object"] = changed(valid, **{name: {"a": valid[name]}})
    for name in ("iss", "aud", "sub", "jti"):
        odd[f"{name} empty"] = changed(valid, **{name: ""})
        odd[f"{name} with a line feed"] = changed(valid, **{name: str(valid[name]) + "\n"})
        odd[f"{name} of a kilobyte"] = changed(valid, **{name: "x" * 1024})
        odd[f"{name} in full width"] = changed(valid, **{name: "１" * 20})
    for name in ("iat", "exp", "nbf"):
        stated = valid.get(name, SECOND)
        odd[f"{name} a text"] = changed(valid, **{name: str(stated)})
        odd[f"{name} a float"] = changed(valid, **{name: float(stated)})
        odd[f"{name} Infinity"] = dumped(changed(valid, **{name: 0})).replace(
            f'"{name}":0'.encode(), f'"{name}":Infinity'.encode()
        )
        odd[f"{name} NaN"] = dumped(changed(valid, **{name: 0})).replace(
            f'"{name}":0'.encode(), f'"{name}":NaN'.encode()
        )
        odd[f"{name} 1e400"] = dumped(changed(valid, **{name: 0})).replace(
            f'"{name}":0'.encode(), f'"{name}":1e400'.encode()
        )
        odd[f"{name} of 5,000 digits"] = dumped(changed(valid, **{name: 0})).replace(
            f'"{name}":0'.encode(), f'"{name}":{"9" * 5000}'.encode()
        )
        odd[f"{name} negative"] = changed(valid, **{name: -1})
    odd |= {
        "another issuer": changed(valid, iss="https://evil.example"),
        "another audience": changed(valid, aud="https://evil.example"),
        "the audience with a slash": changed(valid, aud=ISSUER + "/"),
        "the token endpoint as audience": changed(valid, aud=ISSUER + "/oauth/token"),
        "two audiences": changed(valid, aud=[ISSUER, "https://evil.example"]),
        "expired five minutes ago": changed(valid, iat=SECOND - 330, exp=SECOND - 300),
        "expired this second": changed(valid, iat=SECOND - 30, exp=SECOND),
        "expires before it was issued": changed(valid, exp=SECOND - 1),
        "expires when issued": changed(valid, exp=SECOND),
        "lives a second too long": changed(valid, exp=SECOND + lifetime_seconds + 1),
        "lives for a century": changed(valid, exp=SECOND + 3_000_000_000),
        "issued 11 s ahead": changed(valid, iat=SECOND + 11, exp=SECOND + 41),
        "issued 60 s ahead": changed(valid, iat=SECOND + 60, exp=SECOND + 90),
        "valid from 11 s ahead": changed(valid, nbf=SECOND + 11),
        "valid from 60 s ahead": changed(valid, nbf=SECOND + 60),
        "nbf null": changed(valid, nbf=None),
        "a duplicate exp": dumped(dict(valid))[:-1] + f',"exp":{SECOND + 10}}}'.encode(),
        "a duplicate sub": dumped(dict(valid))[:-1] + b',"sub":"x"}',
        "claims a list": [dict(valid)],
        "claims a text": "x",
        "claims null": None,
        "claims not JSON": b"{'a': 1}",
        "claims nothing": b"",
        "claims nested": b'{"a":' * 500 + b"1" + b"}" * 500,
        "a claim nested 17 deep": dumped(dict(valid))[:-1] + b',"a":' + b"[" * 17 + b"]" * 17 + b"}",
        "claims with trailing garbage": dumped(dict(valid)) + b"x",
        "claims in UTF-16": json.dumps(dict(valid)).encode("utf-16"),
        "claims in invalid UTF-8": b'{"iss":"\xff"}',
    }
    return odd


def odd_texts(token: str, header: Mapping[str, Any], claims: Mapping[str, Any], key: SigningKey) -> dict[str, Forged]:
    """Return texts that are not a token, or not this one any more."""
    head, body, sign = token.split(".")
    raw = base64.urlsafe_b64decode(sign + "==")
    r, s = raw[:32], raw[32:]
    flipped = bytes([raw[0] ^ 1]) + raw[1:]
    der = private(key).sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    spare = sign[:-1] + chr(ord(sign[-1]) + 1)
    above = b"\xff" * 32
    return {
        "empty": "",
        "dots": "..",
        "one segment": head,
        "two segments": f"{head}.{body}",
        "four segments": f"{token}.{sign}",
        "five segments, a JWE": f"{head}.{body}.{sign}.{sign}.{sign}",
        "segments of one letter": "a.b.c",
        "no signature": f"{head}.{body}.",
        "no header": f".{body}.{sign}",
        "no claims": f"{head}..{sign}",
        "a space before": " " + token,
        "a line feed after": token + "\n",
        "a line feed inside": f"{head}.\n{body}.{sign}",
        "padded": f"{head}.{body}.{sign}==",
        "header padded": f"{head}=.{body}.{sign}",
        "spare bits set": f"{head}.{body}.{spare}",
        "the standard alphabet": token.replace("-", "+").replace("_", "/") + "+",
        "a full-width dot": f"{head}．{body}．{sign}",
        "a letter outside ASCII": f"{head}.{body}é.{sign}",
        "a NUL": f"{head}.{body}\x00.{sign}",
        "a flipped bit in the signature": f"{head}.{body}.{encoded(flipped)}",
        "a shorter signature": f"{head}.{body}.{encoded(raw[:-1])}",
        "a longer signature": f"{head}.{body}.{encoded(raw + b'x')}",
        "a signature of zeros": f"{head}.{body}.{encoded(bytes(64))}",
        "r zero": f"{head}.{body}.{encoded(bytes(32) + s)}",
        "s zero": f"{head}.{body}.{encoded(r + bytes(32))}",
        "r the order": f"{head}.{body}.{encoded(ORDER.to_bytes(32, 'big') + s)}",
        "s above the order": f"{head}.{body}.{encoded(r + above)}",
        "r and s swapped": f"{head}.{body}.{encoded(s + r)}",
        "a DER signature": f"{head}.{body}.{encoded(der)}",
        "the claims of another": f"{head}.{encoded(dumped({**claims, 'sub': 'other', 'iss': 'other'}))}.{sign}",
        "signed by another key": forged(header, claims, OTHER_KEY),
        "unsigned, alg none": f"{encoded(dumped({**header, 'alg': 'none'}))}.{body}.",
        "HS256 with the public PEM": hs256(header, claims, public_bytes(key, "PEM")),
        "HS256 with the public DER": hs256(header, claims, public_bytes(key, "DER")),
        "HS256 with the public point": hs256(header, claims, public_bytes(key, "X962")),
        "HS256 with nothing": hs256(header, claims, b""),
        "HS256 with the key id": hs256(header, claims, str(header["kid"]).encode()),
        "RS256": rs256(header, claims),
        "above 8 KiB": forged(header, {**claims, "pad": "x" * 9000}, key),
        "a megabyte of dots": "." * 1_000_000,
        "a megabyte of text": "x" * 1_000_000,
        "JSON serialization": json.dumps({"protected": head, "payload": body, "signature": sign}),
        "a nested token": forged(header, dumped(token), key),
    }


def odd_access_tokens() -> dict[str, Forged]:
    table = {f"header {n}": forged(h, ACCESS_CLAIMS, SERVER_KEY) for n, h in odd_headers(ACCESS_HEADER).items()}
    table |= {f"claims {n}": forged(ACCESS_HEADER, c, SERVER_KEY) for n, c in odd_claims(ACCESS_CLAIMS, 300).items()}
    table |= odd_texts(forged(ACCESS_HEADER, ACCESS_CLAIMS, SERVER_KEY), ACCESS_HEADER, ACCESS_CLAIMS, SERVER_KEY)
    own = {
        "an assertion as access token": sign_client_assertion(CLIENT_KEY, CLIENT, ISSUER, NOW),
        "typ absent": forged(changed(ACCESS_HEADER, typ=GONE), ACCESS_CLAIMS, SERVER_KEY),
        "typ JWT": forged(changed(ACCESS_HEADER, typ="JWT"), ACCESS_CLAIMS, SERVER_KEY),
        "role absent": forged(ACCESS_HEADER, changed(ACCESS_CLAIMS, role=GONE), SERVER_KEY),
        "role unknown": forged(ACCESS_HEADER, changed(ACCESS_CLAIMS, role="root"), SERVER_KEY),
        "role a list": forged(ACCESS_HEADER, changed(ACCESS_CLAIMS, role=["auditor"]), SERVER_KEY),
        "tenant absent": forged(ACCESS_HEADER, changed(ACCESS_CLAIMS, tenant=GONE), SERVER_KEY),
        "tenant empty": forged(ACCESS_HEADER, changed(ACCESS_CLAIMS, tenant=""), SERVER_KEY),
        "scope absent": forged(ACCESS_HEADER, changed(ACCESS_CLAIMS, scope=GONE), SERVER_KEY),
        "scope a list": forged(ACCESS_HEADER, changed(ACCESS_CLAIMS, scope=["pledge:read"]), SERVER_KEY),
        "uscc null": forged(ACCESS_HEADER, changed(ACCESS_CLAIMS, uscc=None), SERVER_KEY),
        "division a number": forged(ACCESS_HEADER, changed(ACCESS_CLAIMS, division=330000), SERVER_KEY),
    }
    return table | own


def odd_assertions() -> dict[str, Forged]:
    table = {f"header {n}": forged(h, ASSERTION_CLAIMS, CLIENT_KEY) for n, h in odd_headers(ASSERTION_HEADER).items()}
    table |= {
        f"claims {n}": forged(ASSERTION_HEADER, c, CLIENT_KEY) for n, c in odd_claims(ASSERTION_CLAIMS, 60).items()
    }
    valid = forged(ASSERTION_HEADER, ASSERTION_CLAIMS, CLIENT_KEY)
    table |= odd_texts(valid, ASSERTION_HEADER, ASSERTION_CLAIMS, CLIENT_KEY)
    own = {
        "an access token as assertion": forged(ACCESS_HEADER, ACCESS_CLAIMS, SERVER_KEY),
        "iss and sub differ": forged(ASSERTION_HEADER, changed(ASSERTION_CLAIMS, sub="bank-b.officer"), CLIENT_KEY),
        "of an unknown client": forged(ASSERTION_HEADER, changed(ASSERTION_CLAIMS, iss="x", sub="x"), CLIENT_KEY),
        "a jti of 15 characters": forged(ASSERTION_HEADER, changed(ASSERTION_CLAIMS, jti="x" * 15), CLIENT_KEY),
    }
    return table | own


def keys_of_client(client_id: str) -> list[dict[str, object]]:
    return [CLIENT_KEY.public_jwk] if client_id == CLIENT else []


def verify_assertion(token: str) -> ClientAssertion:
    return TOKENS.verify_client_assertion(token, keys_of_client, ISSUER, NOW)


def verify_access(token: str) -> AccessClaims:
    return TOKENS.verify_access_token(token, NOW)


ODD_ACCESS: Final = odd_access_tokens()
ODD_ASSERTIONS: Final = odd_assertions()


def quickest_milliseconds(call: Callable[[], object]) -> float:
    """Return the best of a few attempts: the machine is shared, and the question is what the code costs."""
    best = float("inf")
    for _ in range(ATTEMPTS):
        started = time.perf_counter()
        with pytest.raises(TokenRefused):
            call()
        best = min(best, (time.perf_counter() - started) * 1000)
    return best


def test_both_tables_are_long() -> None:
    assert len(ODD_ACCESS) >= 80
    assert len(ODD_ASSERTIONS) >= 80


@pytest.mark.parametrize("name", ODD_ACCESS)
def test_an_odd_access_token_is_refused_at_once_and_only_refused(name: str) -> None:
    assert quickest_milliseconds(lambda: verify_access(ODD_ACCESS[name])) < MILLISECONDS_MAX


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("header long", "long header"),
        ("header alg HS256", "another algorithm"),
        ("header alg none", "another algorithm"),
        ("header kid absent", "no key id"),
        ("header kid of a kilobyte", "no key id"),
        ("header kid unknown", "unknown key"),
        ("header jku", "unexpected header parameter"),
        ("header nested", "nested too deep"),
        ("header NaN", "NaN or Infinity"),
        ("claims a claim nested 17 deep", "nested too deep"),
        ("claims exp Infinity", "NaN or Infinity"),
        ("segments of one letter", "not base64url"),
        ("padded", "not base64url"),
        ("spare bits set", "not canonical base64url"),
        ("a shorter signature", "not an ES256 signature"),
        ("a DER signature", "not an ES256 signature"),
        ("signed by another key", "bad signature"),
    ],
)
def test_our_own_check_refuses_before_the_library_is_asked(name: str, reason: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        verify_access(ODD_ACCESS[name])

    assert refused.value.reason == reason


@pytest.mark.parametrize("name", ODD_ASSERTIONS)
def test_an_odd_assertion_is_refused_at_once_and_only_refused(name: str) -> None:
    assert quickest_milliseconds(lambda: verify_assertion(ODD_ASSERTIONS[name])) < MILLISECONDS_MAX


@pytest.mark.parametrize("name", ODD_ASSERTIONS)
def test_the_claimed_client_of_an_odd_assertion_is_a_text_or_a_refusal(name: str) -> None:
    try:
        claimed = TOKENS.claimed_client(ODD_ASSERTIONS[name])
    except TokenRefused:
        return

    assert isinstance(claimed, str)


def test_a_good_access_token_says_who_acts_and_what_it_may() -> None:
    actor = Actor(
        client_id=CLIENT,
        tenant="bank-a",
        role=Role.AUTHORITY,
        uscc=Uscc("91130200699229617X"),
        division=Division("330000"),
    )

    issued = TOKENS.issue_access_token(actor, frozenset({"pledge:read", "hold:post"}), NOW)

    claims = verify_access(issued.token)
    assert claims.actor == actor
    assert claims.scopes == {"pledge:read", "hold:post"}
    assert claims.expires_at.timestamp() == SECOND + 300
    assert issued.lifetime_seconds == 300


def test_a_good_assertion_names_its_client() -> None:
    assertion = sign_client_assertion(CLIENT_KEY, CLIENT, ISSUER, NOW)

    proof = verify_assertion(assertion)

    assert proof.client_id == CLIENT == TOKENS.claimed_client(assertion)
    assert proof.expires_at.timestamp() == SECOND + 60


GOOD_ASSERTIONS: Final[dict[str, Forged]] = {
    "as we sign it": sign_client_assertion(CLIENT_KEY, CLIENT, ISSUER, NOW),
    "typ absent": forged(changed(ASSERTION_HEADER, typ=GONE), ASSERTION_CLAIMS, CLIENT_KEY),
    "typ JWT, as most libraries write it": forged(changed(ASSERTION_HEADER, typ="JWT"), ASSERTION_CLAIMS, CLIENT_KEY),
    "issued 8 s ahead": forged(
        ASSERTION_HEADER, changed(ASSERTION_CLAIMS, iat=SECOND + 8, exp=SECOND + 68), CLIENT_KEY
    ),
    "issued 10 s ahead": forged(
        ASSERTION_HEADER, changed(ASSERTION_CLAIMS, iat=SECOND + 10, exp=SECOND + 70), CLIENT_KEY
    ),
    "valid from 8 s ahead": forged(ASSERTION_HEADER, changed(ASSERTION_CLAIMS, nbf=SECOND + 8), CLIENT_KEY),
    "about to expire": forged(ASSERTION_HEADER, changed(ASSERTION_CLAIMS, iat=SECOND - 59, exp=SECOND + 1), CLIENT_KEY),
    "with a claim of the client's own": forged(ASSERTION_HEADER, changed(ASSERTION_CLAIMS, foo={"a": [1]}), CLIENT_KEY),
    "a jti of 16 characters": forged(ASSERTION_HEADER, changed(ASSERTION_CLAIMS, jti="x" * 16), CLIENT_KEY),
}


@pytest.mark.parametrize("name", GOOD_ASSERTIONS)
def test_what_we_accept_of_a_client_two_other_libraries_accept_too(name: str) -> None:
    token = GOOD_ASSERTIONS[name]

    ours = verify_assertion(token)

    assert accepted_by_pyjwt(token, CLIENT_KEY)["sub"] == ours.client_id
    assert accepted_by_joserfc(token, CLIENT_KEY)["jti"] == ours.assertion_id


def test_what_we_issue_two_other_libraries_accept_too() -> None:
    actor = Actor(client_id=CLIENT, tenant="bank-a", role=Role.BANK_OFFICER, uscc=None, division=None)

    token = TOKENS.issue_access_token(actor, frozenset({"pledge:read"}), NOW).token

    assert accepted_by_pyjwt(token, SERVER_KEY)["tenant"] == "bank-a"
    assert accepted_by_joserfc(token, SERVER_KEY)["scope"] == "pledge:read"


def test_an_assertion_of_either_other_library_is_accepted() -> None:
    of_pyjwt = jwt.encode(ASSERTION_CLAIMS, CLIENT_KEY.pem, "ES256", {"kid": CLIENT_KEY.key_id})
    key = ECKey.import_key(CLIENT_KEY.pem)
    of_joserfc = joserfc_jwt.encode({"alg": "ES256", "kid": CLIENT_KEY.key_id}, ASSERTION_CLAIMS, key)

    assert verify_assertion(of_pyjwt).client_id == CLIENT
    assert verify_assertion(of_joserfc).client_id == CLIENT


@given(st.data())
def test_a_token_with_a_few_letters_changed_is_refused_or_good_for_everybody(data: st.DataObject) -> None:
    letters = list(data.draw(st.sampled_from(sorted(GOOD_ASSERTIONS.values()))))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n"
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(letters) - 1))
        letters[place] = data.draw(st.sampled_from(alphabet))
    token = "".join(letters)

    try:
        ours = verify_assertion(token)
    except TokenRefused:
        return

    assert accepted_by_pyjwt(token, CLIENT_KEY)["sub"] == ours.client_id
    assert accepted_by_joserfc(token, CLIENT_KEY)["sub"] == ours.client_id


def accepted_by_pyjwt(token: str, key: SigningKey) -> dict[str, Any]:
    """Return the claims after PyJWT has checked the signature; the clock is ours to judge, since NOW is not today."""
    loose = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["iss", "sub", "exp", "jti"]}
    claims: dict[str, Any] = jwt.decode(token, public_bytes(key, "PEM"), ["ES256"], options=loose, audience=ISSUER)  # type: ignore[arg-type]  # its options are a TypedDict
    assert claims["iat"] - 10 <= SECOND < claims["exp"]
    assert claims.get("nbf", 0) - 10 <= SECOND
    return claims


def accepted_by_joserfc(token: str, key: SigningKey) -> dict[str, Any]:
    decoded = joserfc_jwt.decode(token, ECKey.import_key(public_bytes(key, "PEM")), algorithms=["ES256"])
    rules = joserfc_jwt.JWTClaimsRegistry(
        now=SECOND,
        leeway=10,
        aud={"essential": True, "value": ISSUER},
        iss={"essential": True},
        exp={"essential": True},
        jti={"essential": True},
    )
    rules.validate(decoded.claims)
    return dict(decoded.claims)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("private", {"d": "x" * 43}),
        ("of RSA", {"kty": "RSA"}),
        ("symmetric", {"kty": "oct", "k": "x"}),
        ("on P-384", {"crv": "P-384"}),
        ("for encryption", {"use": "enc"}),
        ("for another algorithm", {"alg": "ES384"}),
        ("for HMAC", {"alg": "HS256"}),
        ("off the curve", {"x": "A" * 43}),
        ("short", {"x": "AAAA"}),
        ("with a number as coordinate", {"y": 7}),
        ("with padding", {"y": "A" * 42 + "="}),
        ("with an address of keys", {"x5u": "https://evil.example"}),
        ("without a kid", {"kid": ""}),
    ],
)
def test_a_key_that_cannot_be_ours_is_refused(name: str, change: dict[str, object]) -> None:
    with pytest.raises(TokenRefused):
        check_public_key({**CLIENT_KEY.public_jwk, **change})


def test_a_client_with_two_keys_of_one_id_is_refused() -> None:
    token = sign_client_assertion(CLIENT_KEY, CLIENT, ISSUER, NOW)
    twice = [CLIENT_KEY.public_jwk, {**OTHER_KEY.public_jwk, "kid": CLIENT_KEY.key_id}]

    with pytest.raises(TokenRefused):
        TOKENS.verify_client_assertion(token, lambda _: twice, ISSUER, NOW)


def test_a_retired_key_still_verifies_and_still_is_published() -> None:
    actor = Actor(client_id=CLIENT, tenant="bank-a", role=Role.BANK_OFFICER, uscc=None, division=None)
    old = JoseTokens(issuer=ISSUER, audience=ISSUER, signing_key=OTHER_KEY).issue_access_token(actor, frozenset(), NOW)

    rotated = JoseTokens(issuer=ISSUER, audience=ISSUER, signing_key=SERVER_KEY, retired=[OTHER_KEY.public_jwk])

    assert rotated.verify_access_token(old.token, NOW).actor == actor
    assert [key["kid"] for key in rotated.public_keys()] == [SERVER_KEY.key_id, OTHER_KEY.key_id]
    assert all("d" not in key for key in rotated.public_keys())


def test_a_backend_other_than_cryptography_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    from jose.backends.ecdsa_backend import ECDSAECKey  # noqa: PLC0415 - only here is it wanted

    monkeypatch.setattr(module, "ECKey", ECDSAECKey)

    with pytest.raises(RuntimeError, match="cryptography"):
        JoseTokens(issuer=ISSUER, audience=ISSUER, signing_key=SERVER_KEY)
