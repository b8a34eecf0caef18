"""Routes of pledges: drafting, reading, and what hangs on one (contract section 5)."""

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from api.answers.estimates import ORDERING, estimate_answer, pledge_estimate, retry_after
from api.answers.pledges import audit_answer, coverage_answer, pledge_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, House, house_of, known_id
from api.idempotency import Answer, command, replied, versioned
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer, word_of
from api.permissions import needs, orders
from api.schemas.debts import CoverageTermsBody
from api.schemas.pledges import AuditPage, CoverageReply, PledgePage, PledgeReply, PledgeRequestBody
from api.schemas.queries import asked
from domain.pledges.estimates import Estimate
from domain.pledges.lifecycle import State
from domain.pledges.notices import LIVE, notice_of
from domain.pledges.pledges import CoverageTerms, OtherSecurity, Pledge, Secured
from domain.ports.pledges import PledgeFilter
from domain.rights.authorizations import NotFound
from domain.use_cases.create_pledge import PledgeRequest, create_pledge
from domain.use_cases.read_pledge import Ranks, conditions_for, coverage_for, ranks_of
from domain.values.identifiers import parse_uscc
from domain.values.time import parse_instant


async def told(house: House, uow: EdgeUnitOfWork, pledge: Pledge) -> dict[str, object]:
    """Return a pledge as the API prints it, with what must be read beside it.

    Whoever may not see the debt is told no coverage: an unseen debt is not a debt of zero.
    """
    return await _told(house, uow, pledge, await _expected(house, uow, pledge))


async def _told(house: House, uow: EdgeUnitOfWork, pledge: Pledge, estimate: Estimate | None) -> dict[str, object]:
    now = house.now()
    rights = await uow.rights.find_many([item.right_id for item in pledge.items])
    borrowers = await _borrowers(uow, pledge)
    coverage = None if borrowers is None else await coverage_for(uow, pledge, now)
    conditions = await conditions_for(uow, pledge, rights, house.rulebook, now)
    search = await uow.notices.newest_search(pledge.id) if notice_of(pledge).status in LIVE else None
    rank = None if search is None else search.notice_rank
    ranks = Ranks(rank, await ranks_of(uow, pledge, rights))
    answer = pledge_answer(pledge, rights, coverage, borrowers, conditions, ranks, house.rulebook, now)
    return {**answer, **estimate_answer(estimate)}


async def told_waiting(house: House, uow: EdgeUnitOfWork, pledge: Pledge, status: int) -> Answer:
    """Return a pledge as a command answers it, with when to ask again where a registry has the word."""
    estimate = await _expected(house, uow, pledge)
    headers = {**versioned(pledge.version), **retry_after(status, estimate, house.now())}
    return Answer(status, await _told(house, uow, pledge, estimate), headers)


async def _expected(house: House, uow: EdgeUnitOfWork, pledge: Pledge) -> Estimate | None:
    return await pledge_estimate(house, uow, pledge.id) if pledge.status in ORDERING else None


async def _borrowers(uow: EdgeUnitOfWork, pledge: Pledge) -> list[str] | None:
    """Return whose debts are secured, the first loan's borrower first, or the first pledgor where there is no loan yet.

    None where the reader may not see the first loan; who owes another that it may not see is not told.
    """
    if not pledge.loan_ids:
        return [pledge.pledgors[0]]
    loans = await uow.loans.find_many(pledge.loan_ids)
    if pledge.loan_ids[0] not in loans:
        return None
    return [loans[loan_id].borrower_uscc for loan_id in pledge.loan_ids if loan_id in loans]


def _coverage_terms(body: CoverageTermsBody | None) -> CoverageTerms | None:
    if body is None:
        return None
    return CoverageTerms(
        warning_above=body.warning_above,
        call_above=body.call_above,
        close_out_above=body.close_out_above,
        cure_working_days=body.cure_working_days,
    )


async def found(uow: EdgeUnitOfWork, pledge_id: FromPath[str]) -> Pledge:
    """Return a pledge of the caller's; raises NotFound."""
    pledge = await uow.pledges.find(known_id(pledge_id, "pledge"))
    if pledge is None:
        raise NotFound("pledge")
    return pledge


@post("/v1/pledges", opt=orders("pledge:create"), **documented(PledgeReply, 201, PROBLEMS))
async def post_pledge(request: EdgeRequest, data: JSONBody[PledgeRequestBody]) -> Response[bytes]:
    """Draft a pledge; a draft holds nothing."""
    house = house_of(request)
    asked = PledgeRequest(
        pledgee=data.pledgee,
        pledgors=data.pledgors,
        security_type=data.security_type,
        items=tuple((item.right_id, item.quantity.to_domain()) for item in data.items),
        loan_ids=data.loans,
        secured=Secured(
            amount=data.secured.amount.to_domain(),
            kind=data.secured.kind,
            scope=data.secured.scope,
            claims_from=data.secured.claims_from,
            claims_to=data.secured.claims_to,
        ),
        other_security=tuple(
            OtherSecurity(kind=each.kind, description=each.description, value=each.value.to_domain())
            for each in data.other_security
        ),
        workflow=data.workflow,
        coverage_terms=_coverage_terms(data.coverage_terms),
        shares=None if data.syndicate is None else data.syndicate.to_domain(),
    )

    async def act(uow: EdgeUnitOfWork) -> Answer:
        pledge = await create_pledge(uow, request.caller.actor, asked, house.now())
        return Answer(201, await told(house, uow, pledge), versioned(pledge.version))

    return await command(request, act)


@get("/v1/pledges/{pledge_id:str}", opt=needs("pledge:read", body="none"), **documented(PledgeReply, 200, PROBLEMS))
async def get_pledge(request: EdgeRequest, pledge_id: FromPath[str]) -> Response[bytes]:
    """Read a pledge."""
    house = house_of(request)
    async with house.open(request.caller.actor) as uow:
        pledge = await found(uow, pledge_id)
        return replied(Answer(200, await told(house, uow, pledge), versioned(pledge.version)))


@get("/v1/pledges", opt=needs("pledge:read", body="none"), **documented(PledgePage, 200, PROBLEMS))
async def list_pledges(
    request: EdgeRequest,
    status: Text = None,
    pledgor_uscc: Text = None,
    updated_after: Text = None,
    limit: Limit = LIMIT,
    cursor: Text = None,
) -> Response[bytes]:
    """List the caller's pledges, newest first."""
    house = house_of(request)
    narrowed = PledgeFilter(
        status=asked("status", status, word_of(State)),
        pledgor_uscc=asked("pledgor_uscc", pledgor_uscc, parse_uscc),
        updated_after=asked("updated_after", updated_after, parse_instant),
    )
    async with house.open(request.caller.actor) as uow:
        pledges = await uow.pledges.page(narrowed, cursor_of(cursor), limit + 1)
        return replied(page_answer([await told(house, uow, pledge) for pledge in pledges], limit))


@get(
    "/v1/pledges/{pledge_id:str}/history", opt=needs("pledge:read", body="none"), **documented(AuditPage, 200, PROBLEMS)
)
async def get_history(request: EdgeRequest, pledge_id: FromPath[str]) -> Response[bytes]:
    """Read what happened to a pledge, oldest first; a bank that has transferred its claim, what happened until then."""
    async with house_of(request).open(request.caller.actor) as uow:
        entries = await uow.audit.of_subject(known_id(pledge_id, "pledge"))
        if not entries:
            await found(uow, pledge_id)
    return replied(Answer(200, {"items": [audit_answer(entry) for entry in entries], "next_cursor": None}))


@get(
    "/v1/pledges/{pledge_id:str}/coverage",
    opt=needs("pledge:read", body="none"),
    **documented(CoverageReply, 200, PROBLEMS),
)
async def get_coverage(request: EdgeRequest, pledge_id: FromPath[str]) -> Response[bytes]:
    """Read how far the collateral of the pledge's group carries its debt."""
    house = house_of(request)
    async with house.open(request.caller.actor) as uow:
        pledge = await found(uow, pledge_id)
        if await _borrowers(uow, pledge) is None:
            raise NotFound("coverage")
        return replied(Answer(200, coverage_answer(await coverage_for(uow, pledge, house.now()))))
