"""Authentication: from the `Authorization` header, and the proof beside it, to a caller.

The subtle thing is the cache. Verifying a signature costs more than the rest of a read, so a token that was verified
is remembered, by its exact text and until it expires. What may change before that is asked again: every proof of
possession is verified and used up, and whether the client was suspended, or the key revoked that the token was obtained
by, is asked of the database, with a proof at each request, without one every fifteen seconds in each process. So a
revocation holds everywhere within a quarter of a minute.

Source: contract section 2; RFC 6750 (bearer tokens), RFC 9068 (access tokens), RFC 9449 section 7 (DPoP), RFC 8705
section 3 (certificates).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeVar

from litestar.types import HTTPScope

from api.client_certificates import ClientCertificates
from api.refusals import CHALLENGE, CHALLENGE_AFTER_REFUSAL, ProofRequired, Unauthenticated
from domain.ports.identity import Standing
from domain.ports.tokens import Confirmation, ProofOfPossession, PublicKey, TokenRefused, Tokens
from domain.values.actors import Actor, Role
from domain.values.identifiers import Division, Uscc

REMEMBERED_MAX: Final = 4096
TOKEN_BYTES_MAX: Final = 8192
STANDING_SECONDS: Final = 15.0
"""How long what tells against a client is believed without asking again; the contract allows sixty."""

BAD_PROOF: Final = 'DPoP error="invalid_dpop_proof", algs="ES256"'
BAD_TOKEN: Final = 'DPoP error="invalid_token", algs="ES256"'  # noqa: S105 - a challenge

_BEARER: Final = b"bearer"
_DPOP: Final = b"dpop"

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the access token says, and the verbs that the token carries."""

    actor: Actor
    scopes: frozenset[str]

    @property
    def client_id(self) -> str:
        """Return the client."""
        return self.actor.client_id

    @property
    def tenant(self) -> str:
        """Return the tenant; there is no other source for it."""
        return self.actor.tenant

    @property
    def role(self) -> Role:
        """Return the role."""
        return self.actor.role

    @property
    def uscc(self) -> Uscc | None:
        """Return the legal person; none where the tenant is none."""
        return self.actor.uscc

    @property
    def division(self) -> Division | None:
        """Return the place that an authority answers for; none for others."""
        return self.actor.division


class Gate(Protocol):
    """What the database says at the door."""

    async def standing(self, client_id: str) -> Standing:
        """Return what tells against a client."""
        ...

    async def admit(self, client_id: str, proof: ProofOfPossession) -> Standing | None:
        """Use a proof up and return what tells against its client; none where the proof was used before."""
        ...


@dataclass(frozen=True, slots=True)
class _Held:
    """A verified token: who calls, what it is bound to, which key it was obtained by, and when it expires."""

    caller: Caller
    confirmation: Confirmation | None
    obtained_by: str | None
    expires_at: datetime


class Authentication:
    """Turns a request's token into a caller; one for each process, since it remembers what it verified."""

    __slots__ = (
        "_allow_bearer",
        "_certificates",
        "_gate",
        "_issuer",
        "_now",
        "_published",
        "_remembered",
        "_standings",
        "_ticks",
        "_tokens",
    )

    def __init__(
        self,
        tokens: Tokens,
        *,
        issuer: str,
        now: Callable[[], datetime],
        allow_bearer: bool,
        gate: Gate,
        certificates: ClientCertificates,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the verifier and the clock; without `allow_bearer` a plain bearer token is refused, however good.

        `issuer` is the origin that proofs must name; `ticks` is the clock of what is remembered of clients.
        """
        self._tokens = tokens
        self._issuer = issuer
        self._now = now
        self._allow_bearer = allow_bearer
        self._gate = gate
        self._certificates = certificates
        self._ticks = ticks
        self._published: tuple[PublicKey, ...] = ()
        self._remembered: dict[bytes, _Held] = {}
        self._standings: dict[str, tuple[Standing, float]] = {}

    async def caller_of(self, scope: HTTPScope) -> Caller:
        """Return who sent the request.

        Raises:
            Unauthenticated: no token, several, one that does not verify, or that nothing proves the possession of.
            ProofRequired: a bearer token where a proof of possession is required.
        """
        scheme, token = _presented(scope)
        certificate = self._certificates.presented(scope["headers"])
        if scheme == _BEARER and not self._allow_bearer and certificate is None:
            raise ProofRequired
        now = self._now()
        held = self._held(token, now, BAD_TOKEN if scheme == _DPOP else CHALLENGE_AFTER_REFUSAL)
        bound = held.confirmation
        if scheme == _DPOP:
            standing = await self._proven(scope, held, token, now)
        else:
            if bound is None and not self._allow_bearer:
                raise ProofRequired
            if bound is not None and bound.certificate is None:
                raise ProofRequired
            if bound is not None and bound.certificate != certificate:
                raise Unauthenticated("another certificate, or none")
            standing = await self._standing(held.caller.client_id)
        if standing.suspended or held.obtained_by in standing.revoked_keys:
            raise Unauthenticated("suspended, or obtained by a key that is revoked")
        return held.caller

    async def _proven(self, scope: HTTPScope, held: _Held, token: bytes, now: datetime) -> Standing:
        """Verify the proof that came with a token and use it up; return what tells against the client."""
        bound = None if held.confirmation is None else held.confirmation.key
        if bound is None:
            raise Unauthenticated("not bound to a key", BAD_TOKEN)
        sent = [value for name, value in scope["headers"] if name == b"dpop"]
        if not sent:
            raise ProofRequired
        if len(sent) > 1:
            raise Unauthenticated("several proofs", BAD_PROOF)
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        try:
            proof = self._tokens.verify_proof(
                sent[0].decode("latin-1"),
                method=scope["method"],
                target=self._issuer + path,
                now=now,
                token=token.decode("ascii"),
            )
        except TokenRefused as refusal:
            raise Unauthenticated(refusal.reason, BAD_PROOF) from None
        if proof.thumbprint != bound:
            raise Unauthenticated("proof of another key", BAD_TOKEN)
        standing = await self._gate.admit(held.caller.client_id, proof)
        if standing is None:
            raise Unauthenticated("proof used before", BAD_PROOF)
        return standing

    async def _standing(self, client_id: str) -> Standing:
        known = self._standings.get(client_id)
        ticks = self._ticks()
        if known is not None and ticks < known[1]:
            return known[0]
        standing = await self._gate.standing(client_id)
        _remember(self._standings, client_id, (standing, ticks + STANDING_SECONDS))
        return standing

    def _held(self, token: bytes, now: datetime, challenge: str) -> _Held:
        """Return a token that verifies, from memory if it did before."""
        published = self._tokens.public_keys()
        if published is not self._published:  # one of our own keys may be revoked
            self._remembered.clear()
            self._published = published
        known = self._remembered.get(token)
        if known is not None and now < known.expires_at:
            return known
        if len(token) > TOKEN_BYTES_MAX or not token.isascii():
            raise Unauthenticated("not a token", challenge)
        try:
            claims = self._tokens.verify_access_token(token.decode("ascii"), now)
        except TokenRefused as refusal:
            raise Unauthenticated(refusal.reason, challenge) from None
        caller = Caller(claims.actor, claims.scopes)
        held = _Held(caller, claims.confirmation, claims.obtained_by, claims.expires_at)
        _remember(self._remembered, token, held)
        return held


def _presented(scope: HTTPScope) -> tuple[bytes, bytes]:
    """Return the scheme in lower case and the token of the one header there must be."""
    sent = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(sent) != 1:
        raise Unauthenticated("no single Authorization header", CHALLENGE)
    scheme, space, token = sent[0].partition(b" ")
    if scheme.lower() not in {_BEARER, _DPOP} or not space:
        raise Unauthenticated("another scheme than Bearer or DPoP", CHALLENGE)
    return scheme.lower(), token.strip(b" ")


def _remember(memory: dict[K, T], key: K, value: T) -> None:
    """Keep a value; the oldest go where it grows too large."""
    memory.pop(key, None)
    while len(memory) >= REMEMBERED_MAX:
        del memory[next(iter(memory))]
    memory[key] = value
