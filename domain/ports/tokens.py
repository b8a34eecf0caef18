"""Tokens: how a client proves who it is, and what it carries afterwards.

There is one refusal for everything that can be wrong with a token. Which check failed is for our own log; a client
that is told "bad signature" in one case and "unknown key" in the other learns something that it should not.

Source: contract section 2; RFC 7523 (client assertions), RFC 9068 (access tokens), FAPI 2.0 Security Profile section
5.3.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from domain.errors import DomainError
from domain.values.actors import Actor

PublicKey: TypeAlias = Mapping[str, object]
"""A public JSON Web Key (RFC 7517), as registered or published."""

KeysOfClient: TypeAlias = Callable[[str], Sequence[PublicKey]]
"""Gives the registered keys of a client by its id; empty when there is no such client."""


@dataclass(eq=False)
class TokenRefused(DomainError):
    """Refuse a token or an assertion; `reason` is for the log and never leaves the house."""

    code = "unauthenticated"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAssertion:
    """A verified assertion: this client signed it, and `assertion_id` may be used once until `expires_at`."""

    client_id: str
    assertion_id: str
    expires_at: datetime
    key: PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What a token is bound to: a key's thumbprint (DPoP) or a certificate's (mutual TLS); exactly one."""

    key: str | None = None
    certificate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofOfPossession:
    """A verified proof: whoever sent this request holds the key; `proof_id` may be used once until `expires_at`."""

    thumbprint: str
    proof_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClaims:
    """What a verified access token says: who acts, and which verbs it may use, until when (exclusive).

    `confirmation` is what it is bound to, none for a plain bearer token; `obtained_by` the thumbprint of the key that
    signed the client's assertion, so that revoking that key reaches the token.
    """

    actor: Actor
    scopes: frozenset[str]
    token_id: str
    expires_at: datetime
    confirmation: Confirmation | None = None
    obtained_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A fresh access token and the seconds it lives."""

    token: str
    lifetime_seconds: int


class Tokens(Protocol):
    """Everything that reads or writes a signature on a token."""

    def claimed_client(self, assertion: str) -> str:
        """Return the client id that an assertion claims, unverified; raises TokenRefused where it cannot be read."""
        ...

    def verify_client_assertion(
        self, assertion: str, keys_of_client: KeysOfClient, issuer: str, now: datetime
    ) -> ClientAssertion:
        """Verify an assertion for `issuer` at `now`; single use is the caller's to enforce. Raises TokenRefused."""
        ...

    def verify_proof(
        self, proof: str, *, method: str, target: str, now: datetime, token: str | None
    ) -> ProofOfPossession:
        """Verify a DPoP proof for a request, and for the access token that it came with, if any; raises TokenRefused.

        `target` is origin and path, without a query; single use is the caller's to enforce.
        """
        ...

    def issue_access_token(
        self,
        actor: Actor,
        scopes: frozenset[str],
        now: datetime,
        *,
        confirmation: Confirmation | None = None,
        obtained_by: str | None = None,
    ) -> IssuedToken:
        """Sign an access token of at most five minutes, bound to what `confirmation` says."""
        ...

    def verify_access_token(self, token: str, now: datetime) -> AccessClaims:
        """Verify an access token that we issued; raises TokenRefused."""
        ...

    def public_keys(self) -> tuple[PublicKey, ...]:
        """Return the keys to publish, the signing one first."""
        ...
