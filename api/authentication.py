"""Authentication: from the `Authorization` header to a caller.

The subtle thing is the cache. Verifying a signature costs more than the rest of a read, so a token that was verified
is remembered, by its exact text and until it expires. A token cannot be revoked before that (it lives five minutes at
most); a client that is suspended gets no new one, and every command asks for its status again.

Source: contract section 2; RFC 6750 (bearer tokens), RFC 9068 (access tokens).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from litestar.types import HTTPScope

from api.refusals import CHALLENGE, ProofRequired, Unauthenticated
from domain.ports.tokens import TokenRefused, Tokens
from domain.values.actors import Actor, Role
from domain.values.identifiers import Division, Uscc

REMEMBERED_MAX: Final = 4096
TOKEN_BYTES_MAX: Final = 8192

_SCHEME: Final = b"bearer "


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


class Authentication:
    """Turns a request's token into a caller; one for each process, since it remembers what it verified."""

    __slots__ = ("_allow_bearer", "_now", "_remembered", "_tokens")

    def __init__(self, tokens: Tokens, *, now: Callable[[], datetime], allow_bearer: bool) -> None:
        """Take the verifier and the clock; without `allow_bearer` a bearer token is refused, however good."""
        self._tokens = tokens
        self._now = now
        self._allow_bearer = allow_bearer
        self._remembered: dict[bytes, tuple[Caller, datetime]] = {}

    def caller_of(self, scope: HTTPScope) -> Caller:
        """Return who sent the request.

        Raises:
            Unauthenticated: no token, several, or one that does not verify.
            ProofRequired: a bearer token where a proof of possession is required.
        """
        sent = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(sent) != 1:
            raise Unauthenticated("no single Authorization header", CHALLENGE)
        [header] = sent
        if not self._allow_bearer:
            raise ProofRequired
        if header[: len(_SCHEME)].lower() != _SCHEME:
            raise Unauthenticated("another scheme than Bearer", CHALLENGE)
        token = header[len(_SCHEME) :].strip(b" ")
        now = self._now()
        known = self._remembered.get(token)
        if known is not None and now < known[1]:
            return known[0]
        return self._verified(token, now)

    def _verified(self, token: bytes, now: datetime) -> Caller:
        if len(token) > TOKEN_BYTES_MAX or not token.isascii():
            raise Unauthenticated("not a token")
        try:
            claims = self._tokens.verify_access_token(token.decode("ascii"), now)
        except TokenRefused as refusal:
            raise Unauthenticated(refusal.reason) from None
        caller = Caller(claims.actor, claims.scopes)
        self._remembered.pop(token, None)
        while len(self._remembered) >= REMEMBERED_MAX:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[token] = (caller, claims.expires_at)
        return caller
