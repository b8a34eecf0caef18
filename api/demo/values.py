"""Step 3: a right is valued, with everything behind the figure; a loan that outlives the melting value is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from api.demo.applications import (
    Application,
    Instalment,
    approval,
    bullet,
    draft,
    ends,
    quarterly,
    record_loan,
    submit,
    verify_quantities,
)
from api.demo.rights import SHAOXING, Right
from api.demo.scene import Scene
from api.demo.words import percent, quantity, wide, yuan
from domain.values.time import add_years

TONNES: Final = "30.000000"
SHOWN: Final = 5
BULLET_YEARS: Final = 3
MOST_OF_IT: Final = Decimal("0.9")
WEIGHT_MAX: Final = Decimal("0.25")
ROUNDING: Final = Decimal("0.0001")
ROUND_SUM: Final = Decimal(10_000)

Valuation = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    """A right's value, the loan that it carries to its last day, and the loan that it does not carry."""

    valuation: Valuation
    evidence: Sequence[Mapping[str, Any]]
    schedule: Sequence[Instalment]
    max_loan: Mapping[str, Any]
    bullet: Sequence[Instalment]
    bullet_valuation: Valuation
    refusal: Mapping[str, Any]


def value_right(scene: Scene, right: Right) -> Valued:
    """Value 30 t/a of a right, find what may be lent on it, and have too long a loan refused."""
    scene.opens(3, "评估排污权：依据、折扣、押品价值与最高可贷额", "a right is valued")
    valuation = _value(scene, right, f"评估 {quantity({'amount': TONNES, 'unit': 't/a'})}", "values", None)
    evidence = _evidence(scene, valuation)
    _show(scene, valuation)
    shape = quarterly(scene.today, ROUND_SUM)
    carried = _value(scene, right, "按两年、每季等额还本测算", "over a two-year loan's life", shape)
    scene.says(f"全贷款期内每日足值的最高可贷额 max_loan: {yuan(carried['max_loan'])} (每季等额还本、两年)")
    instalment = Decimal(carried["max_loan"]["amount"]) / len(shape) // ROUND_SUM * ROUND_SUM
    most = (Decimal(valuation["max_loan"]["amount"]) * MOST_OF_IT).quantize(Decimal("0.01"), ROUND_DOWN)
    too_long = bullet(add_years(scene.today, BULLET_YEARS), most)
    uncovered = _value(scene, right, f"按三年到期一次还本 {most:,.2f} 元测算", "a three-year bullet", too_long)
    scene.says(
        f"三年一次还本：最高只能贷 {yuan(uncovered['max_loan'])}；若贷今日可贷额的九成 {most:,.2f} 元，"
        f"自 {uncovered['first_uncovered_on']} 起押品不足 (first uncovered day)"
    )
    refusal = _refused(scene, right, too_long, uncovered["first_uncovered_on"])
    return Valued(
        valuation=valuation,
        evidence=evidence,
        schedule=quarterly(scene.today, instalment),
        max_loan=carried["max_loan"],
        bullet=too_long,
        bullet_valuation=uncovered,
        refusal=refusal,
    )


def _value(scene: Scene, right: Right, zh: str, en: str, repayment: Sequence[Instalment] | None) -> Valuation:
    asked = {"right_id": right["id"], "quantity": {"amount": TONNES, "unit": "t/a"}}
    if repayment is not None:
        asked["repayment"] = repayment
    return scene.does("bank-a.officer", zh, en, ("POST", "/v1/valuations", asked), expect=201)


def _evidence(scene: Scene, valuation: Valuation) -> Sequence[Mapping[str, Any]]:
    """Read the deals behind a value, print the heaviest, and see that the weights are whole and capped."""
    found = scene.does(
        "bank-a.officer", "查看价格依据", "reads the evidence", ("GET", f"/v1/valuations/{valuation['id']}/evidence")
    )
    items: Sequence[Mapping[str, Any]] = found["items"]
    for item in items[:SHOWN]:
        scene.says(
            f"{item['traded_on']}  {wide(item['trade_no'], 24)} {wide(quantity(item['quantity']), 10)}"
            f" {Decimal(item['unit_value']):>10,.2f} 元/吨·年  权重 {percent(item['weight'])}"
        )
    weights = [Decimal(item["weight"]) for item in items]
    scene.says(f"… 共 {len(items)} 笔，权重合计 {percent(str(sum(weights, Decimal(0))))} ({len(items)} deals in all)")
    scene.checks("evidence_count", valuation["evidence_count"], len(items))
    scene.checks("weights sum to one", expected=True, got=abs(sum(weights, Decimal(0)) - 1) < ROUNDING)
    scene.checks("no weight above a quarter", expected=True, got=max(weights) <= WEIGHT_MAX)
    return items


def _show(scene: Scene, valuation: Valuation) -> None:
    parts = valuation["haircut_parts"]
    unit = f"{Decimal(valuation['unit_value']):,.2f} 元/吨·年"
    losses = f"市场 {percent(parts['market'])}、处置期融化 {percent(parts['melting'])}"
    scene.says(
        f"单位价值 {unit} × 剩余年限 = 评估价值 {yuan(valuation['market_value'])} (market value)",
        f"折扣率 {percent(valuation['haircut'])} ({losses}) → 押品价值 {yuan(valuation['collateral_value'])}",
        f"数量大而分批变现再折 {percent(parts['lot'])}、越过规划期末不计 {percent(parts['roll_over'])}",
        f"抵质押率上限 {percent(valuation['loan_to_value_cap'])}，今日最高可贷 {yuan(valuation['max_loan'])}，"
        f"置信等级 {valuation['confidence_level']}，提示 {', '.join(valuation['warnings'])}",
        *(f"{each['zh']} ({each['en']})" for each in valuation["explanation"]),
    )


def _refused(scene: Scene, right: Right, schedule: Sequence[Instalment], first_day: str) -> Mapping[str, Any]:
    """Have the bank refuse the too long loan with the same first day, and free what its application took."""
    loan = record_loan(scene, "bank-a", SHAOXING, schedule)
    application = Application(
        right_id=right["id"], tonnes=TONNES, enterprise=SHAOXING, bank="bank-a", workflow="zhejiang", loan=loan
    )
    pledge_id = str(draft(scene, SHAOXING, application)["id"])
    submit(scene, SHAOXING, pledge_id)
    verify_quantities(scene, "authority.zhejiang", pledge_id, application)
    refusal = scene.refused(
        "bank-a.approver",
        "审批三年一次还本的贷款",
        "tries to approve it",
        approval(pledge_id, application),
        code="loan_exceeds_collateral",
    )
    scene.checks("first_uncovered_on", first_day, refusal.body["first_uncovered_on"])
    scene.checks("after today", expected=True, got=date.fromisoformat(first_day) > scene.today)
    ends(scene, "bank-a.officer", pledge_id, "reject", {"reason": "期限过长，押品价值逐日递减，无法覆盖至到期日"})
    freed = scene.does(SHAOXING, "查看权益", "reads the right", ("GET", f"/v1/rights/{right['id']}"))
    scene.checks("available", freed["quantity"], freed["available"])
    return refusal.body
