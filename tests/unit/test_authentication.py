"""Authentication: a header becomes a caller, and a verified token is remembered only while it is good."""

import asyncio
import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import pytest
from litestar.types import HTTPScope

from api import authentication as module
from api.authentication import Authentication, Caller
from api.client_certificates import ClientCertificates
from api.refusals import ProofRequired, Unauthenticated
from domain.ports.identity import Standing
from domain.ports.tokens import AccessClaims, Confirmation, ProofOfPossession, PublicKey, TokenRefused
from domain.values.actors import Actor, Role
from integrations.identity.dpop import sign_proof
from integrations.identity.keys import SigningKey
from integrations.identity.tokens import JoseTokens
from tests.unit.forged_tokens import CLIENT_KEY, ISSUER, OTHER_KEY, SERVER_KEY

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
ACTOR = Actor(client_id="bank-a.officer", tenant="bank-a", role=Role.BANK_OFFICER, uscc=None, division=None)


class CountingTokens:
    """Accepts what starts with `good`, for a minute, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.published: tuple[PublicKey, ...] = ({"kid": "first"},)

    def public_keys(self) -> tuple[PublicKey, ...]:
        return self.published

    def verify_access_token(self, token: str, now: datetime) -> AccessClaims:
        self.asked += 1
        if not token.startswith("good"):
            raise TokenRefused("bad")
        return AccessClaims(
            actor=ACTOR,
            scopes=frozenset({"pledge:read"}),
            token_id="x" * 16,
            expires_at=NOW + timedelta(minutes=1),
        )


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def scope(headers: Iterable[tuple[bytes, bytes]]) -> HTTPScope:
    return cast("HTTPScope", {"headers": list(headers)})


def bearer(token: str) -> HTTPScope:
    return scope([(b"host", b"x"), (b"authorization", f"Bearer {token}".encode())])


class CountingGate:
    """Remembers what it was asked, and says of everybody what the test says."""

    def __init__(self, says: Standing | None = None) -> None:
        self.says = says or Standing()
        self.asked = 0
        self.used: set[str] = set()

    async def standing(self, client_id: str) -> Standing:
        self.asked += 1
        return self.says

    async def admit(self, client_id: str, proof: ProofOfPossession) -> Standing | None:
        if proof.proof_id in self.used:
            return None
        self.used.add(proof.proof_id)
        return await self.standing(client_id)


class Door:
    """The authentication of one process, with all that a test may turn."""

    def __init__(
        self,
        tokens: object,
        *,
        allow_bearer: bool = True,
        gate: CountingGate | None = None,
        proxy_secret: bytes | None = None,
    ) -> None:
        self.clock = Clock()
        self.ticks = 0.0
        self.gate = gate or CountingGate()
        self.inner = Authentication(
            cast("Any", tokens),
            issuer=ISSUER,
            now=self.clock,
            allow_bearer=allow_bearer,
            gate=self.gate,
            certificates=ClientCertificates(proxy_secret),
            ticks=lambda: self.ticks,
        )

    def caller_of(self, asked: HTTPScope) -> Caller:
        return asyncio.run(self.inner.caller_of(asked))


def test_a_good_token_says_who_calls() -> None:
    caller = Door(CountingTokens()).caller_of(bearer("good"))

    assert (caller.client_id, caller.tenant, caller.role, caller.uscc, caller.division) == (
        "bank-a.officer",
        "bank-a",
        Role.BANK_OFFICER,
        None,
        None,
    )
    assert caller.scopes == {"pledge:read"}


def test_a_token_is_verified_once_until_it_expires() -> None:
    tokens = CountingTokens()
    door = Door(tokens)

    for seconds in (0, 1, 59):
        door.clock.now = NOW + timedelta(seconds=seconds)
        door.caller_of(bearer("good"))
    assert tokens.asked == 1

    door.clock.now = NOW + timedelta(seconds=60)
    door.caller_of(bearer("good"))
    assert tokens.asked == 2


def test_when_our_own_keys_change_every_token_is_verified_again() -> None:
    tokens = CountingTokens()
    door = Door(tokens)
    door.caller_of(bearer("good"))

    tokens.published = ({"kid": "second"},)
    for _ in range(2):
        door.caller_of(bearer("good"))

    assert tokens.asked == 2


def test_a_bad_token_is_never_remembered() -> None:
    tokens = CountingTokens()
    door = Door(tokens)

    for _ in range(2):
        with pytest.raises(Unauthenticated):
            door.caller_of(bearer("bad"))

    assert tokens.asked == 2


def test_what_is_remembered_stays_bounded_and_the_oldest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_MAX", 3)
    tokens = CountingTokens()
    door = Door(tokens)
    for number in range(5):
        door.caller_of(bearer(f"good{number}"))
    asked = tokens.asked

    door.caller_of(bearer("good4"))
    assert tokens.asked == asked
    door.caller_of(bearer("good0"))
    assert tokens.asked == asked + 1
    assert len(door.inner._remembered) == 3


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"")],
        [(b"authorization", b"good")],
        [(b"authorization", b"Basic good")],
        [(b"authorization", b"DPoP good")],
        [(b"authorization", b"Badger good")],
        [(b"authorization", b"Bearer")],
        [(b"authorization", b"Bearer bad")],
        [(b"authorization", b"Bearer \xff\xfe")],
        [(b"authorization", b"Bearer " + b"good" * 3000)],
        [(b"authorization", b"Bearer good"), (b"authorization", b"Bearer good")],
    ],
)
def test_any_other_header_is_no_authentication(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(Unauthenticated):
        Door(CountingTokens()).caller_of(scope(headers))


@pytest.mark.parametrize("scheme", [b"bearer", b"Bearer", b"BEARER"])
def test_the_scheme_is_written_in_any_case(scheme: bytes) -> None:
    caller = Door(CountingTokens()).caller_of(scope([(b"authorization", scheme + b" good")]))

    assert caller.actor == ACTOR


def test_where_proof_is_required_no_bearer_token_is_good_enough() -> None:
    tokens = CountingTokens()

    with pytest.raises(ProofRequired):
        Door(tokens, allow_bearer=False).caller_of(bearer("good"))
    assert tokens.asked == 0


def test_a_suspension_holds_within_fifteen_seconds_though_the_token_is_remembered() -> None:
    door = Door(CountingTokens())
    door.caller_of(bearer("good"))
    door.gate.says = Standing(suspended=True)

    door.ticks = 14.9
    door.caller_of(bearer("good"))
    door.ticks = 15.0
    with pytest.raises(Unauthenticated):
        door.caller_of(bearer("good"))
    assert door.gate.asked == 2
    assert module.STANDING_SECONDS <= 60


TOKENS: Final = JoseTokens(issuer=ISSUER, audience=ISSUER, signing_key=SERVER_KEY)
SECRET: Final = b"0123456789abcdef0123456789abcdef"


def a_token(confirmation: Confirmation | None, obtained_by: str | None = None) -> str:
    scopes = frozenset({"pledge:read"})
    return TOKENS.issue_access_token(ACTOR, scopes, NOW, confirmation=confirmation, obtained_by=obtained_by).token


BOUND: Final = a_token(Confirmation(key=CLIENT_KEY.key_id))


def a_proof(
    token: str | None = BOUND, method: str = "GET", path: str = "/v1/pledges", key: SigningKey = CLIENT_KEY
) -> str:
    return sign_proof(key, method=method, target=ISSUER + path, now=NOW, token=token)


def proven(token: str = BOUND, *proofs: str, method: str = "GET", path: str = "/v1/pledges") -> HTTPScope:
    headers = [(b"authorization", f"DPoP {token}".encode()), *((b"dpop", proof.encode()) for proof in proofs)]
    return cast("HTTPScope", {"headers": headers, "method": method, "path": path, "raw_path": path.encode()})


def test_a_bound_token_with_its_proof_says_who_calls_where_bearer_tokens_are_refused() -> None:
    door = Door(TOKENS, allow_bearer=False)

    for _ in range(2):
        assert door.caller_of(proven(BOUND, a_proof())).actor == ACTOR


def test_a_proof_is_good_once() -> None:
    door, proof = Door(TOKENS), a_proof()
    door.caller_of(proven(BOUND, proof))

    with pytest.raises(Unauthenticated, match="before"):
        door.caller_of(proven(BOUND, proof))


def test_with_a_proof_a_revocation_holds_at_once() -> None:
    token = a_token(Confirmation(key=CLIENT_KEY.key_id), obtained_by="thumb")
    door = Door(TOKENS)
    door.caller_of(proven(token, a_proof(token)))

    door.gate.says = Standing(revoked_keys=frozenset({"thumb"}))
    with pytest.raises(Unauthenticated, match="revoked"):
        door.caller_of(proven(token, a_proof(token)))


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("of another key", proven(BOUND, a_proof(key=OTHER_KEY))),
        ("for another method", proven(BOUND, a_proof(method="POST"))),
        ("for another path", proven(BOUND, a_proof(path="/v1/loans"))),
        ("for another token", proven(BOUND, a_proof(BOUND + "x"))),
        ("without the token", proven(BOUND, a_proof(None))),
        ("two of them", proven(BOUND, a_proof(), a_proof())),
        ("not ASCII", proven(BOUND, "\xff")),
        ("of a token that is not bound", proven(a_token(None), a_proof(a_token(None)))),
        ("of a token that is bound to a certificate", proven(a_token(Confirmation(certificate="c" * 43)), a_proof())),
    ],
)
def test_a_proof_that_is_not_of_this_request_is_refused(name: str, asked: HTTPScope) -> None:
    with pytest.raises(Unauthenticated) as refused:
        Door(TOKENS).caller_of(asked)

    assert refused.value.headers()["WWW-Authenticate"].startswith("DPoP error=")


@pytest.mark.parametrize("allow_bearer", [True, False])
def test_a_bound_token_without_its_proof_is_refused_by_either_scheme(allow_bearer: bool) -> None:
    door = Door(TOKENS, allow_bearer=allow_bearer)

    for asked in (bearer(BOUND), proven(BOUND)):
        with pytest.raises(ProofRequired):
            door.caller_of(asked)


DER: Final = b"a certificate"
THUMBPRINT: Final = base64.urlsafe_b64encode(hashlib.sha256(DER).digest()).rstrip(b"=").decode()


def through_proxy(token: str, *headers: tuple[bytes, bytes]) -> HTTPScope:
    return scope([(b"authorization", f"Bearer {token}".encode()), *headers])


CERTIFICATE: Final = (b"client-cert", b":" + base64.b64encode(DER) + b":")
FROM_PROXY: Final = (b"greenlien-proxy-secret", SECRET)


def test_a_token_bound_to_a_certificate_is_good_with_it_from_the_trusted_proxy() -> None:
    token = a_token(Confirmation(certificate=THUMBPRINT))

    caller = Door(TOKENS, allow_bearer=False, proxy_secret=SECRET).caller_of(
        through_proxy(token, CERTIFICATE, FROM_PROXY)
    )

    assert caller.actor == ACTOR


@pytest.mark.parametrize(
    ("name", "headers", "secret"),
    [
        ("no certificate", [FROM_PROXY], SECRET),
        ("another certificate", [(b"client-cert", b":AAAA:"), FROM_PROXY], SECRET),
        ("no secret", [CERTIFICATE], SECRET),
        ("another secret", [CERTIFICATE, (b"greenlien-proxy-secret", b"x" * 32)], SECRET),
        ("the secret twice", [CERTIFICATE, FROM_PROXY, FROM_PROXY], SECRET),
        ("two certificates", [CERTIFICATE, CERTIFICATE, FROM_PROXY], SECRET),
        ("not a byte sequence", [(b"client-cert", base64.b64encode(DER)), FROM_PROXY], SECRET),
        ("empty", [(b"client-cert", b"::"), FROM_PROXY], SECRET),
        ("no proxy is trusted", [CERTIFICATE, FROM_PROXY], None),
    ],
)
def test_a_certificate_counts_only_from_the_trusted_proxy(
    name: str, headers: list[tuple[bytes, bytes]], secret: bytes | None
) -> None:
    token = a_token(Confirmation(certificate=THUMBPRINT))

    with pytest.raises((ProofRequired, Unauthenticated)):
        Door(TOKENS, allow_bearer=False, proxy_secret=secret).caller_of(through_proxy(token, *headers))
    with pytest.raises((ProofRequired, Unauthenticated)):
        Door(TOKENS, allow_bearer=True, proxy_secret=secret).caller_of(through_proxy(token, *headers))


def test_a_certificate_makes_no_plain_token_good() -> None:
    with pytest.raises(ProofRequired):
        Door(TOKENS, allow_bearer=False, proxy_secret=SECRET).caller_of(
            through_proxy(a_token(None), CERTIFICATE, FROM_PROXY)
        )


def test_a_proxys_secret_is_long() -> None:
    with pytest.raises(ValueError, match="32"):
        ClientCertificates(b"x" * 31)
