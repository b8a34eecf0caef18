"""Routes of trades and valuations (contract section 4)."""

from enum import StrEnum

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from api.answers.rights import instant
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of, known_id
from api.idempotency import Answer, command, replied
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer, word_of
from api.permissions import needs
from api.problems import prefers_chinese
from api.schemas.market import (
    EvidencePage,
    IntakeReply,
    StoredTradePage,
    SubjectBody,
    TradesRequest,
    ValuationReply,
    ValuationRequest,
)
from api.schemas.queries import asked
from api.trade_rows import sent_trade
from domain.ports.market import StoredTrade
from domain.ports.valuations import StoredValuation
from domain.rights.authorizations import NotFound
from domain.rights.rights import Tenure
from domain.use_cases.appraise_right import WantedValue, appraise_right
from domain.use_cases.take_in_trades import take_in_trades
from domain.valuation.repayment import Repayment
from domain.valuation.subject import Subject
from domain.values.time import rfc3339


class TradeStatus(StrEnum):
    """Where a row stands."""

    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    SUPERSEDED = "superseded"


@post("/v1/market/trades", opt=needs("trade:report"), **documented(IntakeReply, 200, PROBLEMS))
async def post_trades(request: EdgeRequest, data: JSONBody[TradesRequest]) -> Response[bytes]:
    """Take in trades; rows are judged one by one, and none disappears."""
    house = house_of(request)
    now = house.now()
    rows = [sent_trade(data.source, row, now) for row in data.trades]
    chinese = _chinese(request)

    async def act(uow: EdgeUnitOfWork) -> Answer:
        intake = await take_in_trades(uow, request.caller.actor, rows, now)
        quarantined = [
            {
                "index": judged.index,
                "code": judged.quarantine.code.value,
                "detail": judged.quarantine.detail_zh if chinese else judged.quarantine.detail_en,
            }
            for judged in intake.quarantined
        ]
        return Answer(200, {"accepted": intake.accepted, "duplicates": intake.duplicates, "quarantined": quarantined})

    return await command(request, act)


@get("/v1/market/trades", opt=needs("trade:read", body="none"), **documented(StoredTradePage, 200, PROBLEMS))
async def list_trades(
    request: EdgeRequest,
    status: Text = None,
    limit: Limit = LIMIT,
    cursor: Text = None,
) -> Response[bytes]:
    """List trades: everybody's accepted ones, and the caller's own with the reason of each that was quarantined."""
    async with house_of(request).open(request.caller.actor) as uow:
        rows = await uow.trades.page(asked("status", status, word_of(TradeStatus)), cursor_of(cursor), limit + 1)
    chinese = _chinese(request)
    return replied(page_answer([_trade_answer(row, chinese=chinese) for row in rows], limit))


@post("/v1/valuations", opt=needs("valuation:create"), **documented(ValuationReply, 201, PROBLEMS))
async def post_valuation(request: EdgeRequest, data: JSONBody[ValuationRequest]) -> Response[bytes]:
    """Value a right or a described subject; registers nothing."""
    house = house_of(request)
    lines = data.repayment or ()
    wanted = WantedValue(
        right_id=data.right_id,
        quantity=None if data.quantity is None else data.quantity.to_domain(),
        subject=None if data.subject is None else _subject(data.subject),
        as_of=data.as_of,
        liquidation_days=data.liquidation_days,
        repayment=Repayment(tuple((line.on, line.amount.to_domain()) for line in lines)) if lines else None,
    )

    async def act(uow: EdgeUnitOfWork) -> Answer:
        stored = await appraise_right(uow, request.caller.actor, house.rulebook, wanted, house.now())
        return Answer(201, _valuation_answer(stored))

    return await command(request, act)


@get(
    "/v1/valuations/{valuation_id:str}",
    opt=needs("valuation:read", body="none"),
    **documented(ValuationReply, 200, PROBLEMS),
)
async def get_valuation(request: EdgeRequest, valuation_id: FromPath[str]) -> Response[bytes]:
    """Read a valuation as it was answered."""
    return replied(Answer(200, _valuation_answer(await _stored(request, valuation_id))))


@get(
    "/v1/valuations/{valuation_id:str}/evidence",
    opt=needs("valuation:read", body="none"),
    **documented(EvidencePage, 200, PROBLEMS),
)
async def get_evidence(request: EdgeRequest, valuation_id: FromPath[str]) -> Response[bytes]:
    """Read the deals behind a value, the heaviest first."""
    stored = await _stored(request, valuation_id)
    return replied(Answer(200, {"items": list(stored.evidence), "next_cursor": None}))


async def _stored(request: EdgeRequest, valuation_id: FromPath[str]) -> StoredValuation:
    async with house_of(request).open(request.caller.actor) as uow:
        stored: StoredValuation | None = await uow.valuations.find(known_id(valuation_id, "valuation"))
    if stored is None:
        raise NotFound("valuation")
    return stored


def _valuation_answer(stored: StoredValuation) -> dict[str, object]:
    return {"id": stored.id, "created_at": rfc3339(stored.created_at), "right_id": stored.right_id, **stored.body}


def _trade_answer(row: StoredTrade, *, chinese: bool) -> dict[str, object]:
    return {
        "id": row.id,
        "status": row.status,
        "code": row.code,
        "detail": row.detail_zh if chinese else row.detail_en,
        "source": row.source,
        "trade": dict(row.row),
        "received_at": instant(row.received_at),
    }


def _subject(body: SubjectBody) -> Subject:
    tenure = body.tenure or (Tenure.PERMANENT if body.valid_to is None else Tenure.FIXED)
    return Subject(
        instrument=body.instrument,
        pollutant=body.pollutant,
        division=body.division,
        quantity=body.quantity.to_domain(),
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        tenure=tenure,
        vintage=body.vintage,
    )


def _chinese(request: EdgeRequest) -> bool:
    return prefers_chinese(request.headers.get("accept-language", ""))
