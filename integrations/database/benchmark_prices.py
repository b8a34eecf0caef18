"""Benchmark prices, as they were told among the trades."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, or_, select

from domain.market.price_board import BenchmarkPrice
from domain.market.trades import Basis, TradeKind, value_per_unit
from domain.values.identifiers import Division
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.price import Period, Price
from domain.values.quantity import Unit
from integrations.database.connection import Connection
from integrations.database.tables import TRADES

ROWS_MAX: Final = 1000
"""The newest of a pollutant; administered prices change with years, not with days."""


class DatabaseBenchmarkPrices:
    """Read benchmark prices."""

    def __init__(self, connection: Connection) -> None:
        """Read on a connection."""
        self._connection = connection

    async def known(
        self, instrument: Instrument, pollutant: Pollutant, province: Division | None, known_at: datetime
    ) -> Sequence[BenchmarkPrice]:
        """Return those that were believed at a time, the newest first."""
        columns = TRADES.c
        wanted = select(TRADES).where(
            columns.kind == TradeKind.BENCHMARK_PRICE.value,
            columns.instrument == instrument.value,
            columns.pollutant == pollutant.value,
            columns.basis.is_not(None),
            columns.accepted_from <= known_at,
            or_(columns.accepted_until.is_(None), columns.accepted_until > known_at),
        )
        if province is not None:
            wanted = wanted.where(func.left(columns.division, 2) == province[:2])
        ordered = wanted.order_by(columns.traded_on.desc(), columns.id).limit(ROWS_MAX)
        return [_benchmark(row) for row in (await self._connection.execute(ordered)).all()]


def _benchmark(row: Row[Any]) -> BenchmarkPrice:
    price = Price(row.price_amount, Unit(row.price_unit), Period(row.price_period))
    basis = Basis(row.basis)
    term = None if basis is Basis.PER_TONNE_CO2E else row.term_years
    return BenchmarkPrice(
        source=row.source,
        division=Division(row.division),
        vintage=row.vintage,
        basis=basis,
        published_on=row.traded_on,
        known_at=row.accepted_from,
        unit_price=value_per_unit(price, term),
    )
