"""Routes of clients and their keys (contract section 2): one administrator puts forward, a second one decides.

Taking away needs one person: a suspension and a revocation hold at once.
"""

import re
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from api.answers.clients import client_answer, key_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of
from api.idempotency import Answer, command, if_match, replied, versioned
from api.pages_of import LIMIT, Limit, Text, page_answer
from api.permissions import needs
from api.schemas.clients import (
    CLIENT_ID_PATTERN,
    COORDINATE_PATTERN,
    ClientPage,
    ClientReply,
    ClientRequest,
    KeyReply,
    KeyRequest,
    RotationRequest,
)
from api.schemas.pledges import Empty, ReasonRequest
from api.schemas.queries import asked
from domain.errors import InvalidIdentifier
from domain.ports.identity import ClientKey, ClientRecord
from domain.rights.authorizations import NotFound
from domain.use_cases.register_clients import (
    NewClient,
    decide_on_client,
    propose_client,
    reinstate_client,
    suspend_client,
)
from domain.use_cases.rotate_keys import InvalidKey, decide_on_key, propose_key, revoke_key
from domain.values.curve_points import on_p256
from domain.values.thumbprints import thumbprint_of

CLIENT: Final[dict[str, Any]] = documented(ClientReply, 200, PROBLEMS)
KEY: Final[dict[str, Any]] = documented(KeyReply, 200, PROBLEMS)

_CLIENT_ID: Final = re.compile(CLIENT_ID_PATTERN, re.ASCII)
_THUMBPRINT: Final = re.compile(COORDINATE_PATTERN, re.ASCII)


@post("/v1/clients", opt=needs("client:propose"), **documented(ClientReply, 201, PROBLEMS))
async def post_client(request: EdgeRequest, data: JSONBody[ClientRequest]) -> Response[bytes]:
    """Put a client forward with its keys; it obtains no token until a second administrator approves."""
    keys = [_key(key) for key in data.keys]
    new = NewClient(id=data.id, tenant=data.tenant, role=data.role, person=data.person, keys=keys)

    async def act(uow: EdgeUnitOfWork) -> Answer:
        client = await propose_client(uow, request.caller.actor, new, house_of(request).now())
        return _told(client, 201)

    return await command(request, act)


@post("/v1/clients/{client_id:str}/keys", opt=needs("client:propose"), **documented(KeyReply, 201, PROBLEMS))
async def post_key(request: EdgeRequest, client_id: FromPath[str], data: JSONBody[RotationRequest]) -> Response[bytes]:
    """Put a key forward, beside the others or instead of one; it signs nothing until a second person approves."""
    key = _key(data, replaces=data.replaces, overlap_seconds=data.overlap_seconds)

    async def act(uow: EdgeUnitOfWork) -> Answer:
        client, proposed = await propose_key(
            uow,
            request.caller.actor,
            _known(client_id),
            key,
            if_match=if_match(request),
            now=house_of(request).now(),
        )
        return Answer(201, key_answer(proposed), versioned(client.version))

    return await command(request, act)


@get("/v1/clients", opt=needs("client:read", body="none"), **documented(ClientPage, 200, PROBLEMS))
async def list_clients(
    request: EdgeRequest, tenant: Text = None, limit: Limit = LIMIT, cursor: Text = None
) -> Response[bytes]:
    """List the clients that the caller may see: its tenant's, or all for the security administrator."""
    after, of = asked("cursor", cursor, _client_id), asked("tenant", tenant, _client_id)
    async with house_of(request).open(request.caller.actor) as uow:
        found = await uow.client_register.page(of, after, limit + 1)
    return replied(page_answer([client_answer(each) for each in found], limit))


@get("/v1/clients/{client_id:str}", opt=needs("client:read", body="none"), **CLIENT)
async def get_client(request: EdgeRequest, client_id: FromPath[str]) -> Response[bytes]:
    """Read a client with all its keys."""
    async with house_of(request).open(request.caller.actor) as uow:
        client = await uow.client_register.find(_known(client_id))
    if client is None:
        raise NotFound("client")
    return replied(_told(client, 200))


@post("/v1/clients/{client_id:str}/approve", opt=needs("client:approve"), **CLIENT)
async def approve_client(request: EdgeRequest, client_id: FromPath[str], data: JSONBody[Empty]) -> Response[bytes]:  # noqa: ARG001 - `{}` is demanded and checked, and then says nothing
    """The second administrator approves a client with its keys."""
    return await _decide(request, client_id, None)


@post("/v1/clients/{client_id:str}/reject", opt=needs("client:approve"), **CLIENT)
async def reject_client(
    request: EdgeRequest, client_id: FromPath[str], data: JSONBody[ReasonRequest]
) -> Response[bytes]:
    """The second administrator rejects a client, and says why."""
    return await _decide(request, client_id, data.reason)


@post("/v1/clients/{client_id:str}/suspend", opt=needs("client:suspend"), **CLIENT)
async def post_suspension(
    request: EdgeRequest, client_id: FromPath[str], data: JSONBody[ReasonRequest]
) -> Response[bytes]:
    """Suspend a client at once: no new token, and those it holds are refused within a minute."""

    async def act(uow: EdgeUnitOfWork) -> Answer:
        client = await suspend_client(
            uow,
            request.caller.actor,
            _known(client_id),
            reason=data.reason,
            if_match=if_match(request),
            now=house_of(request).now(),
        )
        return _told(client, 200)

    return await command(request, act)


@post("/v1/clients/{client_id:str}/reinstate", opt=needs("client:approve"), **CLIENT)
async def post_reinstatement(request: EdgeRequest, client_id: FromPath[str], data: JSONBody[Empty]) -> Response[bytes]:  # noqa: ARG001 - `{}` is demanded and checked, and then says nothing
    """Ask to lift a suspension; a second administrator's same command lifts it."""

    async def act(uow: EdgeUnitOfWork) -> Answer:
        client = await reinstate_client(
            uow, request.caller.actor, _known(client_id), if_match=if_match(request), now=house_of(request).now()
        )
        return _told(client, 200)

    return await command(request, act)


@post("/v1/clients/{client_id:str}/keys/{thumbprint:str}/approve", opt=needs("client:approve"), **KEY)
async def approve_key(
    request: EdgeRequest,
    client_id: FromPath[str],
    thumbprint: FromPath[str],
    data: JSONBody[Empty],  # noqa: ARG001 - `{}` is demanded and checked, and then says nothing
) -> Response[bytes]:
    """The second administrator approves a key; the one it replaces ends after the overlap."""
    return await _decide_key(request, client_id, thumbprint, None)


@post("/v1/clients/{client_id:str}/keys/{thumbprint:str}/reject", opt=needs("client:approve"), **KEY)
async def reject_key(
    request: EdgeRequest, client_id: FromPath[str], thumbprint: FromPath[str], data: JSONBody[ReasonRequest]
) -> Response[bytes]:
    """The second administrator rejects a key, and says why."""
    return await _decide_key(request, client_id, thumbprint, data.reason)


@post("/v1/clients/{client_id:str}/keys/{thumbprint:str}/revoke", opt=needs("client:suspend"), **KEY)
async def post_revocation(
    request: EdgeRequest, client_id: FromPath[str], thumbprint: FromPath[str], data: JSONBody[ReasonRequest]
) -> Response[bytes]:
    """Revoke a key at once and for ever; the access tokens it has obtained are refused within a minute."""

    async def act(uow: EdgeUnitOfWork) -> Answer:
        client, key = await revoke_key(
            uow,
            request.caller.actor,
            _known(client_id),
            _known_key(thumbprint),
            reason=data.reason,
            now=house_of(request).now(),
        )
        return Answer(200, key_answer(key), versioned(client.version))

    return await command(request, act)


async def _decide(request: EdgeRequest, client_id: str, rejection: str | None) -> Response[bytes]:
    async def act(uow: EdgeUnitOfWork) -> Answer:
        client = await decide_on_client(
            uow,
            request.caller.actor,
            _known(client_id),
            rejection=rejection,
            if_match=if_match(request),
            now=house_of(request).now(),
        )
        return _told(client, 200)

    return await command(request, act)


async def _decide_key(request: EdgeRequest, client_id: str, thumbprint: str, rejection: str | None) -> Response[bytes]:
    async def act(uow: EdgeUnitOfWork) -> Answer:
        client, key = await decide_on_key(
            uow,
            request.caller.actor,
            _known(client_id),
            _known_key(thumbprint),
            rejection=rejection,
            now=house_of(request).now(),
        )
        return Answer(200, key_answer(key), versioned(client.version))

    return await command(request, act)


def _told(client: ClientRecord, status: int) -> Answer:
    return Answer(status, client_answer(client), versioned(client.version))


def _key(asked_for: KeyRequest, *, replaces: str | None = None, overlap_seconds: int | None = None) -> ClientKey:
    """Return the key as it is registered: by its required members, its id its own or its thumbprint."""
    body = asked_for.public_key
    if not on_p256(body.x, body.y):
        raise InvalidKey("公钥不是 P-256 曲线上的点。", "the public key is not a point on P-256")
    point = {"kty": body.kty, "crv": body.crv, "x": body.x, "y": body.y}
    thumbprint = thumbprint_of(point)
    jwk = {**point, "kid": body.kid or thumbprint, "use": "sig", "alg": "ES256"}
    begins, ends = asked_for.valid_from, asked_for.valid_until
    if begins is not None and ends is not None and ends <= begins:
        raise InvalidKey("有效期的结束不得早于开始。", "the interval ends before it begins")
    return ClientKey(
        key_id=jwk["kid"],
        thumbprint=thumbprint,
        public_jwk=jwk,
        purpose=asked_for.purpose,
        valid_from=begins,
        valid_until=ends,
        replaces=replaces,
        overlap_seconds=None if replaces is None else overlap_seconds,
    )


def _known(client_id: str) -> str:
    """Return an id from a path; raises NotFound for what no client is called."""
    if _CLIENT_ID.fullmatch(client_id) is None:
        raise NotFound("client")
    return client_id


def _known_key(thumbprint: str) -> str:
    if _THUMBPRINT.fullmatch(thumbprint) is None:
        raise NotFound("key")
    return thumbprint


def _client_id(text: str) -> str:
    if _CLIENT_ID.fullmatch(text) is None:
        raise InvalidIdentifier(
            what="client",
            value=text,
            reason_zh="不是客户端或机构的编号。",
            reason_en="no client or tenant is called so",
        )
    return text
