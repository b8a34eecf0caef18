"""Bodies of syndicates: the agent and the participants of a pledge, each with its share (contract section 5)."""

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.rights import TenantName
from api.schemas.wire import InstantReply, Items, MoneyBody, ReplyModel, WireModel

TERM_MAX = 1_000_000


class ShareBody(WireModel):
    """A share of the claim, as a fraction: a third is a third."""

    numerator: Annotated[int, Field(ge=1, le=TERM_MAX)]
    denominator: Annotated[int, Field(ge=1, le=TERM_MAX)]

    def to_domain(self) -> Fraction:
        """Return the share."""
        return Fraction(self.numerator, self.denominator)


class ParticipantBody(WireModel):
    """Another bank of the syndicate."""

    bank: TenantName
    share: ShareBody


class SyndicateBody(WireModel):
    """The banks for which the pledgee acts as agent; all shares together make exactly one."""

    agent_share: ShareBody
    participants: Annotated[Items[ParticipantBody], Field(min_length=1, max_length=50)]

    def to_domain(self) -> tuple[Fraction, tuple[tuple[str, Fraction], ...]]:
        """Return the agent's share, and each participant's."""
        return self.agent_share.to_domain(), tuple((each.bank, each.share.to_domain()) for each in self.participants)


class ShareReply(ReplyModel):
    """A share of the claim, in lowest terms."""

    numerator: int
    denominator: int


class ParticipantReply(ReplyModel):
    """A bank of the syndicate, and who accepted its share when."""

    bank: str
    share: ShareReply
    accepted_by: str | None
    accepted_at: InstantReply | None


class SyndicateReply(ReplyModel):
    """The agent, who alone acts, and the participants, who read."""

    agent: str
    agent_share: ShareReply
    participants: list[ParticipantReply]


class MemberPartReply(ReplyModel):
    """What of the proceeds is one bank's; `extra_fen` where the largest remainder gave it one."""

    bank: str
    share: ShareReply
    paid: MoneyBody
    extra_fen: bool


class DivisionReply(ReplyModel):
    """How what the pledgee's own claim gets of the proceeds is divided among the syndicate, to the fen."""

    method: Literal["largest_remainder"]
    divided: MoneyBody
    members: list[MemberPartReply]
