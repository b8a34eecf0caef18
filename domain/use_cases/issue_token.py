"""Issue an access token to a client that proves who it is with a signed assertion.

The assertion is used up before the token is signed: a token that was never delivered costs the client a new
assertion, a replayed assertion costs nobody anything. The token is bound to the key that the proof beside the assertion
was made with, or to the certificate of the connection: whoever steals it cannot use it.

Source: contract section 2; RFC 6749 section 4.4, RFC 7523 section 2.2, RFC 9449 section 5, RFC 8705 section 3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.errors import DomainError
from domain.ports.identity import ClientStatus, IdentityUnitOfWork, KeyPurpose
from domain.ports.tokens import Confirmation, IssuedToken, TokenRefused, Tokens
from domain.values.actors import Role
from domain.values.thumbprints import thumbprint_of


@dataclass(eq=False)
class ScopeRefused(DomainError):
    """Refuse a scope that the client's role does not have."""

    code = "invalid_scope"

    scope: str


@dataclass(eq=False)
class ProofRefused(DomainError):
    """Refuse to issue a token without a good proof of possession; `reason` is for the log."""

    code = "invalid_dpop_proof"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What the client asked for; no `scopes` means all of its role's, no `client_id` that only the assertion says.

    `proof` is what came as proof of possession, `certificate` the thumbprint of the connection's certificate.
    """

    assertion: str
    client_id: str | None
    scopes: frozenset[str] | None
    proof: str | None = None
    certificate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEndpoint:
    """Where tokens are issued: the assertions' audience, the address that proofs name, whether a proof is required."""

    issuer: str
    address: str
    proof_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGrant:
    """What it got."""

    issued: IssuedToken
    scopes: frozenset[str]
    confirmation: Confirmation | None


async def issue_token(
    request: TokenRequest,
    *,
    uow: IdentityUnitOfWork,
    tokens: Tokens,
    scopes_of: Callable[[Role], frozenset[str]],
    endpoint: TokenEndpoint,
    now: datetime,
) -> TokenGrant:
    """Verify the assertion, use it up, and sign a token for the scopes asked for.

    Raises:
        TokenRefused: the client is unknown or suspended, the assertion is not its own, not for us, or used before.
        ProofRefused: there is no proof of possession where one is required, or not a good and fresh one.
        ScopeRefused: a scope was asked for that the role does not have.
    """
    client_id = tokens.claimed_client(request.assertion)
    if request.client_id not in {None, client_id}:
        raise TokenRefused("client_id is not the assertion's")
    client = await uow.clients.find(client_id)
    if client is None or client.status is not ClientStatus.ACTIVE:
        raise TokenRefused("unknown or suspended client")
    keys = [key.public_jwk for key in client.keys_in_force(KeyPurpose.TOKEN, now)]
    assertion = tokens.verify_client_assertion(request.assertion, lambda _: keys, endpoint.issuer, now)
    scopes = scopes_of(client.role)
    if request.scopes is not None:
        if beyond := request.scopes - scopes:
            raise ScopeRefused(min(beyond))
        scopes = request.scopes
    confirmation = await _confirmation(request, uow, tokens, endpoint, now)
    if not await uow.assertions.consume(client_id, assertion.assertion_id, assertion.expires_at):
        raise TokenRefused("assertion used before")
    issued = tokens.issue_access_token(
        client.actor, scopes, now, confirmation=confirmation, obtained_by=thumbprint_of(assertion.key)
    )
    return TokenGrant(issued=issued, scopes=scopes, confirmation=confirmation)


async def _confirmation(
    request: TokenRequest, uow: IdentityUnitOfWork, tokens: Tokens, endpoint: TokenEndpoint, now: datetime
) -> Confirmation | None:
    """Return what the token will be bound to; a proof of possession counts before a certificate."""
    if request.proof is None:
        if request.certificate is not None:
            return Confirmation(certificate=request.certificate)
        if endpoint.proof_required:
            raise ProofRefused("no proof")
        return None
    try:
        proof = tokens.verify_proof(request.proof, method="POST", target=endpoint.address, now=now, token=None)
    except TokenRefused as refusal:
        raise ProofRefused(refusal.reason) from None
    if not await uow.proofs.consume(proof.thumbprint, proof.proof_id, proof.expires_at):
        raise ProofRefused("proof used before")
    return Confirmation(key=proof.thumbprint)
