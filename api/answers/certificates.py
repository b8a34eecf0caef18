"""Searches, documents and certificates as contract section 5 prints them."""

from api.answers.rights import instant
from domain.pledges.certificates import Certificate, verify_url
from domain.pledges.documents import Document, DocumentDemand
from domain.rights.searches import Search
from domain.values.time import rfc3339


def search_answer(search: Search) -> dict[str, object]:
    """Return a search as it was made."""
    return {"id": search.id, **search.statement, "digest": search.digest}


def document_answer(document: Document) -> dict[str, object]:
    """Return a document without its bytes."""
    file = document.file
    return {
        "id": document.id,
        "kind": document.kind.value,
        "title": document.title,
        "sha256": document.sha256,
        "seal": document.seal,
        "stored": file is not None,
        "file_name": None if file is None else file.name,
        "media_type": None if file is None else file.media_type,
        "size_bytes": None if file is None else file.size_bytes,
        "added_by": document.added_by,
        "added_for": document.added_for,
        "added_at": rfc3339(document.added_at),
    }


def demand_answer(demand: DocumentDemand, documents: list[Document]) -> dict[str, object]:
    """Return a demand, and since when it is met by one of these documents."""
    met = next((each.added_at for each in documents if each.kind is demand.kind), None)
    return {
        "kind": demand.kind.value,
        "demanded_by": demand.demanded_by,
        "demanded_at": rfc3339(demand.demanded_at),
        "met_at": instant(met),
    }


def certificate_answer(certificate: Certificate, issuer: str) -> dict[str, object]:
    """Return a sealed certificate with what proves it."""
    return {
        **certificate.statement,
        "digest": certificate.digest,
        "jws": certificate.jws,
        "verify_url": verify_url(issuer, certificate.number, certificate.digest),
        "sheet_sha256": certificate.sheet_sha256,
    }


def certificate_summary(certificate: Certificate, issuer: str) -> dict[str, object]:
    """Return a sealed certificate as a list tells it."""
    return {
        "number": certificate.number,
        "kind": certificate.kind.value,
        "issued_at": rfc3339(certificate.issued_at),
        "digest": certificate.digest,
        "verify_url": verify_url(issuer, certificate.number, certificate.digest),
    }
