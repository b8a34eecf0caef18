"""Routes of trades, and of which enterprises belong together (contract section 4)."""

from typing import Annotated, Final

from litestar import Response, get, post
from litestar.params import JSONBody, QueryParameter

from api.answers.trades import affiliation_answer, intake_answer, trade_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of
from api.idempotency import Answer, command, replied
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer, word_of
from api.permissions import needs
from api.problems import prefers_chinese
from api.schemas.affiliations import AffiliationPage, AffiliationReply, AffiliationRequest
from api.schemas.market import IntakeReply, StoredTradePage, TradesRequest
from api.schemas.queries import asked
from api.trade_rows import TEXT_LENGTH_MAX, sent_trade
from domain.market.quarantine import QuarantineCode
from domain.market.told import TradeStatus
from domain.market.trades import TradeKind
from domain.ports.market import TradeFilter
from domain.use_cases.state_affiliation import state_affiliation
from domain.use_cases.take_in_trades import take_in_trades
from domain.values.identifiers import parse_division, parse_uscc
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.spelling import clean_text
from domain.values.time import parse_date

From = Annotated[str | None, QueryParameter(name="from")]
To = Annotated[str | None, QueryParameter(name="to")]
SOURCE_LENGTH_MAX: Final = min(64, TEXT_LENGTH_MAX)


@post("/v1/market/trades", opt=needs("trade:report"), **documented(IntakeReply, 200, PROBLEMS))
async def post_trades(request: EdgeRequest, data: JSONBody[TradesRequest]) -> Response[bytes]:
    """Take in trades; rows are judged one by one, and none disappears."""
    house = house_of(request)
    now = house.now()
    rows = [sent_trade(data.source, row, now) for row in data.trades]
    chinese = _chinese(request)

    async def act(uow: EdgeUnitOfWork) -> Answer:
        intake = await take_in_trades(uow, request.caller.actor, rows, now, rulebook=house.rulebook)
        return Answer(200, intake_answer(intake, chinese=chinese))

    return await command(request, act)


@get("/v1/market/trades", opt=needs("trade:read", body="none"), **documented(StoredTradePage, 200, PROBLEMS))
async def list_trades(  # noqa: PLR0913, PLR0917 - one argument for each parameter of the query
    request: EdgeRequest,
    status: Text = None,
    source: Text = None,
    division: Text = None,
    pollutant: Text = None,
    instrument: Text = None,
    kind: Text = None,
    code: Text = None,
    since: From = None,
    until: To = None,
    limit: Limit = LIMIT,
    cursor: Text = None,
) -> Response[bytes]:
    """List trades: everybody's that were ever accepted, and the caller's own with the reason of each quarantine."""
    wanted = TradeFilter(
        status=asked("status", status, word_of(TradeStatus)),
        source=asked("source", source, _source),
        division=asked("division", division, parse_division),
        pollutant=asked("pollutant", pollutant, word_of(Pollutant)),
        instrument=asked("instrument", instrument, word_of(Instrument)),
        kind=asked("kind", kind, word_of(TradeKind)),
        code=asked("code", code, word_of(QuarantineCode)),
        since=asked("from", since, parse_date),
        until=asked("to", until, parse_date),
    )
    after = cursor_of(cursor)
    async with house_of(request).open(request.caller.actor) as uow:
        rows = await uow.trades.page(wanted, after, limit + 1)
    chinese = _chinese(request)
    return replied(page_answer([trade_answer(row, chinese=chinese) for row in rows], limit))


@post("/v1/market/affiliations", opt=needs("affiliation:state"), **documented(AffiliationReply, 201, PROBLEMS))
async def post_affiliation(request: EdgeRequest, data: JSONBody[AffiliationRequest]) -> Response[bytes]:
    """State that two enterprises belong together; told again for the same day, it replaces what was told before."""
    house = house_of(request)
    told = data.to_domain()
    document = None if data.document is None else data.document.model_dump(exclude_none=True)

    async def act(uow: EdgeUnitOfWork) -> Answer:
        kept = await state_affiliation(uow, request.caller.actor, told, document, house.now())
        return Answer(201, affiliation_answer(kept))

    return await command(request, act)


@get(
    "/v1/market/affiliations",
    opt=needs("affiliation:read", body="none"),
    **documented(AffiliationPage, 200, PROBLEMS),
)
async def list_affiliations(
    request: EdgeRequest, uscc: Text = None, limit: Limit = LIMIT, cursor: Text = None
) -> Response[bytes]:
    """List which enterprises belong together: what the caller stated, and what authorities did."""
    wanted = asked("uscc", uscc, parse_uscc)
    after = cursor_of(cursor)
    async with house_of(request).open(request.caller.actor) as uow:
        rows = await uow.affiliations.page(wanted, after, limit + 1)
    return replied(page_answer([affiliation_answer(row) for row in rows], limit))


def _source(text: str) -> str:
    return clean_text(text, SOURCE_LENGTH_MAX)


def _chinese(request: EdgeRequest) -> bool:
    return prefers_chinese(request.headers.get("accept-language", ""))
