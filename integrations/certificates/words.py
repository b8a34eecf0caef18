"""What a certificate says in Chinese: the facts of a statement in the order in which an officer reads them.

A word that is not known here is printed as it stands in the statement, so that a new kind of thing is never left out.

Source: contract sections 3 and 5; 民法典 art. 389, 420, 393 (parts of the claim, maximum amount, why it ends).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

Words = Mapping[str, str]

TITLES: Final[Words] = MappingProxyType(
    {
        "registration": "排污权抵质押登记证明",
        "amendment": "排污权抵质押变更证明",
        "release": "排污权抵质押解除证明",
        "publicity": "排污权抵质押公示登记证明",
        "disposal": "排污权抵质押处置终结证明",
    }
)
SUBTITLES: Final[Words] = MappingProxyType(
    {
        "registration": "Certificate of registration of a pledge of emission rights",
        "amendment": "Certificate of amendment of a pledge of emission rights",
        "release": "Certificate of release of a pledge of emission rights",
        "publicity": "Certificate of publicity of a pledge of emission rights",
        "disposal": "Certificate of disposal of a pledge of emission rights",
    }
)
SECURITY_TYPES: Final[Words] = MappingProxyType({"mortgage": "抵押", "pledge": "质押"})
SECURED_KINDS: Final[Words] = MappingProxyType({"ordinary": "一般债权", "maximum_amount": "最高额债权"})
SCOPE: Final[Words] = MappingProxyType(
    {
        "principal": "主债权",
        "interest": "利息",
        "penalty": "违约金",
        "damages": "损害赔偿金",
        "custody_costs": "保管担保财产的费用",
        "enforcement_costs": "实现担保权的费用",
    }
)
REGISTERS: Final[Words] = MappingProxyType(
    {"emission_registry": "排污权登记机构", "notice_registry": "动产融资统一登记公示系统"}
)
STATUSES: Final[Words] = MappingProxyType(
    {
        "not_required": "不要求",
        "pending": "办理中",
        "registered": "已登记",
        "refused": "被拒绝",
        "objected": "有异议",
        "expired": "已届满",
        "discharged": "已注销",
    }
)
REASONS: Final[Words] = MappingProxyType(
    {
        "claim_extinguished": "主债权消灭",
        "enforced": "担保权实现",
        "waived": "债权人放弃担保权",
        "other_by_law": "法律规定的其他情形",
    }
)
ROLES: Final[Words] = MappingProxyType({"agent": "银团代理行", "participant": "银团参与行"})
NONE: Final = "—"
FRAME: Final[Words] = MappingProxyType(
    {
        "page": "第 1 页，共 1 页",
        "scan": "扫码核验",
        "proof_title": "核验",
        "digest": "证明内容摘要（SHA-256）：",
        "address": "核验地址：",
        "standing": (
            "本证明记载签发时的登记状况，不反映此后的变更、注销或查封；当前状况以登记机构及查询结果为准。"
            "本证明不表示任何登记具有设立或对抗效力。"
        ),
    }
)


def told(statement: Mapping[str, Any], digest: str, verify_url: str) -> dict[str, object]:
    """Return all that the sheet says, as plain values."""
    kind = str(statement["kind"])
    return {
        "title": TITLES.get(kind, kind),
        "subtitle": SUBTITLES.get(kind, kind),
        "number": statement["number"],
        "digest": digest,
        "verify_url": verify_url,
        "words": dict(FRAME),
        "facts": _facts(statement),
        "sections": _sections(statement),
    }


def _facts(statement: Mapping[str, Any]) -> list[list[str]]:
    secured = statement["secured"]
    facts = [
        ["证明编号", statement["number"]],
        ["签发时间", _instant(statement["issued_at"])],
        ["质押编号", statement["pledge_id"]],
        ["权利人", _party(statement["pledgee"])],
        *([ROLES.get(member["role"], member["role"]), _share(member)] for member in statement.get("syndicate", ())),
        *(["担保人", _party(party)] for party in statement["pledgors"]),
        ["担保方式", _word(SECURITY_TYPES, statement["security_type"])],
        ["担保债权", f"{_word(SECURED_KINDS, secured['kind'])} 人民币 {secured['amount']['amount']} 元"],
        ["担保范围", "、".join(_word(SCOPE, part) for part in secured["scope"]) or NONE],
    ]
    if secured["claims_from"] or secured["claims_to"]:
        facts.append(["债权确定期间", f"{secured['claims_from'] or NONE} 至 {secured['claims_to'] or NONE}"])
    if statement["kind"] == "release":
        facts.append(["解除原因", _word(REASONS, statement["release_reason"])])
    return facts


def _sections(statement: Mapping[str, Any]) -> list[dict[str, object]]:
    ranks = {rank["registry_no"]: rank["rank"] for rank in statement["ranks"]}
    items = [
        [
            item["registry"],
            item["registry_no"],
            item["permit_no"],
            item["pollutant"],
            f"{item['quantity']['amount']} {item['quantity']['unit']}",
            item["valid_to"] or NONE,
            NONE if ranks.get(item["registry_no"]) is None else f"第 {ranks[item['registry_no']]} 顺位",
        ]
        for item in statement["items"]
    ]
    entries = [
        [
            _word(REGISTERS, entry["register"]),
            _covered(entry, statement["items"]),
            _word(STATUSES, entry["status"]),
            entry["reference"] or NONE,
            _instant(entry["registered_at"]),
        ]
        for entry in statement["registrations"]
    ]
    return [
        {
            "title": "担保财产",
            "head": ["登记机构", "权益编号", "排污许可证编号", "污染物", "数量", "有效期至", "顺位"],
            "rows": items,
        },
        {"title": "登记", "head": ["登记簿", "权益编号", "状态", "登记编号", "登记时间"], "rows": entries},
    ]


def _covered(entry: Mapping[str, Any], items: list[Mapping[str, Any]]) -> str:
    """Return what an entry is about: one right at the emission registry, all of them at the notice registry."""
    return str(items[entry["position"]]["registry_no"]) if entry["register"] == "emission_registry" else "全部"


def _party(party: Mapping[str, Any]) -> str:
    return f"{party['name'] or NONE}（{party['uscc']}）"


def _share(member: Mapping[str, Any]) -> str:
    return f"{_party(member)} 份额 {member['share']}"


def _word(known: Words, word: str | None) -> str:
    return NONE if word is None else known.get(word, word)


def _instant(text: str | None) -> str:
    """Return a wire time as an officer reads it: the day and the second, in Shanghai."""
    return NONE if text is None else f"{text[:10]} {text[11:19]}（北京时间）"
