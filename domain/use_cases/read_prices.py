"""Read what the market says: the price board for a caller, and the Zhejiang index for everybody.

The subtle thing is whose deals count. The board may rest on deals that only the caller may see, because it answers the
caller alone; the index never does, so that it is the same for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from domain.errors import InvalidDate
from domain.market.indices import WEIGHTS, ZHEJIANG, IndexOfPeriod, PeriodLength, index_of, period_of, periods_between
from domain.market.price_board import LOOK_BACK_DAYS, PriceLine, board
from domain.ports.unit_of_work import UnitOfWork
from domain.values.identifiers import NATIONAL, Division, city_of, province_of
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.time import SHANGHAI

FIRST_DAY = date(2000, 1, 1)
"""Before any deal; the oldest day that may be asked for."""
LAST_DAY = date(9900, 1, 1)
PERIODS_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPrices:
    """What the board is narrowed to; none means all."""

    instrument: Instrument | None
    pollutant: Pollutant | None
    division: Division | None

    def kinds(self) -> Sequence[tuple[Instrument, Pollutant]]:
        """Return the instruments with each pollutant that they may be of."""
        return [
            (instrument, pollutant)
            for instrument in Instrument
            for pollutant in Pollutant
            if instrument.is_carbon == (pollutant is Pollutant.CO2E)
            and self.instrument in {None, instrument}
            and self.pollutant in {None, pollutant}
        ]


def known_by(as_of: date, now: datetime) -> datetime:
    """Return the last moment of a day in Shanghai, or now where the day has not ended; raises InvalidDate."""
    require_day(as_of, "as_of")
    return min(now, datetime.combine(as_of + timedelta(days=1), time(), SHANGHAI) - timedelta(microseconds=1))


async def read_prices(uow: UnitOfWork, wanted: WantedPrices, as_of: date, known_at: datetime) -> Sequence[PriceLine]:
    """Return the board of a day from what was known at a moment; a district's prices are its city's."""
    within = None if wanted.division in {None, NATIONAL} else wanted.division
    province = None if within is None else province_of(within)
    place = None if within in {None, province} else city_of(within or NATIONAL)
    since = as_of - timedelta(days=LOOK_BACK_DAYS)
    lines: list[PriceLine] = []
    for instrument, pollutant in wanted.kinds():
        deals = await uow.trades.priced(instrument, pollutant, province, since, known_at)
        benchmarks = await uow.benchmark_prices.known(instrument, pollutant, province, known_at)
        lines += board(instrument, pollutant, deals, benchmarks, as_of)
    return [line for line in lines if place is None or line.key.division == place]


async def read_index(
    uow: UnitOfWork, first: date, last: date, length: PeriodLength, known_at: datetime
) -> tuple[IndexOfPeriod, ...]:
    """Return the index of the periods from that of `first` to that of `last`, from what was known at a moment.

    Raises:
        InvalidDate: a day is too far away, or there are more than 120 periods, or none.
    """
    require_day(first, "from")
    require_day(last, "to")
    periods = periods_between(first, last, length)
    if not 0 < len(periods) <= PERIODS_MAX:
        raise InvalidDate(
            what="to",
            value=last.isoformat(),
            reason_zh=f"须不早于起始期,且不超过{PERIODS_MAX}期。",
            reason_en=f"from one to {PERIODS_MAX} periods, the first not after the last",
        )
    before = period_of(periods[0].first - timedelta(days=1), length)
    deals = {
        pollutant: await uow.trades.priced(
            Instrument.DISCHARGE_RIGHT, pollutant, ZHEJIANG, before.first, known_at, shared_only=True
        )
        for pollutant in WEIGHTS
    }
    return index_of(deals, (before, *periods))


def require_day(day: date, name: str) -> date:
    """Return a day that may be asked for; raises InvalidDate for one too far away to count from."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidDate(
            what=name, value=day.isoformat(), reason_zh="日期过于遥远。", reason_en="the day is too far away"
        )
    return day
