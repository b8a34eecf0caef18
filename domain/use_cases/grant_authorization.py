"""An enterprise consents, from a day to a day, that a bank or portal sees and verifies its rights."""

from datetime import date, datetime

from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Authorization, Forbidden, InvalidGrantee, InvalidPeriod
from domain.values.actors import Actor
from domain.values.identifiers import Uscc, new_id

GRANTEE_KINDS = frozenset({"bank", "portal", "fund"})


async def grant_authorization(
    uow: UnitOfWork,
    actor: Actor,
    *,
    enterprise_uscc: Uscc,
    grantee: str,
    scope: tuple[str, ...],
    period: tuple[date, date],
    document: dict[str, str],
    now: datetime,
) -> Authorization:
    """Write the consent.

    Raises:
        Forbidden: the caller is not this enterprise.
        InvalidPeriod: it ends before it starts.
        InvalidGrantee: no bank, portal or fund of this name.
    """
    if actor.uscc != enterprise_uscc:
        raise Forbidden("authorization:grant")
    start, end = period
    if end < start:
        raise InvalidPeriod(start, end)
    tenant = await uow.tenants.find(grantee)
    if tenant is None or tenant.kind not in GRANTEE_KINDS:
        raise InvalidGrantee(grantee)
    authorization = Authorization(
        id=new_id("authz"),
        enterprise_uscc=enterprise_uscc,
        grantee=grantee,
        scope=scope,
        valid_from=start,
        valid_to=end,
        document=document,
        created_by=actor.client_id,
        created_at=now,
    )
    await uow.authorizations.add(authorization)
    details = {"grantee": grantee, "from": start.isoformat(), "to": end.isoformat()}
    await uow.audit.write(actor, "authorization.granted", authorization.id, details, (*actor.parties, grantee), now)
    return authorization
