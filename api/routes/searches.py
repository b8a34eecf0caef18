"""Routes of searches (contract section 5)."""

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from api.answers.certificates import search_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of, known_id
from api.idempotency import Answer, command, replied
from api.permissions import needs
from api.schemas.searches import SearchReply, SearchRequest
from domain.use_cases.search_rights import read_search, search_rights


@post("/v1/searches", opt=needs("search:create"), **documented(SearchReply, 201, PROBLEMS))
async def post_search(request: EdgeRequest, data: JSONBody[SearchRequest]) -> Response[bytes]:
    """Search for rights and what lies on them; the result is kept, dated and numbered."""
    house = house_of(request)

    async def act(uow: EdgeUnitOfWork) -> Answer:
        search = await search_rights(uow, request.caller.actor, data.by, data.value, house.now())
        return Answer(201, search_answer(search), {"Location": f"/v1/searches/{search.id}"})

    return await command(request, act)


@get("/v1/searches/{search_id:str}", opt=needs("search:read", body="none"), **documented(SearchReply, 200, PROBLEMS))
async def get_search(request: EdgeRequest, search_id: FromPath[str]) -> Response[bytes]:
    """Read a search as it was made."""
    async with house_of(request).open(request.caller.actor) as uow:
        return replied(Answer(200, search_answer(await read_search(uow, known_id(search_id, "search")))))
