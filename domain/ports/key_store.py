"""The house's own keys: what each is for, and where it stands in its life.

    next      published, so that everybody knows it before the first signature by it is met; signs nothing yet
    active    signs, or seals; one for each use
    retired   signs nothing more; what it signed verifies, what it sealed opens
    revoked   good for nothing: what it signed is refused, and what it sealed stays shut

The subtle thing is `next`. Processes read the store at their own pace, so a key that began to sign as it appeared would
sign what others cannot verify yet. It waits in the store first, for longer than anybody takes to read.

Source: issue 5 (keys and secrets); RFC 7517 (key sets are published by the key).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class KeyUse(StrEnum):
    """What a key is for; no key has two uses, except the one of a house that was given a single file."""

    ACCESS_TOKENS = "access_tokens"
    STATEMENTS = "statements"
    """Certificates, receipts and checkpoints: retired ones are kept for ever, as long as what they signed is."""
    SECRETS = "secrets"


class KeyState(StrEnum):
    """Where a key stands."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key; `secret` is a PEM where it signs and base64 where it seals, and never shows itself in a log."""

    id: str
    use: KeyUse
    state: KeyState
    since: datetime
    secret: str = field(repr=False)


class KeysMissing(ValueError):
    """Say in a sentence that a store cannot be used as it is."""


class KeyStore(Protocol):
    """Where the house's keys are read."""

    def keys(self, use: KeyUse) -> Sequence[StoredKey]:
        """Return a use's keys that are not revoked: the active one first, then the next one, then the retired.

        The very same object comes back until something has changed. Raises KeysMissing without an active one.
        """
        ...
