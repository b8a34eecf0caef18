"""Where published benchmark prices are read: they are kept among the trades, and are none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.market.price_board import BenchmarkPrice
from domain.values.identifiers import Division
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant


class BenchmarkPrices(Protocol):
    """Read benchmark prices."""

    async def known(
        self, instrument: Instrument, pollutant: Pollutant, province: Division | None, known_at: datetime
    ) -> Sequence[BenchmarkPrice]:
        """Return those of a province (none: of every one) that the caller may see and that were believed at a time."""
        ...
