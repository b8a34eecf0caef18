"""Bodies of trades and valuations (contract section 4).

A trade's row may lack anything: rows are judged one by one and quarantined, so the document describes a good row and
the route takes any object.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.wire import (
    Choice,
    DateString,
    DivisionString,
    InstantReply,
    Items,
    MoneyBody,
    QuantityBody,
    RatioString,
    ReplyModel,
    WireModel,
    id_string,
    text_string,
)
from domain.market.priced_deals import Exclusion
from domain.market.screening import QuarantineCode
from domain.market.trades import Basis
from domain.rights.rights import Tenure
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant

ROWS_MAX = 2000


class TradesRequest(WireModel):
    """A batch of trades of one source."""

    source: Annotated[str, text_string(64)]
    trades: Annotated[Items[dict[str, Any]], Field(max_length=ROWS_MAX)]


class QuarantinedReply(ReplyModel):
    """A row that was quarantined, by its place in the batch."""

    index: int
    code: Choice[QuarantineCode]
    detail: str


class IntakeReply(ReplyModel):
    """What became of the batch."""

    accepted: int
    duplicates: int
    quarantined: list[QuarantinedReply]


class StoredTradeReply(ReplyModel):
    """A row as kept, with its reason where it was quarantined, and from when until when it was believed.

    `unit_value` is yuan on `basis`; `exclusion` says why a believed row is no evidence. The details are its sender's.
    """

    id: str
    status: Literal["accepted", "quarantined", "superseded"]
    code: Choice[QuarantineCode] | None
    detail: str | None
    source: str
    trade: dict[str, Any]
    unit_value: RatioString | None
    basis: Choice[Basis] | None
    exclusion: Choice[Exclusion] | None
    known_at: InstantReply
    accepted_from: InstantReply | None
    accepted_until: InstantReply | None
    superseded_by: str | None
    received_at: InstantReply


class StoredTradePage(ReplyModel):
    """A page of trades."""

    items: list[StoredTradeReply]
    next_cursor: str | None


class SubjectBody(WireModel):
    """What is valued, where it is not a right that we know."""

    instrument: Choice[Instrument]
    pollutant: Choice[Pollutant]
    division: DivisionString
    quantity: QuantityBody
    valid_from: DateString
    valid_to: DateString | None = None
    vintage: Annotated[int, Field(ge=2000, le=2100)] | None = None
    tenure: Choice[Tenure] | None = None


class InstalmentBody(WireModel):
    """Principal due on a day."""

    on: DateString
    amount: MoneyBody


class ValuationRequest(WireModel):
    """Value a right, or a described subject; with `repayment`, over the whole life of a loan."""

    right_id: Annotated[str, id_string("right")] | None = None
    quantity: QuantityBody | None = None
    subject: SubjectBody | None = None
    as_of: DateString | None = None
    liquidation_days: Annotated[int, Field(ge=0, le=365)] = 20
    repayment: Annotated[Items[InstalmentBody], Field(min_length=1, max_length=600)] | None = None

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.right_id is None) == (self.subject is None) or (
            self.subject is not None and self.quantity is not None
        ):
            kind, message = "one_subject", "name either right_id (with quantity) or subject"
            raise PydanticCustomError(kind, message)
        return self


class SubjectReply(ReplyModel):
    """What was valued."""

    instrument: Choice[Instrument]
    pollutant: Choice[Pollutant]
    division: DivisionString
    quantity: QuantityBody
    valid_from: DateString
    valid_to: DateString | None
    tenure: Choice[Tenure]
    vintage: int | None


class MethodReply(ReplyModel):
    """Which method made the figures."""

    name: str
    version: str
    parameters_sha256: str


class HaircutPartsReply(ReplyModel):
    """The haircut taken apart.

    `base`, `uncertainty`, `confidence` and `silence` are logarithmic losses, of which `market` is made between `floor`
    and `cap`; `guard`, `roll_over`, `melting` and `lot` are shares of what is left before each; `error` and
    `dispersion` are what the uncertainty is made of.
    """

    error: RatioString
    dispersion: RatioString
    stale_weekdays: int
    liquidation_days: int
    base: RatioString
    uncertainty: RatioString
    confidence: RatioString
    silence: RatioString
    floor: RatioString
    cap: RatioString
    market: RatioString
    guard: RatioString
    roll_over: RatioString
    melting: RatioString
    lot: RatioString
    total: RatioString


class FactReply(ReplyModel):
    """A fact that moved the value, with the share that it took, in Chinese and English."""

    code: str
    effect: RatioString
    zh: str
    en: str


class ValuationReply(ReplyModel):
    """A valuation; it registers nothing."""

    id: str
    created_at: InstantReply
    right_id: str | None
    subject: SubjectReply
    as_of: DateString
    known_at: InstantReply
    liquidation_days: int
    unit_value: RatioString
    lending_unit_value: RatioString
    market_value: MoneyBody
    haircut: RatioString
    haircut_parts: HaircutPartsReply
    collateral_value: MoneyBody
    loan_to_value_cap: RatioString
    max_loan: MoneyBody
    first_uncovered_on: DateString | None
    confidence_level: Literal[1, 2, 3]
    tier: int
    method: MethodReply
    newest_draws: RatioString
    evidence_count: int
    exclusion_count: int
    explanation: list[FactReply]
    warnings: list[str]
    digest: str


class EvidenceItemReply(ReplyModel):
    """One deal behind the value, with its share of the weight."""

    trade_no: str
    source: str
    traded_on: DateString
    venue: str
    kind: str
    division: DivisionString
    quantity: QuantityBody
    unit_value: RatioString
    weight: RatioString


class ExclusionReply(ReplyModel):
    """A deal in scope that is no evidence, and why: a quarantine code, no sale, told twice, or before the window."""

    trade_no: str | None
    source: str
    traded_on: DateString
    code: str


class EvidencePage(ReplyModel):
    """The deals behind a value, and those that are not."""

    items: list[EvidenceItemReply]
    exclusions: list[ExclusionReply]
    next_cursor: str | None


class InputsReply(ReplyModel):
    """What a value was made of; `python -m api recompute` makes it again from this document, anywhere."""

    valuation_id: str
    digest: str
    inputs: dict[str, Any]
