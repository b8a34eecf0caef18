"""The words of every refusal: status, title and sentence, Chinese and English, by class.

A sentence may name the refusal's own fields in braces; they are printed as a reader expects them (`1234.56 元`).
`public` lists the fields that stand in the document as members of their own. Nothing else of a refusal leaves the
house, so a field that says something of another party simply does not appear here. A class without an entry is an
entry of its nearest ancestor's, if that one has the same code.

Source: contract section 1 (statuses, precedence) and the codes of sections 2 to 6.
"""

from types import MappingProxyType
from typing import Final

from api.amendment_texts import AMENDMENTS
from api.certificate_texts import CERTIFICATES
from api.client_texts import CLIENTS
from api.compensation_texts import COMPENSATIONS
from api.door_texts import (
    CONFLICT,
    DOOR,
    FORBIDDEN,
    NOT_FOUND,
    NOT_FOUND_TEXT,
    PRECONDITION_FAILED,
    UNAUTHENTICATED_TEXT,
    UNAVAILABLE,
    UNPROCESSABLE,
    ProblemText,
    Texts,
)
from api.enforcement_texts import ENFORCEMENTS
from api.exception_texts import EXCEPTIONS
from api.group_texts import GROUPS
from api.order_texts import ORDERS
from api.registration_texts import REGISTRATIONS
from api.webhook_texts import WEBHOOKS
from domain import errors
from domain.jurisdictions.rulebook import RuleUnknown
from domain.jurisdictions.rules import InvalidRule
from domain.loans.loans import ContractNumberTaken, InvalidRepayment, LoanEventConflict
from domain.pledges import pledges
from domain.pledges.lifecycle import PledgeCannotMove
from domain.ports.registry import RegistryRightNotFound, RegistryUnavailable
from domain.ports.tokens import TokenRefused
from domain.rights.authorizations import AuthorizationRequired, Forbidden, InvalidGrantee, InvalidPeriod, NotFound
from domain.rights.holds import HoldExceeded, QuantityUnavailable
from domain.rights.pledgeability import RightNotPledgeable
from domain.rights.reconciliation import CaseResolved
from domain.rights.rights import HolderMismatch, RightNotFound, SuccessorUnconfirmed, UnitChanged
from domain.use_cases.issue_token import ScopeRefused
from domain.valuation.adoption import AppraisalNotInForce
from domain.valuation.appraisal import RightExpired
from domain.valuation.estimate import TooFewItems
from domain.valuation.evidence import NoPriceEvidence
from domain.valuation.proposals import AlreadyDecided
from domain.values.price import InvalidPrice
from domain.values.working_days import CalendarUnknown

_REASON_ZH, _REASON_EN = "{reason_zh}", "{reason_en}"

_RIGHT_NOT_FOUND = ProblemText(
    NOT_FOUND,
    "登记机构查无此权益",
    "Right not found",
    "登记机构 {registry} 查无编号 {number} 的权益或许可证。",
    "The registry {registry} knows no right or permit {number}.",
)


def _invalid(title_zh: str, title_en: str) -> ProblemText:
    return ProblemText(UNPROCESSABLE, title_zh, title_en, _REASON_ZH, _REASON_EN)


IDENTITY: Final[Texts] = MappingProxyType(
    {
        TokenRefused: UNAUTHENTICATED_TEXT,
        ScopeRefused: ProblemText(
            UNPROCESSABLE,
            "权限范围无效",
            "Invalid scope",
            "该客户端的角色没有权限 {scope}。",
            "This client's role does not have the scope {scope}.",
        ),
        Forbidden: ProblemText(
            FORBIDDEN,
            "无权操作",
            "Forbidden",
            "您的角色无权执行此操作:{action}。",
            "Your role may not do this: {action}.",
        ),
        NotFound: NOT_FOUND_TEXT,
    }
)

VALUES: Final[Texts] = MappingProxyType(
    {
        errors.InvalidValue: _invalid("值无效", "Invalid value"),
        errors.InvalidDecimal: _invalid("数字格式无效", "Invalid decimal"),
        errors.InvalidMoney: _invalid("金额无效", "Invalid money"),
        errors.InvalidQuantity: _invalid("数量无效", "Invalid quantity"),
        errors.InvalidUnit: _invalid("计量单位无效", "Invalid unit"),
        errors.InvalidDate: _invalid("日期无效", "Invalid date"),
        errors.InvalidIdentifier: _invalid("编号无效", "Invalid identifier"),
        InvalidPrice: _invalid("价格无效", "Invalid price"),
        CalendarUnknown: ProblemText(
            CONFLICT,
            "工作日历未知",
            "Calendar unknown",
            "{year}年的法定工作日历尚未公布或未收录(现有{known_from}至{known_to}年),无法计算工作日。",
            "The working days of {year} are not known (known: {known_from} to {known_to}).",
            ("year",),
        ),
    }
)

JURISDICTIONS: Final[Texts] = MappingProxyType(
    {
        RuleUnknown: ProblemText(
            CONFLICT,
            "规则未知",
            "Rule unknown",
            "地区 {division} 在 {on} 没有可用的规则 {rule},不能据此计算。",
            "There is no usable rule {rule} for division {division} on {on}.",
            ("rule", "division", "on"),
        ),
        InvalidRule: _invalid("规则内容无效", "Invalid rule"),
    }
)

RIGHTS: Final[Texts] = MappingProxyType(
    {
        RightNotFound: _RIGHT_NOT_FOUND,
        RegistryRightNotFound: _RIGHT_NOT_FOUND,
        RegistryUnavailable: ProblemText(
            UNAVAILABLE,
            "登记机构暂不可用",
            "Registry unavailable",
            "登记机构 {registry} 暂未给出可用的答复,请稍后重试。",
            "The registry {registry} gave no usable answer; try again later.",
            ("registry",),
            retry_after_seconds=30,
        ),
        HolderMismatch: ProblemText(
            CONFLICT,
            "持有人不符",
            "Holder mismatch",
            "登记机构 {registry} 登记的 {number} 的持有人与所填不符。",
            "The registry {registry} names another holder for {number}.",
        ),
        AuthorizationRequired: ProblemText(
            CONFLICT,
            "须经企业授权",
            "Authorization required",
            "查询或核验企业 {enterprise_uscc} 的权益,须有其在有效期内的授权。",
            "Seeing or verifying the rights of {enterprise_uscc} needs its valid consent.",
            ("enterprise_uscc",),
        ),
        InvalidPeriod: ProblemText(
            UNPROCESSABLE,
            "期间无效",
            "Invalid period",
            "期间的结束日 {end} 早于开始日 {start}。",
            "The period ends on {end}, before it starts on {start}.",
        ),
        InvalidGrantee: ProblemText(
            UNPROCESSABLE,
            "被授权人无效",
            "Invalid grantee",
            "{grantee} 不是已登记的银行或平台。",
            "{grantee} is no bank or portal that we know.",
        ),
        QuantityUnavailable: ProblemText(
            CONFLICT,
            "可用数量不足",
            "Quantity unavailable",
            "可用数量不足:目前可用 {available}。",
            "Not enough is free: {available} is available.",
            ("right_id", "available"),
        ),
        RightNotPledgeable: ProblemText(
            CONFLICT,
            "该权益不可质押",
            "Right not pledgeable",
            "该权益目前不可质押,原因见 reasons。",
            "This right may not be pledged now; see reasons.",
            ("right_id", "reasons"),
        ),
    }
)

VALUATION: Final[Texts] = MappingProxyType(
    {
        NoPriceEvidence: ProblemText(
            CONFLICT,
            "没有足够的成交依据",
            "No price evidence",
            "截至 {as_of} 的近一年可用成交不足:本市{deals_in_city}笔,本省{deals_in_province}笔,"
            "至少需要{deals_needed}笔;不作零值处理。",
            "Too few deals in the year to {as_of}: {deals_in_city} in the city, {deals_in_province} in the province, "
            "{deals_needed} needed. This is not a value of zero.",
            ("deals_in_city", "deals_in_province", "deals_needed"),
        ),
        AlreadyDecided: ProblemText(
            CONFLICT,
            "已作出复核决定",
            "Already decided",
            "该申请已有复核决定:{decision}。",
            "A second person has decided on this: {decision}.",
            ("decision",),
        ),
        AppraisalNotInForce: ProblemText(
            CONFLICT,
            "评估不可采用",
            "Appraisal not in force",
            "该评估目前不可采用:{standing}。",
            "This appraisal may not be adopted now: it is {standing}.",
            ("appraisal_id", "standing"),
        ),
        TooFewItems: ProblemText(
            CONFLICT,
            "缺少价格依据",
            "No price evidence",
            "一年内可用的成交日数据只有{items}条(分布在{days}个交易日),不足以形成价格;这并不表示价值为零。",
            "Only {items} daily items on {days} days speak for a price: too few. This is not a value of zero.",
            ("items", "days", "newest"),
        ),
        UnitChanged: ProblemText(
            CONFLICT,
            "计量单位已变更",
            "Unit changed",
            "登记机构 {registry} 所报编号 {number} 的计量单位与原登记不同且不能换算,未予入账,已转人工核对。",
            "The registry {registry} tells {number} in another unit that does not convert; it is a case to settle.",
        ),
        HoldExceeded: ProblemText(
            CONFLICT,
            "超出占用数量",
            "More than is held",
            "该占用仅有 {held},不能解除更多。",
            "The hold takes {held}, and no more can be given back.",
            ("held",),
        ),
        CaseResolved: ProblemText(
            CONFLICT,
            "核对事项已办结",
            "Case resolved",
            "该核对事项已经办结,不能再变更。",
            "This reconciliation case is resolved and changes no more.",
        ),
        SuccessorUnconfirmed: ProblemText(
            CONFLICT,
            "后续权益未核定",
            "Successor unconfirmed",
            "该权益有效期至 {valid_to},所属规划期已过,后续权益尚未经主管部门核定,不能估值。",
            "The right ends on {valid_to}; its plan period is over and the authority has not confirmed its successor.",
            ("right_id", "valid_to"),
        ),
        RightExpired: ProblemText(
            CONFLICT,
            "权益已到期或即将到期",
            "Right expired",
            "该权益有效期至 {valid_to},在 {as_of} 起{liquidation_days}天的处置期内即告失效,不能估值。",
            "The right ends on {valid_to}, before it could be sold within {liquidation_days} days from {as_of}.",
            ("valid_to", "as_of", "liquidation_days"),
        ),
    }
)

LOANS: Final[Texts] = MappingProxyType(
    {
        InvalidRepayment: ProblemText(
            UNPROCESSABLE,
            "还款计划无效",
            "Invalid repayment",
            "还款计划合计 {scheduled},与本金 {principal} 不符。",
            "The schedule repays {scheduled}, the principal is {principal}.",
        ),
        ContractNumberTaken: ProblemText(
            CONFLICT,
            "合同编号已存在",
            "Contract number taken",
            "合同编号 {contract_no} 已用于另一笔贷款。",
            "The contract number {contract_no} belongs to another loan.",
        ),
        LoanEventConflict: ProblemText(
            CONFLICT,
            "贷款事件冲突",
            "Loan event conflict",
            "事件 {reference} 与已知情况矛盾:流水号已用于其他事件,或还款、冲正、放款超过所欠、已发生或所批准的金额。",
            "{reference} contradicts what is known: the reference is another event's, or more would be repaid, undone "
            "or paid out than is owed, was done, or is lent and approved.",
        ),
    }
)

PLEDGES: Final[Texts] = MappingProxyType(
    {
        pledges.VersionMismatch: ProblemText(
            PRECONDITION_FAILED,
            "版本已变更",
            "Version mismatch",
            "该资源已变更,当前版本为 {version};请重新读取。",
            "This has changed since; its version is {version}. Read it again.",
            ("version",),
        ),
        pledges.InvalidItems: _invalid("质押清单无效", "Invalid items"),
        pledges.InvalidLoans: _invalid("贷款清单无效", "Invalid loans"),
        pledges.LoanExceedsCollateral: ProblemText(
            CONFLICT,
            "贷款超出押品价值",
            "Loan exceeds collateral",
            "最多可贷 {max_loan};首个覆盖不足的日期:{first_uncovered_on}。",
            "At most {max_loan} may be lent; the first day not covered: {first_uncovered_on}.",
            ("max_loan", "first_uncovered_on"),
        ),
        pledges.TermExceedsValidity: ProblemText(
            CONFLICT,
            "贷款期限超出权益有效期",
            "Term exceeds validity",
            "贷款到期日 {loan_end} 晚于权益有效期 {valid_to} 前{margin_days}天。",
            "The loan ends on {loan_end}, later than {margin_days} days before the right on {valid_to}.",
            ("right_id", "valid_to", "loan_end", "margin_days"),
        ),
        pledges.NotActive: ProblemText(
            CONFLICT,
            "放款条件未满足",
            "Not active",
            "放款条件尚未满足:{unmet}。",
            "Conditions before disbursement are not met: {unmet}.",
            ("unmet",),
        ),
        pledges.ReleaseNotAuthorised: ProblemText(
            FORBIDDEN,
            "无权解除质押",
            "Release not authorised",
            "只有质权人可以申请解除该质押。",
            "Only the pledgee may have this pledge released.",
        ),
        pledges.SamePerson: ProblemText(
            FORBIDDEN,
            "须由另一人办理",
            "Same person",
            "申请人与复核人须为同一机构的不同人员。",
            "A second person of the same institution must approve.",
        ),
        pledges.DebtOutstanding: ProblemText(
            CONFLICT,
            "债务尚未清偿",
            "Debt outstanding",
            "尚有 {outstanding} 未清偿,不能以债权消灭为由解除。",
            "{outstanding} is outstanding; the claim is not extinguished.",
            ("outstanding",),
        ),
        PledgeCannotMove: ProblemText(
            CONFLICT,
            "当前状态不允许此操作",
            "Pledge cannot move",
            "质押处于 {state} 状态,不能执行 {event}。",
            "The pledge is {state}; {event} is not possible.",
            ("state",),
        ),
    }
)

TEXTS: Final[Texts] = MappingProxyType(
    {
        **AMENDMENTS,
        **COMPENSATIONS,
        **CERTIFICATES,
        **CLIENTS,
        **DOOR,
        **IDENTITY,
        **VALUES,
        **JURISDICTIONS,
        **RIGHTS,
        **VALUATION,
        **LOANS,
        **PLEDGES,
        **REGISTRATIONS,
        **ENFORCEMENTS,
        **EXCEPTIONS,
        **GROUPS,
        **ORDERS,
        **WEBHOOKS,
    }
)
