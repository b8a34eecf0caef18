"""The words of refusals about money that came in for pledged rights."""

from types import MappingProxyType
from typing import Final

from api.door_texts import CONFLICT, ProblemText, Texts
from domain.pledges import compensations

COMPENSATIONS: Final[Texts] = MappingProxyType(
    {
        compensations.CompensationKnown: ProblemText(
            CONFLICT,
            "款项已登记",
            "Compensation known",
            "该质押已有凭证号为 {reference} 的款项。",
            "This pledge has a sum under the reference {reference} already.",
            ("reference",),
        ),
        compensations.CompensationCannotMove: ProblemText(
            CONFLICT,
            "当前状态不允许此操作",
            "Compensation cannot move",
            "该款项处于 {state} 状态,不能执行 {event}。",
            "The compensation is {state} and does not allow {event}.",
            ("state", "event"),
        ),
        compensations.SharesUnknown: ProblemText(
            CONFLICT,
            "款项份额不明",
            "Shares unknown",
            "该权利上另有他人质权,须填写款项总额及其对应的数量(whole)。",
            "Others hold pledges on the right; say of which whole sum, for which quantity, this is a part (whole).",
            ("right_id",),
        ),
        compensations.ShareExceedsLoss: ProblemText(
            CONFLICT,
            "超出应得份额",
            "More than the share",
            "按登记顺位,本质押所失数量对应的份额为 {part},不得多收。",
            "By rank, what this pledge has lost is entitled to {part} and no more.",
            ("part",),
        ),
    }
)
