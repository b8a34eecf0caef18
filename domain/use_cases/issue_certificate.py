"""Issue a certificate: what it says in the transaction that makes it true, its seal by a job of its own.

Whoever amends a pledge calls `issue_certificate` with `CertificateKind.AMENDMENT` and the amendment's number as the
occasion, in the transaction in which the amendment takes effect. Issuing twice on one occasion issues once.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from domain.pledges.certificates import Certificate, CertificateKind, Party, Seal, certify
from domain.pledges.pledges import Pledge
from domain.ports.certificates import ShownCertificate
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import NotFound
from domain.rights.rights import Right
from domain.values.actors import WORKER, Actor

TASK: Final = "seal_certificate"
DRAWS_MAX: Final = 5


async def issue_certificate(
    uow: UnitOfWork, actor: Actor, pledge: Pledge, kind: CertificateKind, occasion: str, now: datetime
) -> Certificate:
    """Write what is certified of the pledge as it stands now, and the job that seals it."""
    rights = await uow.rights.find_many([item.right_id for item in pledge.items])
    standing = await uow.searches.encumbrances(list(rights.values()))
    tenant = await uow.tenants.find(pledge.pledgee)
    pledgee = Party(uscc=pledge.pledgee_uscc, name=None if tenant is None else tenant.name)
    pledgors = [Party(uscc=uscc, name=_name_of(uscc, rights)) for uscc in pledge.pledgors]
    for _ in range(DRAWS_MAX):
        issued = await uow.certificates.of_occasion(pledge.id, kind, occasion)
        if issued is not None:
            return issued
        certificate = certify(pledge, rights, standing, pledgee, pledgors, kind=kind, occasion=occasion, now=now)
        if await uow.certificates.add(certificate):
            details = {"number": certificate.number, "kind": kind.value, "digest": certificate.digest}
            await uow.audit.write(actor, "certificate.issued", pledge.id, details, pledge.parties, now)
            await uow.jobs.enqueue(TASK, f"certificate:{certificate.number}", {"number": certificate.number})
            return certificate
    raise RuntimeError("no free number was drawn")


async def unsealed_certificate(uow: UnitOfWork, number: str) -> Certificate | None:
    """Return a certificate that still lacks its seal, none otherwise; reads only."""
    certificate = await uow.certificates.find(number)
    return None if certificate is None or certificate.is_sealed else certificate


async def seal_certificate(uow: UnitOfWork, certificate: Certificate, seal: Seal) -> bool:
    """Set the seal; false where another worker was faster, whose seal stands."""
    sealed = await uow.certificates.seal(certificate.number, seal)
    if sealed:
        details = {"number": certificate.number, "sheet_sha256": seal.sheet_sha256}
        subject, at = certificate.pledge_id, seal.sealed_at
        await uow.audit.write(WORKER, "certificate.sealed", subject, details, certificate.parties, at)
    return sealed


async def read_certificate(uow: UnitOfWork, pledge: Pledge, number: str | None) -> Certificate:
    """Return a pledge's newest sealed certificate, or the one of a number; raises NotFound.

    That of an entry at the notice registry is asked for by its number: it certifies publicity, not control.
    """
    sealed = [each for each in await uow.certificates.of_pledge(pledge.id) if each.is_sealed]
    wanted = [
        each
        for each in sealed
        if number == each.number or (number is None and each.kind is not CertificateKind.PUBLICITY)
    ]
    if not wanted:
        raise NotFound("certificate")
    return wanted[-1]


async def show_certificate(uow: UnitOfWork, number: str, proof: str) -> ShownCertificate:
    """Return what anybody may know who was given the certificate; raises NotFound for everything else alike."""
    shown = await uow.certificates.shown(number, proof)
    if shown is None:
        raise NotFound("certificate")
    return shown


def _name_of(uscc: str, rights: Mapping[str, Right]) -> str | None:
    return next((right.holder_name for right in rights.values() if right.holder_uscc == uscc), None)
