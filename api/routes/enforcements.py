"""Routes of enforcement (contract section 5): propose, approve, prepare, sell, and what may stop it.

What the registry must carry out is answered 202 with the enforcement `settling`; then poll it, or read the events.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from api.answers.enforcements import enforcement_answer
from api.answers.estimates import estimate_answer, pledge_estimate, retry_after
from api.answers.syndicates import division_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, House, house_of, known_id
from api.idempotency import Answer, command, if_match, replied, versioned
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer
from api.permissions import needs, orders
from api.routes.pledges import found
from api.schemas.enforcements import (
    ConditionMetRequest,
    EnforcementPage,
    EnforcementReply,
    EnforcementRequest,
    LiftStayRequest,
    OwedBody,
    ResultRequest,
    RoundRequest,
    StayRequest,
    WinnerBody,
)
from api.schemas.pledges import Empty, ReasonRequest
from domain.pledges.disposal import Cost, OtherClaim
from domain.pledges.enforcements import (
    ClaimedOf,
    ConditionDocument,
    Enforcement,
    EnforcementStatus,
    InvalidSale,
    SaleResult,
    Winner,
)
from domain.pledges.estimates import Estimate
from domain.pledges.pledges import Pledge
from domain.rights.authorizations import NotFound
from domain.use_cases.enforce_pledge import (
    Wanted,
    approve_enforcement,
    end_enforcement,
    lift_stay,
    propose_enforcement,
    stay_enforcement,
)
from domain.use_cases.prepare_sale import Met, meet_condition
from domain.use_cases.report_sale import Reported, open_round, report_round, transfer_again
from domain.values.money import Money
from domain.values.time import business_date

ROOT: Final = "/v1/pledges/{pledge_id:str}/enforcements"
ONE: Final = ROOT + "/{enforcement_id:str}"
MADE: dict[str, Any] = documented(EnforcementReply, 201, PROBLEMS)
DONE: dict[str, Any] = documented(EnforcementReply, 200, PROBLEMS)
WAITS: dict[str, Any] = documented(EnforcementReply, 202, PROBLEMS)
DONE_OR_WAITS: dict[str, Any] = documented(EnforcementReply, 200, PROBLEMS, also={202: EnforcementReply})

Act = Callable[[EdgeUnitOfWork], Awaitable[Enforcement]]


def _body(
    house: House, pledge: Pledge | None, enforcement: Enforcement, estimate: Estimate | None
) -> dict[str, object]:
    division = None if pledge is None else division_answer(pledge, enforcement.distribution)
    told = enforcement_answer(enforcement, business_date(house.now()))
    return {**told, "division": division, **estimate_answer(estimate)}


async def _told(house: House, uow: EdgeUnitOfWork, enforcement: Enforcement, status: int) -> Answer:
    estimate = await _expected(house, uow, enforcement)
    body = _body(house, await uow.pledges.find(enforcement.pledge_id), enforcement, estimate)
    return Answer(status, body, {**versioned(enforcement.version), **retry_after(status, estimate, house.now())})


async def _expected(house: House, uow: EdgeUnitOfWork, enforcement: Enforcement) -> Estimate | None:
    """Return by when the sale's orders are expected to be answered, none where it waits for no registry."""
    if enforcement.status is not EnforcementStatus.SETTLING:
        return None
    return await pledge_estimate(house, uow, enforcement.pledge_id)


async def _run(request: EdgeRequest, act: Act, status: int | None = None) -> Response[bytes]:
    """Run a use case and answer the enforcement: 202 while the registry has the word, 200 otherwise."""
    house = house_of(request)

    async def answer(uow: EdgeUnitOfWork) -> Answer:
        enforcement = await act(uow)
        waits = enforcement.status is EnforcementStatus.SETTLING
        return await _told(house, uow, enforcement, status or (202 if waits else 200))

    return await command(request, answer)


def _ids(pledge_id: str, enforcement_id: str) -> tuple[str, str]:
    return known_id(pledge_id, "pledge"), known_id(enforcement_id, "enforcement")


@post(ROOT, opt=orders("enforcement:order"), **MADE)
async def post_enforcement(
    request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[EnforcementRequest]
) -> Response[bytes]:
    """The first person proposes to enforce; it waits for a second."""
    house, actor = house_of(request), request.caller.actor
    reserve = None if data.reserve_price is None else data.reserve_price.to_domain()
    wanted = Wanted(route=data.route, reserve_price=reserve, notice_days=data.notice_days)
    pledge = known_id(pledge_id, "pledge")
    return await _run(
        request, lambda uow: propose_enforcement(uow, actor, house.rulebook, pledge, wanted, house.now()), 201
    )


@get(ROOT, opt=needs("pledge:read", body="none"), **documented(EnforcementPage, 200, PROBLEMS))
async def list_enforcements(
    request: EdgeRequest, pledge_id: FromPath[str], limit: Limit = LIMIT, cursor: Text = None
) -> Response[bytes]:
    """List a pledge's enforcements, newest first."""
    house = house_of(request)
    async with house.open(request.caller.actor) as uow:
        pledge = await found(uow, pledge_id)
        rows = await uow.enforcements.page(pledge.id, cursor_of(cursor), limit + 1)
        items = [_body(house, pledge, each, await _expected(house, uow, each)) for each in rows]
    return replied(page_answer(items, limit))


@get(ONE, opt=needs("pledge:read", body="none"), **DONE)
async def get_enforcement(
    request: EdgeRequest, pledge_id: FromPath[str], enforcement_id: FromPath[str]
) -> Response[bytes]:
    """Read an enforcement."""
    house = house_of(request)
    async with house.open(request.caller.actor) as uow:
        pledge = await found(uow, pledge_id)
        enforcement = await uow.enforcements.find(known_id(enforcement_id, "enforcement"))
        if enforcement is None or enforcement.pledge_id != pledge.id:
            raise NotFound("enforcement")
        return replied(await _told(house, uow, enforcement, 200))


@post(ONE + "/approve", opt=orders("enforcement:approve", seconds="/v1/pledges/{pledge_id}/enforcements"), **DONE)
async def approve(
    request: EdgeRequest, pledge_id: FromPath[str], enforcement_id: FromPath[str], data: JSONBody[Empty]
) -> Response[bytes]:
    """The second person approves; the pledge is being enforced."""
    house, actor, seen, ids = (
        house_of(request),
        request.caller.actor,
        if_match(request),
        _ids(pledge_id, enforcement_id),
    )
    return await _run(request, lambda uow: approve_enforcement(uow, actor, *ids, seen, house.now()))


@post(ONE + "/conditions/{condition_id:str}/met", opt=orders("enforcement:meet"), **DONE)
async def meet(
    request: EdgeRequest,
    pledge_id: FromPath[str],
    enforcement_id: FromPath[str],
    condition_id: FromPath[str],
    data: JSONBody[ConditionMetRequest],
) -> Response[bytes]:
    """Whoever the rule names says that a condition of the sale is met, with the paper that proves it."""
    house, actor, seen, ids = (
        house_of(request),
        request.caller.actor,
        if_match(request),
        _ids(pledge_id, enforcement_id),
    )
    document = ConditionDocument(data.document.title, data.document.sha256)
    met = Met(on=data.on, document=document, amount=None if data.amount is None else data.amount.to_domain())
    return await _run(request, lambda uow: meet_condition(uow, actor, *ids, (condition_id, met), seen, house.now()))


@post(ONE + "/stay", opt=orders("enforcement:stay"), **DONE)
async def stay(
    request: EdgeRequest, pledge_id: FromPath[str], enforcement_id: FromPath[str], data: JSONBody[StayRequest]
) -> Response[bytes]:
    """Stop the enforcement, as for a bankruptcy that a court has accepted."""
    house, actor, seen, ids = (
        house_of(request),
        request.caller.actor,
        if_match(request),
        _ids(pledge_id, enforcement_id),
    )
    why = (data.reason, data.reference)
    return await _run(request, lambda uow: stay_enforcement(uow, actor, *ids, why, seen, house.now()))


@post(ONE + "/lift-stay", opt=orders("enforcement:stay"), **DONE)
async def lift(
    request: EdgeRequest, pledge_id: FromPath[str], enforcement_id: FromPath[str], data: JSONBody[LiftStayRequest]
) -> Response[bytes]:
    """Let a stopped enforcement go on."""
    house, actor, seen, ids = (
        house_of(request),
        request.caller.actor,
        if_match(request),
        _ids(pledge_id, enforcement_id),
    )
    return await _run(request, lambda uow: lift_stay(uow, actor, *ids, data.reference, seen, house.now()))


@post(ONE + "/end", opt=orders("enforcement:order"), **DONE)
async def end(
    request: EdgeRequest, pledge_id: FromPath[str], enforcement_id: FromPath[str], data: JSONBody[ReasonRequest]
) -> Response[bytes]:
    """End the enforcement before anything is sold, as when the debt has been paid."""
    house, actor, seen, ids = (
        house_of(request),
        request.caller.actor,
        if_match(request),
        _ids(pledge_id, enforcement_id),
    )
    return await _run(request, lambda uow: end_enforcement(uow, actor, *ids, data.reason, seen, house.now()))


@post(ONE + "/rounds", opt=orders("enforcement:report"), **DONE)
async def post_round(
    request: EdgeRequest, pledge_id: FromPath[str], enforcement_id: FromPath[str], data: JSONBody[RoundRequest]
) -> Response[bytes]:
    """Open the next round at a lower reserve; another person than who reported that nobody bought."""
    house, actor, seen, ids = (
        house_of(request),
        request.caller.actor,
        if_match(request),
        _ids(pledge_id, enforcement_id),
    )
    reserve = data.reserve_price.to_domain()
    return await _run(request, lambda uow: open_round(uow, actor, ids, reserve, seen, house.now()))


@post(ONE + "/result", opt=orders("enforcement:report"), **DONE_OR_WAITS)
async def post_result(
    request: EdgeRequest, pledge_id: FromPath[str], enforcement_id: FromPath[str], data: JSONBody[ResultRequest]
) -> Response[bytes]:
    """Report how the round ended; after a sale the registry is ordered to make the right the buyers'."""
    house, actor, seen, ids = (
        house_of(request),
        request.caller.actor,
        if_match(request),
        _ids(pledge_id, enforcement_id),
    )

    async def act(uow: EdgeUnitOfWork) -> Enforcement:
        result = _result(data, await found(uow, pledge_id)) if data.outcome == "sold" else None
        reported = Reported(on=data.on, reference=data.reference, result=result)
        return await report_round(uow, actor, house.rulebook, ids, reported, seen, house.now())

    return await _run(request, act)


@post(ONE + "/transfer", opt=orders("enforcement:report"), **WAITS)
async def transfer(
    request: EdgeRequest, pledge_id: FromPath[str], enforcement_id: FromPath[str], data: JSONBody[Empty]
) -> Response[bytes]:
    """Order once more what the registry refused of a sale while it executed the rest."""
    house, actor, seen, ids = (
        house_of(request),
        request.caller.actor,
        if_match(request),
        _ids(pledge_id, enforcement_id),
    )
    return await _run(request, lambda uow: transfer_again(uow, actor, ids, seen, house.now()))


def _result(data: ResultRequest, pledge: Pledge) -> SaleResult:
    return SaleResult(
        winners=tuple(_winner(body, place, pledge) for place, body in enumerate(data.winners)),
        costs=tuple(Cost(body.kind, body.description, body.amount.to_domain()) for body in data.costs),
        claims=tuple(
            ClaimedOf(loan_id=body.loan_id, interest=_owed(body.interest), penalty=_owed(body.penalty))
            for body in data.claims
        ),
        other_claims=tuple(
            OtherClaim(body.creditor, body.reference, body.amount.to_domain(), body.registered_at)
            for body in data.other_claims
        ),
    )


def _winner(body: WinnerBody, place: int, pledge: Pledge) -> Winner:
    right_id = body.right_id
    if right_id is None:
        if len(pledge.items) > 1:
            raise InvalidSale(
                f"#/winners/{place}/right_id",
                "质押含多项权益,须写明 right_id。",
                "The pledge has several items; name the right.",
            )
        right_id = pledge.items[0].right_id
    return Winner(
        right_id=right_id,
        buyer=body.buyer_uscc,
        buyer_permit_no=body.buyer_permit_no,
        quantity=body.quantity.to_domain(),
        unit_price=body.unit_price,
        amount=body.amount.to_domain(),
    )


def _owed(body: OwedBody | None) -> Money | None:
    return None if body is None else body.to_domain()
