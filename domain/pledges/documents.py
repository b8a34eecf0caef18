"""Documents of a pledge: kept with their digest, or named by it where the paper stays elsewhere.

A document is never changed and never taken back; whoever is wrong adds another. The media type is read from the first
bytes and never believed from the sender, and what is not known for certain is only bytes: so a page with a script in it
can never be served as one.

Source: 民法典 art. 427 (the pledge contract is in writing); PDF 32000-1 section 7.5.2; GB/T 33190-2016 (OFD is a ZIP).

>>> media_type_of(b"%PDF-1.7 ...")
'application/pdf'
>>> media_type_of(b"<html><script>")
'application/octet-stream'
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.errors import DomainError

CONDITION_PREFIX: Final = "document_"
UNKNOWN_TYPE: Final = "application/octet-stream"

_MAGIC: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
_ZIP: Final = b"PK\x03\x04"
_OFD_ENTRY: Final = b"OFD.xml"
_HEAD_BYTES: Final = 4096


class DocumentKind(StrEnum):
    """What a document is."""

    LOAN_CONTRACT = "loan_contract"
    PLEDGE_CONTRACT = "pledge_contract"
    AUTHORIZATION = "authorization"
    RESOLUTION = "resolution"
    DISCHARGE_PERMIT = "discharge_permit"
    RIGHT_CERTIFICATE = "right_certificate"
    PAYMENT_RECEIPT = "payment_receipt"
    VALUATION_REPORT = "valuation_report"
    INSURANCE_POLICY = "insurance_policy"
    REGISTRATION_RECEIPT = "registration_receipt"
    NOTICE = "notice"
    COURT_DOCUMENT = "court_document"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """What is known of a document's bytes, where we keep them."""

    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document: `file` is none where only its digest is known here; `seal` names the electronic seal on it."""

    id: str
    pledge_id: str
    parties: tuple[str, ...]
    kind: DocumentKind
    title: str
    sha256: str
    seal: str | None
    file: StoredFile | None
    added_by: str
    added_for: str
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDemand:
    """A kind of document that the pledgee demands before money leaves."""

    pledge_id: str
    parties: tuple[str, ...]
    kind: DocumentKind
    demanded_by: str
    demanded_at: datetime


@dataclass(eq=False)
class DigestMismatch(DomainError):
    """Refuse a file whose bytes have another digest than was said with it."""

    code = "digest_mismatch"

    stated: str
    actual: str


@dataclass(eq=False)
class EmptyDocument(DomainError):
    """Refuse a file without a byte in it."""

    code = "invalid_document"

    name: str


def media_type_of(head: bytes) -> str:
    """Return the media type that the first bytes prove."""
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    return "application/ofd" if head.startswith(_ZIP) and _OFD_ENTRY in head[:_HEAD_BYTES] else UNKNOWN_TYPE


def demanded_code(kind: DocumentKind) -> str:
    """Return the code of the condition that a document of this kind meets."""
    return CONDITION_PREFIX + kind.value
