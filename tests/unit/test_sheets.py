"""The sheet of a certificate and its page: Chinese that can be searched, an embedded font, and no word that acts."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from api.pages.verification import PAGE_HEADERS, STYLE, unknown_page, verification_page
from domain.pledges.certificates import Certificate, CertificateKind, Party, certify, verify_url
from domain.pledges.pledges import RegistrationStatus, ReleaseOrder, ReleaseReason, SecuredKind
from domain.rights.holds import Blocked, HoldKind
from domain.rights.searches import Encumbrance
from integrations.certificates import words
from integrations.certificates.sheets import TypstSheets
from tests.builders import BANK_USCC, HOLDER, NOW, a_pledge, a_right, an_entry, an_item, tonnes
from tests.pdf_text import embedded_fonts, text_of

ISSUER = "https://lien.example"
EVIL = '#eval("1") $x$ \\ <b>&"\' #image("/etc/passwd") @ref *粗* = 标题'


def a_certificate(name: str = "绍兴示例印染有限公司", items: int = 1, **different: object) -> Certificate:
    """Return a registration certificate of a frozen pledge of some rights of a holder."""
    ids = [f"right_{number:032x}" for number in range(items)]
    rights = {each: a_right(id=each, registry_no=f"PWQ-{at}", holder_name=name) for at, each in enumerate(ids)}
    entries = tuple(
        an_entry(position=at, status=RegistrationStatus.REGISTERED, reference=f"REF-{at}", registered_at=NOW)
        for at in range(items)
    )
    pledge = a_pledge(**{"items": tuple(an_item(right_id=each) for each in ids), "registrations": entries, **different})
    first = Encumbrance(
        kind=HoldKind.PLEDGE,
        blocks=(Blocked.TRANSFER,),
        quantity=tonnes("10"),
        register="emission_registry",
        registered_at=NOW,
        rank=1,
    )
    return certify(
        pledge,
        rights,
        {each: [first] for each in ids},
        Party(uscc=BANK_USCC, name="甲银行"),
        [Party(uscc=HOLDER, name=name)],
        kind=CertificateKind.REGISTRATION if pledge.release is None else CertificateKind.RELEASE,
        occasion="round:1",
        now=NOW,
    )


def sheet_of(certificate: Certificate) -> bytes:
    address = verify_url(ISSUER, certificate.number, certificate.digest)
    return TypstSheets().sheet(certificate.statement, certificate.digest, address)


def test_a_sheet_s_chinese_text_can_be_extracted_and_its_font_is_embedded() -> None:
    certificate = a_certificate()
    sheet = sheet_of(certificate)
    text = text_of(sheet)

    for said in (
        "排污权抵质押登记证明",
        certificate.number,
        "绍兴示例印染有限公司",
        "甲银行",
        "10.000000t/a",
        "第1顺位",
        "人民币100000.00元",
        certificate.digest,
        verify_url(ISSUER, certificate.number, certificate.digest),
    ):
        assert said in text, said
    assert "\N{REPLACEMENT CHARACTER}" not in text
    assert embedded_fonts(sheet)["NotoSansSC-Regular"] > 1000


def test_what_a_holder_calls_himself_is_printed_and_never_run() -> None:
    assert "".join(EVIL.split()) in text_of(sheet_of(a_certificate(EVIL)))


def test_the_same_certificate_gives_the_same_bytes() -> None:
    certificate = a_certificate()

    assert sheet_of(certificate) == sheet_of(certificate)


def test_a_certificate_of_many_rights_names_each_on_as_many_pages_as_it_needs() -> None:
    text = text_of(sheet_of(a_certificate(items=50)))

    assert "第1页，共3页" in text
    assert all(f"PWQ-{number}" in text and f"REF-{number}" in text for number in range(50))


def test_the_sheet_carries_its_address_as_a_code() -> None:
    certificate = a_certificate()

    assert sheet_of(certificate).count(verify_url(ISSUER, certificate.number, certificate.digest).encode()) >= 2


def test_a_release_says_why_and_a_maximum_amount_its_period() -> None:
    release = ReleaseOrder(reason=ReleaseReason.WAIVED, ordered_by="a", ordered_at=NOW, approved_by="b")
    secured = a_pledge().secured
    period: Mapping[str, Any] = {"claims_from": date(2026, 1, 1), "claims_to": date(2027, 1, 1)}
    maximum = type(secured)(amount=secured.amount, kind=SecuredKind.MAXIMUM_AMOUNT, scope=secured.scope, **period)
    text = text_of(sheet_of(a_certificate(release=release, secured=maximum)))

    assert "排污权抵质押解除证明" in text
    assert "债权人放弃担保权" in text
    assert "最高额债权" in text
    assert "2026-01-01至2027-01-01" in text


@pytest.mark.parametrize(
    ("known", "kinds"),
    [
        (words.TITLES, CertificateKind),
        (words.SUBTITLES, CertificateKind),
        (words.SECURED_KINDS, SecuredKind),
        (words.STATUSES, RegistrationStatus),
        (words.REASONS, ReleaseReason),
    ],
)
def test_every_word_of_the_domain_has_a_chinese_one(known: words.Words, kinds: type[Any]) -> None:
    assert set(known) == {kind.value for kind in kinds}


def test_a_digest_covers_every_word_of_the_statement() -> None:
    assert a_certificate().digest != a_certificate("另一家有限公司").digest


def test_the_page_says_what_the_certificate_says_and_runs_nothing() -> None:
    certificate = a_certificate("<script>alert(1)</script>")
    page = verification_page(certificate.statement, certificate.digest, "a.b.c")

    assert certificate.number in page
    assert certificate.digest in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "'unsafe" not in PAGE_HEADERS["Content-Security-Policy"]
    assert f"<style>{STYLE}</style>" in page
    assert "<script" not in unknown_page()
