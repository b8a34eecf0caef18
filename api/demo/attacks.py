"""Steps 9 to 11: a forged release, a replayed order and a stolen token, each with all that a thief can have by then.

The attacker is given much: in steps 9 and 10 the officer's token and the key that proves its possession, so that only
the signature of the order is between them and the release; in step 11 the token and everything that was seen on the
wire. Each step sees first, or at its end, that the honest request goes through, so that a refusal is no accident.

Source: contract section 2; RFC 9449 section 7 (a token bound to a key).
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from api import wiring
from api.demo.applications import Pledge
from api.demo.line import Raw
from api.demo.scene import Scene
from api.demo.silence import all_events
from domain.ports.order_signatures import HEADER

ATTACKER: Final = "attacker"
OFFICER: Final = "bank-a.officer"
APPROVER: Final = "bank-a.approver"
ORDERED: Final = "pledge.release_ordered"
WAIVED: Final = {"reason": "waived"}
BODY: Final = json.dumps(WAIVED).encode("ascii")
OTHER_BODY: Final = json.dumps({"reason": "claim_extinguished"}).encode("ascii")
A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Foiled:
    """What each attempt was answered, by its name, the pledge afterwards, and how often its release was ordered."""

    answers: Mapping[str, tuple[int, str]]
    pledge: Pledge
    orders: int


def forge_a_release(scene: Scene, pledge_id: str) -> Foiled:
    """Order a release without the officer's order key, in every way there is, and see that nothing was ordered."""
    scene.opens(9, "伪造解除指令：有令牌及其密钥，而无指令密钥", "a forged release: every key but the one for orders")
    officer = scene.line.speaks_as(OFFICER)
    own, colleague = _key(scene, OFFICER), _key(scene, APPROVER)
    target = officer.target(_release(pledge_id))
    now = wiring.now()
    disguised = replace(wiring.generate_key(), key_id=own.key_id)
    signed = {
        "another key": wiring.sign_order(disguised, BODY, method="POST", target=target, now=now),
        "a colleague's key": wiring.sign_order(colleague, BODY, method="POST", target=target, now=now),
        "another body": wiring.sign_order(own, OTHER_BODY, method="POST", target=target, now=now),
        "no signature": None,
    }
    words = {
        "another key": ("以他人密钥冒签，自称客户经理的密钥", "signs by another key in its name"),
        "a colleague's key": ("以同事的指令密钥签名", "signs by a colleague's key"),
        "another body": ("截取真签名，改动正文", "a true signature, another body"),
        "no signature": ("不签名", "signs nothing"),
    }
    answers = {}
    for name, signature in signed.items():
        code = "order_signature_required" if signature is None else "order_signature_invalid"
        raw = _order(scene, pledge_id, signature)
        answers[name] = _foiled(scene, words[name], raw, 403, code)
    return _standing(scene, pledge_id, answers, orders=0)


def replay_an_order(scene: Scene, pledge_id: str) -> Foiled:
    """Send a genuine order once more, and one of yesterday, under new idempotency keys; see that neither counts."""
    scene.opens(10, "重放指令：原样再发已撤销的指令，与昨日签名的指令", "a replayed order, and one signed yesterday")
    request = ("POST", _release(pledge_id), WAIVED)
    ordered = scene.line.call(OFFICER, *request, expect=202)
    scene.says("客户经理签名申请解除，随即撤销 (the officer orders the release, and takes it back)")
    scene.line.call(OFFICER, "POST", f"{_release(pledge_id)}/cancel", {})
    caught = replace(_order(scene, pledge_id, ordered.sent.headers[HEADER]), body=ordered.sent.content)
    answers = {
        "the same order": _foiled(
            scene, ("换新的幂等键，原样重放", "the same bytes under a new key"), caught, 409, "order_replayed"
        )
    }
    target = scene.line.speaks_as(OFFICER).target(_release(pledge_id))
    old = wiring.sign_order(_key(scene, OFFICER), BODY, method="POST", target=target, now=wiring.now() - A_DAY)
    answers["yesterday's order"] = _foiled(
        scene,
        ("发出昨日签名、从未送达的指令", "signed yesterday, never sent"),
        _order(scene, pledge_id, old),
        403,
        "order_signature_invalid",
    )
    return _standing(scene, pledge_id, answers, orders=1)


def steal_a_token(scene: Scene, pledge_id: str) -> Foiled:
    """Use a genuine access token without the key that it is bound to, and see that it opens nothing."""
    scene.opens(11, "盗用令牌：有令牌而无其密钥", "a stolen token, without its key")
    approver = scene.line.speaks_as(APPROVER)
    path = f"/v1/pledges/{pledge_id}"
    honest = scene.line.call(APPROVER, "GET", path)
    scene.says("审批人持令牌与密钥读取质押：200 (its holder reads with token and proof)")
    token = approver.token()
    own = wiring.sign_proof(
        wiring.generate_key(), method="GET", target=approver.target(path), now=wiring.now(), token=token
    )
    bound = {"Authorization": f"DPoP {token}"}
    tried: dict[str, tuple[tuple[str, str], dict[str, str], str]] = {
        "as a bearer": (
            ("当作无绑定令牌使用", "as a bearer token"),
            {"Authorization": f"Bearer {token}"},
            "proof_required",
        ),
        "without a proof": (("不附持有证明", "without a proof"), bound, "proof_required"),
        "by another key": (
            ("以自己的密钥作证明", "with a proof by another key"),
            {**bound, "DPoP": own},
            "unauthenticated",
        ),
        "with the holder's proof": (
            ("截取持有人的证明再用一次", "with the holder's proof, used"),
            {**bound, "DPoP": honest.sent.headers["DPoP"]},
            "unauthenticated",
        ),
    }
    answers = {
        name: _foiled(scene, words, Raw(method="GET", path=path, headers=headers), 401, code)
        for name, (words, headers, code) in tried.items()
    }
    scene.line.call(APPROVER, "GET", path)
    return _standing(scene, pledge_id, answers, orders=1)


def _foiled(scene: Scene, words: tuple[str, str], raw: Raw, status: int, code: str) -> tuple[int, str]:
    answer = scene.foils(ATTACKER, *words, raw, status=status, code=code)
    return answer.status, str(answer.body["code"])


def _order(scene: Scene, pledge_id: str, signature: str | None) -> Raw:
    """Return a release as an attacker sends it who has the officer's token and the key that proves it."""
    officer = scene.line.speaks_as(OFFICER)
    token, target = officer.token(), officer.target(_release(pledge_id))
    headers = {
        "Authorization": f"DPoP {token}",
        "DPoP": officer.proof("POST", target, token),
        "Content-Type": "application/json",
        "Idempotency-Key": secrets.token_hex(16),
    }
    if signature is not None:
        headers[HEADER] = signature
    return Raw(method="POST", path=_release(pledge_id), headers=headers, body=BODY)


def _standing(scene: Scene, pledge_id: str, answers: Mapping[str, tuple[int, str]], *, orders: int) -> Foiled:
    """See that the pledge stands and its release was ordered no oftener than its officer did."""
    pledge = scene.line.call(OFFICER, "GET", f"/v1/pledges/{pledge_id}").body
    scene.checks("status", "active", pledge["status"])
    found = [each for each in all_events(scene, OFFICER) if (each["subject"], each["type"]) == (pledge_id, ORDERED)]
    scene.checks("orders to release it", orders, len(found))
    scene.says(
        f"质押仍有效，{len(answers)} 次攻击均被识破 (the pledge stands; {len(answers)} attacks, none got through)"
    )
    return Foiled(answers=answers, pledge=pledge, orders=len(found))


def _key(scene: Scene, actor: str) -> "wiring.SigningKey":
    key = scene.line.speaks_as(actor).order_key
    assert key is not None, actor
    return key


def _release(pledge_id: str) -> str:
    return f"/v1/pledges/{pledge_id}/release"
