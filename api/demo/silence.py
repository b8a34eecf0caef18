"""Step 6: the registry executes a freeze and its answer is lost; nothing is frozen twice, and nothing is given up.

Silence is an answer here: the order becomes `unknown`, the worker asks the registry what became of it, and the
registry's own ledger shows one freeze.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from api.demo.applications import Application, Pledge, apply_in_zhejiang, confirm, quarterly, record_loan
from api.demo.rights import SHAOXING, Right
from api.demo.scene import Scene
from api.demo.words import HAPPENED, quantity

TONNES: Final = "12.000000"
INSTALMENT: Final = Decimal(10_000)
PAGE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The pledge whose freeze was lost and found, its events in order, and the registry's freezes of that right."""

    pledge: Pledge
    events: Sequence[str]
    freezes: Sequence[Mapping[str, Any]]


def lose_a_reply(scene: Scene, right: Right) -> Reconciled:
    """Lose the answer to a freeze, and see that the worker finds out what happened."""
    scene.opens(6, "登记机构已冻结但答复丢失：查询证实，不重复冻结", "the registry's answer to a freeze is lost")
    scene.back_door.arm("freeze", "lose_reply")
    scene.says("（故障注入：登记机构执行下一次冻结，但不送回答复 a fault is armed: executed, but no reply）")
    loan = record_loan(scene, "bank-a", SHAOXING, quarterly(scene.today, INSTALMENT))
    application = Application(
        right_id=right["id"], tonnes=TONNES, enterprise=SHAOXING, bank="bank-a", workflow="zhejiang", loan=loan
    )
    pledge_id = apply_in_zhejiang(scene, application)
    confirm(scene, application, pledge_id)
    pledge = scene.waits("bank-a.officer", pledge_id, "freezing", "active")
    events = [event["type"] for event in all_events(scene, "bank-a.officer") if event["subject"] == pledge_id]
    told = [event for event in events if event.startswith("freeze.")]
    for event in told:
        scene.says(f"事件 {event}  {HAPPENED[event]}")
    scene.checks("the freeze's events", ["freeze.unknown", "freeze.reconciled"], told)
    freezes = scene.back_door.ledger(right["registry_no"], "freeze")
    scene.checks("freezes in the registry's own ledger", 1, len(freezes))
    [freeze] = freezes
    scene.says(
        f"登记机构自己的台账：{right['registry_no']} 仅一笔冻结 {freeze['registry_ref']}"
        f"，{quantity(freeze['quantity'])}，收到消息 {freeze['messages']} 次"
        " (one freeze in the registry's own ledger, not two)"
    )
    entry = next(each for each in pledge["registrations"] if each["register"] == "emission_registry")
    scene.checks("the pledge names that freeze", freeze["registry_ref"], entry["reference"])
    scene.checks("the freeze names the pledge", pledge_id, freeze["contract_no"])
    return Reconciled(pledge=pledge, events=events, freezes=freezes)


def all_events(scene: Scene, actor: str) -> list[Mapping[str, Any]]:
    """Return the whole feed of an actor, page by page."""
    found: list[Mapping[str, Any]] = []
    after = ""
    while True:
        page = scene.line.call(actor, "GET", f"/v1/events?limit={PAGE}{after}").body
        found.extend(page["items"])
        if len(page["items"]) < PAGE:
            return found
        after = f"&after={page['next_cursor']}"
