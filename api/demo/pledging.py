"""Steps 4 and 5: a right is pledged and frozen, the loan goes out, and no second bank gets what is taken.

The subtle thing in step 5 is what the second bank is told: how much is still free, and nothing of who took the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from api.demo.applications import (
    Application,
    Instalment,
    Pledge,
    apply_in_zhejiang,
    approval,
    confirm,
    draft,
    ends,
    event_request,
    loan_event,
    quarterly,
    record_loan,
    submit,
)
from api.demo.rights import SHAOXING, Right, consents, verify
from api.demo.scene import Scene
from api.demo.values import TONNES
from api.demo.words import STATES, percent, quantity, yuan

HUANGSHI: Final = "enterprise.huangshi"
HUANGSHI_RIGHT: Final = "PWQ-HB-420202-00001"
HUBEI_INSTALMENT: Final = Decimal(15_000)
FIRST_BANK_NAMES: Final = ("bank-a", "示例甲银行")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pledged:
    """A pledge under control, with what was asked for."""

    application: Application
    pledge: Pledge


@dataclass(frozen=True, slots=True, kw_only=True)
class Contested:
    """What the second bank was told, in both workflows, and the pledge that came first in Hubei."""

    in_zhejiang: Mapping[str, Any]
    in_hubei: Mapping[str, Any]
    first_in_hubei: Pledged


def pledge_in_zhejiang(scene: Scene, right: Right, schedule: Sequence[Instalment]) -> Pledged:
    """Pledge 30 t/a by Zhejiang's workflow; only once the registry has frozen it does money leave."""
    scene.opens(4, "浙江流程：企业申请、部门核准、银行审批、企业确认、登记冻结、放款", "the Zhejiang workflow")
    loan = record_loan(scene, "bank-a", SHAOXING, schedule)
    application = Application(
        right_id=right["id"], tonnes=TONNES, enterprise=SHAOXING, bank="bank-a", workflow="zhejiang", loan=loan
    )
    pledge_id = apply_in_zhejiang(scene, application)
    _too_early(scene, application)
    confirm(scene, application, pledge_id)
    scene.waits("bank-a.officer", pledge_id, "freezing", "active")
    pledge = _frozen(scene, pledge_id)
    loan_event(scene, application, "disbursed", "生效后放款", "disburses")
    covered = scene.does(
        "bank-a.officer", "查看押品覆盖", "reads the coverage", ("GET", f"/v1/pledges/{pledge_id}/coverage")
    )
    scene.says(
        f"贷款余额 {yuan(covered['outstanding'])}，押品价值 {yuan(covered['collateral_value'])}，"
        f"抵质押率 {percent(covered['loan_to_value'])}，{covered['level']}"
    )
    scene.checks("level", "ok", covered["level"])
    return Pledged(application=application, pledge=pledge)


def ask_a_second_bank(scene: Scene, right: Right, first: Pledged) -> Contested:
    """Ask a second bank for what the first has, in both workflows."""
    scene.opens(
        5,
        "同一指标再向第二家银行申请：余量不足，且不透露第一家银行的任何信息",
        "a second bank gets nothing, not even news",
    )
    loan = record_loan(scene, "bank-b", SHAOXING, quarterly(scene.today, HUBEI_INSTALMENT))
    again = Application(
        right_id=right["id"], tonnes=TONNES, enterprise=SHAOXING, bank="bank-b", workflow="zhejiang", loan=loan
    )
    in_zhejiang = _refused(scene, SHAOXING, again, first, "20.000000")
    scene.says("── 湖北流程：银行主导 (the Hubei workflow, led by the bank)")
    for bank in ("bank-a", "bank-b"):
        consents(scene, HUANGSHI, bank)
    first_in_hubei = _pledge_in_hubei(scene)
    right_as_b_sees_it = verify(scene, "bank-b", HUANGSHI, HUANGSHI_RIGHT)
    loan = record_loan(scene, "bank-b", HUANGSHI, quarterly(scene.today, HUBEI_INSTALMENT))
    second = Application(
        right_id=right_as_b_sees_it["id"],
        tonnes=TONNES,
        enterprise=HUANGSHI,
        bank="bank-b",
        workflow="hubei",
        loan=loan,
    )
    in_hubei = _refused(scene, "bank-b.officer", second, first_in_hubei, "10.000000")
    _foreign_holds(scene, second.right_id, first_in_hubei)
    return Contested(in_zhejiang=in_zhejiang, in_hubei=in_hubei, first_in_hubei=first_in_hubei)


def _frozen(scene: Scene, pledge_id: str) -> Pledge:
    """Read a pledge under control, with what the registry answered, and see that every condition is met."""
    pledge = scene.does("bank-a.officer", "查看质押", "reads the pledge", ("GET", f"/v1/pledges/{pledge_id}"))
    entry = next(each for each in pledge["registrations"] if each["register"] == "emission_registry")
    scene.says(f"登记机构答复：冻结编号 {entry['reference']}，时间 {entry['registered_at']} (the registry's freeze)")
    scene.checks("registered", "registered", entry["status"])
    scene.checks("conditions met", [], [each["code"] for each in pledge["conditions"] if not each["met"]])
    return pledge


def _too_early(scene: Scene, application: Application) -> None:
    """See that no money leaves before the registry has frozen the right."""
    scene.refused(
        f"{application.bank}.officer",
        "冻结前尝试放款",
        "tries to disburse too early",
        event_request(scene, application, "disbursed"),
        code="not_active",
    )


def _pledge_in_hubei(scene: Scene) -> Pledged:
    right = verify(scene, "bank-a", HUANGSHI, HUANGSHI_RIGHT)
    loan = record_loan(scene, "bank-a", HUANGSHI, quarterly(scene.today, HUBEI_INSTALMENT))
    application = Application(
        right_id=right["id"], tonnes=TONNES, enterprise=HUANGSHI, bank="bank-a", workflow="hubei", loan=loan
    )
    pledge_id = str(draft(scene, "bank-a.officer", application)["id"])
    submit(scene, "bank-a.officer", pledge_id)
    approved = scene.does(
        "bank-a.approver",
        f"审批 {yuan(application.principal)}，系统指令交易机构冻结",
        "approves; the freeze is ordered",
        approval(pledge_id, application),
        expect=202,
    )
    scene.checks("status", "freezing", approved["status"])
    scene.says(f"→ {STATES['freezing']} freezing")
    scene.waits("bank-a.officer", pledge_id, "freezing", "active")
    return Pledged(application=application, pledge=_frozen(scene, pledge_id))


def _refused(scene: Scene, actor: str, application: Application, first: Pledged, available: str) -> Mapping[str, Any]:
    """Draft and submit at the second bank, see the refusal and what it does not say, and take the draft back."""
    pledge_id = str(draft(scene, actor, application)["id"])
    refusal = scene.refused(
        actor,
        f"提交 {application.asked} 给 {application.bank}",
        "submits to a second bank",
        ("POST", f"/v1/pledges/{pledge_id}/submit", {}),
        code="quantity_unavailable",
    )
    scene.checks("available", {"amount": available, "unit": "t/a"}, refusal.body["available"])
    _tells_nothing(scene, refusal.text, first)
    scene.line.call("bank-b.officer", "GET", f"/v1/pledges/{first.pledge['id']}", expect=404, code="not_found")
    scene.says(f"仍可用 {quantity(refusal.body['available'])}；答复未提及第一家银行；第一家的质押对其“不存在”(404)")
    ends(scene, actor, pledge_id, "withdraw", {})
    return refusal.body


def _tells_nothing(scene: Scene, text: str, first: Pledged) -> None:
    """See that an answer says nothing of the first bank's business."""
    entry = next(each for each in first.pledge["registrations"] if each["register"] == "emission_registry")
    secrets = {
        *FIRST_BANK_NAMES,
        scene.uscc_of("bank-a.officer"),
        first.pledge["id"],
        first.application.loan["id"],
        first.application.loan["contract_no"],
        entry["reference"],
    }
    scene.checks("what the answer gives away", [], sorted(secret for secret in secrets if str(secret) in text))


def _foreign_holds(scene: Scene, right_id: str, first: Pledged) -> None:
    """See that the second bank learns of the hold its kind, what it blocks and its quantity, and no more."""
    answer = scene.line.call("bank-b.officer", "GET", f"/v1/rights/{right_id}/holds")
    expected = {
        "kind": "pledge",
        "blocks": ["transfer", "lease"],
        "quantity": {"amount": first.application.tonnes, "unit": "t/a"},
    }
    scene.checks("another bank's hold", [expected], answer.body["items"])
    _tells_nothing(scene, answer.text, first)
    scene.says("乙银行只看到：该权益有一项质押占用及其数量 (only kind, blocks and quantity of the hold)")
