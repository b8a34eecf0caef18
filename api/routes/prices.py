"""Routes of the price board and the Zhejiang index (contract section 4)."""

import re
from datetime import date, timedelta
from typing import Annotated, Final

from litestar import Response, get
from litestar.params import QueryParameter

from api.answers.prices import index_answer, price_answer, price_id
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import house_of
from api.idempotency import Answer, replied
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer, word_of
from api.permissions import needs
from api.schemas.prices import IndexReply, PricePage
from api.schemas.queries import asked
from domain.market.indices import PeriodLength, period_of
from domain.use_cases.read_prices import WantedPrices, known_by, read_index, read_prices, require_day
from domain.values.identifiers import parse_division
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.time import business_date, parse_date

MONTHS_SHOWN_DAYS: Final = 335
"""How far back the index goes where nothing is said: the twelve months that end with this one."""
_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}", re.ASCII)
_QUARTER: Final = re.compile(r"([0-9]{4})-Q([1-4])", re.ASCII)

From = Annotated[str | None, QueryParameter(name="from")]
To = Annotated[str | None, QueryParameter(name="to")]


@get("/v1/market/prices", opt=needs("price:read", body="none"), **documented(PricePage, 200, PROBLEMS))
async def list_prices(
    request: EdgeRequest,
    pollutant: Text = None,
    division: Text = None,
    instrument: Text = None,
    as_of: Text = None,
    limit: Limit = LIMIT,
    cursor: Text = None,
) -> Response[bytes]:
    """Read what the market says on a day, today by default; benchmark prices stand beside it and in no mean."""
    house = house_of(request)
    now = house.now()
    day = asked("as_of", as_of, parse_date) or business_date(now)
    known_at = known_by(day, now)
    after = cursor_of(cursor)
    wanted = WantedPrices(
        instrument=asked("instrument", instrument, word_of(Instrument)),
        pollutant=asked("pollutant", pollutant, word_of(Pollutant)),
        division=asked("division", division, parse_division),
    )
    async with house.open(request.caller.actor) as uow:
        lines = list(await read_prices(uow, wanted, day, known_at))
    start = next((place + 1 for place, line in enumerate(lines) if price_id(line.key) == after), 0)
    shown = lines[start : start + limit + 1]
    return replied(page_answer([price_answer(line, day, known_at) for line in shown], limit))


@get("/v1/market/indices/zhejiang", opt=needs("price:read", body="none"), **documented(IndexReply, 200, PROBLEMS))
async def get_zhejiang_index(
    request: EdgeRequest, since: From = None, until: To = None, period: Text = None
) -> Response[bytes]:
    """Read the Zhejiang index by month or quarter; `from` and `to` are a month, a quarter or a day, both included."""
    house = house_of(request)
    now = house.now()
    today = business_date(now)
    length = asked("period", period, word_of(PeriodLength)) or PeriodLength.MONTH
    last = asked("to", until, _last_day) or today
    first = asked("from", since, _first_day) or last - timedelta(days=MONTHS_SHOWN_DAYS)
    async with house.open(request.caller.actor) as uow:
        told = await read_index(uow, first, last, length, now)
    return replied(Answer(200, index_answer(told, length, today, now)))


def _first_day(text: str) -> date:
    """Read 2021-09, 2025-Q3 or 2021-09-15 as its first day; raises InvalidDate."""
    quarter = _QUARTER.fullmatch(text)
    if quarter is not None:
        return require_day(parse_date(f"{quarter[1]}-{int(quarter[2]) * 3 - 2:02}-01"), "period")
    return require_day(parse_date(f"{text}-01" if _MONTH.fullmatch(text) else text), "period")


def _last_day(text: str) -> date:
    """Read 2021-09, 2025-Q3 or 2021-09-15 as its last day; raises InvalidDate."""
    first = _first_day(text)
    if _QUARTER.fullmatch(text):
        return period_of(first, PeriodLength.QUARTER).last
    return period_of(first, PeriodLength.MONTH).last if _MONTH.fullmatch(text) else first
