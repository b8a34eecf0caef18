"""A process of the product that is killed at a named point, as by `kill -9`; the points are planted from outside.

The process runs the product's own command line. Around the doors through which everything passes (a unit of work's
commit, the registry's send, query and lookup) stand wrappers that know where they are; where that is the one point that
this process is to die at, it leaves a mark and sends itself SIGKILL. Nothing in the product knows of it.

    worker.before_commit.freeze.claim    process, moment, act, kind of order, and for a commit the step that it ends
    worker.after_send.release            after a send also means: after it failed
    worker.during_send.freeze            the message is on its way, and the registry is slow
    api.after_commit.confirm             committed, and the client never hears of it

Processes are forked from one that has imported everything already, because importing takes longer than the rest.
"""

import os
import signal
import sys
from asyncio import get_running_loop
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from typing import Any, Final

from api import worker
from api.__main__ import main
from api.commands import processes
from api.jobs import calendar, certificates, notices, reconciliation, registry_orders, revaluation, reviews
from domain.use_cases import carry_out_notice, carry_out_order
from integrations.database.unit_of_work import DatabaseUnitOfWork
from integrations.notice_registry.client import HttpNoticeRegistry
from integrations.registry.client import HttpRegistry

DURING_SECONDS: Final = 0.3
"""How long after sending the process dies at a point named `during`."""
STEPS: Final = {"claim": "claim", "claim_again": "claim_again", "record_answer": "answer", "record_silence": "silence"}
"""The worker's use cases, by the name of the step whose commit they precede."""
NOTICE_STEPS: Final = {
    "claim_notice": "claim",
    "record_notice_answer": "answer",
    "record_notice_silence": "silence",
}
"""The same of orders at the notice registry."""

STEPS_OF: Final = (
    (carry_out_order, STEPS),
    (carry_out_notice, NOTICE_STEPS),
    (certificates, {"seal_certificate": "seal"}),
    (notices, {"search_wanted": "search"}),
    (reviews, {"review": "review"}),
    (revaluation, {"begin_run": "daily"}),
    (calendar, {"apply_calendar": "calendar", "expire_hold": "expiry"}),
    (registry_orders, {"record_rights": "verification", "record_no_right": "verification"}),
    (reconciliation, {"compare": "compare", "review_right": "impair", "_save": "finish", "request_run": "daily"}),
)
"""Where the worker's jobs find their use cases, and what the commit after each is called."""
OF_THE_CLOCK: Final = (
    "checkpoint_audit",
    "deliver_webhook",
    "follow_notices",
    "lapse_pledges",
    "prune_proofs",
    "wake_awaited",
    "wake_webhook",
)
"""Jobs that come by themselves at any moment; whatever they commit is called daily."""
QUESTIONS: Final = {"query_order": "query", "lookup_right": "lookup", "daily_balances": "balances"}
"""What is asked of a registry, by the name of the act."""
NOTICE: Final = "notice_"
"""What the names of acts at the notice registry begin with."""

Call = Callable[..., Awaitable[Any]]

DOING: Final[ContextVar[str]] = ContextVar("doing", default="nothing")
"""What the running job or request is about to commit."""
KIND: Final[ContextVar[str]] = ContextVar("kind", default="none")
"""The kind of order that the running job carries out."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a process dies: the named point, when it is passed for the n-th time."""

    name: str
    occurrence: int = 1

    def __str__(self) -> str:
        """Return `name`, or `name#2`."""
        return self.name if self.occurrence == 1 else f"{self.name}#{self.occurrence}"


@dataclass(slots=True)
class Trap:
    """Watches the points that a process passes, and kills it at one of them; without a point it only takes notes."""

    process: str
    point: Point | None
    notes: Path
    _passed: int = field(default=0)

    def passes(self, place: str) -> None:
        """Take a note of the point, and die if it is the one."""
        name = f"{self.process}.{place}"
        with self.notes.open("a", encoding="utf-8") as notes:
            notes.write(f"{name}\n")
        if self.point is None or name != self.point.name:
            return
        self._passed += 1
        if self._passed == self.point.occurrence:
            with self.notes.open("a", encoding="utf-8") as notes:
                notes.write(f"KILLED {self.point}\n")
            os.kill(os.getpid(), signal.SIGKILL)

    def was_hit(self) -> bool:
        """Tell whether a process died here."""
        return self.notes.exists() and f"KILLED {self.point}" in self.notes.read_text(encoding="utf-8").splitlines()

    def noted(self) -> set[str]:
        """Return the names of all points that were passed."""
        lines = self.notes.read_text(encoding="utf-8").splitlines() if self.notes.exists() else []
        return {line for line in lines if not line.startswith("KILLED")}


def run(command: Sequence[str], environment: Mapping[str, str], log: Path, trap: Trap | None) -> None:
    """Be `python -m api COMMAND` in this process, speaking into `log`, with a trap or without."""
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.environ.clear()
    os.environ.update(environment)
    if trap is not None:
        plant(trap)
    sys.exit(main([*command, "--until-parent-ends", str(os.getppid())]))


def plant(trap: Trap) -> None:
    """Put wrappers with this trap around the doors of this process."""
    _replace(DatabaseUnitOfWork, "commit", partial(_commit, trap))
    _replace(HttpRegistry, "send_order", partial(_send, trap, ""))
    _replace(HttpNoticeRegistry, "send_order", partial(_send, trap, NOTICE))
    for question, act in QUESTIONS.items():
        _replace(HttpRegistry, question, partial(_around, trap, act))
    for question in ("query_order", "search"):
        _replace(HttpNoticeRegistry, question, partial(_around, trap, NOTICE + QUESTIONS.get(question, question)))
    if trap.process == "api":
        _replace(processes, "make_app", _naming_commands)
        return
    _replace(carry_out_order, "next_step", partial(_naming_kind, ""))
    _replace(carry_out_notice, "next_notice_step", partial(_naming_kind, NOTICE))
    for job in OF_THE_CLOCK:
        _replace(worker, job, partial(_naming_step, "daily"))
    for module, named in STEPS_OF:
        for use_case, step in named.items():
            _replace(module, use_case, partial(_naming_step, step))


def _replace(holder: object, name: str, wrapped: Callable[[Any], object]) -> None:
    setattr(holder, name, wrapped(getattr(holder, name)))


def _where(act: str, *details: str) -> str:
    return ".".join((act, *(detail for detail in details if detail != "none")))


def _commit(trap: Trap, commit: Call) -> Call:
    @wraps(commit)
    async def wrapped(uow: DatabaseUnitOfWork) -> None:
        place = _where("commit", KIND.get(), DOING.get())
        trap.passes(f"before_{place}")
        await commit(uow)
        trap.passes(f"after_{place}")

    return wrapped


def _send(trap: Trap, prefix: str, send: Call) -> Call:
    @wraps(send)
    async def wrapped(registry: object, order: Any) -> object:  # noqa: ANN401 - an order to either register
        place = _where("send", prefix + order.kind.value)
        trap.passes(f"before_{place}")
        during = get_running_loop().call_later(DURING_SECONDS, trap.passes, f"during_{place}")
        try:
            return await send(registry, order)
        finally:
            during.cancel()
            trap.passes(f"after_{place}")

    return wrapped


def _around(trap: Trap, act: str, ask: Call) -> Call:
    @wraps(ask)
    async def wrapped(registry: object, *question: object, **named: object) -> object:
        place = _where(act, KIND.get())
        trap.passes(f"before_{place}")
        try:
            return await ask(registry, *question, **named)
        finally:
            trap.passes(f"after_{place}")

    return wrapped


def _naming_kind(prefix: str, next_step: Call) -> Call:
    @wraps(next_step)
    async def wrapped(uow: object, order_id: str) -> object:
        instruction = await next_step(uow, order_id)
        if instruction.message is not None:
            KIND.set(prefix + instruction.message.kind.value)
        return instruction

    return wrapped


def _naming_step(step: str, use_case: Call) -> Call:
    @wraps(use_case)
    async def wrapped(*arguments: object, **named: object) -> object:
        DOING.set(step)
        return await use_case(*arguments, **named)

    return wrapped


def _naming_commands(make_app: Callable[..., Any]) -> Callable[..., Any]:
    """Let the API's commits be named by the end of the command's address."""

    @wraps(make_app)
    def wrapped(*arguments: object, **named: object) -> object:
        app = make_app(*arguments, **named)

        async def naming(scope: dict[str, Any], receive: object, send: object) -> None:
            if scope["type"] == "http":
                DOING.set(str(scope["path"]).rstrip("/").rpartition("/")[2])
            await app(scope, receive, send)

        return naming

    return wrapped
