"""Routes of money that came in for a pledged right without a default: told by one person, approved by a second.

`If-Match` is the pledge's version for the first word, and the compensation's for the rest.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from api.answers.compensations import compensation_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of, known_id
from api.idempotency import Answer, command, if_match, replied, versioned
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer
from api.permissions import needs, orders
from api.routes.pledges import found
from api.schemas.compensations import CompensationPage, CompensationReply, CompensationRequest
from api.schemas.pledges import Empty, ReasonRequest
from domain.pledges.compensations import Compensation, WholeSum
from domain.rights.authorizations import NotFound
from domain.use_cases import compensate_pledge
from domain.use_cases.compensate_pledge import Received

ROOT: Final = "/v1/pledges/{pledge_id:str}/compensations"
ONE: Final = ROOT + "/{compensation_id:str}"
DONE: dict[str, Any] = documented(CompensationReply, 200, PROBLEMS)

Act = Callable[[EdgeUnitOfWork], Awaitable[Compensation]]


async def _run(request: EdgeRequest, act: Act, status: int = 200) -> Response[bytes]:
    async def answer(uow: EdgeUnitOfWork) -> Answer:
        compensation = await act(uow)
        return Answer(status, compensation_answer(compensation), versioned(compensation.version))

    return await command(request, answer)


@post(ROOT, opt=orders("compensation:report"), **documented(CompensationReply, 201, PROBLEMS))
async def post_compensation(
    request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[CompensationRequest]
) -> Response[bytes]:
    """Tell of money that came in for a pledged right; nothing is paid before a second person approves."""
    house, seen, pledge, whole = house_of(request), if_match(request), known_id(pledge_id, "pledge"), data.whole
    received = Received(
        right_id=data.right_id,
        kind=data.kind,
        amount=data.amount.to_domain(),
        received_on=data.received_on,
        reference=data.reference,
        application=data.apply,
        whole=None if whole is None else WholeSum(whole.amount.to_domain(), whole.quantity.to_domain()),
    )
    return await _run(
        request,
        lambda uow: compensate_pledge.propose_compensation(
            uow, request.caller.actor, pledge, received, seen, house.now()
        ),
        201,
    )


@get(ROOT, opt=needs("pledge:read", body="none"), **documented(CompensationPage, 200, PROBLEMS))
async def list_compensations(
    request: EdgeRequest, pledge_id: FromPath[str], limit: Limit = LIMIT, cursor: Text = None
) -> Response[bytes]:
    """List what came in for a pledge's rights, newest first."""
    async with house_of(request).open(request.caller.actor) as uow:
        pledge = await found(uow, pledge_id)
        page = await uow.compensations.page(pledge.id, cursor_of(cursor), limit + 1)
        return replied(page_answer([compensation_answer(each) for each in page], limit))


@get(ONE, opt=needs("pledge:read", body="none"), **documented(CompensationReply, 200, PROBLEMS))
async def get_compensation(
    request: EdgeRequest, pledge_id: FromPath[str], compensation_id: FromPath[str]
) -> Response[bytes]:
    """Read a compensation."""
    async with house_of(request).open(request.caller.actor) as uow:
        pledge = await found(uow, pledge_id)
        compensation = await uow.compensations.find(pledge.id, known_id(compensation_id, "compensation"))
        if compensation is None:
            raise NotFound("compensation")
        return replied(Answer(200, compensation_answer(compensation), versioned(compensation.version)))


@post(
    ONE + "/approve",
    opt=orders("compensation:approve", seconds="/v1/pledges/{pledge_id}/compensations"),
    **DONE,
)
async def approve(
    request: EdgeRequest, pledge_id: FromPath[str], compensation_id: FromPath[str], data: JSONBody[Empty]
) -> Response[bytes]:
    """The bank's second person lets the money pay what is owed, or lie deposited."""
    house, seen, ids = house_of(request), if_match(request), _ids(pledge_id, compensation_id)
    return await _run(
        request,
        lambda uow: compensate_pledge.approve_compensation(uow, request.caller.actor, *ids, seen, house.now()),
    )


@post(ONE + "/reject", opt=orders("compensation:approve"), **DONE)
async def reject(
    request: EdgeRequest, pledge_id: FromPath[str], compensation_id: FromPath[str], data: JSONBody[ReasonRequest]
) -> Response[bytes]:
    """The bank's second person says that it is wrong."""
    house, seen, ids = house_of(request), if_match(request), _ids(pledge_id, compensation_id)
    return await _run(
        request,
        lambda uow: compensate_pledge.reject_compensation(
            uow, request.caller.actor, *ids, data.reason, seen, house.now()
        ),
    )


@post(ONE + "/end-deposit", opt=orders("compensation:approve"), **DONE)
async def end_deposit(
    request: EdgeRequest, pledge_id: FromPath[str], compensation_id: FromPath[str], data: JSONBody[Empty]
) -> Response[bytes]:
    """Let a deposit pay what is owed; what is left of it, or all once the pledge has ended, is the pledgor's."""
    house, seen, ids = house_of(request), if_match(request), _ids(pledge_id, compensation_id)
    return await _run(
        request,
        lambda uow: compensate_pledge.end_deposit(uow, request.caller.actor, *ids, seen, house.now()),
    )


def _ids(pledge_id: str, compensation_id: str) -> tuple[str, str]:
    return known_id(pledge_id, "pledge"), known_id(compensation_id, "compensation")
