"""How the machine plays: give a command, compare the answer with the model's word, and find whom it is about."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from tests.model.pure import Model
from tests.model.stage import Stage
from tests.model.things import OK, PledgeModel, RightModel

ENTERPRISE, AUTHORITY, STRANGER = "enterprise.shaoxing", "authority.zhejiang", "enterprise.huangshi"
BANKS: Final = ("bank-a", "bank-b")
STATUS_OF: Final = {"same_person": 403, "not_found": 404, "version_mismatch": 412, "invalid_items": 422}
"""The status of a refusal by its code; every other one is a 409."""

ABSENT: Final = "0" * 32
PLEDGES_MAX: Final = 4
UNLIKELY: Final = 4
PICK: Final = st.integers(0, UNLIKELY * PLEDGES_MAX - 1)
SIDE: Final = st.integers(0, 1)


class Playing(RuleBasedStateMachine):
    """One example: the stage, and the model of what is on it."""

    stage: ClassVar[Stage]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.model = Model()

    def has_pledge(self) -> bool:
        """Tell whether anything was drafted."""
        return bool(self.model.pledges)

    def command(
        self,
        client: str,
        path: str,
        body: object,
        expected: str | Collection[str],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[str, Any]:
        """Give a command that must be answered so; return the code and the body."""
        self.stage.clock.turn(timedelta(seconds=1))
        told, code, answer = self.stage.ask(client, path, body, headers or {})
        allowed = {expected} if isinstance(expected, str) else set(expected)
        assert code in allowed, f"{client} {path}: {told} {code!r}, not {allowed}: {answer}"
        assert told == (status if code == OK else STATUS_OF.get(code, 409)), f"{client} {path}: {told} {answer}"
        return code, answer

    def act(self, client: str, pledge: PledgeModel, verb: str, body: object, expected: str) -> None:
        """Give a command on a pledge, of which the model has done what it does already."""
        waits = pledge.status in {"freezing", "releasing"} or verb.startswith("release")
        done = 200 if verb == "release/cancel" or not waits else 202
        _, answer = self.command(client, f"/v1/pledges/{pledge.id}/{verb}", body, expected, done)
        if expected == OK:
            assert answer["status"] == pledge.status, answer

    def pledge(self, pick: int, likely: Callable[[PledgeModel], bool] | None = None) -> PledgeModel:
        """Return one of the pledges: three times of four one for which it is likely to be done, where there is any."""
        pledges = list(self.model.pledges.values())
        fitting = [pledge for pledge in pledges if likely is None or likely(pledge)]
        some = fitting if fitting and pick % UNLIKELY else pledges
        return some[pick // UNLIKELY % len(some)]

    def right(self, side: int) -> RightModel:
        """Return one of the two rights."""
        return list(self.model.rights.values())[side]

    def read(self, pledge: PledgeModel) -> Any:  # noqa: ANN401 - any JSON answer
        """Return a pledge as its pledgor reads it."""
        return self.stage.business.get(ENTERPRISE, f"/v1/pledges/{pledge.id}")

    def soon(self) -> datetime:
        """Return the moment at which the next command arrives."""
        return self.stage.clock() + timedelta(seconds=1)

    def alike(self, client: str, there: str, absent: str) -> None:
        """See that what is another's answers as what is not there, but for the number that was asked for."""
        answers = [self.stage.business.call(client, "GET", path) for path in (there, absent)]
        told, void = (_without(answer, path) for (_, answer), path in zip(answers, (there, absent), strict=True))
        assert [status for status, _ in answers] == [404, 404], answers
        assert told == void, answers

    def alike_commanded(self, client: str, pledge: PledgeModel, verb: str, body: object) -> None:
        """See the same of a command on a pledge."""
        paths = [f"/v1/pledges/{name}/{verb}" for name in (pledge.id, f"pledge_{ABSENT}")]
        told, void = (_without(self.command(client, path, body, "not_found")[1], path) for path in paths)
        assert told == void


def any_pledge(likely: Callable[[PledgeModel], bool]) -> Callable[[Playing], bool]:
    """Return what tells whether there is such a pledge: a rule is tried where it may succeed, then on others, too."""
    return lambda playing: any(map(likely, playing.model.pledges.values()))


def may(verb: str) -> Callable[[Playing], bool]:
    """Return what tells whether there is a pledge in a state that a verb leaves."""
    return any_pledge(lambda pledge: pledge.may(verb))


def a_quantity(amount: Decimal) -> dict[str, str]:
    """Return tonnes a year on the wire."""
    return {"amount": str(amount), "unit": "t/a"}


def _without(answer: dict[str, Any], path: str) -> dict[str, str]:
    """Return an answer without what names the question."""
    kept = {name: str(value) for name, value in answer.items() if name not in {"request_id", "instance"}}
    return {name: value.replace(path, "").replace(path.split("/")[3], "") for name, value in kept.items()}
