"""Step 12: somebody who owns the database changes who approved the release; the auditor's verifier names the line.

The auditor keeps a checkpoint first, and exports later. What is altered is a copy of that export, which is what the
auditor would be given by a house whose database was edited.
"""

import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from api.demo.audit_tampering import FORGER, altered, caught, forged
from api.demo.pledging import Pledged
from api.demo.scene import POLL_SECONDS, WAIT_SECONDS_MAX, Scene
from api.verify_audit import LEAF, OPENING, Tampered, Verified, read_kept, verify

AUDITOR: Final = "auditor"
APPROVED: Final = "pledge.release_approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """What the verifier found in the export as it came, and the lines it named in two copies with a changed entry.

    Lines count from 1, and the first one is no entry. `checkpoint` is the first kept one that reaches the change.
    """

    genuine: Verified
    changed: int
    checkpoint: int
    altered_line: int
    forged_line: int


def alter_the_trail(scene: Scene, pledged: Pledged) -> Tampering:
    """Verify an export, change one row in a copy of it, and see that the verifier names the line."""
    scene.opens(12, "篡改审计：改动一行记录", "a row of the audit trail is changed")
    checkpoints, reached = _kept(scene)
    export = scene.line.call(AUDITOR, "GET", "/v1/audit/export").text.encode("utf-8")
    jwks = scene.line.call(AUDITOR, "GET", "/.well-known/jwks.json").text.encode("utf-8")
    genuine = _genuine(scene, export, checkpoints, jwks)
    sequence = _approval(scene, export, pledged)
    scene.says(f"第{sequence}条(审批人复核解除)的操作人改为 {FORGER} (entry {sequence} now names another person)")
    line = _caught(scene, altered, (export, checkpoints, jwks, sequence), "仅改内容", "the words alone")
    scene.checks("the altered line", sequence + 1, line)
    again = _caught(
        scene, forged, (export, checkpoints, jwks, sequence), "并重算其后全部哈希", "and every later hash anew"
    )
    checkpoint = min(each for each in reached if each >= sequence)
    scene.checks("the kept checkpoint's line", checkpoint + 1, again)
    return Tampering(genuine=genuine, changed=sequence, checkpoint=checkpoint, altered_line=line, forged_line=again)


def _kept(scene: Scene) -> tuple[bytes, Sequence[int]]:
    """Have the chain's head signed now, and return the checkpoints as the auditor keeps them, and what each reaches."""
    asked = scene.does(
        AUDITOR, "请求签署检查点并自行留存", "asks for a checkpoint", ("POST", "/v1/audit/checkpoints", {}), expect=202
    )
    began = time.monotonic()
    while True:
        answer = scene.line.call(AUDITOR, "GET", "/v1/audit/checkpoints?limit=200")
        reached = [int(each["sequence"]) for each in answer.body["items"]]
        if max(reached, default=0) >= asked["sequence"]:
            return answer.text.encode("utf-8"), reached
        if time.monotonic() - began > WAIT_SECONDS_MAX:
            raise scene.line.surprise(f"a checkpoint of entry {asked['sequence']}", answer.text)
        time.sleep(POLL_SECONDS)


def _genuine(scene: Scene, export: bytes, checkpoints: bytes, jwks: bytes) -> Verified:
    try:
        found = verify(io.BytesIO(export), read_kept(checkpoints, jwks))
    except Tampered as fault:
        raise scene.line.surprise("the export is whole", fault.en) from fault
    scene.says(f"✓ 原样导出：第{found.first}至{found.last}条完整无改动 (as it came: whole and unchanged)")
    return found


def _approval(scene: Scene, export: bytes, pledged: Pledged) -> int:
    """Return the number of the entry in which the main pledge's release was approved."""
    for number, line in enumerate(export.splitlines(keepends=True)):
        if line.startswith(OPENING):
            entry = json.loads(line[LEAF])["entry"]
            if (entry["action"], entry["subject"]) == (APPROVED, pledged.pledge["id"]):
                return number
    raise scene.line.surprise(f"{APPROVED} in the export", "none")


def _caught(
    scene: Scene,
    forge: Callable[[bytes, int], bytes],
    evidence: tuple[bytes, bytes, bytes, int],
    zh: str,
    en: str,
) -> int:
    """Return the line that the verifier names."""
    try:
        fault = caught(*evidence, forge)
    except RuntimeError as missed:
        raise scene.line.surprise("the verifier names the line", missed) from missed
    scene.says(f"✗ {zh} ({en})：{fault.zh}", f"    {fault.en}")
    return fault.line
