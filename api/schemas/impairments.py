"""Bodies of what has befallen a pledged right (contract section 5)."""

from api.schemas.wire import Choice, InstantReply, QuantityAmountString, QuantityBody, ReplyModel
from domain.pledges.impairments import ImpairmentKind


class LossReply(ReplyModel):
    """What this pledge loses by its rank on a right, in the right's unit; the latest registered loses first."""

    rank: int
    pledged: QuantityAmountString
    lost: QuantityAmountString


class ImpairmentReply(ReplyModel):
    """What has befallen a pledged right; the pledge itself stays what it is."""

    kind: Choice[ImpairmentKind]
    right_id: str
    quantity: QuantityBody | None
    since: InstantReply
    until: InstantReply | None
    reference: str
    loss_by_rank: list[LossReply]
