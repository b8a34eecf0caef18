"""Secrets at rest: sealed before they are written, opened when they are used, bound to the row that they belong to.

The subtle thing is the owner: a sealed text opens only for the very tenant, row and field that it was sealed for, so
whoever can move a text from one row to another has moved nothing. What is sealed names the key that it was sealed with,
and a box that holds several keys seals with one of them and opens with all, which is how keys are rotated.
"""

from dataclasses import dataclass
from typing import Protocol

from domain.errors import DomainError

Owner = tuple[str, ...]
"""Tenant, row and field."""


@dataclass(eq=False)
class SecretsUnavailable(DomainError):
    """Refuse what would write or read a secret where no key for that is set, or not the one that sealed it."""

    code = "secrets_unavailable"


class SecretBox(Protocol):
    """Seal and open secrets."""

    def seal(self, secret: bytes, owner: Owner) -> str:
        """Return the secret sealed for its owner; raises SecretsUnavailable."""
        ...

    def open(self, sealed: str, owner: Owner) -> bytes:
        """Return what was sealed for this owner; raises SecretsUnavailable where it was not, or not by our keys."""
        ...


class NoSecretBox:
    """A house without a key for secrets: it keeps none."""

    def seal(self, secret: bytes, owner: Owner) -> str:  # noqa: ARG002 - the port's signature
        """Refuse."""
        raise SecretsUnavailable

    def open(self, sealed: str, owner: Owner) -> bytes:  # noqa: ARG002 - the port's signature
        """Refuse."""
        raise SecretsUnavailable
