"""The line on which the actors speak to the API, and the surprise that ends a demonstration.

Every call says beforehand what must come back; anything else is a `Surprise`, which names the step, the request, what
was expected and what came. A token lives five minutes at most, so it is fetched again after three.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

TOKEN_SECONDS: Final = 180.0
SHOWN_LENGTH_MAX: Final = 1500


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


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, as it was read and as it was written."""

    status: int
    body: Mapping[str, Any]
    text: str
    milliseconds: float


@dataclass(slots=True)
class Line:
    """Sends the actors' requests; `client` has the API's address, `token` fetches a token by an actor's name."""

    client: httpx.Client
    token: Callable[[str], str]
    step: str = "0"
    request: str = ""
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

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
        self.request = f"{actor} {method} {path}"
        try:
            headers = {"Authorization": f"Bearer {self._token(actor)}", "Accept-Language": "zh-CN"}
            if method == "POST":
                headers["Idempotency-Key"] = secrets.token_hex(16)
            began = time.perf_counter()
            response = self.client.request(method, path, json=body, headers=headers)
            milliseconds = (time.perf_counter() - began) * 1000
            answer = Answer(response.status_code, response.json(), response.text, milliseconds)
        except (httpx.HTTPError, ValueError) as error:
            raise self.surprise(expect, f"{type(error).__name__}: {error}") from error
        if answer.status != expect or answer.body.get("code") != code:
            raise self.surprise(f"{expect} {code or ''}".strip(), f"{answer.status} {answer.text}")
        return answer

    def surprise(self, expected: object, got: object) -> Surprise:
        """Return the surprise that the last request caused."""
        return Surprise(self.step, self.request, expected, got)

    def check(self, what: str, expected: object, got: object) -> None:
        """Raise Surprise unless both are equal."""
        if expected != got:
            raise self.surprise(f"{what} = {expected}", got)

    def _token(self, actor: str) -> str:
        known = self._tokens.get(actor)
        if known is None or time.monotonic() - known[1] > TOKEN_SECONDS:
            known = (self.token(actor), time.monotonic())
            self._tokens[actor] = known
        return known[0]


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
