"""The words of the refusals that concern clients, their keys, and signatures of orders."""

from types import MappingProxyType
from typing import Final

from api.door_texts import CONFLICT, FORBIDDEN, UNPROCESSABLE, ProblemText, Texts
from domain.ports.order_signatures import OrderSignatureInvalid
from domain.use_cases import register_clients, rotate_keys
from domain.use_cases.issue_token import ProofRefused

CLIENTS: Final[Texts] = MappingProxyType(
    {
        ProofRefused: ProblemText(
            UNPROCESSABLE,
            "持有证明无效",
            "Invalid proof of possession",
            "须附一次性的、本分钟内签发的 DPoP 证明(ES256)。",
            "A DPoP proof by ES256, of this minute and never used before, is required.",
        ),
        OrderSignatureInvalid: ProblemText(
            FORBIDDEN,
            "指令签名无效",
            "Order signature invalid",
            "Order-Signature 不是该客户端以其指令密钥对本请求正文、方法、地址和时间所作的签名。",
            "Order-Signature is not this client's signature, by an order key of its own, over this body, method, "
            "address and time.",
        ),
        register_clients.InvalidClient: ProblemText(
            UNPROCESSABLE, "客户端无效", "Invalid client", "{reason_zh}", "{reason_en}"
        ),
        register_clients.ClientTaken: ProblemText(
            CONFLICT,
            "客户端编号已存在",
            "Client id taken",
            "客户端编号 {client_id} 已登记。",
            "There is a client {client_id} already.",
            ("client_id",),
        ),
        register_clients.KeyTaken: ProblemText(
            CONFLICT,
            "公钥已登记",
            "Key taken",
            "该公钥或其编号已登记;一把密钥只属于一个客户端、一种用途,且不得重新登记。",
            "This key, or its id, is registered; a key serves one client and one purpose, and never a second time.",
        ),
        register_clients.RolesExclude: ProblemText(
            CONFLICT,
            "管理员角色互斥",
            "Roles exclude each other",
            "该自然人已是平台管理员;系统、安全、审计三员不得兼任。",
            "This person is an administrator already; operation, security and audit exclude each other.",
        ),
        register_clients.ClientCannotMove: ProblemText(
            CONFLICT,
            "客户端状态不允许该操作",
            "Client cannot move",
            "该客户端处于 {standing} 状态。",
            "The client is {standing}.",
            ("standing",),
        ),
        rotate_keys.InvalidKey: ProblemText(UNPROCESSABLE, "公钥无效", "Invalid key", "{reason_zh}", "{reason_en}"),
        rotate_keys.KeyCannotMove: ProblemText(
            CONFLICT,
            "密钥状态不允许该操作",
            "Key cannot move",
            "该密钥处于 {state} 状态。",
            "The key is {state}.",
            ("state",),
        ),
    }
)
