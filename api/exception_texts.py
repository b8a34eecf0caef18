"""The words of the refusals of the human queue; `api/problem_texts.py` says how they are read."""

from types import MappingProxyType
from typing import Final

from api.door_texts import CONFLICT, ProblemText, Texts
from domain.pledges.alarms import AlarmResolved, AlarmStands

EXCEPTIONS: Final[Texts] = MappingProxyType(
    {
        AlarmResolved: ProblemText(
            CONFLICT,
            "异常状态不允许此操作",
            "The exception cannot move",
            "该异常当前状态为 {state},不能执行此操作。",
            "The exception is {state}; this cannot happen to it.",
            ("state",),
        ),
        AlarmStands: ProblemText(
            CONFLICT,
            "登记机构仍未答复",
            "The registry is still silent",
            "登记机构仍未答复({kind}),此异常只能由其答复了结。",
            "The registry still owes an answer ({kind}); only that answer ends this exception.",
            ("kind",),
        ),
    }
)
