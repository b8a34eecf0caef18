"""The mix: thirty-two processes submit, withdraw, reject, read and list at random, over ten rights and shared pledges.

It runs in heats. Between two of them nothing is under way, and the tables are compared with the model; pledges that
have ended are replaced by fresh drafts. Each pledge takes one to three tonnes of one or two rights of ten.
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from domain.values.identifiers import Division
from tests.races.arena import ENTRANTS, Arena, Drafted
from tests.races.contender import Request
from tests.races.heat import ENDS, LIST_PLEDGES, LIST_RIGHTS, READ, Attempt, Heat
from tests.races.history import Timeline
from tests.races.ledger import Replay
from tests.races.model import Violation

RIGHTS: Final = 10
PLACE: Final = Division("330603")
"""Where no other race has a right, so that a list shows the mix's alone."""

QUANTITY: Final = Decimal(10)
AMOUNTS: Final = (Decimal(1), Decimal(2), Decimal(3))
PLEDGES: Final = 100
WEIGHTS: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType(
    {
        "draft": {"submit": 80, "withdraw": 4, "reject": 4, READ: 6, LIST_RIGHTS: 4, LIST_PLEDGES: 2},
        "submitted": {"submit": 15, "withdraw": 37, "reject": 36, READ: 6, LIST_RIGHTS: 4, LIST_PLEDGES: 2},
    }
)
"""How often a verb is tried on a pledge that had this status when the heat began."""


@dataclass(slots=True)
class Mix:
    """The rights, and the pledges that have not ended."""

    arena: Arena
    chance: random.Random
    replies: Counter[str] = field(default_factory=Counter)
    commits: int = 0
    busy: int = 0
    _rights: list[str] = field(default_factory=list)
    _pledges: dict[str, Drafted] = field(default_factory=dict)
    _statuses: dict[str, str] = field(default_factory=dict)
    _replay: Replay = field(init=False)
    _sequence: int = 0

    def __post_init__(self) -> None:
        """Put the rights there."""
        self._replay = Replay(self.arena.ledger)
        for _ in range(RIGHTS):
            self._rights.append(self.arena.put_right(str(QUANTITY), PLACE))
            self._replay.follow(self._rights[-1], QUANTITY)

    def heat(self, each: int) -> list[Violation]:
        """Let every contender try so many verbs, begun all at once; returns what is wrong."""
        self._draft()
        heat = Heat(
            {right_id: Timeline(self._replay.models[right_id].available) for right_id in self._rights},
            {pledge_id: Timeline(status) for pledge_id, status in self._statuses.items()},
        )
        attempts = self._attempts(each)
        held, found = self._replay.advance()
        moved = [
            entry for entry in self.arena.ledger.pledge_entries(self._sequence) if entry.pledge_id in self._pledges
        ]
        found += heat.judge(attempts, moved, held) + self._replay.compare(self._rights)
        self.commits += len(moved)
        self._statuses = {pledge_id: line.now for pledge_id, line in heat.pledges.items()}
        return found

    def printed(self) -> str:
        """Return a line for a reader."""
        told = ", ".join(f"{name} {count}" for name, count in sorted(self.replies.items()))
        return (
            f"{self.replies.total()} requests, {self.commits} commits replayed ({told});"
            f" asked to come back {self.busy} times"
        )

    def _attempts(self, each: int) -> list[Attempt]:
        planned = [[self._planned() for _ in range(each)] for _ in range(len(self.arena.herd))]
        raced = [[self._request(place, *plan) for plan in plans] for place, plans in enumerate(planned)]
        replies = self.arena.herd.race(raced)
        attempts = [
            Attempt(*plan, reply)
            for plans, told in zip(planned, replies, strict=True)
            for plan, reply in zip(plans, told, strict=True)
        ]
        self.replies.update(f"{attempt.verb} {attempt.reply.status}" for attempt in attempts)
        self.busy += sum(attempt.reply.busy for attempt in attempts)
        return attempts

    def _planned(self) -> tuple[str, Drafted, str]:
        pledge = self.chance.choice(list(self._pledges.values()))
        weights = WEIGHTS[self._statuses[pledge.id]]
        [verb] = self.chance.choices(list(weights), list(weights.values()))
        return verb, pledge, self.chance.choice(list(pledge.items))

    def _request(self, place: int, verb: str, pledge: Drafted, right_id: str) -> Request:
        client = pledge.entrant.client
        if verb == READ:
            return self.arena.request(place, client, "GET", f"/v1/rights/{right_id}")
        if verb == LIST_RIGHTS:
            return self.arena.request(place, client, "GET", f"/v1/rights?division={PLACE}&limit=200")
        if verb == LIST_PLEDGES:
            return self.arena.request(place, client, "GET", "/v1/pledges?limit=200")
        if verb == "reject":
            return self.arena.command(place, pledge.entrant.officer, pledge.id, verb, {"reason": "资料不全"})
        return self.arena.command(place, client, pledge.id, verb)

    def _draft(self) -> None:
        """Forget the pledges that have ended, and draft others in their place."""
        self._pledges = {
            pledge_id: pledge for pledge_id, pledge in self._pledges.items() if self._statuses[pledge_id] not in ENDS
        }
        wanted = []
        for _ in range(PLEDGES - len(self._pledges)):
            rights = self.chance.sample(self._rights, self.chance.choice((1, 2)))
            items = {right_id: self.chance.choice(AMOUNTS) for right_id in rights}
            wanted.append((self.chance.choice(ENTRANTS), items))
        drafted = self.arena.draft(wanted)
        self._pledges |= {pledge.id: pledge for pledge in drafted}
        self._statuses = {pledge_id: self._statuses.get(pledge_id, "draft") for pledge_id in self._pledges}
        self._sequence = max(
            (entry.sequence for entry in self.arena.ledger.pledge_entries(self._sequence)), default=self._sequence
        )
