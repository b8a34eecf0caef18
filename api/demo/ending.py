"""Steps 7 and 8: the loan is settled and the right released by two persons; then the whole story is read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from api.demo.applications import Pledge, loan_event
from api.demo.pledging import Pledged
from api.demo.rights import SHAOXING, Right
from api.demo.scene import Scene
from api.demo.silence import all_events
from api.demo.words import ACTORS, HAPPENED, STATES, quantity, wide

RELEASE: Final = {"reason": "claim_extinguished"}
WHEN: Final = slice(11, 23)
ACTOR_COLUMNS: Final = 18
DEED_COLUMNS: Final = 20
CODE_COLUMNS: Final = 28
FOLLOWING: Final = ("certificate.", "pledge.searched", "notice.")
"""What jobs add in their own time."""

Told = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """The released pledge, the right afterwards, and the registry's releases of it."""

    pledge: Pledge
    right: Right
    releases: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Recounted:
    """The audit trail as the bank's auditor reads it, and the bank's feed of events."""

    audit: Told
    events: Told


def release(scene: Scene, right: Right, pledged: Pledged) -> Released:
    """Settle the loan, and have the pledge released by two persons of the bank."""
    scene.opens(7, "贷款结清，一人申请、另一人复核，登记机构解冻", "settled, and released by two persons")
    pledge_id = pledged.pledge["id"]
    order = ("POST", f"/v1/pledges/{pledge_id}/release", RELEASE)
    second: tuple[str, str, object] = ("POST", f"/v1/pledges/{pledge_id}/release/approve", {})
    scene.refused("bank-a.officer", "结清前申请解除", "orders the release too early", order, code="debt_outstanding")
    loan_event(scene, pledged.application, "settled", "贷款结清", "records the settlement")
    scene.does("bank-a.officer", "申请解除质押", "orders the release", order, expect=202)
    scene.refused("bank-a.officer", "自己复核自己", "approves their own order", second, code="same_person", status=403)
    releasing = scene.does(
        "bank-a.approver", "复核同意，系统指令解冻", "approves; the release is ordered", second, expect=202
    )
    scene.checks("status", "releasing", releasing["status"])
    pledge = scene.waits("bank-a.officer", pledge_id, "releasing", "released")
    releases = scene.back_door.ledger(right["registry_no"], "release")
    scene.checks("releases in the registry's own ledger", 1, len(releases))
    scene.says(f"登记机构答复：解冻编号 {releases[0]['registry_ref']} (the registry's release)")
    freed = scene.does(SHAOXING, "查看权益", "reads the right", ("GET", f"/v1/rights/{right['id']}"))
    scene.checks("available", freed["quantity"], freed["available"])
    scene.says(f"可用 {quantity(freed['available'])}：全部恢复 (free again)")
    return Released(pledge=pledge, right=freed, releases=releases)


def recount(scene: Scene, pledged: Pledged) -> Recounted:
    """Print the audit trail and the events of the whole story, and see that neither has a gap in it."""
    scene.opens(8, "审计轨迹与事件", "the audit trail and the events of the whole story")
    audit = _all_audit(scene)
    scene.says(f"── 审计轨迹 audit trail：{len(audit)} 条")
    for entry in audit:
        _tell(scene, entry["at"], entry["action"], ACTORS.get(entry["actor"], entry["actor"]), entry["subject"])
    events = all_events(scene, "bank-a.officer")
    scene.says(f"── 事件 events：{len(events)} 条")
    for event in events:
        _tell(scene, event["time"], event["type"], STATES.get(event["data"].get("status"), ""), event["subject"])
    _in_order(scene, events)
    told = [
        entry["action"]
        for entry in audit
        if entry["subject"] == pledged.pledge["id"] and not entry["action"].startswith(FOLLOWING)
    ]
    scene.checks(
        "the main pledge's trail begins and ends", ("pledge.drafted", "pledge.release_executed"), (told[0], told[-1])
    )
    return Recounted(audit=audit, events=events)


def _all_audit(scene: Scene) -> Told:
    found: list[Mapping[str, Any]] = []
    after = ""
    while True:
        page = scene.line.call("auditor", "GET", f"/v1/audit?limit=100{after}").body
        found.extend(page["items"])
        if page["next_cursor"] is None:
            return found
        after = f"&cursor={page['next_cursor']}"


def _tell(scene: Scene, at: str, code: str, who: str, subject: str) -> None:
    word = wide(HAPPENED.get(code, ""), DEED_COLUMNS)
    scene.says(f"{at[WHEN]}  {wide(who, ACTOR_COLUMNS)}{word}{wide(code, CODE_COLUMNS)} {subject[:24]}")


def _in_order(scene: Scene, events: Told) -> None:
    """See that each pledge's versions rise in the feed."""
    versions = [(event["subject"], event["data"]["version"]) for event in events if "version" in event["data"]]
    for subject, group in groupby(sorted(versions, key=lambda each: each[0]), key=lambda each: each[0]):
        told = [version for _, version in group]
        scene.checks(f"the order of {subject}'s events", sorted(set(told)), told)
