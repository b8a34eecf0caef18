"""The last unit: a right of three of which two are pledged, and sixteen who submit a pledge of the third at once."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from tests.races.arena import ENTRANTS, Arena, Drafted, Entrant, told
from tests.races.contender import Reply
from tests.races.ledger import Replay
from tests.races.model import Check, Violation

WHOLE: Final = Decimal(3)
TAKEN_BEFORE: Final = Decimal(2)
LAST: Final = Decimal(1)
NOTHING_LEFT: Final = {"amount": "0.000000", "unit": "t/a"}
RIVALS: Final = 16
WON, REFUSED = 200, 409


@dataclass(slots=True)
class Figures:
    """What some rounds came to; `overlapping` counts the losers that had begun before a winner was answered."""

    rounds: int = 0
    commits: int = 0
    refusals: int = 0
    overlapping: int = 0
    busy: int = 0
    winners: Counter[Entrant] = field(default_factory=Counter)

    def count(self, drafts: Sequence[Drafted], replies: Sequence[Reply], commits: int) -> None:
        """Add a round."""
        self.rounds += 1
        self.commits += commits
        self.refusals += sum(reply.status == REFUSED for reply in replies)
        self.busy += sum(reply.busy for reply in replies)
        told_at = min((reply.ended for reply in replies if reply.status == WON), default=0)
        self.overlapping += sum(reply.status == REFUSED and reply.started < told_at for reply in replies)
        self.winners.update(draft.entrant for draft, reply in zip(drafts, replies, strict=True) if reply.status == WON)

    def printed(self) -> str:
        """Return a line for a reader."""
        winners = ", ".join(f"{each.client} for {each.pledgee} {self.winners[each]}" for each in ENTRANTS)
        return (
            f"{self.rounds} rounds, {self.commits} commits replayed; {self.refusals} refused,"
            f" {self.overlapping} of whom had begun before the winner was answered; asked to come back {self.busy}"
            f" times; winners: {winners}"
        )


class LastUnit:
    """One right, contested round after round: whoever won withdraws, and the unit is there again."""

    def __init__(self, arena: Arena) -> None:
        """Put the right there, with the first two units pledged."""
        self.figures = Figures()
        self._arena = arena
        self._right = arena.put_right(str(WHOLE))
        self._replay = Replay(arena.ledger)
        self._replay.follow(self._right, WHOLE)
        self._drafts: list[Drafted | None] = [None] * RIVALS
        self._won: list[Drafted] = []
        [first] = arena.draft([(ENTRANTS[0], {self._right: TAKEN_BEFORE})])
        arena.act(first.entrant.client, f"/v1/pledges/{first.id}/submit", {}, WON)

    def round(self) -> list[Violation]:
        """Let all submit at once; returns what is wrong with the replies, the commits and the tables."""
        arena, drafts = self._arena, self._all_drafted()
        commits, found = self._replay.advance()
        raced = [[arena.command(place, each.entrant.client, each.id, "submit")] for place, each in enumerate(drafts)]
        replies = [reply for [reply] in arena.herd.race(raced)]
        seen, wrong = self._replay.advance()
        found += self._judged(replies) + wrong + self._replay.compare([self._right])
        self._won = [draft for draft, reply in zip(drafts, replies, strict=True) if reply.status == WON]
        self._drafts = [None if draft in self._won else draft for draft in drafts]
        if {draft.id for draft in self._won} != (pending := {entry.pledge_id for entry, _ in seen}):
            found.append(Violation(Check.HISTORY, f"{self._won} were told so, and {pending} have it"))
        self.figures.count(drafts, replies, len(commits) + len(seen))
        return found

    def _all_drafted(self) -> list[Drafted]:
        """Let the last winners withdraw, and whoever has no draft make one."""
        arena = self._arena
        for winner in self._won:
            arena.act(winner.entrant.client, f"/v1/pledges/{winner.id}/withdraw", {}, WON)
        items = {self._right: LAST}
        missing = [place for place, draft in enumerate(self._drafts) if draft is None]
        made = arena.draft([(ENTRANTS[place % len(ENTRANTS)], items) for place in missing])
        fresh = dict(zip(missing, made, strict=True))
        return [draft or fresh[place] for place, draft in enumerate(self._drafts)]

    def _judged(self, replies: Sequence[Reply]) -> list[Violation]:
        found = []
        winners = sum(reply.status == WON for reply in replies)
        if winners != 1:
            found.append(Violation(Check.WINNERS, f"{winners} of {len(replies)} won"))
        for reply in replies:
            if reply.status == REFUSED:
                refusal = told(reply, REFUSED)
                facts = (refusal["code"], refusal.get("right_id"), refusal.get("available"))
                if facts != ("quantity_unavailable", self._right, NOTHING_LEFT):
                    found.append(Violation(Check.REFUSAL, json.dumps(refusal, ensure_ascii=False)))
            elif reply.status != WON:
                found.append(Violation(Check.FAILURE, f"{reply.status}: {reply.body}"))
        return found
