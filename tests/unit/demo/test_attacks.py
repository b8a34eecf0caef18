"""The demonstration's attacks: each is really sent, and one that gets through ends the demonstration."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest

from api import wiring
from api.demo.attacks import Foiled, forge_a_release, replay_an_order, steal_a_token
from api.demo.line import BackDoor, Line, Surprise
from api.demo.scene import Scene
from domain.ports.order_signatures import HEADER
from domain.ports.tokens import TokenRefused
from integrations.identity.dpop import verify_proof
from tests.builders import TODAY

ORIGIN: Final = "http://api.example"
PLEDGE: Final = "pledge_1"
PATH: Final = f"/v1/pledges/{PLEDGE}"
RELEASE: Final = f"{PATH}/release"
HONEST: Final = "Honest"
KEYS: Final = {name: wiring.generate_key() for name in ("bank-a.officer", "bank-a.approver")}

Step = Callable[[Scene, str], Foiled]


@dataclass(slots=True)
class _Speaker:
    """Speaks as an actor; the door below knows it by a header, and everything without that is an attack."""

    actor: str
    client: httpx.Client
    order_key: "wiring.SigningKey"

    def request(self, method: str, path: str, body: bytes | None = None, *, order: bool = False) -> httpx.Response:
        headers = {HONEST: self.actor, "DPoP": self.proof(method, self.target(path), self.token())}
        if order:
            target, now = self.target(path), wiring.now()
            headers[HEADER] = wiring.sign_order(self.order_key, body or b"", method=method, target=target, now=now)
        return self.client.request(method, path, content=body, headers=headers)

    def token(self) -> str:
        return f"token-of-{self.actor}"

    def target(self, path: str) -> str:
        return ORIGIN + path

    def proof(self, method: str, target: str, token: str | None) -> str:
        return wiring.sign_proof(self.order_key, method=method, target=target, now=wiring.now(), token=token)


@dataclass(slots=True)
class _Door:
    """Answers what is honest, and refuses each attack as it is told, but for the one that it lets through."""

    refusals: list[tuple[int, str]]
    through: int | None = None
    ordered: int = 0
    status: str = "active"
    attacks: list[httpx.Request] = field(default_factory=list)
    honest: list[httpx.Request] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if HONEST not in request.headers:
            self.attacks.append(request)
            number = len(self.attacks) - 1
            if number == self.through:
                return httpx.Response(202, json={"id": PLEDGE})
            status, code = self.refusals[number]
            return httpx.Response(status, json={"code": code, "detail": "-"})
        self.honest.append(request)
        return self._honest(request)

    def _honest(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/events":
            event = {"subject": PLEDGE, "type": "pledge.release_ordered"}
            return httpx.Response(200, json={"items": [event] * self.ordered, "next_cursor": None})
        if request.url.path == RELEASE:
            self.ordered += 1
            return httpx.Response(202, json={})
        return httpx.Response(200, json={"id": PLEDGE, "status": self.status})

    def scene(self) -> Scene:
        client = httpx.Client(base_url=ORIGIN, transport=httpx.MockTransport(self.answer))
        line = Line(client, lambda actor: _Speaker(actor, client, KEYS[actor]))
        return Scene(line=line, back_door=BackDoor(client, ""), facts={}, today=TODAY, out=io.StringIO())


INVALID: Final = (403, "order_signature_invalid")
FORGED: Final = [INVALID, INVALID, INVALID, (403, "order_signature_required")]
REPLAYED: Final = [(409, "order_replayed"), INVALID]
STOLEN: Final = [*[(401, "proof_required")] * 2, *[(401, "unauthenticated")] * 2]
STEPS: Final[dict[str, tuple[Step, list[tuple[int, str]], int]]] = {
    "forged": (forge_a_release, FORGED, 0),
    "replayed": (replay_an_order, REPLAYED, 0),
    "stolen": (steal_a_token, STOLEN, 1),
}
EVERY_ATTACK: Final = [(name, number) for name, (_, refusals, _) in STEPS.items() for number in range(len(refusals))]


def _played(name: str, **door: Any) -> _Door:  # noqa: ANN401 - a field of the door
    play, refusals, ordered = STEPS[name]
    opened = _Door(refusals, **{"ordered": ordered, **door})
    foiled = play(opened.scene(), PLEDGE)
    assert list(foiled.answers.values()) == refusals
    return opened


@pytest.mark.parametrize(("name", "number"), EVERY_ATTACK)
def test_an_attack_that_gets_through_ends_the_demonstration(name: str, number: int) -> None:
    with pytest.raises(Surprise, match="attacker"):
        _played(name, through=number)


@pytest.mark.parametrize("name", STEPS)
def test_a_pledge_that_does_not_stand_or_was_ordered_to_be_released_once_more_ends_the_demonstration(name: str) -> None:
    with pytest.raises(Surprise, match="status"):
        _played(name, status="releasing")
    with pytest.raises(Surprise, match="orders to release it"):
        _played(name, ordered=2)


def _order(request: httpx.Request) -> tuple[dict[str, Any], bool]:
    """Return what the signature on an attack says, and whether the officer's order key signed this body."""
    signatures, own = wiring.JoseOrderSignatures(), KEYS["bank-a.officer"]
    said = signatures.claimed(request.headers[HEADER])
    age = (datetime.now(UTC) - said.signed_at).total_seconds()
    try:
        signatures.verify(request.headers[HEADER], request.content, [own.public_jwk])
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not the officer's
        return {"kid": said.key_id, "target": said.target, "age": age}, False
    return {"kid": said.key_id, "target": said.target, "age": age}, True


def test_the_forger_has_everything_but_the_order_key() -> None:
    attacks = _played("forged").attacks
    officer, approver = (KEYS[name].key_id for name in ("bank-a.officer", "bank-a.approver"))
    said = [_order(each) for each in attacks[:3]]
    assert [(told["kid"], sound) for told, sound in said] == [(officer, False), (approver, False), (officer, False)]
    assert all((told["target"], told["age"] < 60) == (ORIGIN + RELEASE, True) for told, _ in said)
    assert HEADER not in attacks[3].headers
    signed_for_it = httpx.Request(
        "POST", ORIGIN, headers=attacks[2].headers, content=b'{"reason": "claim_extinguished"}'
    )
    assert _order(signed_for_it)[1]
    for each in attacks:
        assert json.loads(each.content) == {"reason": "waived"}
        assert _proves(each, "bank-a.officer")


def test_what_is_replayed_is_the_officer_s_own_order_byte_for_byte_under_another_key() -> None:
    door = _played("replayed")
    [order] = [each for each in door.honest if each.url.path == RELEASE]
    same, old = door.attacks
    assert (same.content, same.headers[HEADER]) == (order.content, order.headers[HEADER])
    assert same.headers["Idempotency-Key"] != old.headers["Idempotency-Key"]
    told, sound = _order(old)
    assert sound
    assert told["age"] >= 86_400
    assert all(_proves(each, "bank-a.officer") for each in door.attacks)


def test_the_thief_has_the_token_and_every_proof_but_a_fresh_one() -> None:
    door = _played("stolen")
    bearer, bare, own, used = door.attacks
    assert bearer.headers["Authorization"] == "Bearer token-of-bank-a.approver"
    assert {each.headers["Authorization"] for each in (bare, own, used)} == {"DPoP token-of-bank-a.approver"}
    assert not any("DPoP" in each.headers for each in (bearer, bare))
    assert not _proves(own, "bank-a.approver")
    assert used.headers["DPoP"] in [each.headers["DPoP"] for each in door.honest]


def _proves(request: httpx.Request, actor: str) -> bool:
    """Tell whether a request carries a proof for itself and its token, and by the actor's key."""
    try:
        proof = verify_proof(
            request.headers["DPoP"],
            method=request.method,
            target=ORIGIN + request.url.path,
            now=wiring.now(),
            token=request.headers["Authorization"].removeprefix("DPoP "),
        )
    except TokenRefused:
        return False
    return proof.thumbprint == KEYS[actor].key_id
