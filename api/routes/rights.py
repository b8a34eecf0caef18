"""Routes of consents, verifications, rights and holds (contract sections 2 and 3)."""

import asyncio

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from api.answers.estimates import estimate_answer, question_estimate, retry_after
from api.answers.rights import authorization_answer, hold_answer, right_answer, verification_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, House, SentAnswer, house_of, known_id
from api.idempotency import (
    Answer,
    command,
    identity_of,
    refused,
    replayed,
    replied,
    response_of,
    sent_of,
    versioned,
)
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer, word_of
from api.permissions import needs
from api.refusals import IdempotencyKeyInFlight
from api.schemas.queries import asked
from api.schemas.rights import (
    AuthorizationReply,
    AuthorizationRequest,
    HoldList,
    RightPage,
    RightReply,
    RightsReply,
    VerificationReply,
    VerificationRequest,
)
from domain.errors import DomainError
from domain.ports.registry import RegistryRight, RegistryRightNotFound, RegistryUnavailable
from domain.ports.rights import RightFilter
from domain.rights.authorizations import NotFound
from domain.rights.rights import RightNotFound
from domain.rights.verifications import Verification, VerificationStatus
from domain.use_cases.grant_authorization import grant_authorization
from domain.use_cases.verify_right import record_no_right, record_rights, refusal_of, request_verification
from domain.values.identifiers import parse_division, parse_uscc
from domain.values.pollutants import Pollutant
from domain.values.spelling import clean_text


@post("/v1/authorizations", opt=needs("authorization:grant"), **documented(AuthorizationReply, 201, PROBLEMS))
async def post_authorization(request: EdgeRequest, data: JSONBody[AuthorizationRequest]) -> Response[bytes]:
    """Give a bank or portal an enterprise's consent."""
    house = house_of(request)
    document = {"name": data.document.name} | ({"sha256": data.document.sha256} if data.document.sha256 else {})

    async def act(uow: EdgeUnitOfWork) -> Answer:
        authorization = await grant_authorization(
            uow,
            request.caller.actor,
            enterprise_uscc=data.enterprise_uscc,
            grantee=data.grantee,
            scope=tuple(data.scope),
            period=(data.valid_from, data.valid_to),
            document=document,
            now=house.now(),
        )
        return Answer(201, authorization_answer(authorization))

    return await command(request, act)


@get(
    "/v1/authorizations/{authorization_id:str}",
    opt=needs("authorization:read", body="none"),
    **documented(AuthorizationReply, 200, PROBLEMS),
)
async def get_authorization(request: EdgeRequest, authorization_id: FromPath[str]) -> Response[bytes]:
    """Read a consent."""
    async with house_of(request).open(request.caller.actor) as uow:
        found = await uow.authorizations.find(known_id(authorization_id, "authorization"))
    if found is None:
        raise NotFound("authorization")
    return replied(Answer(200, authorization_answer(found)))


@post(
    "/v1/rights/verifications",
    opt=needs("right:verify"),
    **documented(RightsReply, 200, PROBLEMS, also={202: VerificationReply}),
)
async def post_verification(request: EdgeRequest, data: JSONBody[VerificationRequest]) -> Response[bytes]:
    """Verify a right at its registry; waits up to 5 s with no transaction open, then answers 202."""
    house = house_of(request)
    identity, digest = await identity_of(request)
    actor = request.caller.actor
    async with house.open(actor) as uow:
        if not await uow.idempotency.try_lock(*identity):
            raise IdempotencyKeyInFlight
        kept = await uow.idempotency.find(*identity)
        if kept is not None and (kept.status is not None or kept.body_sha256 != digest):
            return replayed(kept, digest)
        if kept is not None and kept.subject is not None:
            verification = await uow.verifications.find(kept.subject)
        else:
            verification = await request_verification(
                uow,
                actor,
                registry=data.registry,
                registry_no=data.registry_no,
                permit_no=data.permit_no,
                holder_uscc=data.holder_uscc,
                pollutant=data.pollutant,
                now=house.now(),
            )
            await uow.idempotency.open(identity, digest, verification.id, house.now())
            await uow.commit()
    assert verification is not None, "a key's verification is its client's own"
    told = await _ask(house, verification)
    async with house.open(actor) as uow:
        finished = await _record(house, uow, request, verification, told)
        if finished.status is VerificationStatus.REFUSED and finished.refusal == {"code": RightNotFound.code}:
            await uow.idempotency.forget(identity)  # only 2xx and 409 are kept: the right may be entered tomorrow
            await uow.commit()
            raise refusal_of(finished)
        if isinstance(told, RegistryUnavailable) and finished.status is VerificationStatus.PENDING:
            raise told  # the key stays open on this verification, and asks again
        sent = await _answer(house, uow, request, finished)
        await uow.idempotency.answer(identity, sent)
        await uow.commit()
    return response_of(sent)


async def _ask(house: House, verification: Verification) -> "list[RegistryRight] | DomainError | None":
    """Return what the registry says, its refusal, or none when it takes longer than we wait."""
    try:
        async with asyncio.timeout(house.registry_patience_seconds):
            found = await house.registry.lookup_right(
                verification.registry, registry_no=verification.registry_no, permit_no=verification.permit_no
            )
            return list(found)
    except TimeoutError:
        return None
    except (RegistryRightNotFound, RegistryUnavailable) as refusal:
        return refusal


async def _record(
    house: House,
    uow: EdgeUnitOfWork,
    request: EdgeRequest,
    verification: Verification,
    told: "list[RegistryRight] | DomainError | None",
) -> Verification:
    actor = request.caller.actor
    finished: Verification | None = None
    if isinstance(told, list):
        finished = await record_rights(uow, actor, verification.id, told, house.now())
    elif isinstance(told, RegistryRightNotFound):
        finished = await record_no_right(uow, actor, verification.id, told, house.now())
    return finished or verification


async def _answer(house: House, uow: EdgeUnitOfWork, request: EdgeRequest, verification: Verification) -> SentAnswer:
    now = house.now()
    if verification.status is VerificationStatus.REFUSED:
        return refused(request, refusal_of(verification))
    if verification.status is VerificationStatus.PENDING:
        estimate = await question_estimate(house, uow, verification.registry, verification.id, verification.created_at)
        body = {**verification_answer(verification, [], house.rulebook, now), **estimate_answer(estimate)}
        return sent_of(Answer(202, body, retry_after(202, estimate, now)))
    rights = await uow.rights.find_many(verification.right_ids)
    found = [rights[right_id] for right_id in verification.right_ids if right_id in rights]
    return sent_of(Answer(200, {"rights": [right_answer(right, house.rulebook, now) for right in found]}))


@get(
    "/v1/rights/verifications/{verification_id:str}",
    opt=needs("right:verify", body="none"),
    **documented(VerificationReply, 200, PROBLEMS),
)
async def get_verification(request: EdgeRequest, verification_id: FromPath[str]) -> Response[bytes]:
    """Poll a verification."""
    house = house_of(request)
    async with house.open(request.caller.actor) as uow:
        verification = await uow.verifications.find(known_id(verification_id, "verification"))
        if verification is None:
            raise NotFound("verification")
        rights = await uow.rights.find_many(verification.right_ids)
        estimate = None
        if verification.status is VerificationStatus.PENDING:
            estimate = await question_estimate(
                house, uow, verification.registry, verification.id, verification.created_at
            )
    body = verification_answer(verification, list(rights.values()), house.rulebook, house.now())
    return replied(Answer(200, {**body, **estimate_answer(estimate)}))


@get("/v1/rights/{right_id:str}", opt=needs("right:read", body="none"), **documented(RightReply, 200, PROBLEMS))
async def get_right(request: EdgeRequest, right_id: FromPath[str]) -> Response[bytes]:
    """Read a right: what there is, what is free, and whether it may be pledged."""
    house = house_of(request)
    async with house.open(request.caller.actor) as uow:
        right = await uow.rights.find(known_id(right_id, "right"))
    if right is None:
        raise NotFound("right")
    return replied(Answer(200, right_answer(right, house.rulebook, house.now()), versioned(right.version)))


@get("/v1/rights", opt=needs("right:read", body="none"), **documented(RightPage, 200, PROBLEMS))
async def list_rights(
    request: EdgeRequest,
    holder_uscc: Text = None,
    pollutant: Text = None,
    division: Text = None,
    registry: Text = None,
    limit: Limit = LIMIT,
    cursor: Text = None,
) -> Response[bytes]:
    """List the rights that the caller may see."""
    house = house_of(request)
    narrowed = RightFilter(
        holder_uscc=asked("holder_uscc", holder_uscc, parse_uscc),
        pollutant=asked("pollutant", pollutant, word_of(Pollutant)),
        division=asked("division", division, parse_division),
        registry=asked("registry", registry, _registry),
    )
    async with house.open(request.caller.actor) as uow:
        rights = await uow.rights.page(narrowed, cursor_of(cursor), limit + 1)
    answers = [right_answer(right, house.rulebook, house.now()) for right in rights]
    return replied(page_answer(answers, limit))


@get("/v1/rights/{right_id:str}/holds", opt=needs("hold:read", body="none"), **documented(HoldList, 200, PROBLEMS))
async def list_holds(request: EdgeRequest, right_id: FromPath[str]) -> Response[bytes]:
    """List what takes quantity from a right; of other parties only kind, blocks and quantity."""
    async with house_of(request).open(request.caller.actor) as uow:
        if await uow.rights.find(known_id(right_id, "right")) is None:
            raise NotFound("right")
        own, others = await uow.holds.of_right(right_id)
    holds = [hold_answer(hold) for hold in own] + [hold_answer(hold) for hold in others]
    return replied(Answer(200, {"items": holds, "next_cursor": None}))


def _registry(text: str) -> str:
    return clean_text(text, 40)
