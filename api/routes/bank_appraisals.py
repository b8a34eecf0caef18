"""Routes of a bank's own appraisals, adopted values and policy (contract section 4): maker, then checker."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from api.answers.bank_appraisals import (
    adopted_answer,
    adoption_answer,
    appraisal_answer,
    due_answer,
    policy_answer,
    terms_answer,
)
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of, known_id
from api.idempotency import Answer, command, if_match, replied, versioned
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer
from api.permissions import needs
from api.schemas.bank_appraisals import (
    AdoptedReply,
    AdoptionPage,
    AdoptionReply,
    AdoptionRequest,
    AppraisalPage,
    AppraisalReply,
    AppraisalRequest,
    DuePage,
    PolicyPage,
    PolicyReply,
    PolicyRequest,
)
from api.schemas.pledges import Empty, ReasonRequest
from api.schemas.queries import asked
from domain.rights.authorizations import NotFound
from domain.use_cases.adopt_value import adopted_today
from domain.use_cases.propose_adoption import NewAdoption, decide_on_adoption, propose_adoption
from domain.use_cases.propose_appraisal import NewAppraisal, decide_on_appraisal, propose_appraisal
from domain.use_cases.set_valuation_policy import decide_on_policy, propose_policy
from domain.valuation.adoption import Adoption
from domain.valuation.bank_appraisals import Appraiser, BankAppraisal, Report
from domain.valuation.valuation_policy import PolicyTerms, ValuationPolicy
from domain.values.decimals import parse_decimal
from domain.values.quantity import Quantity
from domain.values.time import business_date, parse_date

APPRAISED: dict[str, Any] = documented(AppraisalReply, 200, PROBLEMS)
ADOPTED: dict[str, Any] = documented(AdoptionReply, 200, PROBLEMS)
DECIDED: dict[str, Any] = documented(PolicyReply, 200, PROBLEMS)


@post("/v1/rights/{right_id:str}/appraisals", opt=needs("right:appraise"), **documented(AppraisalReply, 201, PROBLEMS))
async def post_appraisal(
    request: EdgeRequest, right_id: FromPath[str], data: JSONBody[AppraisalRequest]
) -> Response[bytes]:
    """Put a bank's own appraisal forward; it counts once a second person approves."""
    house = house_of(request)
    new = NewAppraisal(
        kind=data.kind,
        value=data.value.to_domain(),
        quantity=None if data.quantity is None else data.quantity.to_domain(),
        as_of=data.as_of,
        valid_until=data.valid_until,
        appraiser=Appraiser(data.appraiser.name, data.appraiser.uscc),
        report=Report(data.report.sha256, data.report.title, data.report.number),
        method=data.method,
    )

    async def act(uow: EdgeUnitOfWork) -> Answer:
        made = await propose_appraisal(uow, request.caller.actor, known_id(right_id, "right"), new, house.now())
        return await _appraised(request, uow, made, 201)

    return await command(request, act)


@get(
    "/v1/rights/{right_id:str}/appraisals",
    opt=needs("appraisal:read", body="none"),
    **documented(AppraisalPage, 200, PROBLEMS),
)
async def list_appraisals(request: EdgeRequest, right_id: FromPath[str]) -> Response[bytes]:
    """List all appraisals of a right by the caller's bank, newest first; no other bank's, and not to its holder."""
    house, actor = house_of(request), request.caller.actor
    async with house.open(actor) as uow:
        right = known_id(right_id, "right")
        found = await uow.appraisals.of_right(actor.tenant, right)
        await _require_right(uow, right, found)
    today = business_date(house.now())
    items = [appraisal_answer(each, found, today) for each in found]
    return replied(Answer(200, {"items": items, "next_cursor": None}))


@post("/v1/rights/{right_id:str}/appraisals/{appraisal_id:str}/approve", opt=needs("appraisal:approve"), **APPRAISED)
async def approve_appraisal(
    request: EdgeRequest, right_id: FromPath[str], appraisal_id: FromPath[str], data: JSONBody[Empty]
) -> Response[bytes]:
    """The second person approves; the appraisal counts from now on."""
    return await _decide_appraisal(request, right_id, appraisal_id, None)


@post("/v1/rights/{right_id:str}/appraisals/{appraisal_id:str}/reject", opt=needs("appraisal:approve"), **APPRAISED)
async def reject_appraisal(
    request: EdgeRequest, right_id: FromPath[str], appraisal_id: FromPath[str], data: JSONBody[ReasonRequest]
) -> Response[bytes]:
    """The second person rejects, and says why."""
    return await _decide_appraisal(request, right_id, appraisal_id, data.reason)


@get(
    "/v1/rights/{right_id:str}/adopted-value",
    opt=needs("appraisal:read", body="none"),
    **documented(AdoptedReply, 200, PROBLEMS),
)
async def get_adopted_value(
    request: EdgeRequest, right_id: FromPath[str], on: Text = None, quantity: Text = None
) -> Response[bytes]:
    """Read what the caller's bank adopts for a right on a day, today by default; `quantity` is in the right's unit."""
    house, actor = house_of(request), request.caller.actor
    now = house.now()
    day = asked("on", on, parse_date) or business_date(now)
    amount = asked("quantity", quantity, parse_decimal)
    async with house.open(actor) as uow:
        right = await uow.rights.find(known_id(right_id, "right"))
        if right is None:
            raise NotFound("right")
        part = None if amount is None else Quantity(amount, right.quantity.unit)
        told = await adopted_today(uow, actor, house.rulebook, right.id, part, day, now)
    return replied(Answer(200, adopted_answer(told)))


@post(
    "/v1/rights/{right_id:str}/adopted-values", opt=needs("right:appraise"), **documented(AdoptionReply, 201, PROBLEMS)
)
async def post_adoption(
    request: EdgeRequest, right_id: FromPath[str], data: JSONBody[AdoptionRequest]
) -> Response[bytes]:
    """Put another value than the lowest forward; it is adopted once a second person approves."""
    house = house_of(request)
    new = NewAdoption(
        valuation_id=data.valuation_id,
        appraisal_id=data.appraisal_id,
        value=None if data.value is None else data.value.to_domain(),
        quantity=None if data.quantity is None else data.quantity.to_domain(),
        reason=data.reason,
    )

    async def act(uow: EdgeUnitOfWork) -> Answer:
        made = await propose_adoption(uow, request.caller.actor, known_id(right_id, "right"), new, house.now())
        return _adopted(made, 201)

    return await command(request, act)


@get(
    "/v1/rights/{right_id:str}/adopted-values",
    opt=needs("appraisal:read", body="none"),
    **documented(AdoptionPage, 200, PROBLEMS),
)
async def list_adoptions(request: EdgeRequest, right_id: FromPath[str]) -> Response[bytes]:
    """List all explicit adoptions for a right by the caller's bank, newest first."""
    actor = request.caller.actor
    async with house_of(request).open(actor) as uow:
        right = known_id(right_id, "right")
        found = await uow.adoptions.of_right(actor.tenant, right)
        await _require_right(uow, right, found)
    return replied(Answer(200, {"items": [adoption_answer(each) for each in found], "next_cursor": None}))


@post("/v1/rights/{right_id:str}/adopted-values/{adoption_id:str}/approve", opt=needs("appraisal:approve"), **ADOPTED)
async def approve_adoption(
    request: EdgeRequest, right_id: FromPath[str], adoption_id: FromPath[str], data: JSONBody[Empty]
) -> Response[bytes]:
    """The second person approves; the value is adopted from now on."""
    return await _decide_adoption(request, right_id, adoption_id, None)


@post("/v1/rights/{right_id:str}/adopted-values/{adoption_id:str}/reject", opt=needs("appraisal:approve"), **ADOPTED)
async def reject_adoption(
    request: EdgeRequest, right_id: FromPath[str], adoption_id: FromPath[str], data: JSONBody[ReasonRequest]
) -> Response[bytes]:
    """The second person rejects, and says why."""
    return await _decide_adoption(request, right_id, adoption_id, data.reason)


@get("/v1/valuations/due", opt=needs("policy:read", body="none"), **documented(DuePage, 200, PROBLEMS))
async def list_due(request: EdgeRequest, on: Text = None, limit: Limit = LIMIT, cursor: Text = None) -> Response[bytes]:
    """List what the caller's bank must value anew by a day, today by default, the longest due first."""
    house, actor = house_of(request), request.caller.actor
    day = asked("on", on, parse_date) or business_date(house.now())
    async with house.open(actor) as uow:
        items = await uow.policies.due(actor.tenant, day, cursor_of(cursor), limit + 1)
    return replied(page_answer([due_answer(item, day) for item in items], limit))


@get("/v1/policies/valuation", opt=needs("policy:read", body="none"), **documented(PolicyPage, 200, PROBLEMS))
async def list_policies(request: EdgeRequest, limit: Limit = LIMIT, cursor: Text = None) -> Response[bytes]:
    """Read the policy that holds for the caller's bank, and all that were put forward, newest first."""
    actor = request.caller.actor
    async with house_of(request).open(actor) as uow:
        terms = await uow.policies.terms(actor.tenant)
        policies = await uow.policies.page(cursor_of(cursor), limit + 1)
    page = page_answer([policy_answer(policy) for policy in policies], limit)
    assert isinstance(page.body, dict), "a page is an object"
    return replied(Answer(200, {"in_force": terms_answer(terms), **page.body}))


@post("/v1/policies/valuation", opt=needs("policy:propose"), **documented(PolicyReply, 201, PROBLEMS))
async def post_policy(request: EdgeRequest, data: JSONBody[PolicyRequest]) -> Response[bytes]:
    """Put a policy forward; it holds once a second person approves."""
    house = house_of(request)
    terms = PolicyTerms(
        revaluation_months=data.revaluation_months,
        liquidation_days=data.liquidation_days,
        loan_end_margin_days=data.loan_end_margin_days,
    )

    async def act(uow: EdgeUnitOfWork) -> Answer:
        return _policy(await propose_policy(uow, request.caller.actor, terms, house.now()), 201)

    return await command(request, act)


@post("/v1/policies/valuation/{policy_id:str}/approve", opt=needs("policy:approve"), **DECIDED)
async def approve_policy(request: EdgeRequest, policy_id: FromPath[str], data: JSONBody[Empty]) -> Response[bytes]:
    """The second person approves; the policy holds from now on."""
    return await _decide_policy(request, policy_id, None)


@post("/v1/policies/valuation/{policy_id:str}/reject", opt=needs("policy:approve"), **DECIDED)
async def reject_policy(
    request: EdgeRequest, policy_id: FromPath[str], data: JSONBody[ReasonRequest]
) -> Response[bytes]:
    """The second person rejects, and says why."""
    return await _decide_policy(request, policy_id, data.reason)


async def _decide_appraisal(
    request: EdgeRequest, right_id: str, appraisal_id: str, rejection: str | None
) -> Response[bytes]:
    house, seen = house_of(request), if_match(request)
    right, appraisal = known_id(right_id, "right"), known_id(appraisal_id, "appraisal")

    async def act(uow: EdgeUnitOfWork) -> Answer:
        decided = await decide_on_appraisal(
            uow, request.caller.actor, appraisal, right, rejection=rejection, if_match=seen, now=house.now()
        )
        return await _appraised(request, uow, decided, 200)

    return await command(request, act)


async def _decide_adoption(
    request: EdgeRequest, right_id: str, adoption_id: str, rejection: str | None
) -> Response[bytes]:
    house, seen = house_of(request), if_match(request)
    right, adoption = known_id(right_id, "right"), known_id(adoption_id, "adopted_value")

    async def act(uow: EdgeUnitOfWork) -> Answer:
        decided = await decide_on_adoption(
            uow, request.caller.actor, adoption, right, rejection=rejection, if_match=seen, now=house.now()
        )
        return _adopted(decided, 200)

    return await command(request, act)


async def _decide_policy(request: EdgeRequest, policy_id: str, rejection: str | None) -> Response[bytes]:
    house, seen = house_of(request), if_match(request)
    policy = known_id(policy_id, "policy")

    async def act(uow: EdgeUnitOfWork) -> Answer:
        decided = await decide_on_policy(
            uow, request.caller.actor, policy, rejection=rejection, if_match=seen, now=house.now()
        )
        return _policy(decided, 200)

    return await command(request, act)


async def _appraised(request: EdgeRequest, uow: EdgeUnitOfWork, appraisal: BankAppraisal, status: int) -> Answer:
    known = await uow.appraisals.of_right(appraisal.tenant, appraisal.right_id)
    body = appraisal_answer(appraisal, known, business_date(house_of(request).now()))
    return Answer(status, body, versioned(appraisal.proposal.version))


def _adopted(adoption: Adoption, status: int) -> Answer:
    return Answer(status, adoption_answer(adoption), versioned(adoption.proposal.version))


def _policy(policy: ValuationPolicy, status: int) -> Answer:
    return Answer(status, policy_answer(policy), versioned(policy.proposal.version))


async def _require_right(uow: EdgeUnitOfWork, right_id: str, found: Sequence[object]) -> None:
    """Raise NotFound where the bank neither sees the right nor ever said anything of it."""
    if not found and await uow.rights.find(right_id) is None:
        raise NotFound("right")
