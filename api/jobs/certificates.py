"""Seal a certificate: sign what it says and set its sheet, with no transaction open, and write both once."""

import asyncio
import hashlib
from typing import Final

import structlog

from api.house import House
from domain.pledges.certificates import Certificate, Seal, verify_url
from domain.use_cases.issue_certificate import seal_certificate, unsealed_certificate

log: Final = structlog.get_logger("greenlien.jobs")


async def seal(house: House, number: str) -> None:
    """Seal a certificate that is not sealed yet; nothing is done for any other."""
    async with house.open(None) as uow:
        certificate = await unsealed_certificate(uow, number)
    if certificate is None:
        return
    made = await asyncio.to_thread(_seal_of, house, certificate)
    async with house.open(None) as uow:
        sealed = await seal_certificate(uow, certificate, made)
        await uow.commit()
    log.info("certificate_sealed", number=number, sealed=sealed)


def _seal_of(house: House, certificate: Certificate) -> Seal:
    address = verify_url(house.issuer, certificate.number, certificate.digest)
    sheet = house.sheets.sheet(certificate.statement, certificate.digest, address)
    return Seal(
        jws=house.signer.sign(certificate.statement),
        sheet=sheet,
        sheet_sha256=hashlib.sha256(sheet).hexdigest(),
        sealed_at=house.now(),
    )
