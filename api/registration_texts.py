"""The words of the refusals about entries at the notice registry and the clerk's queue; see problem_texts.

Source: contract section 5.
"""

from types import MappingProxyType
from typing import Final

from api.door_texts import CONFLICT, UNPROCESSABLE, ProblemText, Texts
from domain.pledges.notices import InvalidTerm, RegistrationCannotMove, RegistrationInUse, RegistrationPending
from domain.ports.registry_tasks import TaskCannotMove

REGISTRATIONS: Final[Texts] = MappingProxyType(
    {
        RegistrationCannotMove: ProblemText(
            CONFLICT,
            "登记状态不允许此操作",
            "The registration cannot move",
            "公示登记当前状态为 {state},不能执行此操作({event})。",
            "The entry at the notice registry is {state}; this cannot happen to it: {event}.",
            ("event",),
        ),
        RegistrationPending: ProblemText(
            CONFLICT,
            "前一登记指令尚无结果",
            "An earlier order is pending",
            "公示登记的前一指令 {order_id} 尚无结果,请待其办结。",
            "The earlier order {order_id} about this entry has no answer yet.",
            ("order_id",),
        ),
        RegistrationInUse: ProblemText(
            CONFLICT,
            "押品尚未解除",
            "The registration is in use",
            "抵质押当前状态为 {state},尚未终结,不能注销其公示登记。",
            "The pledge is {state} and still secures; its entry is discharged after it has ended.",
        ),
        InvalidTerm: ProblemText(UNPROCESSABLE, "登记期限无效", "Invalid term", "{reason_zh}", "{reason_en}"),
        TaskCannotMove: ProblemText(
            CONFLICT,
            "任务状态不允许此操作",
            "The task cannot move",
            "该登记任务当前状态为 {state},不能执行此操作。",
            "The task is {state}; this cannot happen to it.",
            ("state",),
        ),
    }
)
