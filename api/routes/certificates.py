"""Routes of certificates: for the pledge's parties, and the public address that a QR code names.

The public address answers everything that it does not know with the same words: a number that was never given out, one
whose proof is wrong, and a text that could be no number.
"""

from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from api.answers.certificates import certificate_answer, certificate_summary
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented, offering, repr_digest
from api.house import House, house_of
from api.idempotency import Answer, replied
from api.pages.verification import PAGE_HEADERS, unknown_page, verification_page
from api.pages_of import Text
from api.permissions import needs, public
from api.routes.pledges import found
from api.schemas.certificates import CertificatePage, CertificateReply, VerificationReply
from domain.pledges.certificates import is_certificate_number
from domain.ports.certificates import ShownCertificate
from domain.rights.authorizations import NotFound
from domain.use_cases.issue_certificate import read_certificate, show_certificate

PDF: Final = "application/pdf"
HTML: Final = "text/html"


@get(
    "/v1/pledges/{pledge_id:str}/certificate",
    opt=needs("certificate:read", body="none"),
    operation_class=offering(PDF),
    **documented(CertificateReply, 200, PROBLEMS),
)
async def get_certificate(request: EdgeRequest, pledge_id: FromPath[str], number: Text = None) -> Response[bytes]:
    """Read a pledge's newest certificate, or the one of a number; as PDF for who accepts `application/pdf`."""
    house = house_of(request)
    async with house.open(request.caller.actor) as uow:
        pledge = await found(uow, pledge_id)
        certificate = await read_certificate(uow, pledge, number)
        if not _accepts(request, PDF):
            return replied(Answer(200, certificate_answer(certificate, house.issuer), {"Vary": "Accept"}))
        sheet = await uow.certificates.sheet(certificate.number)
    headers = {
        "Content-Disposition": f'attachment; filename="{certificate.number}.pdf"',
        "Repr-Digest": repr_digest(certificate.sheet_sha256 or ""),
        "Vary": "Accept",
    }
    return Response(sheet, media_type=PDF, headers=headers)


@get(
    "/v1/pledges/{pledge_id:str}/certificates",
    opt=needs("certificate:read", body="none"),
    **documented(CertificatePage, 200, PROBLEMS),
)
async def list_certificates(request: EdgeRequest, pledge_id: FromPath[str]) -> Response[bytes]:
    """List a pledge's certificates, oldest first."""
    house = house_of(request)
    async with house.open(request.caller.actor) as uow:
        pledge = await found(uow, pledge_id)
        sealed = [each for each in await uow.certificates.of_pledge(pledge.id) if each.is_sealed]
    items = [certificate_summary(certificate, house.issuer) for certificate in sealed]
    return replied(Answer(200, {"items": items, "next_cursor": None}))


@get(
    "/verify/{number:str}",
    opt=public(body="none"),
    operation_class=offering(HTML, under=("200", "404")),
    **documented(VerificationReply, 200, (400, 404, 503)),
)
async def verify_certificate(request: EdgeRequest, number: FromPath[str], d: Text = None) -> Response[bytes]:
    """Read what a certificate says, with the beginning of its digest as proof; `text/html` gets a page."""
    page = _accepts(request, HTML)
    try:
        shown = await _shown(house_of(request), number, d)
    except NotFound:
        if page:
            return _as_page(unknown_page(), 404)
        raise
    if page:
        return _as_page(verification_page(shown.statement, shown.digest, shown.jws), 200)
    told = {"statement": dict(shown.statement), "digest": shown.digest, "jws": shown.jws}
    return replied(Answer(200, told, {"Vary": "Accept"}))


async def _shown(house: House, number: str, proof: str | None) -> ShownCertificate:
    if proof is None or not is_certificate_number(number):
        raise NotFound("certificate")
    async with house.open(None) as uow:
        return await show_certificate(uow, number, proof)


def _as_page(page: str, status: int) -> Response[bytes]:
    headers = {**PAGE_HEADERS, "Vary": "Accept"}
    return Response(page.encode(), status_code=status, media_type=HTML, headers=headers)


def _accepts(request: EdgeRequest, media_type: str) -> bool:
    """Tell whether a media type is named in `Accept`; `*/*` names none, and gets JSON."""
    ranges = request.headers.get("accept", "").split(",")
    return media_type in {each.partition(";")[0].strip().lower() for each in ranges}
