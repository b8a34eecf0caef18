"""How fast the valuation computes: one right from ten thousand deals, and a million lots at five thousand prices.

The second compares like with like: both sides value the same lots and bring the same columns into the same table by
one binary COPY. The bare side multiplies doubles and takes one flat haircut; ours sells each lot slice by slice and is
right to the fen. What both need beforehand, the lots as columns and the prices with their rungs, is made once; what a
price costs is told with the first.
"""

import resource
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray

from domain.jurisdictions.rulebook import load_rulebook
from domain.market.priced_deals import PricedDeal
from domain.market.trades import Basis, TradeKind
from domain.rights.rights import Tenure
from domain.valuation.appraisal import appraise, recompute
from domain.valuation.inputs import inputs_body, inputs_of
from domain.valuation.market import Market
from domain.valuation.portfolio import KEPT_PARTS, RUNGS, Lots, Prices, value_lots
from domain.valuation.revaluation import price_of
from domain.valuation.series import Whole
from domain.valuation.subject import Subject
from domain.values.identifiers import Division
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity, Unit
from domain.values.weekdays import weekday_after
from integrations.database.embedded import EmbeddedServer
from integrations.database.postmaster import SUPERUSER

DEALS: Final = 10_000
LOTS: Final = 1_000_000
PRICES: Final = 5_000
COLD_MS: Final = 60
STORED_MS: Final = 5
TIMES: Final = 3
SOLD_AFTER: Final = timedelta(days=20)
TODAY: Final = date(2026, 11, 20)
NOW: Final = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TABLE: Final = "create unlogged table lot_values (lot bigint, market bigint, collateral bigint, cap bigint)"
COPY_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END: Final = b"\xff\xff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Seconds of one round: each side's kernel and its whole way into the table."""

    ours_kernel: float
    ours: float
    bare_kernel: float
    bare: float


def report(folder: Path, rounds: int, *, deals: int = DEALS, lots: int = LOTS, prices: int = PRICES) -> str:
    """Measure both and return two tables in Markdown."""
    return _of_one(deals, rounds) + "\n" + _of_many(folder, rounds, lots, prices)


def some_deals(count: int) -> list[PricedDeal]:
    """Return synthetic deals of one city over five years, several a day, most with parties."""
    random, price = Random(1), 4000.0
    found = []
    for number in range(count):
        if number % 8 == 0:
            price *= 1 + random.uniform(-0.03, 0.03)
        tonnes = random.randrange(1, 500)
        found.append(
            PricedDeal(
                trade_no=f"BENCH-{number}",
                source="bench",
                traded_on=weekday_after(TODAY - timedelta(days=1800), number * 1250 // count),
                known_at=NOW - timedelta(days=1),
                venue="合成数据",
                division=Division("330602"),
                kind=TradeKind.ENTERPRISE_TRADE,
                vintage=None,
                basis=Basis.PER_TONNE_YEAR,
                unit_price=int(price * random.uniform(0.97, 1.03) * 10**6),
                quantity=Quantity(Decimal(tonnes), Unit.T_PER_YEAR),
                volume=tonnes * 10**9,
                seller_group=f"group-{random.randrange(40)}",
                buyer_group=f"group-{random.randrange(40)}" if random.random() < 0.8 else None,
                exclusion=None,
            )
        )
    return found


def some_lots(count: int, prices: int) -> Lots:
    """Return synthetic lots, two thirds of which melt."""
    random = np.random.default_rng(1)
    today = TODAY.toordinal()
    ends = today + random.integers(60, 5 * 365, count)
    melts = random.random(count) < 2 / 3
    return Lots(
        prices=random.integers(0, prices, count),
        amounts=random.integers(10**3, 10**9, count) * 1000,
        starts=today - random.integers(0, 365, count),
        ends=np.where(melts, ends, 0),
        lent_ends=np.where(melts, np.minimum(ends, date(2031, 1, 1).toordinal()), 0),
        melts=melts,
        caps=np.full(count, 800_000, dtype=np.int64),
    )


def some_prices(count: int) -> Prices:
    """Return synthetic prices whose sales keep less from rung to rung."""
    random = Random(1)
    kept = [
        np.linspace(random.uniform(0.6, 0.8), random.uniform(0.2, 0.5), len(RUNGS)) * KEPT_PARTS for _ in range(count)
    ]
    return Prices.made(
        TODAY,
        [(Decimal(random.randrange(10**6, 6 * 10**9)).scaleb(-6),) * 2 for _ in range(count)],
        [Fraction(random.randrange(10**9, 10**14), 64) for _ in range(count)],
        TODAY + SOLD_AFTER,
        [row.astype(np.int64).tolist() for row in kept],
    )


def _of_one(count: int, rounds: int) -> str:
    subject = Subject(
        instrument=Instrument.DISCHARGE_RIGHT,
        pollutant=Pollutant.COD,
        division=Division("330602"),
        quantity=Quantity(Decimal(10), Unit.T_PER_YEAR),
        valid_from=date(2026, 1, 1),
        valid_to=date(2031, 1, 1),
        tenure=Tenure.FIXED,
        vintage=None,
    )
    rulebook, market = load_rulebook(), Market(deals=some_deals(count))
    stored = appraise(subject, market, rulebook, TODAY, NOW).inputs
    body: dict[str, Any] = inputs_body(stored)
    price = price_of(subject, market, TODAY, NOW)
    assert price.quote is not None, "ten thousand deals speak"
    quote = price.quote
    rows = [
        (
            "cold: look at the deals, gather, estimate, sell, explain, seal",
            COLD_MS,
            lambda: appraise(subject, market, rulebook, TODAY, NOW),
        ),
        ("from stored daily items", STORED_MS, lambda: recompute(stored)),
        ("the same, with reading the stored document", None, lambda: recompute(inputs_of(body))),
        ("a price key for revaluation: look, gather, quote", None, lambda: price_of(subject, market, TODAY, NOW)),
        (f"a quote's {len(RUNGS)} rungs", None, lambda: Prices.of([quote], TODAY, TODAY + SOLD_AFTER)),
    ]
    lines = [
        f"One valuation from {count:,} deals in its scope, processor time; medians of {9 * rounds}.\n",
        "| what | ms | at most |",
        "|---|---|---|",
    ]
    lines += [
        f"| {what} | {_milliseconds(act, 9 * rounds):.1f} | {'' if most is None else most} |"
        for what, most, act in rows
    ]
    return "\n".join(lines) + "\n"


def _of_many(folder: Path, rounds: int, count: int, prices_count: int) -> str:
    prices, lots = some_prices(prices_count), some_lots(count, prices_count)
    with (
        EmbeddedServer.start(folder / "valuation", {"max_connections": "20"}) as server,
        psycopg.connect(server.libpq("postgres", SUPERUSER), autocommit=True) as connection,
    ):
        connection.execute(TABLE)
        found = [_round(connection, prices, lots, ours_first=bool(number % 2)) for number in range(rounds + 1)][1:]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    value_lots(prices, lots)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    ratio = median(each.ours / each.bare for each in found)
    return (
        f"{count:,} lots at {prices_count:,} prices, on every rung exact to the fen; medians of {rounds} rounds.\n\n"
        "| | kernel ms | kernel and one COPY ms |\n|---|---|---|\n"
        f"| ours | {_median(found, 'ours_kernel'):.0f} | {_median(found, 'ours'):.0f} |\n"
        f"| bare | {_median(found, 'bare_kernel'):.0f} | {_median(found, 'bare'):.0f} |\n\n"
        f"Ours takes {ratio:.2f} times as long as bare (at most {TIMES}). The kernel took {peak / 2**20:.0f} MiB"
        f" beside the lots' {_size(lots) / 2**20:.0f} MiB; the whole process peaked at {before / 2**10:.0f} MiB.\n"
    )


def _round(connection: "psycopg.Connection[Any]", prices: Prices, lots: Lots, *, ours_first: bool) -> Round:
    sides: list[Callable[[], tuple[Whole, Whole, Whole]]] = [lambda: _ours(prices, lots), lambda: _bare(prices, lots)]
    came = {}
    for index in (0, 1) if ours_first else (1, 0):
        began = time.perf_counter()
        columns = sides[index]()
        kernel = time.perf_counter() - began
        _copy(connection, columns)
        came[index] = kernel, time.perf_counter() - began
        connection.execute("truncate lot_values")
    return Round(ours_kernel=came[0][0], ours=came[0][1], bare_kernel=came[1][0], bare=came[1][1])


def _ours(prices: Prices, lots: Lots) -> tuple[Whole, Whole, Whole]:
    found = value_lots(prices, lots)
    return found.market, found.collateral, found.caps


def _bare(prices: Prices, lots: Lots) -> tuple[Whole, Whole, Whole]:
    """Return unit value x quantity x time, less one haircut a price: what anybody would write first."""
    days = np.where(lots.melts, lots.ends - TODAY.toordinal(), 365)
    market = prices.units[lots.prices] * 1e-13 * lots.amounts * days / 365
    collateral = market * (prices.kept[:, 0] / KEPT_PARTS)[lots.prices]
    return market.astype(np.int64), collateral.astype(np.int64), np.minimum(lots.caps, 800_000)


def _copy(connection: "psycopg.Connection[Any]", columns: Sequence[Whole]) -> None:
    """Bring columns into the table, the lot's number first, as PostgreSQL's binary COPY has them."""
    rows: NDArray[np.void] = np.empty(
        len(columns[0]),
        dtype=[("fields", ">i2")]
        + [(f"{kind}{n}", size) for n in range(4) for kind, size in (("l", ">i4"), ("v", ">i8"))],
    )
    rows["fields"] = 4
    for number, column in enumerate((np.arange(len(columns[0])), *columns)):
        rows[f"l{number}"], rows[f"v{number}"] = 8, column
    content = BytesIO(COPY_HEAD + rows.tobytes() + COPY_END)
    with connection.cursor() as cursor, cursor.copy("copy lot_values from stdin (format binary)") as copy:
        while part := content.read(1 << 20):
            copy.write(part)


def _milliseconds(act: Callable[[], object], times: int) -> float:
    act()
    found = []
    for _ in range(times):
        began = time.process_time()
        act()
        found.append(time.process_time() - began)
    return median(found) * 1000


def _median(found: Sequence[Round], name: str) -> float:
    return float(median(getattr(each, name) for each in found) * 1000)


def _size(lots: Lots) -> int:
    columns = (lots.prices, lots.amounts, lots.starts, lots.ends, lots.lent_ends, lots.melts, lots.caps)
    return sum(column.nbytes for column in columns)
