"""What must be surrendered soon is not pledged: an allowance whose obligation nobody has told is refused.

How much a company has to surrender is a dated fact with a source, which the authority posts as a hold of kind
`compliance` (its quantity, its day, its paper). That hold takes its quantity out of what is free like every other, and
reaches into what is pledged already by rank (`impairments`). The subtle thing is silence: without such a hold we do not
know that nothing is due, and a money result that needs an unknown fact is refused.

Source: 碳排放权交易管理暂行条例 (国务院令第775号) art. 24; house decision 6 (rules are data, an unknown one refuses);
rule pack `pledge.compliance_reserve_required`.
"""

from datetime import datetime
from typing import Final

from domain.jurisdictions.rulebook import Rulebook
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.holds import HoldKind
from domain.rights.pledgeability import Reason
from domain.rights.rights import Right
from domain.values.instruments import Instrument
from domain.values.time import business_date

RULE: Final = "pledge.compliance_reserve_required"
UNKNOWN: Final = "rule_unknown"


async def unknown_obligation(uow: UnitOfWork, rulebook: Rulebook, right: Right, now: datetime) -> list[Reason]:
    """Return the reason against an allowance whose compliance obligation is not known, nothing otherwise.

    Raises:
        RuleUnknown: it is not known either whether a reserve is demanded.
    """
    if right.instrument is not Instrument.CARBON_ALLOWANCE:
        return []
    rule = rulebook.require(RULE, right.division, business_date(now))
    own, foreign = await uow.holds.of_right(right.id)
    kinds = {hold.kind for hold in own} | {hold.kind for hold in foreign}
    return [] if HoldKind.COMPLIANCE in kinds or rule.value is not True else [Reason(UNKNOWN, RULE)]
