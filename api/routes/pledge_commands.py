"""The commands on a pledge (contract section 5): each is one use case in one transaction.

What needs the registry answers 202 with the pledge in its waiting state; then poll it, or read the events.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, post
from litestar.params import FromPath, JSONBody

from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of, known_id
from api.idempotency import Answer, command, if_match
from api.permissions import needs, orders
from api.routes.pledges import told_waiting
from api.schemas.pledges import (
    ApproveLoanRequest,
    Empty,
    PledgeReply,
    ReasonRequest,
    ReleaseRequest,
    VerifyQuantitiesRequest,
)
from domain.pledges.lifecycle import WAITING
from domain.pledges.pledges import InvalidItems, Pledge
from domain.use_cases.approve_loan import Approval, approve_loan
from domain.use_cases.decide_on_pledge import (
    agree_as_third_party,
    confirm_pledge,
    reject_pledge,
    request_correction,
    verify_quantities,
    withdraw_pledge,
)
from domain.use_cases.join_syndicate import accept_share
from domain.use_cases.release_pledge import approve_release, cancel_release, request_release
from domain.use_cases.submit_pledge import submit_pledge

DONE: dict[str, Any] = documented(PledgeReply, 200, PROBLEMS)
WAITS: dict[str, Any] = documented(PledgeReply, 202, PROBLEMS)
DONE_OR_WAITS: dict[str, Any] = documented(PledgeReply, 200, PROBLEMS, also={202: PledgeReply})


async def _run(
    request: EdgeRequest, act: Callable[[EdgeUnitOfWork], Awaitable[Pledge]], status: int | None = None
) -> Response[bytes]:
    """Run a use case and answer the pledge: 202 in a waiting state, 200 otherwise, unless `status` says."""
    house = house_of(request)

    async def answer(uow: EdgeUnitOfWork) -> Answer:
        pledge = await act(uow)
        return await told_waiting(house, uow, pledge, status or (202 if pledge.status in WAITING else 200))

    return await command(request, answer)


@post("/v1/pledges/{pledge_id:str}/syndicate/accept", opt=orders("syndicate:accept"), **DONE)
async def accept_own_share(request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[Empty]) -> Response[bytes]:
    """An approver of a participating bank accepts its share; the pledge is submitted only once each has."""
    house, seen = house_of(request), if_match(request)
    return await _run(
        request, lambda uow: accept_share(uow, request.caller.actor, known_id(pledge_id, "pledge"), seen, house.now())
    )


@post("/v1/pledges/{pledge_id:str}/submit", opt=orders("pledge:submit"), **DONE)
async def submit(request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[Empty]) -> Response[bytes]:
    """Take a pending hold on every item, or on none, and value them."""
    house, seen = house_of(request), if_match(request)
    return await _run(
        request,
        lambda uow: submit_pledge(
            uow, request.caller.actor, house.rulebook, known_id(pledge_id, "pledge"), seen, house.now()
        ),
    )


@post("/v1/pledges/{pledge_id:str}/verify-quantities", opt=orders("pledge:verify_quantities"), **DONE)
async def verify(
    request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[VerifyQuantitiesRequest]
) -> Response[bytes]:
    """The authority of the rights' division confirms the quantities."""
    house, seen = house_of(request), if_match(request)
    items = {item.right_id: item.quantity.to_domain() for item in data.items}
    if len(items) != len(data.items):
        raise InvalidItems("#/items", "同一权利在清单中出现了两次。", "One right stands twice in the list.")
    return await _run(
        request,
        lambda uow: verify_quantities(
            uow, request.caller.actor, known_id(pledge_id, "pledge"), items, seen, house.now()
        ),
    )


@post("/v1/pledges/{pledge_id:str}/approve-loan", opt=orders("pledge:approve_loan"), **DONE_OR_WAITS)
async def approve(
    request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[ApproveLoanRequest]
) -> Response[bytes]:
    """The bank's approver writes amount and rate back; in the bank-led workflow this orders the freeze."""
    house, seen = house_of(request), if_match(request)
    approval = Approval(data.amount.to_domain(), data.rate, tuple(data.loans))
    pledge = known_id(pledge_id, "pledge")
    return await _run(
        request,
        lambda uow: approve_loan(uow, request.caller.actor, house.rulebook, pledge, approval, seen, house.now()),
    )


@post("/v1/pledges/{pledge_id:str}/confirm", opt=orders("pledge:confirm"), **DONE_OR_WAITS)
async def confirm(request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[Empty]) -> Response[bytes]:
    """A pledgor confirms; once each has, the freeze is ordered."""
    house, seen = house_of(request), if_match(request)
    return await _run(
        request, lambda uow: confirm_pledge(uow, request.caller.actor, known_id(pledge_id, "pledge"), seen, house.now())
    )


@post("/v1/pledges/{pledge_id:str}/third-party-consent", opt=orders("pledge:confirm"), **DONE)
async def agree(request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[Empty]) -> Response[bytes]:
    """A pledgor agrees to secure another's debt; the bank-led workflow approves nothing of a third party's before."""
    house, seen = house_of(request), if_match(request)
    return await _run(
        request,
        lambda uow: agree_as_third_party(uow, request.caller.actor, known_id(pledge_id, "pledge"), seen, house.now()),
    )


@post("/v1/pledges/{pledge_id:str}/request-correction", opt=needs("pledge:request_correction"), **DONE)
async def correct(request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[ReasonRequest]) -> Response[bytes]:
    """Send the application back; its holds stay."""
    house, seen = house_of(request), if_match(request)
    return await _run(
        request,
        lambda uow: request_correction(
            uow, request.caller.actor, known_id(pledge_id, "pledge"), data.reason, seen, house.now()
        ),
    )


@post("/v1/pledges/{pledge_id:str}/reject", opt=orders("pledge:reject"), **DONE)
async def reject(request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[ReasonRequest]) -> Response[bytes]:
    """End the application; its holds are voided."""
    house, seen = house_of(request), if_match(request)
    return await _run(
        request,
        lambda uow: reject_pledge(
            uow, request.caller.actor, known_id(pledge_id, "pledge"), data.reason, seen, house.now()
        ),
    )


@post("/v1/pledges/{pledge_id:str}/withdraw", opt=orders("pledge:withdraw"), **DONE)
async def withdraw(request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[Empty]) -> Response[bytes]:
    """Take the application back; its holds are voided."""
    house, seen = house_of(request), if_match(request)
    return await _run(
        request,
        lambda uow: withdraw_pledge(uow, request.caller.actor, known_id(pledge_id, "pledge"), seen, house.now()),
    )


@post("/v1/pledges/{pledge_id:str}/release", opt=orders("release:order"), **WAITS)
async def order_release(
    request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[ReleaseRequest]
) -> Response[bytes]:
    """The first person orders the release; it waits for a second."""
    house, seen = house_of(request), if_match(request)
    return await _run(
        request,
        lambda uow: request_release(
            uow, request.caller.actor, known_id(pledge_id, "pledge"), data.reason, seen, house.now()
        ),
        202,
    )


@post(
    "/v1/pledges/{pledge_id:str}/release/approve",
    opt=orders("release:approve", seconds="/v1/pledges/{pledge_id}/release"),
    **WAITS,
)
async def second_release(request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[Empty]) -> Response[bytes]:
    """The second person approves, and the registry's release is ordered."""
    house, seen = house_of(request), if_match(request)
    return await _run(
        request,
        lambda uow: approve_release(uow, request.caller.actor, known_id(pledge_id, "pledge"), seen, house.now()),
    )


@post("/v1/pledges/{pledge_id:str}/release/cancel", opt=orders("release:order"), **DONE)
async def cancel_release_order(
    request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[Empty]
) -> Response[bytes]:
    """Take the order to release back, while the registry still holds every freeze whole."""
    house, seen = house_of(request), if_match(request)
    return await _run(
        request,
        lambda uow: cancel_release(uow, request.caller.actor, known_id(pledge_id, "pledge"), seen, house.now()),
    )
