"""Register clients: one security administrator puts a client forward with its keys, a second one approves or rejects.

Whoever registers a client decides who may pledge and release, so no one person does. Taking rights away is the other
way round: a suspension is one person's act and holds at once, lifting it takes two.

The platform's administrators for operation, security and audit exclude each other. A client has one role for ever, a
key serves one client for ever, and the natural person behind an administrator's client is named and may have no second
one, so none of the three can be held beside another by way of a second client either.

Source: contract section 2; JR/T 0071 (separation of the three administrators).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from domain.errors import DomainError
from domain.pledges.pledges import SamePerson, VersionMismatch
from domain.ports.identity import ClientKey, ClientRecord, ClientStatus, Decision, KeyState
from domain.ports.tenants import Tenant
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import NotFound
from domain.values.actors import Actor, Role

KINDS: Final = MappingProxyType(
    {
        Role.BANK_OFFICER: frozenset({"bank"}),
        Role.BANK_APPROVER: frozenset({"bank"}),
        Role.ENTERPRISE: frozenset({"enterprise"}),
        Role.AUTHORITY: frozenset({"authority"}),
        Role.EXCHANGE: frozenset({"exchange"}),
        Role.PORTAL: frozenset({"portal"}),
        Role.FUND: frozenset({"fund"}),
        Role.AUDITOR: frozenset({"bank", "enterprise", "authority", "exchange", "portal", "fund"}),
        Role.PLATFORM_OPS: frozenset({"platform"}),
        Role.PLATFORM_SECURITY: frozenset({"platform"}),
        Role.PLATFORM_AUDIT: frozenset({"platform"}),
    }
)
"""The kinds of tenant that a role belongs to."""


@dataclass(eq=False)
class InvalidClient(DomainError):
    """Refuse a client that cannot be registered as it is put forward."""

    code = "invalid_client"

    reason_zh: str
    reason_en: str


@dataclass(eq=False)
class ClientTaken(DomainError):
    """Refuse an id that a client has already."""

    code = "client_taken"

    client_id: str


@dataclass(eq=False)
class KeyTaken(DomainError):
    """Refuse a key that a client, this or another, has ever registered."""

    code = "key_taken"


@dataclass(eq=False)
class RolesExclude(DomainError):
    """Refuse an administrator's client to a person who is an administrator already."""

    code = "roles_exclude_each_other"


@dataclass(eq=False)
class ClientCannotMove(DomainError):
    """Refuse what the client's status does not allow."""

    code = "client_cannot_move"

    standing: ClientStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """A client to put forward; the keys have been checked one by one."""

    id: str
    tenant: str
    role: Role
    person: str | None
    keys: Sequence[ClientKey]


async def propose_client(uow: UnitOfWork, actor: Actor, new: NewClient, now: datetime) -> ClientRecord:
    """Write a client that obtains no token until a second person approves it.

    Raises:
        InvalidClient: no such tenant, not one for the role, no token key, or an administrator without a name.
        KeyTaken, RolesExclude, ClientTaken: what it brings is another client's; in this order.
    """
    tenant = await uow.tenants.find(new.tenant)
    _require_fitting(new, tenant)
    assert tenant is not None
    await uow.client_register.one_by_one()
    thumbprints = [key.thumbprint for key in new.keys]
    if len(set(thumbprints)) < len(thumbprints) or await uow.client_register.taken(thumbprints):
        raise KeyTaken
    if new.person is not None and await uow.client_register.platform_client_of(new.person) is not None:
        raise RolesExclude
    forward = Decision(proposed_by=actor.client_id, proposed_at=now)
    client = ClientRecord(
        id=new.id,
        tenant=new.tenant,
        role=new.role,
        uscc=tenant.uscc,
        division=tenant.division,
        name=tenant.name,
        status=ClientStatus.PROPOSED,
        keys=tuple(replace(key, state=KeyState.PROPOSED, decision=forward) for key in new.keys),
        person=new.person,
        decision=forward,
    )
    if not await uow.client_register.add(client):
        raise ClientTaken(new.id)
    await tell(uow, actor, client, "proposed", now, {"keys": [_said(key) for key in client.keys]})
    return client


async def decide_on_client(
    uow: UnitOfWork, actor: Actor, client_id: str, *, rejection: str | None, if_match: int | None, now: datetime
) -> ClientRecord:
    """Approve a client with the keys it was put forward with, or reject it where a reason is given.

    Raises:
        NotFound, SamePerson, VersionMismatch: as they say.
        ClientCannotMove: it was decided on.
    """
    client = await client_for(uow, client_id, if_match)
    _require_other(actor, client.decision.proposed_by)
    if client.status is not ClientStatus.PROPOSED:
        raise ClientCannotMove(client.status)
    approved = rejection is None
    keys = []
    for key in client.keys:
        if key.state is KeyState.PROPOSED:
            state = KeyState.ACTIVE if approved else KeyState.REJECTED
            decided = replace(key, state=state, decision=decided_now(key.decision, actor, now, rejection))
            await uow.client_register.save_key(client.id, decided)
            keys.append(decided)
        else:
            keys.append(key)
    status = ClientStatus.ACTIVE if approved else ClientStatus.REJECTED
    decision = decided_now(client.decision, actor, now, rejection)
    moved = await _moved(uow, replace(client, keys=tuple(keys)), status, decision)
    details = {"reason": rejection, "keys": [_said(key) for key in moved.keys]}
    await tell(uow, actor, moved, "registered" if approved else "rejected", now, details)
    return moved


async def suspend_client(
    uow: UnitOfWork, actor: Actor, client_id: str, *, reason: str, if_match: int | None, now: datetime
) -> ClientRecord:
    """Take a client's access away at once: no new token, and those it has are refused within a minute.

    Raises:
        NotFound, VersionMismatch: as they say.
        ClientCannotMove: it is not active.
    """
    client = await client_for(uow, client_id, if_match)
    if client.status is not ClientStatus.ACTIVE:
        raise ClientCannotMove(client.status)
    decision = decided_now(client.decision, actor, now, reason)
    moved = await _moved(uow, client, ClientStatus.SUSPENDED, decision)
    await tell(uow, actor, moved, "suspended", now, {"reason": reason})
    return moved


async def reinstate_client(
    uow: UnitOfWork, actor: Actor, client_id: str, *, if_match: int | None, now: datetime
) -> ClientRecord:
    """Ask to lift a suspension, or allow it where another person has asked.

    Raises:
        NotFound, VersionMismatch: as they say.
        ClientCannotMove: it is not suspended.
        SamePerson: the actor has asked already.
    """
    client = await client_for(uow, client_id, if_match)
    if client.status is not ClientStatus.SUSPENDED:
        raise ClientCannotMove(client.status)
    if client.reinstatement_by is None:
        asked = replace(client, reinstatement_by=actor.client_id)
        moved = await _moved(uow, asked, ClientStatus.SUSPENDED, client.decision)
        await tell(uow, actor, moved, "reinstatement_proposed", now, {})
        return moved
    _require_other(actor, client.reinstatement_by)
    lifted = replace(client, reinstatement_by=None)
    moved = await _moved(uow, lifted, ClientStatus.ACTIVE, decided_now(client.decision, actor, now, None))
    await tell(uow, actor, moved, "reinstated", now, {"proposed_by": client.reinstatement_by})
    return moved


async def client_for(uow: UnitOfWork, client_id: str, if_match: int | None) -> ClientRecord:
    """Return a client, locked; raises NotFound, or VersionMismatch where the caller saw another version."""
    client = await uow.client_register.lock(client_id)
    if client is None:
        raise NotFound("client")
    if if_match is not None and if_match != client.version:
        raise VersionMismatch(client.version)
    return client


async def tell(
    uow: UnitOfWork, actor: Actor, client: ClientRecord, verb: str, now: datetime, details: Mapping[str, object]
) -> None:
    """Leave the audit entry and the event, both for the client's tenant and for the platform."""
    parties = tuple(dict.fromkeys((client.tenant, actor.tenant)))
    told = {"client_id": client.id, "role": client.role.value, "status": client.status.value, **details}
    await uow.audit.write(actor, f"client.{verb}", client.id, {**told, "person": client.person}, parties, now)
    await uow.outbox.publish(f"client.{verb}", client.id, told, parties, now)


def decided_now(before: Decision, actor: Actor, now: datetime, reason: str | None) -> Decision:
    """Return a decision by the actor."""
    return replace(before, decided_by=actor.client_id, decided_at=now, reason=reason)


def _require_fitting(new: NewClient, tenant: Tenant | None) -> None:
    if tenant is None or tenant.kind not in KINDS[new.role]:
        raise InvalidClient(
            "该机构不存在,或其类别与角色不符。", "there is no such tenant, or the role is not of its kind"
        )
    if not any(key.purpose.value == "token" for key in new.keys):
        raise InvalidClient("至少须有一把用于令牌的公钥。", "at least one key must be for tokens")
    if (tenant.kind == "platform") != (new.person is not None):
        raise InvalidClient(
            "平台管理员须写明自然人(person),其他客户端不得填写。",
            "an administrator of the platform names its person, and nobody else does",
        )


def _require_other(actor: Actor, proposed_by: str | None) -> None:
    if proposed_by == actor.client_id:
        raise SamePerson(actor.client_id)


async def _moved(uow: UnitOfWork, client: ClientRecord, status: ClientStatus, decision: Decision) -> ClientRecord:
    moved = replace(client, status=status, decision=decision, version=client.version + 1)
    await uow.client_register.save(moved)
    return moved


def _said(key: ClientKey) -> dict[str, object]:
    return {"key_id": key.key_id, "thumbprint": key.thumbprint, "purpose": key.purpose.value}
