"""Routes of reconciliation: runs that are asked for, and the cases that they open."""

from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from api.answers.reconciliation import case_answer, run_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of, known_id
from api.idempotency import Answer, command, if_match, replied, versioned
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer, word_of
from api.permissions import needs
from api.schemas.holds import AcknowledgeRequest, CasePage, CaseReply, ResolveRequest, RunReply, RunRequest
from api.schemas.queries import asked
from domain.rights.authorizations import NotFound
from domain.rights.reconciliation import CaseState
from domain.use_cases.reconcile_registry import acknowledge_case, request_run, resolve_case
from domain.values.time import business_date

StateText = Annotated[str | None, QueryParameter(name="state")]
"""The framework keeps the name `state` for its own."""


@post("/v1/reconciliation/runs", opt=needs("reconciliation:run"), **documented(RunReply, 202, PROBLEMS))
async def post_run(request: EdgeRequest, data: JSONBody[RunRequest]) -> Response[bytes]:
    """Reconcile our books with a registry; the run is done in the background."""
    house = house_of(request)

    async def act(uow: EdgeUnitOfWork) -> Answer:
        now = house.now()
        on = data.on or business_date(now)
        return Answer(202, run_answer(await request_run(uow, request.caller.actor, data.registry, on, now)))

    return await command(request, act)


@get(
    "/v1/reconciliation/runs/{run_id:str}",
    opt=needs("reconciliation:run", body="none"),
    **documented(RunReply, 200, PROBLEMS),
)
async def get_run(request: EdgeRequest, run_id: FromPath[str]) -> Response[bytes]:
    """Poll a run."""
    async with house_of(request).open(request.caller.actor) as uow:
        run = await uow.reconciliations.find_run(known_id(run_id, "run"))
    if run is None:
        raise NotFound("run")
    return replied(Answer(200, run_answer(run)))


@get("/v1/reconciliation/cases", opt=needs("reconciliation:read", body="none"), **documented(CasePage, 200, PROBLEMS))
async def list_cases(
    request: EdgeRequest, standing: StateText = None, limit: Limit = LIMIT, cursor: Text = None
) -> Response[bytes]:
    """List the differences that concern the caller."""
    wanted = asked("state", standing, word_of(CaseState))
    async with house_of(request).open(request.caller.actor) as uow:
        cases = await uow.reconciliations.page(wanted, cursor_of(cursor), limit + 1)
    return replied(page_answer([case_answer(case) for case in cases], limit))


@post(
    "/v1/reconciliation/cases/{case_id:str}/acknowledge",
    opt=needs("reconciliation:settle"),
    **documented(CaseReply, 200, PROBLEMS),
)
async def acknowledge(
    request: EdgeRequest, case_id: FromPath[str], data: JSONBody[AcknowledgeRequest]
) -> Response[bytes]:
    """Give a case to its owner."""
    house, case = house_of(request), known_id(case_id, "case")
    seen = if_match(request)

    async def act(uow: EdgeUnitOfWork) -> Answer:
        taken = await acknowledge_case(uow, request.caller.actor, case, data.owner, seen, house.now())
        return Answer(200, case_answer(taken), versioned(taken.version))

    return await command(request, act)


@post(
    "/v1/reconciliation/cases/{case_id:str}/resolve",
    opt=needs("reconciliation:settle"),
    **documented(CaseReply, 200, PROBLEMS),
)
async def resolve(request: EdgeRequest, case_id: FromPath[str], data: JSONBody[ResolveRequest]) -> Response[bytes]:
    """Write how a case ended."""
    house, case = house_of(request), known_id(case_id, "case")
    seen = if_match(request)

    async def act(uow: EdgeUnitOfWork) -> Answer:
        ended = await resolve_case(uow, request.caller.actor, case, data.note, seen, house.now())
        return Answer(200, case_answer(ended), versioned(ended.version))

    return await command(request, act)
