"""Routes of valuations (contract section 4)."""

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of, known_id
from api.idempotency import Answer, command, replied
from api.permissions import needs
from api.schemas.market import (
    EvidencePage,
    InputsReply,
    SubjectBody,
    ValuationReply,
    ValuationRequest,
)
from domain.ports.valuations import StoredValuation
from domain.rights.authorizations import NotFound
from domain.rights.rights import Tenure
from domain.use_cases.appraise_right import WantedValue, appraise_right
from domain.valuation.repayment import Repayment
from domain.valuation.subject import Subject
from domain.values.time import rfc3339


@post("/v1/valuations", opt=needs("valuation:create"), **documented(ValuationReply, 201, PROBLEMS))
async def post_valuation(request: EdgeRequest, data: JSONBody[ValuationRequest]) -> Response[bytes]:
    """Value a right or a described subject; registers nothing."""
    house = house_of(request)
    lines = data.repayment or ()
    wanted = WantedValue(
        right_id=data.right_id,
        quantity=None if data.quantity is None else data.quantity.to_domain(),
        subject=None if data.subject is None else _subject(data.subject),
        as_of=data.as_of,
        liquidation_days=data.liquidation_days,
        repayment=Repayment(tuple((line.on, line.amount.to_domain()) for line in lines)) if lines else None,
    )

    async def act(uow: EdgeUnitOfWork) -> Answer:
        stored = await appraise_right(uow, request.caller.actor, house.rulebook, wanted, house.now())
        return Answer(201, _valuation_answer(stored))

    return await command(request, act)


@get(
    "/v1/valuations/{valuation_id:str}",
    opt=needs("valuation:read", body="none"),
    **documented(ValuationReply, 200, PROBLEMS),
)
async def get_valuation(request: EdgeRequest, valuation_id: FromPath[str]) -> Response[bytes]:
    """Read a valuation as it was answered."""
    return replied(Answer(200, _valuation_answer(await _stored(request, valuation_id))))


@get(
    "/v1/valuations/{valuation_id:str}/evidence",
    opt=needs("valuation:read", body="none"),
    **documented(EvidencePage, 200, PROBLEMS),
)
async def get_evidence(request: EdgeRequest, valuation_id: FromPath[str]) -> Response[bytes]:
    """Read the deals behind a value, the heaviest first, and each that is no evidence, with its reason."""
    stored = await _stored(request, valuation_id)
    told = {"items": list(stored.evidence), "exclusions": list(stored.exclusions), "next_cursor": None}
    return replied(Answer(200, told))


@get(
    "/v1/valuations/{valuation_id:str}/inputs",
    opt=needs("valuation:read", body="none"),
    **documented(InputsReply, 200, PROBLEMS),
)
async def get_inputs(request: EdgeRequest, valuation_id: FromPath[str]) -> Response[bytes]:
    """Read what a value was made of, so that it can be made again elsewhere."""
    stored = await _stored(request, valuation_id)
    if stored.inputs is None:
        raise NotFound("valuation")
    told = {"valuation_id": stored.id, "digest": stored.body["digest"], "inputs": dict(stored.inputs)}
    return replied(Answer(200, told))


async def _stored(request: EdgeRequest, valuation_id: FromPath[str]) -> StoredValuation:
    async with house_of(request).open(request.caller.actor) as uow:
        stored: StoredValuation | None = await uow.valuations.find(known_id(valuation_id, "valuation"))
    if stored is None:
        raise NotFound("valuation")
    return stored


def _valuation_answer(stored: StoredValuation) -> dict[str, object]:
    return {"id": stored.id, "created_at": rfc3339(stored.created_at), "right_id": stored.right_id, **stored.body}


def _subject(body: SubjectBody) -> Subject:
    tenure = body.tenure or (Tenure.PERMANENT if body.valid_to is None else Tenure.FIXED)
    return Subject(
        instrument=body.instrument,
        pollutant=body.pollutant,
        division=body.division,
        quantity=body.quantity.to_domain(),
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        tenure=tenure,
        vintage=body.vintage,
    )
