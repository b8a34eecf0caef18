"""Keep the documents of a pledge, and what the pledgee demands of them before money leaves.

A demand is the bank's own and only ever adds: what the rule pack asks for stays asked for. Whoever is a party of the
pledge may add a document, at any time, because a receipt or a judgment comes when it comes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from domain.pledges.documents import (
    DigestMismatch,
    Document,
    DocumentDemand,
    DocumentKind,
    EmptyDocument,
    StoredFile,
    demanded_code,
    media_type_of,
)
from domain.pledges.pledges import Pledge
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden, NotFound
from domain.use_cases.change_pledge import fetch
from domain.values.actors import Actor
from domain.values.identifiers import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDocument:
    """A document as it comes: `parts` are its bytes, none where only its digest is told."""

    kind: DocumentKind
    title: str
    sha256: str | None
    seal: str | None
    file_name: str | None
    parts: Sequence[bytes]


async def add_document(
    uow: UnitOfWork, actor: Actor, pledge_id: str, wanted: WantedDocument, if_match: int | None, now: datetime
) -> Document:
    """Write a document and return it; the same one a second time is the first.

    Raises:
        NotFound: no such pledge of the actor's.
        VersionMismatch: the actor saw another version of it.
        DigestMismatch: the bytes are not those whose digest was told.
        EmptyDocument: the file has no bytes.
    """
    pledge = await fetch(uow, pledge_id, if_match)
    digest, file = _read(wanted)
    document = Document(
        id=new_id("document"),
        pledge_id=pledge.id,
        parties=pledge.parties,
        kind=wanted.kind,
        title=wanted.title,
        sha256=digest,
        seal=wanted.seal,
        file=file,
        added_by=actor.client_id,
        added_for=actor.tenant,
        added_at=now,
    )
    kept = await uow.documents.add(document, wanted.parts)
    if kept.id == document.id:
        details = {"document_id": document.id, "kind": document.kind.value, "sha256": digest}
        await uow.audit.write(actor, "document.added", pledge.id, details, pledge.parties, now)
    return kept


async def find_document(uow: UnitOfWork, pledge: Pledge, document_id: str) -> Document:
    """Return a document of the pledge; raises NotFound."""
    document = await uow.documents.find(pledge.id, document_id)
    if document is None:
        raise NotFound("document")
    return document


async def demand_documents(
    uow: UnitOfWork,
    actor: Actor,
    pledge_id: str,
    kinds: Sequence[DocumentKind],
    if_match: int | None,
    now: datetime,
) -> Pledge:
    """Write which kinds of documents the pledgee wants to see before it pays out, and return the pledge.

    Raises:
        NotFound: no such pledge of the actor's.
        VersionMismatch: the actor saw another version of it.
        Forbidden: the actor is not of the pledgee.
    """
    pledge = await fetch(uow, pledge_id, if_match)
    if actor.tenant != pledge.pledgee or not actor.role.of_a_bank:
        raise Forbidden("document:demand")
    for kind in sorted(set(kinds)):
        await uow.documents.demand(
            DocumentDemand(
                pledge_id=pledge.id,
                parties=pledge.parties,
                kind=kind,
                demanded_by=actor.client_id,
                demanded_at=now,
            )
        )
    details = {"kinds": sorted({kind.value for kind in kinds})}
    await uow.audit.write(actor, "document.demanded", pledge.id, details, pledge.parties, now)
    return pledge


async def document_conditions(
    uow: UnitOfWork, pledge_id: str, demanded: Sequence[str]
) -> Mapping[str, datetime | None]:
    """Return since when each demanded document is there, none where it is not, by the code of the condition.

    What a rule demands (a code that begins with `document_`) comes first, then what the pledgee demands.
    """
    by_code = {demanded_code(kind): kind for kind in DocumentKind}
    wanted = {code: by_code[code] for code in demanded if code in by_code}
    wanted |= {demanded_code(each.kind): each.kind for each in await uow.documents.demands([pledge_id])}
    documents = await uow.documents.of_pledges([pledge_id]) if wanted else ()
    return {
        code: next((each.added_at for each in documents if each.kind is kind), None) for code, kind in wanted.items()
    }


def _read(wanted: WantedDocument) -> tuple[str, StoredFile | None]:
    if wanted.file_name is None:
        assert wanted.sha256 is not None, "what has no bytes is named by its digest"
        return wanted.sha256, None
    size = sum(len(part) for part in wanted.parts)
    if size == 0:
        raise EmptyDocument(wanted.file_name)
    running = sha256()
    for part in wanted.parts:
        running.update(part)
    actual = running.hexdigest()
    if wanted.sha256 not in {None, actual}:
        raise DigestMismatch(wanted.sha256 or "", actual)
    file = StoredFile(name=wanted.file_name, media_type=media_type_of(wanted.parts[0]), size_bytes=size)
    return actual, file
