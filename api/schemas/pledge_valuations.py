"""What pledged rights were worth from day to day; these addresses add to contract section 5."""

from typing import Literal

from api.schemas.wire import DateString, InstantReply, MoneyBody, RatioString, ReplyModel


class PledgeValuationReply(ReplyModel):
    """What an item was worth from a revaluation on; written only when that changed.

    Without a value, `unpriced` says why: `no_price_evidence`, `right_expired`, `successor_unconfirmed`, `rule_unknown`,
    `right_reduced`, `value_out_of_range`, or `right_` and the status that the registry tells.
    """

    id: str
    right_id: str
    as_of: DateString
    known_at: InstantReply
    unit_value: RatioString | None
    market_value: MoneyBody | None
    collateral_value: MoneyBody | None
    adopted_value: MoneyBody | None
    loan_to_value_cap: RatioString | None
    confidence_level: Literal[1, 2, 3] | None
    tier: Literal[1, 2, 3, 4] | None
    stale: bool
    unpriced: str | None
    digest: str
    created_at: InstantReply


class PledgeValuationPage(ReplyModel):
    """A page of a pledge's valuations, newest first."""

    items: list[PledgeValuationReply]
    next_cursor: str | None
