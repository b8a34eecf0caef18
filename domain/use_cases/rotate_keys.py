"""Rotate the keys of a client: a new one is put forward and approved by two persons, the old one ends after an overlap.

The overlap is the time in which both keys count, so that a bank may change its systems one after another. A revocation
has none: it is one person's act, holds at once, and reaches the access tokens that the key has obtained.

Source: contract section 2; issue 5 (rotation with overlap, revocation effective within 60 s).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from domain.errors import DomainError
from domain.pledges.pledges import SamePerson
from domain.ports.identity import ClientKey, ClientRecord, ClientStatus, Decision, KeyState
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import NotFound
from domain.use_cases.register_clients import ClientCannotMove, KeyTaken, client_for, decided_now, tell
from domain.values.actors import Actor

OVERLAP_SECONDS_MAX: Final = 30 * 24 * 3600


@dataclass(eq=False)
class InvalidKey(DomainError):
    """Refuse a key that cannot be registered as it is put forward."""

    code = "invalid_key"

    reason_zh: str
    reason_en: str


@dataclass(eq=False)
class KeyCannotMove(DomainError):
    """Refuse what the key's state does not allow."""

    code = "key_cannot_move"

    state: KeyState


async def propose_key(
    uow: UnitOfWork, actor: Actor, client_id: str, key: ClientKey, *, if_match: int | None, now: datetime
) -> tuple[ClientRecord, ClientKey]:
    """Write a key that signs nothing until a second person approves it.

    Raises:
        NotFound, VersionMismatch: as they say.
        ClientCannotMove: the client is rejected or not yet approved.
        InvalidKey: it replaces none of the client's active keys of the same purpose.
        KeyTaken: a client has registered it before, or the client has another one of this id.
    """
    client = await client_for(uow, client_id, if_match)
    if client.status not in {ClientStatus.ACTIVE, ClientStatus.SUSPENDED}:
        raise ClientCannotMove(client.status)
    if key.replaces is not None:
        old = _found(client, key.replaces)
        if old is None or old.state is not KeyState.ACTIVE or old.purpose is not key.purpose:
            raise InvalidKey("所替换的密钥不存在、已失效或用途不同。", "it replaces no active key of the same purpose")
    await uow.client_register.one_by_one()
    forward = Decision(proposed_by=actor.client_id, proposed_at=now)
    proposed = replace(key, state=KeyState.PROPOSED, decision=forward)
    if await uow.client_register.taken([key.thumbprint]) or not await uow.client_register.add_key(client.id, proposed):
        raise KeyTaken
    moved = await _counted(uow, client)
    await tell(uow, actor, moved, "key_proposed", now, _said(proposed))
    return moved, proposed


async def decide_on_key(
    uow: UnitOfWork, actor: Actor, client_id: str, thumbprint: str, *, rejection: str | None, now: datetime
) -> tuple[ClientRecord, ClientKey]:
    """Approve a key, and end the one it replaces after the overlap; or reject it where a reason is given.

    Raises:
        NotFound: no such client, or it has no such key.
        SamePerson: the actor put it forward.
        KeyCannotMove: it was decided on.
        ClientCannotMove: the client itself awaits a decision.
    """
    client = await client_for(uow, client_id, None)
    key = _required(client, thumbprint)
    if key.decision.proposed_by == actor.client_id:
        raise SamePerson(actor.client_id)
    if client.status in {ClientStatus.PROPOSED, ClientStatus.REJECTED}:
        raise ClientCannotMove(client.status)
    if key.state is not KeyState.PROPOSED:
        raise KeyCannotMove(key.state)
    state = KeyState.ACTIVE if rejection is None else KeyState.REJECTED
    decided = replace(key, state=state, decision=decided_now(key.decision, actor, now, rejection))
    await uow.client_register.save_key(client.id, decided)
    if rejection is None and key.replaces is not None:
        await _end(uow, client, key, now)
    moved = await _counted(uow, client)
    verb = "key_rejected" if rejection is not None else "key_added"
    await tell(uow, actor, moved, verb, now, {**_said(decided), "reason": rejection})
    return moved, decided


async def revoke_key(
    uow: UnitOfWork, actor: Actor, client_id: str, thumbprint: str, *, reason: str, now: datetime
) -> tuple[ClientRecord, ClientKey]:
    """End a key at once and for ever, with the access tokens that it has obtained.

    Raises:
        NotFound: no such client, or it has no such key.
        KeyCannotMove: it is revoked or rejected already, or was never approved.
    """
    client = await client_for(uow, client_id, None)
    key = _required(client, thumbprint)
    if key.state is not KeyState.ACTIVE:
        raise KeyCannotMove(key.state)
    revoked = replace(
        key,
        state=KeyState.REVOKED,
        revoked_at=now,
        decision=decided_now(key.decision, actor, now, reason),
    )
    await uow.client_register.save_key(client.id, revoked)
    moved = await _counted(uow, client)
    await tell(uow, actor, moved, "key_revoked", now, {**_said(revoked), "reason": reason})
    return moved, revoked


async def _end(uow: UnitOfWork, client: ClientRecord, new: ClientKey, now: datetime) -> None:
    """Let the key that a new one replaces end after the overlap, and never later than it would have."""
    old = _found(client, str(new.replaces))
    if old is None or old.state is not KeyState.ACTIVE:
        return
    end = now + timedelta(seconds=new.overlap_seconds or 0)
    if old.valid_until is None or end < old.valid_until:
        begun = old.valid_from is None or old.valid_from <= end
        await uow.client_register.save_key(
            client.id, replace(old, valid_until=end, valid_from=old.valid_from if begun else end)
        )


async def _counted(uow: UnitOfWork, client: ClientRecord) -> ClientRecord:
    """Return the client as it now is, one version later."""
    await uow.client_register.save(replace(client, version=client.version + 1))
    read = await uow.client_register.find(client.id)
    assert read is not None
    return read


def _required(client: ClientRecord, thumbprint: str) -> ClientKey:
    key = _found(client, thumbprint)
    if key is None:
        raise NotFound("key")
    return key


def _found(client: ClientRecord, thumbprint: str) -> ClientKey | None:
    return next((key for key in client.keys if key.thumbprint == thumbprint), None)


def _said(key: ClientKey) -> dict[str, object]:
    return {"key_id": key.key_id, "thumbprint": key.thumbprint, "purpose": key.purpose.value, "replaces": key.replaces}
