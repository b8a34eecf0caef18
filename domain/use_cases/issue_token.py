"""Issue an access token to a client that proves who it is with a signed assertion.

The assertion is used up before the token is signed: a token that was never delivered costs the client a new
assertion, a replayed assertion costs nobody anything.

Source: contract section 2; RFC 6749 section 4.4, RFC 7523 section 2.2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.errors import DomainError
from domain.ports.identity import ClientStatus, IdentityUnitOfWork
from domain.ports.tokens import IssuedToken, TokenRefused, Tokens
from domain.values.actors import Role


@dataclass(eq=False)
class ScopeRefused(DomainError):
    """Refuse a scope that the client's role does not have."""

    code = "invalid_scope"

    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What the client asked for; no `scopes` means all of its role's, no `client_id` that only the assertion says."""

    assertion: str
    client_id: str | None
    scopes: frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGrant:
    """What it got."""

    issued: IssuedToken
    scopes: frozenset[str]


async def issue_token(
    request: TokenRequest,
    *,
    uow: IdentityUnitOfWork,
    tokens: Tokens,
    scopes_of: Callable[[Role], frozenset[str]],
    issuer: str,
    now: datetime,
) -> TokenGrant:
    """Verify the assertion, use it up, and sign a token for the scopes asked for.

    Raises:
        TokenRefused: the client is unknown or suspended, the assertion is not its own, not for us, or used before.
        ScopeRefused: a scope was asked for that the role does not have.
    """
    client_id = tokens.claimed_client(request.assertion)
    if request.client_id not in {None, client_id}:
        raise TokenRefused("client_id is not the assertion's")
    client = await uow.clients.find(client_id)
    if client is None or client.status is not ClientStatus.ACTIVE:
        raise TokenRefused("unknown or suspended client")
    keys = client.public_keys
    proof = tokens.verify_client_assertion(request.assertion, lambda _: keys, issuer, now)
    scopes = scopes_of(client.role)
    if request.scopes is not None:
        if beyond := request.scopes - scopes:
            raise ScopeRefused(min(beyond))
        scopes = request.scopes
    if not await uow.assertions.consume(client_id, proof.assertion_id, proof.expires_at):
        raise TokenRefused("assertion used before")
    return TokenGrant(issued=tokens.issue_access_token(client.actor, scopes, now), scopes=scopes)
