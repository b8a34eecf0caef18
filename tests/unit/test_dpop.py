"""Proofs of possession: good for one request, one token, one key, one minute; refused at once for whatever is odd."""

import re
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import jwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey

from domain.ports.tokens import ProofOfPossession, TokenRefused
from integrations.identity.dpop import sign_proof, verify_proof
from integrations.identity.keys import SigningKey
from tests.unit.forged_proofs import GOOD_PROOFS, ODD_PROOFS, TARGET, TOKEN
from tests.unit.forged_tokens import (
    CLIENT_KEY,
    ISSUER,
    NOW,
    ODD_ACCESS,
    ODD_ASSERTIONS,
    SECOND,
    SERVER_KEY,
    public_bytes,
)

MILLISECONDS_MAX: Final = 10
ATTEMPTS: Final = 3


def verified(proof: str) -> ProofOfPossession:
    return verify_proof(proof, method="GET", target=TARGET, now=NOW, token=TOKEN)


def test_the_table_is_long() -> None:
    assert len(ODD_PROOFS) >= 80


@pytest.mark.parametrize("name", ODD_PROOFS)
def test_an_odd_proof_is_refused_at_once_and_only_refused(name: str) -> None:
    best = float("inf")
    for _ in range(ATTEMPTS):
        started = time.perf_counter()
        with pytest.raises(TokenRefused):
            verified(ODD_PROOFS[name])
        best = min(best, (time.perf_counter() - started) * 1000)

    assert best < MILLISECONDS_MAX


@pytest.mark.parametrize("name", GOOD_PROOFS)
def test_a_good_proof_names_its_key_and_two_other_libraries_verify_it(name: str) -> None:
    proof = verified(GOOD_PROOFS[name])

    assert (proof.thumbprint, proof.proof_id) == (CLIENT_KEY.key_id, "0123456789abcdef")
    assert proof.expires_at >= NOW + timedelta(seconds=10)
    assert by_pyjwt(GOOD_PROOFS[name], CLIENT_KEY, "dpop+jwt", None)
    assert by_joserfc(GOOD_PROOFS[name], CLIENT_KEY, "dpop+jwt", None)


def test_what_the_command_line_signs_is_good_and_each_proof_is_another() -> None:
    proofs = [sign_proof(CLIENT_KEY, method="GET", target=TARGET, now=NOW, token=TOKEN) for _ in range(2)]

    one, other = (verified(proof) for proof in proofs)
    assert one.thumbprint == other.thumbprint == CLIENT_KEY.key_id
    assert one.proof_id != other.proof_id


def test_a_proof_beside_an_assertion_names_no_token() -> None:
    proof = sign_proof(CLIENT_KEY, method="POST", target=ISSUER + "/oauth/token", now=NOW)

    verify_proof(proof, method="POST", target=ISSUER + "/oauth/token", now=NOW, token=None)
    with pytest.raises(TokenRefused):
        verify_proof(GOOD_PROOFS["plain"], method="GET", target=TARGET, now=NOW, token=None)


def test_a_proof_is_remembered_longer_than_it_is_accepted() -> None:
    proof = verified(GOOD_PROOFS["10 s ahead"])

    with pytest.raises(TokenRefused):
        verify_proof(GOOD_PROOFS["10 s ahead"], method="GET", target=TARGET, now=proof.expires_at, token=TOKEN)


# what other libraries make of the same forgeries


def by_pyjwt(token: str, key: SigningKey, kind: str, audience: str | None) -> bool:
    """Tell whether PyJWT, asked for all that it can check, accepts a token at `NOW`."""
    required = ["iat", "jti"] if audience is None else ["iss", "sub", "aud", "exp", "iat", "jti"]
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": required}
    try:
        claims = jwt.decode(token, public_bytes(key, "PEM"), ["ES256"], options=options, audience=audience)
        header = jwt.get_unverified_header(token)
        return header.get("typ") == kind and _in_time(claims, audience)
    except Exception:  # noqa: BLE001 - whatever it raises, it does not accept
        return False


def by_joserfc(token: str, key: SigningKey, kind: str, audience: str | None) -> bool:
    """Tell whether joserfc, asked for all that it can check, accepts a token at `NOW`."""
    named: Any = {"iat": {"essential": True}, "jti": {"essential": True}}
    if audience is not None:
        named |= {name: {"essential": True} for name in ("iss", "sub", "exp")}
        named["aud"] = {"essential": True, "value": audience}
    try:
        decoded = joserfc_jwt.decode(token, ECKey.import_key(public_bytes(key, "PEM")), algorithms=["ES256"])
        joserfc_jwt.JWTClaimsRegistry(now=SECOND, leeway=10, **named).validate(decoded.claims)
        return decoded.header.get("typ") == kind and _in_time(decoded.claims, audience)
    except Exception:  # noqa: BLE001 - whatever it raises, it does not accept
        return False


def _in_time(claims: Mapping[str, Any], audience: str | None) -> bool:
    """Judge the clock for a library, since `NOW` is not today: as leniently as it would itself."""
    issued, starts = claims["iat"], claims.get("nbf", 0)
    if audience is None:
        return bool(SECOND - 60 <= issued <= SECOND + 10)
    return bool(issued <= SECOND + 10 and starts <= SECOND + 10 and claims["exp"] > SECOND)


LAXER: Final[dict[str, str]] = {
    "the key is ours to find: it looks at no kid": r"header kid( .*)?",
    "it is told which key; one in the header of a proof is for the caller to read": (
        r"header (jwk .*|(a|an|the|another) .*\bjwk.*|the private key in jwk|another key in jwk)"
    ),
    "it ignores header members that it does not know": (
        r"header (jku|jwk in the header|x5u|x5c|cty|zip|enc|an unknown member|crit empty)"
    ),
    "of a duplicate the last one wins": r"(header|claims) a duplicate .*",
    "it reads JSON in UTF-16 and with a byte order mark": r"(header|claims) (claims in )?(UTF-16|a byte order mark)",
    "it knows no length and no depth": r"header long|claims .* of a kilobyte|claims .* nested 17 deep|above 8 KiB",
    "a text may be of any letters, and empty": r"claims \w+ (empty|with a line feed|in full width)",
    "a text may be something else": r"claims iss (true|a list|an object)",
    "a number of seconds may be true, a fraction, negative or infinite": (
        r"claims (iat|exp|nbf) (true|a float|negative|Infinity|1e400)"
    ),
    "one audience among several is enough": r"claims (two audiences|aud a list)",
    "who may issue is for the caller to know": r"claims another issuer|iss and sub differ|of an unknown client",
    "a token may live as long as it says": r"claims lives .*",
    "a jti may be of any length": r"a jti of 15 characters|claims jti (short|long)",
    "it takes padding": r"padded",
    "it knows nothing of our own claims": r"(role|tenant|scope|uscc|division) .*",
    "it knows nothing of proofs": r"claims (htm|htu|ath) .*",
}
"""Why a library accepts what we refuse, and of which forgeries that is said."""

FORGERIES: Final = {
    **{f"access token: {name}": (token, SERVER_KEY, "at+jwt", ISSUER) for name, token in ODD_ACCESS.items()},
    **{
        f"assertion: {name}": (token, CLIENT_KEY, "client-authentication+jwt", ISSUER)
        for name, token in ODD_ASSERTIONS.items()
    },
    **{f"proof: {name}": (token, CLIENT_KEY, "dpop+jwt", None) for name, token in ODD_PROOFS.items()},
}


@pytest.mark.parametrize("name", FORGERIES)
def test_each_other_library_refuses_a_forgery_too_or_it_is_named_why_not(name: str) -> None:
    token, key, kind, audience = FORGERIES[name]
    accepting = [library.__name__ for library in (by_pyjwt, by_joserfc) if library(token, key, kind, audience)]

    if accepting:
        assert reasons_for(name), f"{accepting} accept it"


def test_each_reason_is_one_for_which_some_library_does_accept_what_we_refuse() -> None:
    needed = set()
    for name, (token, key, kind, audience) in FORGERIES.items():
        if by_pyjwt(token, key, kind, audience) or by_joserfc(token, key, kind, audience):
            needed.update(reasons_for(name))

    assert needed == LAXER.keys()
    assert len(FORGERIES) >= 240


def reasons_for(name: str) -> list[str]:
    called = name.partition(": ")[2]
    return [reason for reason, names in LAXER.items() if re.fullmatch(names, called, re.DOTALL)]
