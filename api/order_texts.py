"""The words of the refusals that concern signed orders."""

from types import MappingProxyType
from typing import Final

from api.door_texts import CONFLICT, FORBIDDEN, ProblemText, Texts
from domain.ports import signed_orders

ORDERS: Final[Texts] = MappingProxyType(
    {
        signed_orders.OrderSignatureRequired: ProblemText(
            FORBIDDEN,
            "指令须签名",
            "Order signature required",
            "本操作须以指令密钥签名:请在 Order-Signature 中附上对正文、方法、地址和时间的签名。",
            "This is an order: sign its body, method, address and time with an order key, in Order-Signature.",
        ),
        signed_orders.OrderReplayed: ProblemText(
            CONFLICT,
            "指令编号已使用",
            "Order replayed",
            "指令 {order_id} 已收到过;重试请使用同一幂等键,新的指令请使用新的编号。",
            "The order {order_id} was received before; to repeat it use its idempotency key, for a new one a new id.",
            ("order_id",),
        ),
        signed_orders.OrderUnsigned: ProblemText(
            CONFLICT,
            "首次指令未签名",
            "First order unsigned",
            "待批准的指令没有本机构的有效签名;请撤销后重新下达。",
            "What is to be approved was ordered without a signature of this institution; cancel it and order again.",
        ),
        signed_orders.SameKey: ProblemText(
            FORBIDDEN,
            "须由另一把密钥签名",
            "Another key required",
            "批准须由另一人以另一把指令密钥签名。",
            "An approval is signed by another person with another order key than the order's.",
        ),
    }
)
