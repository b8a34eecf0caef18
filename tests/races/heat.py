"""A heat of the mix, judged: every reply is explained by the commit order, and every commit by a reply.

A success is explained by its own commit; a refusal and a read by a moment within the request at which what they say was
true. A submit that succeeded holds all of its items, whatever happened between them. A list tells one moment: there
must be one at which everything on it was so at once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from operator import eq
from types import MappingProxyType
from typing import Any, Final

from tests.races.arena import Drafted
from tests.races.contender import Reply
from tests.races.history import State, Timeline, at_once
from tests.races.ledger import PledgeEntry
from tests.races.model import Check, HoldEntry, Violation

DONE, REFUSED = 200, 409
READ, LIST_RIGHTS, LIST_PLEDGES = "read", "list rights", "list pledges"
READS: Final = frozenset({READ, LIST_RIGHTS, LIST_PLEDGES})
REACHED: Final = MappingProxyType({"submit": "submitted", "withdraw": "withdrawn", "reject": "rejected"})
MOVES: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("draft", "submit"): "submitted",
        ("draft", "withdraw"): "withdrawn",
        ("submitted", "withdraw"): "withdrawn",
        ("submitted", "reject"): "rejected",
    }
)
"""The part of the contract's state table that the mix plays, written down once more."""
STEPS: Final = frozenset((before, after) for (before, _), after in MOVES.items())
ENDS: Final = ("withdrawn", "rejected")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A verb on a pledge, or a look at one of its rights, and what came back."""

    verb: str
    pledge: Drafted
    right_id: str
    reply: Reply


@dataclass(slots=True)
class Heat:
    """The timelines of rights (what is available) and pledges (their status), begun with the states before the heat."""

    rights: dict[str, Timeline[Decimal]]
    pledges: dict[str, Timeline[str]]
    found: list[Violation] = field(default_factory=list)
    _done: dict[tuple[str, str], Attempt] = field(default_factory=dict)

    def judge(
        self, attempts: Sequence[Attempt], moved: Sequence[PledgeEntry], held: Sequence[tuple[HoldEntry, Decimal]]
    ) -> list[Violation]:
        """Return what cannot be explained of these attempts and commits; `held` says what was available after each."""
        for attempt in attempts:
            if attempt.verb not in READS and attempt.reply.status == DONE:
                self._succeeded(attempt)
        pending = self._unexplained_moves(moved) | self._unexplained_holds(held)
        for pledge_id, status in sorted(pending):
            self._wrong(f"{pledge_id} was told that it is {status}, and no commit says so")
        lines: dict[str, Timeline[Decimal] | Timeline[str]] = {**self.rights, **self.pledges}
        for name, line in lines.items():
            if line.contradictions():
                self._wrong(f"{name} was committed in another order than its requests were answered in")
        for attempt in attempts:
            if attempt.reply.status not in {DONE, REFUSED}:
                self._wrong(f"{attempt}", Check.FAILURE)
            elif not self._explained(attempt):
                self._wrong(f"no moment explains {attempt}")
        return self.found

    def _succeeded(self, attempt: Attempt) -> None:
        key = attempt.pledge.id, REACHED[attempt.verb]
        if key in self._done:
            self._wrong(f"{key} was told twice")
        self._done[key] = attempt

    def _unexplained_moves(self, moved: Sequence[PledgeEntry]) -> set[tuple[str, str]]:
        """Put the pledges' commits on their timelines; returns the successes without a commit."""
        missing = set(self._done)
        for entry in moved:
            status = entry.action.removeprefix("pledge.")
            line = self.pledges[entry.pledge_id]
            if (line.now, status) not in STEPS:
                self._wrong(f"{entry} follows {line.now}", Check.COMMIT)
            if (attempt := self._done.get((entry.pledge_id, status))) is None:
                self._wrong(f"nobody was told of {entry}")
                continue
            missing.discard((entry.pledge_id, status))
            line.commit(status, attempt.reply.started, attempt.reply.ended)
        return missing

    def _unexplained_holds(self, held: Sequence[tuple[HoldEntry, Decimal]]) -> set[tuple[str, str]]:
        """Put the rights' commits on their timelines; returns the submits that do not hold all of their items."""
        items = {
            (right_id, key)
            for key, attempt in self._done.items()
            if key[1] == "submitted"
            for right_id in attempt.pledge.items
        }
        for entry, available in held:
            reached = ("submitted",) if entry.action == "hold.pending" else ENDS
            keys = [key for status in reached if (key := (entry.pledge_id or "", status)) in self._done]
            if not keys:
                self._wrong(f"nobody was told of {entry}")
                continue
            items.discard((entry.right_id, keys[0]))
            reply = self._done[keys[0]].reply
            self.rights[entry.right_id].commit(available, reply.started, reply.ended)
        return {key for _, key in items}

    def _explained(self, attempt: Attempt) -> bool:
        reply, document = attempt.reply, json.loads(attempt.reply.body)
        if reply.status == DONE and attempt.verb == LIST_RIGHTS:
            told = {item["id"]: Decimal(item["available"]["amount"]) for item in document["items"]}
            return set(told) == set(self.rights) and _one_moment(reply, self.rights, told)
        if reply.status == DONE and attempt.verb == LIST_PLEDGES:
            known = {item["id"]: item["status"] for item in document["items"] if item["id"] in self.pledges}
            return bool(known) and _one_moment(reply, self.pledges, known)
        if reply.status == DONE:
            return attempt.verb != READ or self._available(attempt.right_id, document, reply, None)
        status = self.pledges[attempt.pledge.id]
        if document["code"] == "quantity_unavailable" and attempt.verb == "submit":
            right_id = document["right_id"]
            asked = attempt.pledge.items.get(right_id, Decimal(0))
            return self._available(right_id, document, reply, asked) and status.explains(
                reply.started, reply.ended, lambda was: was == "draft"
            )
        return document["code"] == "pledge_cannot_move" and status.explains(
            reply.started, reply.ended, lambda was: was == document["state"] and (was, attempt.verb) not in MOVES
        )

    def _available(self, right_id: str, document: Mapping[str, Any], reply: Reply, asked: Decimal | None) -> bool:
        """Tell whether what the document says to be available was so at one moment, and then less than was asked."""
        said = Decimal(document["available"]["amount"])
        return (asked is None or said < asked) and self.rights[right_id].explains(
            reply.started, reply.ended, lambda available: available == said
        )

    def _wrong(self, words: str, check: Check = Check.HISTORY) -> None:
        self.found.append(Violation(check, words))


def _one_moment(reply: Reply, lines: Mapping[str, Timeline[State]], told: Mapping[str, State]) -> bool:
    """Tell whether there was a moment within the request at which each subject was as it was told."""
    moments = [(reply.started, reply.ended)]
    for name, said in told.items():
        moments = at_once(moments, lines[name].moments(reply.started, reply.ended, partial(eq, said)))
    return bool(moments)
