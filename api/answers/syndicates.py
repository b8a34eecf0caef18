"""How syndicates are told on the wire, and how their money is divided."""

from fractions import Fraction

from api.answers.rights import instant
from domain.pledges.disposal import Distribution, Part
from domain.pledges.pledges import Pledge
from domain.pledges.syndicates import METHOD, divide
from domain.valuation.answer import money_body
from domain.values.money import Money

NOT_OURS = frozenset({Part.FEE_MADE_UP, Part.OTHER_CLAIM, Part.SURPLUS})
"""What of the proceeds is not the pledgee's."""


def syndicate_answer(pledge: Pledge) -> dict[str, object] | None:
    """Return the agent and the participants, none where one bank lends alone."""
    if not pledge.syndicate:
        return None
    agent, *participants = pledge.syndicate
    return {
        "agent": agent.tenant,
        "agent_share": _share(agent.share),
        "participants": [
            {
                "bank": member.tenant,
                "share": _share(member.share),
                "accepted_by": member.accepted_by,
                "accepted_at": instant(member.accepted_at),
            }
            for member in participants
        ],
    }


def division_answer(pledge: Pledge, distribution: Distribution | None) -> dict[str, object] | None:
    """Return each bank's part of what the pledgee's claim gets of the proceeds, none without a syndicate or a sale."""
    if not pledge.syndicate or distribution is None:
        return None
    ours = Money.from_fen(sum(line.paid.fen for line in distribution.lines if line.part not in NOT_OURS))
    parts = divide(ours, [member.share for member in pledge.syndicate])
    return {
        "method": METHOD,
        "divided": money_body(ours),
        "members": [
            {
                "bank": member.tenant,
                "share": _share(member.share),
                "paid": money_body(part.amount),
                "extra_fen": part.extra_fen,
            }
            for member, part in zip(pledge.syndicate, parts, strict=True)
        ],
    }


def _share(share: Fraction) -> dict[str, int]:
    return {"numerator": share.numerator, "denominator": share.denominator}
