"""Random daily items: bursts and silences, jumps, dust and blocks, parties known and not."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from domain.market.trades import TradeKind
from domain.valuation.daily_items import DailyItem, merged

START: Final = date(2024, 1, 1)


def an_item(day: int, price: int | str = 100, volume: int = 100, **changes: Any) -> DailyItem:  # noqa: ANN401 - any field of an item
    """Return a hundred tonnes at a hundred yuan so many days after the start, changed as asked."""
    ordinary: dict[str, Any] = {
        "on": START + timedelta(days=day),
        "price": int(Decimal(price) * 10**6),
        "volume": volume * 10**9,
        "venue": "SX",
        "group": "",
        "kind": TradeKind.LISTED,
    }
    return DailyItem(**(ordinary | changes))


def a_series(seed: int) -> tuple[DailyItem, ...]:
    """Return a random series; every third one knows its groups."""
    random = Random(seed)
    price, day, items = random.choice([3.0, 60.0, 4000.0]), 0, []
    wild = random.choice([0.01, 0.05, 0.4])
    for _ in range(random.randint(1, 70)):
        day += random.choice([0, 1, 1, 1, 2, 3, 9, 40, 200] if seed % 2 else [1, 1, 1, 1, 1, 3])
        price *= 1 + random.uniform(-wild, wild)
        jump = random.choice([1] * 12 + [3, 0.2, 1000])
        items.append(
            an_item(
                day,
                f"{price * jump:.6f}",
                volume=random.choice([1, 20, 100, 100, 300, 10**6]),
                venue=random.choice(["SX", "NB"]),
                group=random.choice(["", "a", "b", "c", "d"]) if seed % 3 == 0 else "",
                kind=random.choice([TradeKind.LISTED, TradeKind.LISTED, TradeKind.BLOCK]),
            )
        )
    return merged(items)
