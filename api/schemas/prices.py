"""Replies of the price board and the Zhejiang index (contract section 4)."""

from decimal import Decimal
from typing import Annotated, Literal

from api.schemas.wire import (
    DECIMAL_WIRE_PATTERN,
    Choice,
    DateString,
    DivisionString,
    InstantReply,
    QuantityBody,
    RatioString,
    ReplyModel,
    SpelledDecimal,
)
from domain.market.indices import PeriodLength
from domain.market.price_board import PlaceLevel
from domain.market.trades import Basis, TradeKind
from domain.values.decimals import parse_decimal
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant

IndexString = Annotated[
    Decimal,
    SpelledDecimal(
        parse_decimal,
        {"pattern": DECIMAL_WIRE_PATTERN, "description": "An index, to two decimals.", "examples": ["527.88"]},
        lambda value: f"{value:.2f}",
    ),
]


class LastDealReply(ReplyModel):
    """The newest deal under a key; weekdays are Monday to Friday."""

    price: RatioString
    on: DateString
    age_days: int
    age_weekdays: int
    venue: str
    kind: Choice[TradeKind]
    quantity: QuantityBody
    known_at: InstantReply


class MeanReply(ReplyModel):
    """The volume-weighted mean price of the last days."""

    days: int
    price: RatioString
    deals: int
    trading_days: int


class BenchmarkReply(ReplyModel):
    """An administered price in force: told beside the market, and in no mean of it."""

    kind: Literal["benchmark_price"]
    price: RatioString
    published_on: DateString
    division: DivisionString
    vintage: int | None
    source: str


class PriceReply(ReplyModel):
    """What the market says of one kind of right in one place; prices are yuan on the basis."""

    id: str
    instrument: Choice[Instrument]
    pollutant: Choice[Pollutant]
    division: DivisionString
    level: Choice[PlaceLevel]
    vintage: int | None
    basis: Choice[Basis]
    as_of: DateString
    known_at: InstantReply
    last: LastDealReply | None
    stale: bool
    means: list[MeanReply]
    deals: int
    trading_days: int
    benchmark_prices: list[BenchmarkReply]


class PricePage(ReplyModel):
    """A page of the price board."""

    items: list[PriceReply]
    next_cursor: str | None


class IndexMethodReply(ReplyModel):
    """How the index is made: weights and bases by pollutant, how far they are known, and what is not known."""

    formula: str
    weights: dict[str, RatioString]
    bases: dict[str, RatioString]
    base_unit: Literal["CNY/(t/a)/a"]
    standing: Literal["inferred"]
    source: str
    unknown: list[str]


class SubIndexReply(ReplyModel):
    """One pollutant in one period; no index without a deal."""

    index: IndexString | None
    price: RatioString | None
    volume: QuantityBody
    deals: int
    weight: RatioString
    base: RatioString


class IndexPeriodReply(ReplyModel):
    """The index in one period; `composite` stands only where every pollutant has a deal, else it is unknown."""

    period: str
    first: DateString
    last: DateString
    complete: bool
    composite: IndexString | None
    composite_status: Literal["known", "unknown"]
    composite_change: RatioString | None
    sub_indices: dict[str, SubIndexReply]
    missing: list[Choice[Pollutant]]
    volume: QuantityBody
    volume_ratio: RatioString | None
    deals: int
    deals_ratio: RatioString | None


class IndexReply(ReplyModel):
    """The Zhejiang discharge-right index, recomputed from the deals that everybody may see."""

    name: Literal["zhejiang"]
    division: DivisionString
    instrument: Choice[Instrument]
    length: Choice[PeriodLength]
    known_at: InstantReply
    method: IndexMethodReply
    items: list[IndexPeriodReply]
    next_cursor: str | None
