"""The history of what a pledge's items were worth; it adds to contract section 5."""

from litestar import Response, get
from litestar.params import FromPath

from api.answers.pledge_valuations import snapshot_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import house_of
from api.idempotency import replied
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer
from api.permissions import needs
from api.routes.pledges import found
from api.schemas.pledge_valuations import PledgeValuationPage


@get(
    "/v1/pledges/{pledge_id:str}/valuations",
    opt=needs("pledge:read", body="none"),
    **documented(PledgeValuationPage, 200, PROBLEMS),
)
async def list_pledge_valuations(
    request: EdgeRequest, pledge_id: FromPath[str], limit: Limit = LIMIT, cursor: Text = None
) -> Response[bytes]:
    """List what the pledge's items were worth whenever that changed, newest first."""
    async with house_of(request).open(request.caller.actor) as uow:
        pledge = await found(uow, pledge_id)
        snapshots = await uow.revaluations.history(pledge.id, cursor_of(cursor), limit + 1)
    return replied(page_answer([snapshot_answer(each) for each in snapshots], limit))
