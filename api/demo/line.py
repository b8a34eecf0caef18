"""The line on which the actors speak to the API, and the surprise that ends a demonstration.

Every call says beforehand what must come back; anything else is a `Surprise`, which names the step, the request, what
was expected and what came. Each actor proves with every request that it holds the key of its token, and signs every
command as an order; whoever attacks sends raw requests instead, with whatever was stolen or forged on them.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import httpx

from api import wiring

SHOWN_LENGTH_MAX: Final = 1500
JSON_LINES: Final = "application/jsonl"


@dataclass
class Surprise(Exception):
    """Stop the demonstration: something is not as it must be."""

    step: str
    request: str
    expected: object
    got: object

    def __str__(self) -> str:
        """Tell it in four lines."""
        told = {"步骤 step": self.step, "请求 request": self.request}
        told |= {"应为 expected": str(self.expected), "实为 got": str(self.got)[:SHOWN_LENGTH_MAX]}
        return "\n".join(f"  {name}: {value}" for name, value in told.items())


class Speaker(Protocol):
    """Speaks as one client, with that client's own keys; the official client does."""

    @property
    def order_key(self) -> "wiring.SigningKey | None":
        """Return the key that signs its orders."""
        ...

    def request(self, method: str, path: str, body: bytes | None = None, *, order: bool = False) -> httpx.Response:
        """Send one request with its proofs, signed where it is an order."""
        ...

    def token(self) -> str:
        """Return its access token."""
        ...

    def target(self, path: str) -> str:
        """Return the address that is signed for a path."""
        ...

    def proof(self, method: str, target: str, token: str | None) -> str:
        """Return a proof that it holds the key of its token."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A request of which somebody chose every header."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, as it was read and as it was written, and what had been sent; JSON lines are left unread."""

    status: int
    body: Mapping[str, Any]
    text: str
    milliseconds: float
    sent: httpx.Request


@dataclass(slots=True)
class Line:
    """Sends the requests; `client` has the API's address, `speaker` returns what speaks as an actor, by its name."""

    client: httpx.Client
    speaker: Callable[[str], Speaker]
    step: str = "0"
    request: str = ""
    _speakers: dict[str, Speaker] = field(default_factory=dict)

    def speaks_as(self, actor: str) -> Speaker:
        """Return what speaks as an actor; the same each time, since it keeps its token."""
        if actor not in self._speakers:
            self._speakers[actor] = self.speaker(actor)
        return self._speakers[actor]

    def call(
        self,
        actor: str,
        method: str,
        path: str,
        body: object = None,
        *,
        expect: int = 200,
        code: str | None = None,
    ) -> Answer:
        """Send one request as an actor and return its answer; raises Surprise for another status or code."""
        written = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8")
        speaker = self.speaks_as(actor)
        self.request = f"{actor} {method} {path}"
        return self._answered(
            lambda: speaker.request(method, path, written, order=method == "POST"), expect, code, before=speaker.token
        )

    def raw(self, who: str, raw: Raw, *, expect: int, code: str) -> Answer:
        """Send exactly this request and return its answer; raises Surprise for another status or code."""
        self.request = f"{who} {raw.method} {raw.path}"
        return self._answered(
            lambda: self.client.request(raw.method, raw.path, content=raw.body, headers=raw.headers), expect, code
        )

    def surprise(self, expected: object, got: object) -> Surprise:
        """Return the surprise that the last request caused."""
        return Surprise(self.step, self.request, expected, got)

    def check(self, what: str, expected: object, got: object) -> None:
        """Raise Surprise unless both are equal."""
        if expected != got:
            raise self.surprise(f"{what} = {expected}", got)

    def _answered(
        self,
        send: Callable[[], httpx.Response],
        expect: int,
        code: str | None,
        before: Callable[[], object] | None = None,
    ) -> Answer:
        try:
            if before is not None:
                before()
            began = time.perf_counter()
            response = send()
            milliseconds = (time.perf_counter() - began) * 1000
            lines = response.headers.get("content-type", "").startswith(JSON_LINES)
            body = {} if lines else response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise self.surprise(expect, f"{type(error).__name__}: {error}") from error
        answer = Answer(response.status_code, body, response.text, milliseconds, response.request)
        if answer.status != expect or answer.body.get("code") != code:
            raise self.surprise(f"{expect} {code or ''}".strip(), f"{answer.status} {answer.text}")
        return answer


@dataclass(frozen=True, slots=True)
class BackDoor:
    """The registry simulator's control address: it misbehaves on order and shows its own ledger."""

    client: httpx.Client
    url: str

    def arm(self, operation: str, kind: str) -> None:
        """Make the registry misbehave once."""
        fault = {"operation": operation, "kind": kind, "times": 1}
        self.client.post(f"{self.url}/faults", json=fault).raise_for_status()

    def ledger(self, registry_no: str, kind: str) -> list[Mapping[str, Any]]:
        """Return what the registry's own ledger says it executed on a right."""
        items: list[Mapping[str, Any]] = self.client.get(f"{self.url}/ledger").raise_for_status().json()["items"]
        return [each for each in items if each["registry_no"] == registry_no and each["kind"] == kind]
