"""Identity: the token endpoint, the published keys, and the document that describes both.

The token endpoint speaks RFC 6749, not our problem documents: a form in, `{"error": ...}` out, never cached.
Everything that is wrong with the client itself is one `invalid_client`; which check failed is in the log under the
request's id.

Source: contract section 2; RFC 6749 sections 4.4 and 5.2, RFC 7523 section 2.2, RFC 8414 (metadata).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

import structlog
from litestar import Response, get, post
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import SkipValidation
from litestar.status_codes import HTTP_200_OK, HTTP_400_BAD_REQUEST, HTTP_401_UNAUTHORIZED

from api.bodies import FORM, EdgeRequest
from api.client_certificates import ClientCertificates
from api.permissions import PERMISSIONS, public, scopes_of
from api.schemas.wire import ReplyModel
from domain.ports.identity import IdentityUnitOfWork
from domain.ports.tokens import TokenRefused, Tokens
from domain.use_cases.issue_token import ProofRefused, ScopeRefused, TokenEndpoint, TokenRequest, issue_token

GRANT_TYPE: Final = "client_credentials"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FIELDS_MAX: Final = 16
TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - a path
KEYS_PATH: Final = "/.well-known/jwks.json"
METADATA_PATH: Final = "/.well-known/oauth-authorization-server"

log = structlog.get_logger("greenlien.identity")

_FIELDS: Final = ("grant_type", "client_assertion_type", "client_assertion", "client_id", "scope")
_OPTIONAL: Final = frozenset({"client_id", "scope"})
_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenReply(ReplyModel):
    """An access token (RFC 6749 section 5.1)."""

    access_token: str
    token_type: Literal["Bearer", "DPoP"]
    expires_in: int
    scope: str


class TokenErrorReply(ReplyModel):
    """Why there is no token (RFC 6749 section 5.2)."""

    error: Literal["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope", "invalid_dpop_proof"]
    error_description: str


class PublicKeysReply(ReplyModel):
    """The keys that verify our tokens (RFC 7517)."""

    keys: list[dict[str, Any]]


class MetadataReply(ReplyModel):
    """What a client needs to know of this server (RFC 8414)."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    grant_types_supported: list[str]
    response_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    dpop_signing_alg_values_supported: list[str]
    tls_client_certificate_bound_access_tokens: bool
    scopes_supported: list[str]


@dataclass(frozen=True)
class FormRefused(Exception):
    """Refuse a form that is not a token request, in the words of RFC 6749."""

    error: str
    description: str


@dataclass
class FormOperation(Operation):
    """The token endpoint's own description: Litestar sees no form, since the bytes are read by hand."""

    def __post_init__(self) -> None:
        """Describe the form."""
        properties = {name: Schema(type=OpenAPIType.STRING) for name in _FIELDS}
        properties["grant_type"].const = GRANT_TYPE
        properties["client_assertion_type"].const = ASSERTION_TYPE
        form = Schema(
            type=OpenAPIType.OBJECT,
            properties=dict(properties),
            required=[name for name in _FIELDS if name not in _OPTIONAL],
        )
        self.request_body = RequestBody(content={FORM: OpenAPIMediaType(schema=form)}, required=True)


def identity_routes(
    tokens: Tokens,
    *,
    issuer: str,
    now: Callable[[], datetime],
    proof_required: bool,
    certificates: ClientCertificates,
) -> list[HTTPRouteHandler]:
    """Return the routes of identity for one issuer, an origin without a trailing slash; `uow` is a dependency."""
    endpoint = TokenEndpoint(issuer=issuer, address=issuer + TOKEN_PATH, proof_required=proof_required)

    @post(
        TOKEN_PATH,
        status_code=HTTP_200_OK,
        opt=public(body="form"),
        summary="Obtain an access token",
        operation_id="token",
        operation_class=FormOperation,
        tags=["identity"],
        response_headers=[ResponseHeader(name="Cache-Control", value="no-store")],
        responses={
            status: ResponseSpec(TokenErrorReply, generate_examples=False, description=words)
            for status, words in ((HTTP_400_BAD_REQUEST, "Bad token request"), (HTTP_401_UNAUTHORIZED, "Bad client"))
        },
    )
    async def token(
        request: EdgeRequest, uow: NamedDependency[SkipValidation[IdentityUnitOfWork]]
    ) -> Response[TokenReply]:
        try:
            asked = replace(
                _token_request(request.headers.get("content-type", ""), await request.body()),
                proof=_proof(request.scope["headers"]),
                certificate=certificates.presented(request.scope["headers"]),
            )
            grant = await issue_token(asked, uow=uow, tokens=tokens, scopes_of=scopes_of, endpoint=endpoint, now=now())
        except FormRefused as refusal:
            return _refused(HTTP_400_BAD_REQUEST, refusal.error, refusal.description)
        except ScopeRefused:
            return _refused(HTTP_400_BAD_REQUEST, "invalid_scope", "the client does not have this scope")
        except ProofRefused as refusal:
            log.info("invalid_dpop_proof", request_id=request.request_id, reason=refusal.reason)
            return _refused(HTTP_400_BAD_REQUEST, "invalid_dpop_proof", "a fresh DPoP proof by ES256 is required")
        except TokenRefused as refusal:
            log.info("invalid_client", request_id=request.request_id, reason=refusal.reason)
            return _refused(HTTP_401_UNAUTHORIZED, "invalid_client", "the client could not be authenticated")
        reply = TokenReply(
            access_token=grant.issued.token,
            token_type="DPoP" if grant.confirmation is not None and grant.confirmation.key is not None else "Bearer",
            expires_in=grant.issued.lifetime_seconds,
            scope=" ".join(sorted(grant.scopes)),
        )
        return Response(reply, headers=_NO_STORE)

    @get(
        KEYS_PATH,
        opt=public(body="none"),
        summary="The keys that verify our tokens",
        operation_id="keys",
        tags=["identity"],
    )
    async def keys() -> PublicKeysReply:
        return PublicKeysReply(keys=[dict(key) for key in tokens.public_keys()])

    @get(
        METADATA_PATH, opt=public(body="none"), summary="About this server", operation_id="metadata", tags=["identity"]
    )
    async def metadata() -> MetadataReply:
        return MetadataReply(
            issuer=issuer,
            token_endpoint=issuer + TOKEN_PATH,
            jwks_uri=issuer + KEYS_PATH,
            grant_types_supported=[GRANT_TYPE],
            response_types_supported=[],
            token_endpoint_auth_methods_supported=["private_key_jwt"],
            token_endpoint_auth_signing_alg_values_supported=["ES256"],
            dpop_signing_alg_values_supported=["ES256"],
            tls_client_certificate_bound_access_tokens=certificates.trusted,
            scopes_supported=sorted(PERMISSIONS),
        )

    return [token, keys, metadata]


def _proof(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the one proof of possession that came, none where none did; several are no request for a token."""
    sent = [value for name, value in headers if name == b"dpop"]
    if len(sent) > 1:
        raise FormRefused("invalid_dpop_proof", "one DPoP header at most")
    return sent[0].decode("latin-1") if sent else None


def _token_request(content_type: str, body: bytes) -> TokenRequest:
    fields = _fields(content_type, body)
    if fields.get("grant_type") != GRANT_TYPE:
        error = "unsupported_grant_type" if fields.get("grant_type") else "invalid_request"
        raise FormRefused(error, f"grant_type is {GRANT_TYPE}")
    if fields.get("client_assertion_type") != ASSERTION_TYPE or not fields.get("client_assertion"):
        raise FormRefused(
            "invalid_request", f"client_assertion with client_assertion_type {ASSERTION_TYPE} is required"
        )
    scope = fields.get("scope")
    return TokenRequest(
        assertion=fields["client_assertion"],
        client_id=fields.get("client_id"),
        scopes=None if scope is None else frozenset(scope.split()),
    )


def _fields(content_type: str, body: bytes) -> dict[str, str]:
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise FormRefused("invalid_request", f"the body is {FORM}")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError:
        raise FormRefused("invalid_request", "the form cannot be read") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise FormRefused("invalid_request", "a field is given twice")
    return fields


def _refused(status: int, error: Any, description: str) -> Response[Any]:  # noqa: ANN401 - a word of the reply's list
    headers = dict(_NO_STORE)
    if status == HTTP_401_UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="greenlien"'
    return Response(TokenErrorReply(error=error, error_description=description), status_code=status, headers=headers)
