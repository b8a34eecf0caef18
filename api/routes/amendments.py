"""Routes of amendments (contract section 5): propose, agree, approve, and what lets one fall.

What the registry must carry out is answered 202 with the amendment `registering`; then poll it, or read the events. The
pledge stays active throughout. `If-Match` is the pledge's version for a proposal, and the amendment's for the rest.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from api.answers.amendments import amendment_answer
from api.answers.estimates import estimate_answer, pledge_estimate, retry_after
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, House, house_of, known_id
from api.idempotency import Answer, command, if_match, replied, versioned
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer
from api.permissions import needs, orders
from api.routes.pledges import found
from api.schemas.amendments import AmendmentPage, AmendmentReply, AmendmentRequest
from api.schemas.pledges import Empty, ItemBody, ReasonRequest
from domain.pledges.amendments import Amendment, AmendmentState, Terms
from domain.pledges.estimates import Estimate
from domain.rights.authorizations import NotFound
from domain.use_cases.approve_amendment import approve_amendment
from domain.use_cases.propose_amendment import (
    accept_amendment,
    consent_to_amendment,
    propose_amendment,
    reject_amendment,
    withdraw_amendment,
)
from domain.values.quantity import Quantity

ROOT: Final = "/v1/pledges/{pledge_id:str}/amendments"
ONE: Final = ROOT + "/{amendment_id:str}"
DONE: dict[str, Any] = documented(AmendmentReply, 200, PROBLEMS)
DONE_OR_WAITS: dict[str, Any] = documented(AmendmentReply, 200, PROBLEMS, also={202: AmendmentReply})

Act = Callable[[EdgeUnitOfWork], Awaitable[Amendment]]


async def _run(request: EdgeRequest, act: Act, status: int | None = None) -> Response[bytes]:
    """Run a use case and answer the amendment: 202 while a register has the word, 200 otherwise."""
    house = house_of(request)

    async def answer(uow: EdgeUnitOfWork) -> Answer:
        amendment = await act(uow)
        estimate = await _expected(house, uow, amendment)
        code = status or (202 if amendment.status is AmendmentState.REGISTERING else 200)
        headers = {**versioned(amendment.version), **retry_after(code, estimate, house.now())}
        return Answer(code, {**amendment_answer(amendment), **estimate_answer(estimate)}, headers)

    return await command(request, answer)


async def _expected(house: House, uow: EdgeUnitOfWork, amendment: Amendment) -> Estimate | None:
    """Return by when what the amendment ordered is expected, none where it waits for no register."""
    if amendment.status not in {AmendmentState.REGISTERING, AmendmentState.EXCEPTION}:
        return None
    return await pledge_estimate(house, uow, amendment.pledge_id)


async def _told(house: House, uow: EdgeUnitOfWork, amendment: Amendment) -> dict[str, object]:
    return {**amendment_answer(amendment), **estimate_answer(await _expected(house, uow, amendment))}


@post(ROOT, opt=orders("pledge:amend"), **documented(AmendmentReply, 201, PROBLEMS))
async def post_amendment(
    request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[AmendmentRequest]
) -> Response[bytes]:
    """Propose an amendment under the pledge's next number; refused while an earlier one is pending."""
    house, seen, wanted = house_of(request), if_match(request), (data.kind, _terms(data))
    pledge = known_id(pledge_id, "pledge")
    return await _run(
        request,
        lambda uow: propose_amendment(uow, request.caller.actor, house.rulebook, pledge, wanted, seen, house.now()),
        201,
    )


@get(ROOT, opt=needs("pledge:read", body="none"), **documented(AmendmentPage, 200, PROBLEMS))
async def list_amendments(
    request: EdgeRequest, pledge_id: FromPath[str], limit: Limit = LIMIT, cursor: Text = None
) -> Response[bytes]:
    """List a pledge's amendments, newest first."""
    house = house_of(request)
    async with house.open(request.caller.actor) as uow:
        pledge = await found(uow, pledge_id)
        amendments = await uow.amendments.page(pledge.id, cursor_of(cursor), limit + 1)
        return replied(page_answer([await _told(house, uow, each) for each in amendments], limit))


@get(ONE, opt=needs("pledge:read", body="none"), **documented(AmendmentReply, 200, PROBLEMS))
async def get_amendment(request: EdgeRequest, pledge_id: FromPath[str], amendment_id: FromPath[str]) -> Response[bytes]:
    """Read an amendment; the bank that is offered a claim reads it, too, before the pledge is its own."""
    house = house_of(request)
    async with house.open(request.caller.actor) as uow:
        amendment = await uow.amendments.find(known_id(pledge_id, "pledge"), known_id(amendment_id, "amendment"))
        if amendment is None:
            raise NotFound("amendment")
        return replied(Answer(200, await _told(house, uow, amendment), versioned(amendment.version)))


@post(ONE + "/consent", opt=orders("amendment:consent"), **DONE)
async def consent(
    request: EdgeRequest, pledge_id: FromPath[str], amendment_id: FromPath[str], data: JSONBody[Empty]
) -> Response[bytes]:
    """A pledgor agrees."""
    house, seen = house_of(request), if_match(request)
    pledge, amendment = _ids(pledge_id, amendment_id)
    return await _run(
        request,
        lambda uow: consent_to_amendment(uow, request.caller.actor, pledge, amendment, seen, house.now()),
    )


@post(
    ONE + "/approve",
    opt=orders("amendment:approve", seconds="/v1/pledges/{pledge_id}/amendments"),
    **DONE_OR_WAITS,
)
async def approve(
    request: EdgeRequest, pledge_id: FromPath[str], amendment_id: FromPath[str], data: JSONBody[Empty]
) -> Response[bytes]:
    """The bank's second person approves; what needs a register is ordered."""
    house, seen = house_of(request), if_match(request)
    pledge, amendment = _ids(pledge_id, amendment_id)
    return await _run(
        request,
        lambda uow: approve_amendment(uow, request.caller.actor, house.rulebook, pledge, amendment, seen, house.now()),
    )


@post(ONE + "/accept", opt=orders("amendment:accept"), **DONE)
async def accept(
    request: EdgeRequest, pledge_id: FromPath[str], amendment_id: FromPath[str], data: JSONBody[Empty]
) -> Response[bytes]:
    """An approver of the bank that is to have the claim accepts it."""
    house, seen = house_of(request), if_match(request)
    pledge, amendment = _ids(pledge_id, amendment_id)
    return await _run(
        request,
        lambda uow: accept_amendment(uow, request.caller.actor, pledge, amendment, seen, house.now()),
    )


@post(ONE + "/withdraw", opt=orders("pledge:amend"), **DONE)
async def withdraw(
    request: EdgeRequest, pledge_id: FromPath[str], amendment_id: FromPath[str], data: JSONBody[Empty]
) -> Response[bytes]:
    """The bank takes its proposal back."""
    house, seen = house_of(request), if_match(request)
    pledge, amendment = _ids(pledge_id, amendment_id)
    return await _run(
        request,
        lambda uow: withdraw_amendment(uow, request.caller.actor, pledge, amendment, seen, house.now()),
    )


@post(ONE + "/reject", opt=orders("amendment:reject"), **DONE)
async def reject(
    request: EdgeRequest, pledge_id: FromPath[str], amendment_id: FromPath[str], data: JSONBody[ReasonRequest]
) -> Response[bytes]:
    """A pledgor or the bank says no."""
    house, seen = house_of(request), if_match(request)
    pledge, amendment = _ids(pledge_id, amendment_id)
    return await _run(
        request,
        lambda uow: reject_amendment(uow, request.caller.actor, pledge, amendment, data.reason, seen, house.now()),
    )


def _ids(pledge_id: str, amendment_id: str) -> tuple[str, str]:
    return known_id(pledge_id, "pledge"), known_id(amendment_id, "amendment")


def _terms(data: AmendmentRequest) -> Terms:
    return Terms(
        items=_parts(data.items),
        released=_parts(data.released),
        loan_id=data.loan_id,
        new_loan_id=data.new_loan_id,
        end=data.end,
        repayment=tuple((line.on, line.amount.to_domain()) for line in data.repayment),
        event=data.event,
        on=data.on,
        right_id=data.right_id,
        successor_id=data.successor_id,
        quantity=None if data.quantity is None else data.quantity.to_domain(),
        months=data.term_months,
        transferee=data.transferee,
        former_uscc=data.former_uscc,
        successor_uscc=data.successor_uscc,
        name=data.name,
        note=data.note,
    )


def _parts(items: tuple[ItemBody, ...]) -> tuple[tuple[str, Quantity], ...]:
    return tuple((item.right_id, item.quantity.to_domain()) for item in items)
