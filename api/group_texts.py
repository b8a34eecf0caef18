"""The words of the refusals that concern groups: pledges brought in, syndicates, and purchases that a loan pays for."""

from types import MappingProxyType
from typing import Final

from api.door_texts import CONFLICT, UNPROCESSABLE, ProblemText, Texts
from domain.loans.settlement_accounts import PayeeNotSettlementAccount
from domain.pledges.syndicates import InvalidShares, SyndicateIncomplete
from domain.pledges.third_parties import ThirdPartyUnconfirmed
from domain.use_cases.import_pledges import InvalidBatch

GROUPS: Final[Texts] = MappingProxyType(
    {
        InvalidShares: ProblemText(UNPROCESSABLE, "银团份额无效", "Invalid shares", "{reason_zh}", "{reason_en}"),
        SyndicateIncomplete: ProblemText(
            CONFLICT,
            "银团参与行尚未接受份额",
            "Syndicate incomplete",
            "以下参与行尚未接受其份额:{waiting}。",
            "These participants have not accepted their shares yet: {waiting}.",
            ("waiting",),
        ),
        ThirdPartyUnconfirmed: ProblemText(
            CONFLICT,
            "第三人尚未同意提供担保",
            "Third party unconfirmed",
            "以下出质人并非全部贷款的借款人,尚未同意为他人债务提供担保:{waiting}。",
            "These pledgors owe not all of the loans, and have not agreed to secure another's debt: {waiting}.",
            ("waiting",),
        ),
        PayeeNotSettlementAccount: ProblemText(
            CONFLICT,
            "收款账户不是交易机构结算账户",
            "Payee is no settlement account",
            "购买融资贷款只能支付至交易机构当日公布的结算账户(流水号 {reference})。",
            "A purchase loan is paid only to the exchange's settlement account of the day (reference {reference}).",
        ),
        InvalidBatch: ProblemText(UNPROCESSABLE, "导入批次无效", "Invalid batch", "{reason_zh}", "{reason_en}"),
    }
)
