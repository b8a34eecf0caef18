"""Forged proofs of possession: every way we know in which one can be odd, each well signed unless that is what is odd.

Source: the negative tests of the OpenID Foundation's FAPI 2.0 conformance suite; RFC 9449 sections 4.3 and 11.
"""

import base64
import json
from typing import Any, Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from integrations.identity.dpop import KIND, digest_of
from tests.unit.forged_tokens import (
    CLIENT_KEY,
    GONE,
    ORDER,
    OTHER_KEY,
    SECOND,
    changed,
    dumped,
    encoded,
    forged,
    hs256,
    private,
    public_bytes,
    rs256,
)

TOKEN: Final = "header.claims.signature"
TARGET: Final = "https://greenlien.example/v1/pledges"
JWK: Final[dict[str, str]] = {name: str(CLIENT_KEY.public_jwk[name]) for name in ("kty", "crv", "x", "y")}
HEADER: Final[dict[str, Any]] = {"alg": "ES256", "typ": KIND, "jwk": JWK}
CLAIMS: Final[dict[str, Any]] = {
    "jti": "0123456789abcdef",
    "htm": "GET",
    "htu": TARGET,
    "iat": SECOND,
    "ath": digest_of(TOKEN),
}


def _private_scalar() -> str:
    return encoded(private(CLIENT_KEY).private_numbers().private_value.to_bytes(32, "big"))


def _headers() -> dict[str, object]:
    point = {"kty": "EC", "crv": "P-384", "x": "A" * 64, "y": "A" * 64}
    odd: dict[str, object] = {f"{name} absent": changed(HEADER, **{name: GONE}) for name in HEADER}
    odd |= {f"{name} null": changed(HEADER, **{name: None}) for name in HEADER}
    odd |= {f"{name} a list": changed(HEADER, **{name: [HEADER[name]]}) for name in HEADER}
    odd |= {f"alg {alg}": changed(HEADER, alg=alg) for alg in ("none", "NONE", "es256", "HS256", "RS256", "PS256", "")}
    odd |= {f"typ {typ}": changed(HEADER, typ=typ) for typ in ("JWT", "at+jwt", "DPOP+JWT", "dpop", "")}
    odd |= {
        "the private key in jwk": changed(HEADER, jwk={**JWK, "d": _private_scalar()}),
        "another key in jwk": changed(HEADER, jwk={name: OTHER_KEY.public_jwk[name] for name in JWK}),
        "a symmetric jwk": changed(HEADER, jwk={"kty": "oct", "k": "AAAA"}),
        "an RSA jwk": changed(HEADER, jwk={"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
        "a jwk on P-384": changed(HEADER, jwk=point),
        "a jwk off the curve": changed(HEADER, jwk={**JWK, "x": "A" * 43}),
        "a jwk with spare bits": changed(HEADER, jwk={**JWK, "x": JWK["x"][:-1] + chr(ord(JWK["x"][-1]) + 1)}),
        "a padded jwk": changed(HEADER, jwk={**JWK, "x": JWK["x"] + "="}),
        "a jwk with an address": changed(HEADER, jwk={**JWK, "x5u": "https://evil.example"}),
        "a jwk for encryption": changed(HEADER, jwk={**JWK, "use": "enc"}),
        "a jwk that only signs": changed(HEADER, jwk={**JWK, "key_ops": ["sign"]}),
        "an empty jwk": changed(HEADER, jwk={}),
        "a jwk without y": changed(HEADER, jwk={name: JWK[name] for name in ("kty", "crv", "x")}),
        "a jwk with a nested coordinate": changed(HEADER, jwk={**JWK, "x": {"a": JWK["x"]}}),
        "kid": changed(HEADER, kid=CLIENT_KEY.key_id),
        "jku": changed(HEADER, jku="https://evil.example"),
        "x5c": changed(HEADER, x5c=["MIIB"]),
        "crit": changed(HEADER, crit=["exp"]),
        "b64 false": changed(HEADER, b64=False, crit=["b64"]),
        "a duplicate jwk": dumped(HEADER)[:-1] + b',"jwk":' + json.dumps(JWK).encode() + b"}",
        "a list": [HEADER],
        "a text": "ES256",
        "nested": b'{"a":' * 100 + b"1" + b"}" * 100,
        "invalid UTF-8": b'{"alg":"ES256","typ":"\xff"}',
        "long": changed(HEADER, kid="x" * 2000),
    }
    return odd


def _claims() -> dict[str, object]:
    odd: dict[str, object] = {}
    for name, value in CLAIMS.items():
        odd[f"{name} absent"] = changed(CLAIMS, **{name: GONE})
        odd[f"{name} null"] = changed(CLAIMS, **{name: None})
        odd[f"{name} true"] = changed(CLAIMS, **{name: True})
        odd[f"{name} a list"] = changed(CLAIMS, **{name: [value]})
    odd |= {f"htm {htm!r}": changed(CLAIMS, htm=htm) for htm in ("POST", "get", "GET ", "")}
    odd |= {
        f"iat {name}": changed(CLAIMS, iat=SECOND + ahead) for name, ahead in (("11 s ahead", 11), ("60 s ahead", 60))
    }
    odd |= {f"iat {ago} s ago": changed(CLAIMS, iat=SECOND - ago) for ago in (61, 300, 86_400)}
    addresses = (
        TARGET + "/",
        TARGET.replace("https", "http"),
        TARGET.replace("greenlien.example", "evil.example"),
        TARGET.replace("greenlien.example", "greenlien.example:444"),
        TARGET.replace("greenlien.example", "user@greenlien.example"),
        TARGET.replace("greenlien.example", "greenlien.example.evil.example"),
        TARGET.replace("pledges", "PLEDGES"),
        TARGET.replace("pledges", "loans"),
        TARGET.replace("pledges", "%70ledges"),
        TARGET.replace("/v1", "//v1"),
        TARGET.replace("/v1", "/v1/../v1"),
        "/v1/pledges",
        "https:/v1/pledges",
        "https://[::1/v1/pledges",
        "javascript:alert(1)",
    )
    odd |= {f"htu {address}": changed(CLAIMS, htu=address) for address in addresses}
    odd |= {
        "iat a text": changed(CLAIMS, iat=str(SECOND)),
        "iat a float": changed(CLAIMS, iat=float(SECOND)),
        "iat negative": changed(CLAIMS, iat=-1),
        "iat Infinity": dumped(changed(CLAIMS, iat=0)).replace(b'"iat":0', b'"iat":Infinity'),
        "iat of 5,000 digits": dumped(changed(CLAIMS, iat=0)).replace(b'"iat":0', b'"iat":' + b"9" * 5000),
        "jti short": changed(CLAIMS, jti="x" * 15),
        "jti long": changed(CLAIMS, jti="x" * 257),
        "jti with a line feed": changed(CLAIMS, jti="0123456789abcdef\n"),
        "ath of another token": changed(CLAIMS, ath=digest_of(TOKEN + "x")),
        "ath the token itself": changed(CLAIMS, ath=TOKEN),
        "ath padded": changed(CLAIMS, ath=digest_of(TOKEN) + "="),
        "a duplicate htu": dumped(CLAIMS)[:-1] + b',"htu":"https://evil.example/"}',
        "claims a list": [CLAIMS],
        "claims null": None,
        "claims nothing": b"",
        "claims nested": b'{"a":' * 500 + b"1" + b"}" * 500,
    }
    return odd


def _texts() -> dict[str, str]:
    valid = forged(HEADER, CLAIMS, CLIENT_KEY)
    head, body, mark = valid.split(".")
    raw = base64.urlsafe_b64decode(mark + "==")
    r, s = raw[:32], raw[32:]
    der = private(CLIENT_KEY).sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    point = (
        private(CLIENT_KEY)
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    return {
        "empty": "",
        "dots": "..",
        "two segments": f"{head}.{body}",
        "four segments": f"{valid}.{mark}",
        "no signature": f"{head}.{body}.",
        "two in one header": f"{valid}, {valid}",
        "a space before": " " + valid,
        "a line feed after": valid + "\n",
        "padded": valid + "==",
        "spare bits set": f"{head}.{body}.{mark[:-1]}{chr(ord(mark[-1]) + 1)}",
        "a flipped bit in the signature": f"{head}.{body}.{encoded(bytes([raw[0] ^ 1]) + raw[1:])}",
        "a signature of zeros": f"{head}.{body}.{encoded(bytes(64))}",
        "r the order": f"{head}.{body}.{encoded(ORDER.to_bytes(32, 'big') + s)}",
        "r and s swapped": f"{head}.{body}.{encoded(s + r)}",
        "a DER signature": f"{head}.{body}.{encoded(der)}",
        "signed by another key": forged(HEADER, CLAIMS, OTHER_KEY),
        "unsigned": f"{encoded(dumped({**HEADER, 'alg': 'none'}))}.{body}.",
        "HS256 with the public PEM": hs256(HEADER, CLAIMS, public_bytes(CLIENT_KEY, "PEM")),
        "HS256 with the public point": hs256(HEADER, CLAIMS, point),
        "RS256": rs256(HEADER, CLAIMS),
        "above 8 KiB": forged(HEADER, {**CLAIMS, "pad": "x" * 9000}, CLIENT_KEY),
        "a megabyte": "x" * 1_000_000,
    }


ODD_PROOFS: Final[dict[str, str]] = {
    **{f"header {name}": forged(header, CLAIMS, CLIENT_KEY) for name, header in _headers().items()},
    **{f"claims {name}": forged(HEADER, claims, CLIENT_KEY) for name, claims in _claims().items()},
    **_texts(),
}
"""Each is presented for `GET TARGET` with the access token `TOKEN`, at `NOW`."""

GOOD_PROOFS: Final[dict[str, str]] = {
    "plain": forged(HEADER, CLAIMS, CLIENT_KEY),
    "10 s ahead": forged(HEADER, changed(CLAIMS, iat=SECOND + 10), CLIENT_KEY),
    "8 s ahead": forged(HEADER, changed(CLAIMS, iat=SECOND + 8), CLIENT_KEY),
    "60 s ago": forged(HEADER, changed(CLAIMS, iat=SECOND - 60), CLIENT_KEY),
    "the host in capitals": forged(HEADER, changed(CLAIMS, htu=TARGET.replace("greenlien", "GreenLien")), CLIENT_KEY),
    "the default port named": forged(HEADER, changed(CLAIMS, htu=TARGET.replace("example", "example:443")), CLIENT_KEY),
    "with a query, which is not looked at": forged(HEADER, changed(CLAIMS, htu=TARGET + "?limit=1#x"), CLIENT_KEY),
    "a jwk that says what it is for": forged(
        {**HEADER, "jwk": {**JWK, "use": "sig", "alg": "ES256", "kid": "1", "key_ops": ["verify"]}}, CLAIMS, CLIENT_KEY
    ),
    "with a claim of its own": forged(HEADER, {**CLAIMS, "nonce": "x"}, CLIENT_KEY),
}
