"""Idempotent commands: one transaction a request, its answer kept under the client's key in that same transaction.

A business refusal (409) must be replayed too, yet must leave nothing behind: the command runs in a savepoint, the
refusal undoes it, and only the key with its answer is committed. Anything else that fails leaves no trace, so that
the client may try again under the same key.

Source: contract section 1; draft-ietf-httpapi-idempotency-key-header-07 (missing 400, other payload 422, still
running 409).
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from litestar import Response

from api.bodies import EdgeRequest
from api.house import EdgeUnitOfWork, Identity, KeptAnswer, SentAnswer, house_of
from api.orders import hold_against_first, keep_order, order_id_of, subject_of, with_receipt
from api.problems import problem_for, text_of
from api.refusals import DoorRefusal, IdempotencyKeyInFlight, IdempotencyKeyRequired, IdempotencyKeyReused
from domain.errors import DomainError
from domain.pledges.pledges import VersionMismatch

KEY: Final = re.compile(r"[\x21-\x7e]{16,255}", re.ASCII)
CONFLICT: Final = 409
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answers: a status, a body of plain values, and headers such as an ETag."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)


Act = Callable[[EdgeUnitOfWork], Awaitable[Answer]]


def encoded(body: object) -> bytes:
    """Return a body of plain values as JSON."""
    return msgspec.json.encode(body)


def sent_of(answer: Answer) -> SentAnswer:
    """Return an answer as it is sent and kept."""
    return answer.status, dict(answer.headers), encoded(answer.body)


def response_of(sent: SentAnswer) -> Response[bytes]:
    """Return what is sent as a response."""
    status, headers, body = sent
    return Response(body, status_code=status, headers=headers, media_type=headers.get("Content-Type", JSON))


def replied(answer: Answer) -> Response[bytes]:
    """Return an answer as a response."""
    return response_of(sent_of(answer))


def key_of(request: EdgeRequest) -> str:
    """Return the request's key; raises IdempotencyKeyRequired where there is no usable one."""
    key = request.headers.get("idempotency-key", "")
    if KEY.fullmatch(key) is None:
        raise IdempotencyKeyRequired
    return key


async def identity_of(request: EdgeRequest) -> tuple[Identity, str]:
    """Return the identity of the request's key, and the digest of what came with it.

    That is the address and the exact body, and of a signed order its id: another order is another request.
    """
    route = f"{request.method} {request.scope['path_template']}"
    order = order_id_of(request)
    named = b"" if order is None else b"\n" + order.encode("ascii")
    digest = hashlib.sha256(request.scope["path"].encode() + named + b"\n" + await request.body()).hexdigest()
    return (request.caller.client_id, route, key_of(request)), digest


def replayed(kept: KeptAnswer, digest: str) -> Response[bytes]:
    """Return the kept answer again.

    Raises IdempotencyKeyReused for another request, IdempotencyKeyInFlight without one.
    """
    if kept.body_sha256 != digest:
        raise IdempotencyKeyReused
    if kept.status is None:
        raise IdempotencyKeyInFlight
    return response_of((kept.status, {**kept.headers, "Idempotency-Replayed": "true"}, kept.body))


async def command(request: EdgeRequest, act: Act) -> Response[bytes]:
    """Run a command once for its key, in one transaction, and answer; a twin gets the same answer."""
    house = house_of(request)
    identity, digest = await identity_of(request)
    async with house.open(request.caller.actor) as uow:
        if not await uow.idempotency.try_lock(*identity):
            raise IdempotencyKeyInFlight
        kept = await uow.idempotency.find(*identity)
        if kept is not None:
            return replayed(kept, digest)
        order, subject = await keep_order(request, uow, house.now()), None
        try:
            async with uow.savepoint():
                answer = await act(uow)
                await hold_against_first(request, uow, order, answer.body)
            sent, subject = sent_of(answer), subject_of(answer.body)
        except DomainError as refusal:
            sent = refused(request, refusal)
        sent = await with_receipt(request, uow, order, sent, subject)
        await uow.idempotency.keep(identity, digest, sent, house.now())
        await uow.commit()
        return response_of(sent)


def refused(request: EdgeRequest, refusal: DomainError) -> SentAnswer:
    """Return a business refusal (409) as it is answered and kept; raises every other refusal on."""
    text = text_of(type(refusal))
    if text is None or text.status != CONFLICT or isinstance(refusal, DoorRefusal):
        raise refusal
    told = problem_for(request.scope, refusal)
    return told.status, dict(told.headers), told.body


def if_match(request: EdgeRequest) -> int | None:
    """Return the version that the client saw, none where it did not say.

    Raises VersionMismatch for what is no version.
    """
    header = request.headers.get("if-match")
    if header is None or header.strip() == "*":
        return None
    found = re.fullmatch(r'\s*"(0|[1-9][0-9]{0,17})"\s*', header, re.ASCII)
    if found is None:
        raise VersionMismatch(0)
    return int(found[1])


def versioned(version: int) -> dict[str, str]:
    """Return the ETag of a version."""
    return {"ETag": f'"{version}"'}
