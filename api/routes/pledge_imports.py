"""Routes of existing pledges that a bank brings in (contract section 5): maker, then checker, then the registry."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from api.answers.pledge_imports import pledge_import_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of, known_id
from api.idempotency import Answer, command, if_match, replied, versioned
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer
from api.permissions import needs, orders
from api.schemas.pledge_imports import PledgeImportPage, PledgeImportReply, PledgeImportRequest
from api.schemas.pledges import Empty, ReasonRequest
from domain.pledges.imports import PledgeImport
from domain.rights.authorizations import NotFound
from domain.use_cases.import_pledges import decide_on_import, propose_import

DECIDED: dict[str, Any] = documented(PledgeImportReply, 200, PROBLEMS)


@post("/v1/pledges/imports", opt=orders("pledge:import"), **documented(PledgeImportReply, 201, PROBLEMS))
async def post_import(request: EdgeRequest, data: JSONBody[PledgeImportRequest]) -> Response[bytes]:
    """Put existing pledges forward; nothing is asked of a registry before a second person approves."""
    house = house_of(request)
    rows = [row.to_domain() for row in data.rows]

    async def act(uow: EdgeUnitOfWork) -> Answer:
        return _answer(await propose_import(uow, request.caller.actor, rows, house.now()), 201)

    return await command(request, act)


@post(
    "/v1/pledges/imports/{batch_id:str}/approve",
    opt=orders("pledge:import_approve", seconds="/v1/pledges/imports"),
    **documented(PledgeImportReply, 202, PROBLEMS),
)
async def approve_import(request: EdgeRequest, batch_id: FromPath[str], data: JSONBody[Empty]) -> Response[bytes]:
    """The second person approves; each row is asked of its registry, and none sends an order there."""
    return await _decide(request, batch_id, None, 202)


@post("/v1/pledges/imports/{batch_id:str}/reject", opt=orders("pledge:import_approve"), **DECIDED)
async def reject_import(
    request: EdgeRequest, batch_id: FromPath[str], data: JSONBody[ReasonRequest]
) -> Response[bytes]:
    """The second person rejects, and says why."""
    return await _decide(request, batch_id, data.reason, 200)


@get("/v1/pledges/imports/{batch_id:str}", opt=needs("pledge:import", body="none"), **DECIDED)
async def get_import(request: EdgeRequest, batch_id: FromPath[str]) -> Response[bytes]:
    """Read a batch and what became of its rows."""
    async with house_of(request).open(request.caller.actor) as uow:
        imported = await uow.pledge_imports.find(known_id(batch_id, "pledgeimport"))
    if imported is None:
        raise NotFound("pledgeimport")
    return replied(_answer(imported, 200))


@get("/v1/pledges/imports", opt=needs("pledge:import", body="none"), **documented(PledgeImportPage, 200, PROBLEMS))
async def list_imports(request: EdgeRequest, limit: Limit = LIMIT, cursor: Text = None) -> Response[bytes]:
    """List the batches of the caller's bank, newest first."""
    async with house_of(request).open(request.caller.actor) as uow:
        found = await uow.pledge_imports.page(cursor_of(cursor), limit + 1)
    return replied(page_answer([pledge_import_answer(each) for each in found], limit))


async def _decide(request: EdgeRequest, import_id: str, rejection: str | None, status: int) -> Response[bytes]:
    house, seen = house_of(request), if_match(request)
    batch = known_id(import_id, "pledgeimport")

    async def act(uow: EdgeUnitOfWork) -> Answer:
        decided = await decide_on_import(
            uow, request.caller.actor, batch, rejection=rejection, if_match=seen, now=house.now()
        )
        return _answer(decided, status)

    return await command(request, act)


def _answer(imported: PledgeImport, status: int) -> Answer:
    return Answer(status, pledge_import_answer(imported), versioned(imported.proposal.version))
