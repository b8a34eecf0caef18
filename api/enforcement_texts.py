"""The words of refusals about enforcements (contract section 5)."""

from types import MappingProxyType
from typing import Final

from api.door_texts import CONFLICT, UNPROCESSABLE, ProblemText, Texts
from domain.pledges import enforcements

ENFORCEMENTS: Final[Texts] = MappingProxyType(
    {
        enforcements.DisposalNotInDefault: ProblemText(
            CONFLICT,
            "债务未到期或未违约",
            "Not in default",
            "所担保的贷款均未逾期、未宣布提前到期,也未过期未还,不能处置押品。",
            "No loan that the pledge secures is overdue, accelerated or past its end with money owed.",
        ),
        enforcements.EnforcementCannotMove: ProblemText(
            CONFLICT,
            "当前状态不允许此操作",
            "Enforcement cannot move",
            "处置处于 {state} 状态,不能执行 {event}。",
            "The enforcement is {state}; {event} is not possible.",
            ("state",),
        ),
        enforcements.EnforcementOpen: ProblemText(
            CONFLICT,
            "已有处置在办",
            "Enforcement under way",
            "该质押已有处置 {enforcement_id} 在办。",
            "The enforcement {enforcement_id} of this pledge is under way.",
            ("enforcement_id",),
        ),
        enforcements.DisposalConditionsUnmet: ProblemText(
            CONFLICT,
            "处置条件未满足",
            "Conditions of sale unmet",
            "处置前须满足的条件尚未满足:{unmet}。",
            "What must be met before a sale is not: {unmet}.",
            ("unmet",),
        ),
        enforcements.ConditionNotAsked: ProblemText(
            CONFLICT,
            "该条件不能如此办结",
            "The condition cannot be met so",
            "{reason_zh}",
            "{reason_en}",
            ("condition",),
        ),
        enforcements.BuyerNotEligible: ProblemText(
            CONFLICT,
            "受让方不符合条件",
            "Buyer not eligible",
            "{buyer}:{reason_zh}",
            "{buyer}: {reason_en}",
            ("buyer",),
        ),
        enforcements.InvalidSale: ProblemText(
            UNPROCESSABLE, "处置结果无效", "Invalid sale", "{reason_zh}", "{reason_en}"
        ),
        enforcements.UnsoldRemainder: ProblemText(
            CONFLICT,
            "尚有未处置的质押数量",
            "Unsold remainder",
            "尚欠 {shortfall},不得留有未处置的质押数量。",
            "{shortfall} would stay owed; nothing of the pledge is left unsold until the debt is paid.",
            ("shortfall",),
        ),
        enforcements.BelowReserve: ProblemText(
            CONFLICT,
            "与保留价不符",
            "Reserve price",
            "保留价为 {reserve_price},所报为 {offered}:成交不得低于保留价,再次处置的保留价须低于前次。",
            "The reserve is {reserve_price}, {offered} was named: no sale is below it, the next round's reserve is.",
            ("reserve_price", "offered"),
        ),
    }
)
