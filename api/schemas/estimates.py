"""The shape of an estimate of when a registry will have answered."""

from api.schemas.wire import Choice, InstantReply, ReplyModel
from domain.pledges.estimates import Basis, Unforeseeable


class EstimateReply(ReplyModel):
    """What an estimate rests on, or why there is none; the times are open time of the registry, of orders seen."""

    reason: Choice[Unforeseeable] | None
    basis: Choice[Basis] | None
    orders_seen: int
    median_seconds: int | None
    p90_seconds: int | None


class ExpectedReply(ReplyModel):
    """By when a registry's answer is expected; none where nothing is waited for, or where nobody can say."""

    expected_by: InstantReply | None
    estimate: EstimateReply | None
