"""The words of the refusals of webhooks; `api/problem_texts.py` says how they are read."""

from types import MappingProxyType
from typing import Final

from api.door_texts import CONFLICT, UNAVAILABLE, UNPROCESSABLE, ProblemText, Texts
from domain.ports.secret_box import SecretsUnavailable
from domain.ports.webhook_sending import WebhookUrlRefused
from domain.ports.webhooks import DeliveryPending, FormerSecretLive, TooManyWebhooks

WEBHOOKS: Final[Texts] = MappingProxyType(
    {
        WebhookUrlRefused: ProblemText(
            UNPROCESSABLE,
            "Webhook 地址无效",
            "Invalid webhook address",
            "{reason_zh}。",
            "{reason_en}",
            ("reason",),
        ),
        TooManyWebhooks: ProblemText(
            CONFLICT,
            "Webhook 数量已达上限",
            "Too many webhooks",
            "每个机构最多登记{most}个 Webhook。",
            "A tenant has at most {most} webhooks.",
            ("most",),
        ),
        FormerSecretLive: ProblemText(
            CONFLICT,
            "原密钥仍有效",
            "Former secret live",
            "原密钥至 {until} 仍有效,届时方可再次更换。",
            "The former secret signs until {until}; the next change is possible then.",
            ("until",),
        ),
        DeliveryPending: ProblemText(
            CONFLICT,
            "投递尚在进行",
            "Delivery pending",
            "该投递尚未结束,无需重放。",
            "This delivery is on its way; there is nothing to replay.",
        ),
        SecretsUnavailable: ProblemText(
            UNAVAILABLE,
            "密钥服务不可用",
            "Secrets unavailable",
            "本系统目前不能保存或读取密钥,请联系运维。",
            "Secrets cannot be kept or read here now; tell the operators.",
            retry_after_seconds=60,
        ),
    }
)
