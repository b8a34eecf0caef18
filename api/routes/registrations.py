"""Routes of the entry at the notice registry: each command is an order, answered 202 with the pledge (section 5)."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from api.answers.registrations import registration_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of, known_id
from api.idempotency import Answer, command, if_match, replied
from api.permissions import needs, orders
from api.routes.pledges import found, told_waiting
from api.schemas.pledges import Empty, PledgeReply, ReasonRequest
from api.schemas.registrations import (
    AmendRegistrationRequest,
    ExtendRegistrationRequest,
    NoticeRegistrationReply,
    RegistrationRequest,
)
from domain.pledges.pledges import Pledge
from domain.use_cases.order_notice import (
    WantedNotice,
    amend_notice,
    discharge_notice,
    extend_notice,
    object_to_notice,
    register_notice,
)

WAITS: dict[str, Any] = documented(PledgeReply, 202, PROBLEMS)
AT = "/v1/pledges/{pledge_id:str}/registrations"


async def _run(request: EdgeRequest, act: Callable[[EdgeUnitOfWork], Awaitable[Pledge]]) -> Response[bytes]:
    """Run a use case and answer the pledge, whose entry now waits for the register."""
    house = house_of(request)

    async def answer(uow: EdgeUnitOfWork) -> Answer:
        pledge = await act(uow)
        return await told_waiting(house, uow, pledge, 202)

    return await command(request, answer)


@get(
    f"{AT}/notice-registry",
    opt=needs("pledge:read", body="none"),
    **documented(NoticeRegistrationReply, 200, PROBLEMS),
)
async def get_registration(request: EdgeRequest, pledge_id: FromPath[str]) -> Response[bytes]:
    """Read the entry at the notice registry, the orders about it, and the newest search."""
    async with house_of(request).open(request.caller.actor) as uow:
        pledge = await found(uow, pledge_id)
        answer = registration_answer(
            pledge,
            await uow.notices.entry_of(pledge.id),
            await uow.notices.code_of(pledge.id),
            await uow.notices.orders_of(pledge.id),
            await uow.notices.newest_search(pledge.id),
        )
    return replied(Answer(200, answer))


@post(AT, opt=orders("registration:order"), **WAITS)
async def post_registration(
    request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[RegistrationRequest]
) -> Response[bytes]:
    """The pledgee demands publicity and orders the entry; disbursement waits for it from now on."""
    house, seen, pledge = house_of(request), if_match(request), known_id(pledge_id, "pledge")
    wanted = WantedNotice(
        term_months=data.term_months,
        description=data.description,
        secured_amount=None if data.secured_amount is None else data.secured_amount.to_domain(),
        attachments=tuple(data.attachments),
    )
    return await _run(
        request, lambda uow: register_notice(uow, request.caller.actor, pledge, wanted, seen, house.now())
    )


@post(f"{AT}/notice-registry/amend", opt=orders("registration:order"), **WAITS)
async def amend_registration(
    request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[AmendRegistrationRequest]
) -> Response[bytes]:
    """Order another description or amount; time and rank stay."""
    house, seen, pledge = house_of(request), if_match(request), known_id(pledge_id, "pledge")
    amount = None if data.secured_amount is None else data.secured_amount.to_domain()
    return await _run(
        request,
        lambda uow: amend_notice(uow, request.caller.actor, pledge, data.description, amount, seen, house.now()),
    )


@post(f"{AT}/notice-registry/extend", opt=orders("registration:order"), **WAITS)
async def extend_registration(
    request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[ExtendRegistrationRequest]
) -> Response[bytes]:
    """Order an extension, from the current last day on."""
    house, seen, pledge = house_of(request), if_match(request), known_id(pledge_id, "pledge")
    return await _run(
        request,
        lambda uow: extend_notice(uow, request.caller.actor, pledge, data.term_months, seen, house.now()),
    )


@post(f"{AT}/notice-registry/discharge", opt=orders("registration:order"), **WAITS)
async def discharge_registration(
    request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[Empty]
) -> Response[bytes]:
    """Order the entry's end, once the pledge has ended."""
    house, seen, pledge = house_of(request), if_match(request), known_id(pledge_id, "pledge")
    return await _run(request, lambda uow: discharge_notice(uow, request.caller.actor, pledge, seen, house.now()))


@post(f"{AT}/notice-registry/object", opt=orders("registration:object"), **WAITS)
async def object_to_registration(
    request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[ReasonRequest]
) -> Response[bytes]:
    """A pledgor objects; the entry stays, with the objection beside it."""
    house, seen, pledge = house_of(request), if_match(request), known_id(pledge_id, "pledge")
    return await _run(
        request, lambda uow: object_to_notice(uow, request.caller.actor, pledge, data.reason, seen, house.now())
    )
