"""The demonstration's last step: the verifier names the line, and a trail that passes for whole ends it."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import httpx
import pytest

from api.demo import altered_trail
from api.demo.altered_trail import Tampering, alter_the_trail
from api.demo.audit_tampering import FORGER, altered, caught, forged
from api.demo.line import BackDoor, Line, Speaker, Surprise
from api.demo.pledging import Pledged
from api.demo.scene import Scene
from api.verify_audit import Verified
from tests.builders import TODAY
from tests.fakes.audit_trail import JWKS, Trail, an_entry, chained

PLEDGE: Final = "pledge_1"
APPROVED: Final = 7
ENTRIES: Final = 20


def _trail() -> Trail:
    """Return a chain in which the release of one pledge was approved, after that of another."""
    entries = [an_entry(number) for number in range(1, ENTRIES + 1)]
    approved = {"action": "pledge.release_approved", "actor": "bank-a.approver"}
    entries[APPROVED - 3] |= approved
    entries[APPROVED - 1] |= {**approved, "subject": PLEDGE}
    return Trail(list(chained(entries)))


TRAIL: Final = _trail()
EXPORT: Final = TRAIL.export()


@dataclass(frozen=True, slots=True)
class _Auditor:
    """Is given an export and the checkpoints of these entries."""

    reached: tuple[int, ...] = (15,)
    export: bytes = EXPORT
    order_key: None = None

    def request(self, method: str, path: str, body: bytes | None = None, *, order: bool = False) -> httpx.Response:
        request = httpx.Request(method, f"http://api.example{path}")
        if method == "POST":
            return httpx.Response(202, json={"sequence": max(self.reached)}, request=request)
        if path == "/v1/audit/export":
            lines = {"Content-Type": "application/jsonl"}
            return httpx.Response(200, content=self.export, headers=lines, request=request)
        if path == "/.well-known/jwks.json":
            return httpx.Response(200, content=JWKS, headers={"Content-Type": "application/json"}, request=request)
        items = [{"sequence": each, "jws": TRAIL.checkpoint(each)} for each in self.reached]
        return httpx.Response(200, json={"items": items, "next_cursor": None}, request=request)

    def token(self) -> str:
        return "token"

    def target(self, path: str) -> str:
        return path

    def proof(self, method: str, target: str, token: str | None) -> str:
        return "proof"


@dataclass(frozen=True, slots=True)
class _Pledged:
    pledge: dict[str, Any]


def _play(auditor: Speaker, pledge_id: str = PLEDGE) -> tuple[Tampering, str]:
    client, out = httpx.Client(base_url="http://api.example"), io.StringIO()
    line = Line(client, lambda _: auditor)
    scene = Scene(line=line, back_door=BackDoor(client, ""), facts={}, today=TODAY, out=out)
    return alter_the_trail(scene, cast("Pledged", _Pledged({"id": pledge_id}))), out.getvalue()


def test_the_line_of_a_changed_row_is_named_and_of_a_rewritten_chain_that_of_the_first_checkpoint_after_it() -> None:
    for reached, first in (((15,), 15), ((3, APPROVED, 15), APPROVED), ((5, 12, 20), 12)):
        found, printed = _play(_Auditor(reached))
        assert found.genuine == Verified("bank-a", 1, ENTRIES, len(reached), ENTRIES - max(reached))
        assert (found.changed, found.altered_line) == (APPROVED, APPROVED + 1)
        assert (found.checkpoint, found.forged_line) == (first, first + 1)
        assert f"line {APPROVED + 1}: " in printed
        assert f"line {first + 1}: " in printed


def test_one_forger_changes_one_row_and_the_other_every_hash_after_it() -> None:
    whole = EXPORT.splitlines()
    for forge, touched in ((altered, {APPROVED}), (forged, set(range(APPROVED, ENTRIES + 1)))):
        copy = forge(EXPORT, APPROVED).splitlines()
        assert {number for number, line in enumerate(copy) if line != whole[number]} == touched
        assert json.loads(copy[APPROVED])["leaf"]["entry"]["actor"] == FORGER


def test_an_export_that_was_not_whole_or_does_not_tell_the_approval_ends_the_demonstration() -> None:
    with pytest.raises(Surprise, match="the export is whole"):
        _play(_Auditor(export=altered(EXPORT, 3)))
    with pytest.raises(Surprise, match=r"pledge\.release_approved"):
        _play(_Auditor(), "pledge_2")


def _untouched(export: bytes, _: int) -> bytes:
    return export


def _another_line(export: bytes, sequence: int) -> bytes:
    return altered(export, sequence - 1)


@pytest.mark.parametrize("forger", ["altered", "forged"])
@pytest.mark.parametrize("forge", [_untouched, _another_line])
def test_a_forgery_that_is_not_caught_or_at_another_line_ends_the_demonstration(
    monkeypatch: pytest.MonkeyPatch, forger: str, forge: Callable[[bytes, int], bytes]
) -> None:
    monkeypatch.setattr(altered_trail, forger, forge)
    with pytest.raises(Surprise, match="line"):
        _play(_Auditor())


def test_a_forgery_that_the_verifier_does_not_notice_is_loud() -> None:
    checkpoints = TRAIL.checkpoint(15).encode()
    with pytest.raises(RuntimeError, match="not caught"):
        caught(EXPORT, checkpoints, JWKS, APPROVED, _untouched)
