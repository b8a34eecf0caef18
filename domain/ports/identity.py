"""Clients with their keys, and what they have used up: assertions and proofs of possession.

A person is a client. Keys are registered by value: none is ever fetched from an address that a client gave. Each has
one purpose, so that what signs in every day is not what orders a release, and no key serves two clients: the thumbprint
is unique over all of them. An assertion is used up by its id for each client, a proof by its id for each key.

Source: contract section 2; RFC 7523 section 3 (single use by `jti`), RFC 9449 section 11.1 (replay of proofs).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.ports.tokens import PublicKey
from domain.values.actors import Actor, Role
from domain.values.identifiers import Division, Uscc


class ClientStatus(StrEnum):
    """Whether a client may obtain tokens: only an active one may."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REJECTED = "rejected"


class KeyPurpose(StrEnum):
    """What a key may sign: assertions for tokens, or orders."""

    TOKEN = "token"  # noqa: S105 - a purpose
    ORDER = "order"


class KeyState(StrEnum):
    """Where a key stands; an active one is in force only within its interval."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    REJECTED = "rejected"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who put something forward, who decided on it, and the reason that was given."""

    proposed_by: str | None = None
    proposed_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKey:
    """A public key of a client; `key_id` is what its signatures name, unique within the client.

    It is in force from `valid_from` (none: always) to `valid_until` (exclusive; none: open). One that `replaces`
    another ends that one's interval `overlap_seconds` after its own approval.
    """

    key_id: str
    thumbprint: str
    public_jwk: PublicKey
    purpose: KeyPurpose
    state: KeyState = KeyState.ACTIVE
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked_at: datetime | None = None
    replaces: str | None = None
    overlap_seconds: int | None = None
    decision: Decision = Decision()

    def in_force(self, at: datetime) -> bool:
        """Tell whether what it signs counts at a moment."""
        begun = self.valid_from is None or self.valid_from <= at
        return self.state is KeyState.ACTIVE and begun and (self.valid_until is None or at < self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRecord:
    """A registered client; `person` names the natural person behind an administrator's client.

    `reinstatement_by` is who asked to lift a suspension, which a second person must allow.
    """

    id: str
    tenant: str
    role: Role
    uscc: Uscc | None
    division: Division | None
    name: str
    status: ClientStatus
    keys: tuple[ClientKey, ...] = ()
    person: str | None = None
    reinstatement_by: str | None = None
    decision: Decision = Decision()
    version: int = 1

    @property
    def actor(self) -> Actor:
        """Return who acts when this client does."""
        return Actor(client_id=self.id, tenant=self.tenant, role=self.role, uscc=self.uscc, division=self.division)

    def keys_in_force(self, purpose: KeyPurpose, at: datetime) -> tuple[ClientKey, ...]:
        """Return the keys whose signatures count for a purpose at a moment."""
        return tuple(key for key in self.keys if key.purpose is purpose and key.in_force(at))


@dataclass(frozen=True, slots=True)
class Standing:
    """What tells against tokens that a client holds: its suspension, or the revocation of the key it got them by."""

    suspended: bool = False
    revoked_keys: frozenset[str] = frozenset()


class Clients(Protocol):
    """The registered clients."""

    async def find(self, client_id: str) -> ClientRecord | None:
        """Return an active or suspended client with its active keys; none when there is none of this id."""
        ...

    async def standing(self, client_id: str) -> Standing:
        """Return what tells against a client's tokens; nothing of an unknown one, since none is ever deleted."""
        ...


class ClientRegister(Protocol):
    """The clients as their administrators see them, whatever their state; row level security decides who is one."""

    async def find(self, client_id: str) -> ClientRecord | None:
        """Return a client with all its keys; none where the caller sees none."""
        ...

    async def lock(self, client_id: str) -> ClientRecord | None:
        """Return a client with all its keys, locked until the transaction ends; none where the caller sees none."""
        ...

    async def page(self, tenant: str | None, after: str | None, limit: int) -> Sequence[ClientRecord]:
        """Return visible clients by id, of one tenant or of all, after an id."""
        ...

    async def order_keys(self, client_id: str, at: datetime) -> Sequence[ClientKey]:
        """Return the order keys of a client of the caller's tenant that are in force at a moment."""
        ...

    async def one_by_one(self) -> None:
        """Wait until nobody else is registering a client or a key, and keep others waiting until the end."""
        ...

    async def taken(self, thumbprints: Sequence[str]) -> bool:
        """Tell whether any client has ever registered one of these keys."""
        ...

    async def platform_client_of(self, person: str) -> str | None:
        """Return the administrator's client of a natural person that is not rejected; none where there is none."""
        ...

    async def add(self, client: ClientRecord) -> bool:
        """Write a new client with its keys; false where there is one of this id already."""
        ...

    async def save(self, client: ClientRecord) -> None:
        """Write where a client stands now."""
        ...

    async def add_key(self, client_id: str, key: ClientKey) -> bool:
        """Write a new key; false where the client has one of this id already."""
        ...

    async def save_key(self, client_id: str, key: ClientKey) -> None:
        """Write where a key stands now."""
        ...


class Assertions(Protocol):
    """The assertions that clients have used."""

    async def consume(self, client_id: str, assertion_id: str, expires_at: datetime) -> bool:
        """Mark an assertion as used; false when it was used before. Entries may be forgotten after `expires_at`."""
        ...


class Proofs(Protocol):
    """The proofs of possession that keys have made."""

    async def consume(self, thumbprint: str, proof_id: str, expires_at: datetime, *, alone: bool = False) -> bool:
        """Mark a proof as used; false when it was used before. Entries may be forgotten after `expires_at`.

        Where nothing else is written in the transaction (`alone`), its commit does not wait for the disk: if the
        database's machine fails, the last half second of proofs may be forgotten; idempotency keys stand behind them.
        """
        ...

    async def prune(self, before: datetime) -> int:
        """Forget proofs that expired before a moment, and return how many."""
        ...


class IdentityUnitOfWork(Protocol):
    """The part of a unit of work that issuing a token needs."""

    @property
    def clients(self) -> Clients:
        """Return the registered clients."""
        ...

    @property
    def assertions(self) -> Assertions:
        """Return the used assertions."""
        ...

    @property
    def proofs(self) -> Proofs:
        """Return the used proofs."""
        ...
