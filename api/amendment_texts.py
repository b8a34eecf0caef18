"""The words of the refusals that concern amendments of a pledge."""

from types import MappingProxyType
from typing import Final

from api.door_texts import CONFLICT, UNPROCESSABLE, ProblemText, Texts
from domain.pledges import amendments

AMENDMENTS: Final[Texts] = MappingProxyType(
    {
        amendments.AmendmentPending: ProblemText(
            CONFLICT,
            "有变更待办结",
            "Amendment pending",
            "该质押的第 {number} 号变更尚未办结,请待其办结、撤回或驳回后再办理。",
            "Amendment {number} of this pledge is pending; it must take effect, be withdrawn or be rejected first.",
            ("number",),
        ),
        amendments.AmendmentCannotMove: ProblemText(
            CONFLICT,
            "变更状态不允许该操作",
            "Amendment cannot move",
            "该变更处于 {state} 状态,不能执行 {event}。",
            "The amendment is {state} and does not allow {event}.",
            ("state", "event"),
        ),
        amendments.ConsentMissing: ProblemText(
            CONFLICT,
            "出质人尚未同意",
            "Consent missing",
            "尚有出质人未同意该变更:{pledgors}。",
            "These pledgors have not agreed yet: {pledgors}.",
            ("pledgors",),
        ),
        amendments.AcceptanceMissing: ProblemText(
            CONFLICT,
            "受让银行尚未接受",
            "Acceptance missing",
            "受让银行 {transferee} 尚未接受该债权转让。",
            "The bank {transferee} has not accepted the transfer yet.",
            ("transferee",),
        ),
        amendments.SuccessorUnconfirmed: ProblemText(
            CONFLICT,
            "登记机构尚未确认承继",
            "Successor unconfirmed",
            "登记机构尚未将权利 {right_id} 登记在承继人(或新名称)名下,请先向登记机构核验该权利。",
            "By the registry right {right_id} is not the successor's, or not under the new name; verify it first.",
            ("right_id",),
        ),
        amendments.ClaimsNotDetermined: ProblemText(
            CONFLICT,
            "最高额债权尚未确定",
            "Claims not determined",
            "最高额担保的债权确定前不得转让,请先办理债权确定。",
            "The claims of a maximum amount are not transferred before they are determined.",
        ),
        amendments.ClaimSecuredElsewhere: ProblemText(
            CONFLICT,
            "债权另有其他质押担保",
            "Claim secured elsewhere",
            "该债权同时由其他质押 {pledges} 担保,担保应随债权一并转让,请先解除关联。",
            "Other pledges secure the same claim and would have to move with it: {pledges}.",
            ("pledges",),
        ),
        amendments.InvalidAmendment: ProblemText(
            UNPROCESSABLE,
            "变更内容无效",
            "Invalid amendment",
            "{reason_zh}",
            "{reason_en}",
        ),
        amendments.ReleaseBreaksCoverage: ProblemText(
            CONFLICT,
            "解除后担保不足",
            "Release breaks coverage",
            "解除后剩余押品自 {first_uncovered_on} 起不足以覆盖 {outstanding},最多可覆盖 {max_loan}。",
            "The rest does not carry {outstanding} from {first_uncovered_on} on; it carries {max_loan} at most.",
            ("first_uncovered_on", "outstanding", "max_loan"),
        ),
    }
)
