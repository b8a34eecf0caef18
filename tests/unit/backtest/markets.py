"""Made-up markets for the backtest, the same every time, and a simple method that stands in for the real one."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from api.backtest.method import HORIZONS
from api.backtest.points import Point
from domain.errors import DomainError
from domain.market.trades import TradeKind
from domain.valuation.daily_items import DailyItem

START = date(2024, 1, 1)
"""A Monday."""


class Refused(DomainError):
    """The stand-in's refusal."""

    code = "refused_for_a_test"


HEADER = "market,instrument,date,price,volume"


def item(day: int, price: str | int = 100, volume: int = 10, on: date | None = None) -> DailyItem:
    """Return a row some calendar days after the start."""
    return DailyItem(
        on=on or START + timedelta(days=day),
        price=int(Decimal(price) * 10**6),
        volume=volume * 10**9,
        venue="SX",
        group="",
        kind=TradeKind.LISTED,
    )


def weekdays(count: int) -> list[date]:
    """Return the first business days from the start."""
    return [day for day in (START + timedelta(days=each) for each in range(2 * count)) if day.weekday() < 5][:count]


def market(name: str, instrument: str, days: int, seed: int, traded: float = 0.7) -> list[str]:
    """Return the lines of a market whose price walks; on some days nothing is dealt."""
    chance = random.Random(seed)
    price = 50.0
    lines = []
    for day in weekdays(days):
        price *= 1 + chance.gauss(0, 0.03)
        if chance.random() < traded:
            lines.append(f"{name},{instrument},{day.isoformat()},{price:.4f},{chance.randint(1, 5000)}")
    return lines


@dataclass(frozen=True)
class Guess:
    """A value with a flat haircut."""

    unit_value: Decimal
    lending_unit_value: Decimal
    confidence_level: int = 2

    def haircut(self, business_days: int, /) -> Decimal:
        """Return a flat haircut that grows with the horizon."""
        return Decimal("0.2") + Decimal(business_days) / 1000


def middle_of_five(items: Sequence[DailyItem], as_of: date, /) -> Guess:
    """Return the lower median of the newest five rows; refuses fewer."""
    assert all(each.on <= as_of for each in items), "the method was shown the future"
    newest = sorted(each.price for each in items[-5:])
    if len(newest) < 5:
        raise Refused
    value = Decimal(newest[2]) / 10**6
    return Guess(value, min(value, Decimal(items[-1].price) / 10**6))


def a_point(day: int = 0, **known: object) -> Point:
    """Return a point worth 100 with a haircut of a quarter; what is given replaces what is ordinary."""
    ordinary: dict[str, object] = {
        "key": "COD",
        "market": "SX",
        "as_of": START + timedelta(days=day),
        "unit_value": Decimal(100),
        "lending_unit_value": Decimal(100),
        "haircuts": dict.fromkeys(HORIZONS, Decimal("0.25")),
        "confidence_level": 1,
        "simple_values": dict.fromkeys(("last_price", "mean_30_days", "vwap_90_days"), Fraction(80)),
        "next_price": Fraction(100),
        "next_vwap": Fraction(100),
        "exits": dict.fromkeys(HORIZONS, Fraction(100)),
    }
    return Point(**(ordinary | known))  # type: ignore[arg-type]  # a builder's fields come by name
