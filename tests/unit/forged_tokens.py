"""Forged tokens: every way we know in which a token can be odd, each well signed unless the signature is what is odd.

Source: the negative tests of the OpenID Foundation's FAPI 2.0 conformance suite; RFC 8725; the defects of python-jose
3.5.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from integrations.identity.keys import SigningKey, generate_key
from integrations.identity.tokens import sign_client_assertion

ISSUER: Final = "https://greenlien.example"
CLIENT: Final = "bank-a.officer"
NOW: Final = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
SECOND: Final = int(NOW.timestamp())

SERVER_KEY: Final = generate_key()
CLIENT_KEY: Final = generate_key()
OTHER_KEY: Final = generate_key()
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


ODD_ACCESS: Final = odd_access_tokens()
ODD_ASSERTIONS: Final = odd_assertions()
