"""Routes of holds of other kinds than a pledge's: the authority of the right's division posts and lifts them."""

from litestar import Response, post
from litestar.params import FromPath, JSONBody

from api.answers.rights import hold_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of, known_id
from api.idempotency import Answer, command
from api.permissions import needs
from api.schemas.holds import HoldRequest, LiftRequest
from api.schemas.rights import HoldReply
from domain.use_cases import post_hold as holds


@post("/v1/rights/{right_id:str}/holds", opt=needs("hold:post"), **documented(HoldReply, 201, PROBLEMS))
async def post_hold(request: EdgeRequest, right_id: FromPath[str], data: JSONBody[HoldRequest]) -> Response[bytes]:
    """Take a quantity of a right for a court, an authority, a listing, a lease or a compliance reserve."""
    house = house_of(request)
    document = data.document
    order = holds.HoldOrder(
        right_id=known_id(right_id, "right"),
        kind=data.kind,
        quantity=data.quantity.to_domain(),
        reference=data.reference,
        reason=data.reason,
        until=data.until,
        document=None
        if document is None
        else {"name": document.name} | ({"sha256": document.sha256} if document.sha256 else {}),
    )

    async def act(uow: EdgeUnitOfWork) -> Answer:
        return Answer(201, hold_answer(await holds.post_hold(uow, request.caller.actor, order, house.now())))

    return await command(request, act)


@post(
    "/v1/rights/{right_id:str}/holds/{hold_id:str}/lift", opt=needs("hold:post"), **documented(HoldReply, 200, PROBLEMS)
)
async def lift_hold(
    request: EdgeRequest, right_id: FromPath[str], hold_id: FromPath[str], data: JSONBody[LiftRequest]
) -> Response[bytes]:
    """Give a hold's quantity back, and no other's."""
    house = house_of(request)
    right, hold = known_id(right_id, "right"), known_id(hold_id, "hold")

    async def act(uow: EdgeUnitOfWork) -> Answer:
        lifted = await holds.lift_hold(
            uow,
            request.caller.actor,
            right,
            hold,
            quantity=None if data.quantity is None else data.quantity.to_domain(),
            reason=data.reason,
            reference=data.reference,
            now=house.now(),
        )
        return Answer(200, hold_answer(lifted))

    return await command(request, act)
