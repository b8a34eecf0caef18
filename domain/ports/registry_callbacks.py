"""Callbacks of the registries: what one tells without being asked, and what is remembered of it.

A callback is a hint and never a fact. It says that asking now would be worth while: of an order, of a right, or of
everything because the registry is open again. What it says beyond that is not even read, so nothing that it claims can
reach the books.

Source: issue 4 (callbacks are hints: verify, dedupe, then query).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.values.identifiers import RegistryNo


class CallbackNotProven(Exception):
    """Say that a message is not a registry's of ours, of now; `str` of it is for the log and for nobody outside."""


class HintKind(StrEnum):
    """What asking now would be worth while about."""

    ORDER = "order"
    RIGHT = "right"
    OPENED = "opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One proven callback; `subject` is an order's id or a right's number at the registry, none for `opened`."""

    registry: str
    message_id: str
    kind: HintKind
    subject: str | None


@dataclass(frozen=True, slots=True)
class Heard:
    """A proven callback with its signed answer; the hint is none where its body says nothing that we know."""

    hint: Hint | None
    content: bytes
    headers: Mapping[str, str]


class CallbackReader(Protocol):
    """Prove callbacks, and answer them in the registry's own form."""

    def read(self, registry: str, headers: Mapping[str, str], content: bytes, now: datetime) -> Heard:
        """Return what a registry of this name has told, and the answer to it; headers go by lower-case name.

        Raises:
            CallbackNotProven: no such registry calls, the signature does not hold, or the message is not of now.
        """
        ...


class NoCallbackReader:
    """A house that no registry calls."""

    def read(self, registry: str, headers: Mapping[str, str], content: bytes, now: datetime) -> Heard:  # noqa: ARG002 - the port's signature
        """Prove nothing."""
        message = "no registry calls this house"
        raise CallbackNotProven(message)


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that the registry has not settled, and whose right it is about."""

    order_id: str
    right_id: str


class Callbacks(Protocol):
    """Remember which callbacks were heard, and find what they are about whoever's it is."""

    async def consume(self, registry: str, message_id: str, until: datetime) -> bool:
        """Use a message's id up, to be remembered until a moment; false when it was used before."""
        ...

    async def prune(self, before: datetime) -> int:
        """Forget what was to be remembered until a moment that has passed, and return how many."""
        ...

    async def sent_order(self, registry: str, order_id: str) -> OpenOrder | None:
        """Return an order that this registry may have seen and has not settled, none otherwise."""
        ...

    async def open_orders(self, registry: str, limit: int) -> Sequence[OpenOrder]:
        """Return the orders that wait for this registry, the oldest first."""
        ...

    async def right_of(self, registry: str, registry_no: RegistryNo) -> str | None:
        """Return the id of the right that we keep under a registry's number, none where we keep none."""
        ...
