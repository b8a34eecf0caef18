"""The scene: the actors' line to the API, the registry's back door, the day, and a voice that tells what happens.

Whoever plays a step does something (`does`), says something (`says`), or waits for the registry (`waits`); each prints
one line, and each that asks the API checks the answer.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TextIO

from api.demo.line import Answer, BackDoor, Line, Raw
from api.demo.words import ACTORS, STATES, wide

POLL_SECONDS: Final = 0.1
WAIT_SECONDS_MAX: Final = 20.0
RULE: Final = "─" * 100
ACTOR_COLUMNS: Final = 18
DEED_COLUMNS: Final = 74


@dataclass(slots=True, kw_only=True)
class Scene:
    """Everything that a step needs; `facts` are those of `python -m api demo-facts`."""

    line: Line
    back_door: BackDoor
    facts: Mapping[str, Any]
    today: date
    out: TextIO
    seconds: dict[str, float] = field(default_factory=dict)

    def opens(self, number: int, zh: str, en: str) -> None:
        """Announce a step."""
        self.line.step = f"{number} {zh} ({en})"
        self._print(f"\n{RULE}\n第{number}步  {zh}\n         {en}\n{RULE}")

    def does(
        self,
        actor: str,
        zh: str,
        en: str,
        request: tuple[str, str] | tuple[str, str, object],
        *,
        expect: int = 200,
    ) -> Mapping[str, Any]:
        """Let an actor send a request that must be answered with this status, tell it, and return what came back."""
        answer = self.line.call(actor, *request, expect=expect)
        self._deed(ACTORS.get(actor, actor), f"{zh} / {en}", answer)
        return answer.body

    def refused(
        self, actor: str, zh: str, en: str, request: tuple[str, str, object], *, code: str, status: int = 409
    ) -> Answer:
        """Let an actor send what must be refused, tell why it was, and return the refusal."""
        answer = self.line.call(actor, *request, expect=status, code=code)
        self._deed(ACTORS.get(actor, actor), f"{zh} / {en}", answer)
        self.says(f"✗ {code}: {answer.body['detail']}")
        return answer

    def foils(self, attacker: str, zh: str, en: str, raw: Raw, *, status: int, code: str) -> Answer:
        """Let an attacker send a request that must be refused, tell why it was, and return the refusal."""
        answer = self.line.raw(attacker, raw, expect=status, code=code)
        self._deed(ACTORS.get(attacker, attacker), f"{zh} / {en}", answer)
        self.says(f"✗ {code}: {answer.body['detail']}")
        return answer

    def says(self, *sentences: str) -> None:
        """Tell a fact, each sentence on a line of its own."""
        for sentence in sentences:
            self._print(f"      {sentence}")

    def waits(self, actor: str, pledge_id: str, through: str, until: str) -> Mapping[str, Any]:
        """Read a pledge until it has left a waiting state, see that it is where it must be, and return it."""
        began = time.monotonic()
        while True:
            answer = self.line.call(actor, "GET", f"/v1/pledges/{pledge_id}")
            status = answer.body["status"]
            if status == until:
                break
            if status != through or time.monotonic() - began > WAIT_SECONDS_MAX:
                raise self.line.surprise(f"status {until} within {WAIT_SECONDS_MAX:.0f} s", answer.text)
            time.sleep(POLL_SECONDS)
        waited = time.monotonic() - began
        self.says(f"… {STATES[through]} {through} → {STATES[until]} {until}  (等待登记机构 waited {waited:.2f} s)")
        return answer.body

    def checks(self, what: str, expected: object, got: object) -> None:
        """End the demonstration unless both are equal."""
        self.line.check(what, expected, got)

    def uscc_of(self, client: str) -> str:
        """Return the credit code of a client's tenant."""
        return next(str(each["uscc"]) for each in self.facts["clients"] if each["id"] == client)

    def _deed(self, actor: str, deed: str, answer: Answer) -> None:
        shown = f"  {wide(actor, ACTOR_COLUMNS)}{wide(deed, DEED_COLUMNS)}"
        self._print(f"{shown} {answer.status} {answer.milliseconds:6.0f} ms")

    def _print(self, text: str) -> None:
        self.out.write(text + "\n")
        self.out.flush()
