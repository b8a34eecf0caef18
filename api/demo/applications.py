"""The commands on a loan and its pledge, one actor each; the steps of the main job are made of them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from api.demo.scene import Scene
from api.demo.words import STATES, percent, quantity, yuan

RATE: Final = "0.034500"
UNIT: Final = "t/a"
INSTALMENTS: Final = 8
MONTHS_BETWEEN: Final = 3
LAST_DAY_OF_EVERY_MONTH: Final = 28

Pledge = Mapping[str, Any]
Instalment = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What is asked: so much of one right, at one bank, for one recorded loan, by one workflow."""

    right_id: str
    tonnes: str
    enterprise: str
    bank: str
    workflow: str
    loan: Mapping[str, Any]

    @property
    def asked(self) -> str:
        """Return the quantity as it is said."""
        return quantity(self.items[0]["quantity"])

    @property
    def items(self) -> list[Mapping[str, Any]]:
        """Return the pledged items."""
        return [{"right_id": self.right_id, "quantity": {"amount": self.tonnes, "unit": UNIT}}]

    @property
    def principal(self) -> Mapping[str, Any]:
        """Return the loan's principal."""
        found: Mapping[str, Any] = self.loan["principal"]
        return found


def money(amount: Decimal) -> dict[str, str]:
    """Return an amount as it travels."""
    return {"amount": f"{amount:.2f}", "currency": "CNY"}


def quarterly(today: date, instalment: Decimal) -> list[Instalment]:
    """Return eight equal instalments, one every three months."""
    return [
        {"on": _months_after(today, MONTHS_BETWEEN * n).isoformat(), "amount": money(instalment)}
        for n in range(1, INSTALMENTS + 1)
    ]


def bullet(end: date, principal: Decimal) -> list[Instalment]:
    """Return the schedule that repays everything at the end."""
    return [{"on": end.isoformat(), "amount": money(principal)}]


def record_loan(scene: Scene, bank: str, enterprise: str, schedule: Sequence[Instalment]) -> Mapping[str, Any]:
    """Let a bank's officer record the loan contract that repays by a schedule, and return the loan."""
    principal = sum((Decimal(each["amount"]["amount"]) for each in schedule), Decimal(0))
    contract = {
        "borrower_uscc": scene.uscc_of(enterprise),
        "contract_no": f"DEMO-{bank.upper()}-{secrets.token_hex(4).upper()}",
        "kind": "term",
        "principal": money(principal),
        "rate": {"kind": "fixed", "value": RATE},
        "start": scene.today.isoformat(),
        "end": schedule[-1]["on"],
        "repayment": list(schedule),
        "purpose": "印染废水深度治理改造",
    }
    return scene.does(
        f"{bank}.officer",
        f"登记贷款合同 {yuan(contract['principal'])}，{len(schedule)}期，至 {contract['end']}",
        "records the loan",
        ("POST", "/v1/loans", contract),
        expect=201,
    )


def draft(scene: Scene, actor: str, application: Application) -> Pledge:
    """Let an actor draft a pledge; a draft holds nothing."""
    asked = {
        "pledgors": [scene.uscc_of(application.enterprise)],
        "security_type": "pledge",
        "items": application.items,
        "loans": [application.loan["id"]],
        "secured": {"amount": application.principal, "kind": "ordinary"},
        "workflow": application.workflow,
        "pledgee": application.bank,
    }
    pledge = scene.does(
        actor,
        f"起草质押 {application.asked} 给 {application.bank}",
        "drafts the pledge",
        ("POST", "/v1/pledges", asked),
        expect=201,
    )
    _is(scene, pledge, "draft")
    return pledge


def submit(scene: Scene, actor: str, pledge_id: str) -> Pledge:
    """Let an actor submit a draft: the quantity is taken and valued."""
    pledge = scene.does(
        actor, "提交申请，额度即被占用", "submits; the quantity is taken", _command(pledge_id, "submit", {})
    )
    _is(scene, pledge, "submitted")
    item = pledge["items"][0]
    values = f"评估价值 {yuan(item['market_value'])}，押品价值 {yuan(item['collateral_value'])}"
    scene.says(f"{quantity(item['quantity'])}，{values}")
    return pledge


def verify_quantities(scene: Scene, authority: str, pledge_id: str, application: Application) -> Pledge:
    """Let the authority confirm the quantities."""
    pledge = scene.does(
        authority,
        "核准申请与指标数量",
        "verifies the quantities",
        _command(pledge_id, "verify-quantities", {"items": application.items}),
    )
    _is(scene, pledge, "quantities_verified")
    return pledge


def approval(pledge_id: str, application: Application) -> tuple[str, str, object]:
    """Return the request by which a bank's approver writes amount and rate back."""
    return _command(pledge_id, "approve-loan", {"amount": application.principal, "rate": RATE})


def apply_in_zhejiang(scene: Scene, application: Application) -> str:
    """Play Zhejiang's workflow up to the bank's approval, and return the pledge's id."""
    pledge_id = str(draft(scene, application.enterprise, application)["id"])
    submit(scene, application.enterprise, pledge_id)
    verify_quantities(scene, "authority.zhejiang", pledge_id, application)
    approved = scene.does(
        f"{application.bank}.approver",
        f"审批贷款，回写金额 {yuan(application.principal)}、年利率 {percent(RATE)}",
        "approves, writes back",
        approval(pledge_id, application),
    )
    _is(scene, approved, "loan_approved")
    return pledge_id


def confirm(scene: Scene, application: Application, pledge_id: str) -> Pledge:
    """Let the enterprise confirm, and return the pledge, now freezing."""
    confirmed = scene.does(
        application.enterprise,
        "确认金额与利率，系统指令登记机构冻结",
        "confirms; the freeze is ordered",
        _command(pledge_id, "confirm", {}),
        expect=202,
    )
    _is(scene, confirmed, "freezing")
    return confirmed


def ends(scene: Scene, actor: str, pledge_id: str, verb: str, body: object) -> Pledge:
    """Let an actor reject or withdraw an application; what it took is free again."""
    words = {"reject": ("退回申请，占用撤销", "rejects; its hold is void"), "withdraw": ("撤回申请", "withdraws")}
    pledge = scene.does(actor, *words[verb], _command(pledge_id, verb, body))
    _is(scene, pledge, {"reject": "rejected", "withdraw": "withdrawn"}[verb])
    return pledge


def loan_event(scene: Scene, application: Application, kind: str, zh: str, en: str) -> Mapping[str, Any]:
    """Let the bank's officer record that the whole principal was disbursed or settled."""
    return scene.does(
        f"{application.bank}.officer",
        f"{zh} {yuan(application.principal)}",
        en,
        event_request(scene, application, kind),
        expect=201,
    )


def event_request(scene: Scene, application: Application, kind: str) -> tuple[str, str, object]:
    """Return the request that records such an event."""
    body = {
        "type": kind,
        "principal": application.principal,
        "on": scene.today.isoformat(),
        "reference": f"{kind.upper()}-{secrets.token_hex(4).upper()}",
    }
    return "POST", f"/v1/loans/{application.loan['id']}/events", body


def _command(pledge_id: str, verb: str, body: object) -> tuple[str, str, object]:
    return "POST", f"/v1/pledges/{pledge_id}/{verb}", body


def _is(scene: Scene, pledge: Pledge, status: str) -> None:
    scene.checks("status", status, pledge["status"])
    scene.says(f"→ {STATES[status]} {status}")


def _months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, min(day.day, LAST_DAY_OF_EVERY_MONTH))
