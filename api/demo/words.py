"""The words of the demonstration: whom a client stands for, and what a code of the API means in Chinese.

The API's own words are codes and English; a bank officer reads the Chinese beside them.
"""

import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

ACTORS: Final[Mapping[str, str]] = {
    "exchange.zhejiang": "交易所",
    "enterprise.shaoxing": "绍兴企业",
    "enterprise.huangshi": "黄石企业",
    "authority.zhejiang": "浙江生态环境部门",
    "bank-a.officer": "甲银行客户经理",
    "bank-a.approver": "甲银行审批人",
    "bank-b.officer": "乙银行客户经理",
    "bank-b.approver": "乙银行审批人",
    "auditor": "甲银行审计",
    "greenlien.worker": "后台作业",
    "attacker": "攻击者",
}

STATES: Final[Mapping[str, str]] = {
    "draft": "草稿",
    "submitted": "已提交",
    "quantities_verified": "指标已核准",
    "loan_approved": "贷款已审批",
    "confirmed": "企业已确认",
    "freezing": "冻结办理中",
    "active": "已冻结生效",
    "releasing": "解冻办理中",
    "released": "已解除",
    "rejected": "已退回",
    "withdrawn": "已撤回",
}

HAPPENED: Final[Mapping[str, str]] = {
    "authorization.granted": "企业授权",
    "trades.received": "收到成交",
    "price.published": "行情更新",
    "price.stale": "行情陈旧",
    "coverage.warning": "押品不足预警",
    "coverage.call": "要求补充押品",
    "coverage.close_out": "押品不足以清偿",
    "coverage.cured": "押品恢复充足",
    "coverage.unpriced": "押品无价可估",
    "right.verified": "权益核验通过",
    "right.verification_refused": "权益核验被拒",
    "pledge.drafted": "起草质押",
    "pledge.submitted": "提交申请",
    "pledge.quantities_verified": "核准指标",
    "pledge.loan_approved": "审批贷款",
    "pledge.confirmed": "企业确认",
    "pledge.rejected": "退回申请",
    "pledge.withdrawn": "撤回申请",
    "pledge.freeze_ordered": "指令冻结",
    "pledge.freeze_executed": "冻结完成",
    "pledge.active": "质押生效",
    "pledge.release_ordered": "申请解除",
    "pledge.release_approved": "复核解除",
    "pledge.release_cancelled": "撤销解除申请",
    "pledge.release_executed": "解冻完成",
    "pledge.released": "质押解除",
    "pledge.searched": "冻结后再查询",
    "certificate.issued": "出具凭证",
    "certificate.sealed": "凭证签章",
    "freeze.ordered": "冻结指令入库",
    "freeze.executed": "登记机构已冻结",
    "freeze.unknown": "登记机构无答复",
    "freeze.reconciled": "查询证实已冻结",
    "release.ordered": "解冻指令入库",
    "release.executed": "登记机构已解冻",
    "hold.pending": "占用额度",
    "hold.posted": "占用落实",
    "hold.voided": "占用撤销",
    "hold.released": "占用解除",
    "order.answered": "签名指令有答复",
    "loan.recorded": "登记贷款合同",
    "loan.disbursed": "放款",
    "loan.settled": "结清",
}


def yuan(money: Mapping[str, Any]) -> str:
    """Return an amount as a bank officer writes it.

    >>> yuan({"amount": "242220.00", "currency": "CNY"})
    '242,220.00 元'
    """
    return f"{Decimal(money['amount']):,.2f} 元"


def quantity(body: Mapping[str, Any]) -> str:
    """Return a quantity without the zeros that say nothing.

    >>> quantity({"amount": "30.000000", "unit": "t/a"})
    '30 t/a'
    """
    return f"{Decimal(body['amount']).normalize():f} {body['unit']}"


def percent(ratio: str) -> str:
    """Return a fraction as a percentage with two decimals.

    >>> percent("0.034500")
    '3.45%'
    """
    return f"{Decimal(ratio) * 100:.2f}%"


def wide(text: str, columns: int) -> str:
    """Return a text padded to so many columns of a terminal, on which a Chinese character takes two.

    >>> wide("解冻", 6) + "|"
    '解冻  |'
    """
    taken = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
    return text + " " * (columns - taken)
