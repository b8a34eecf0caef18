"""Routes of the documents of a pledge (contract section 5).

A document comes as a multipart form with its file, or as JSON with its digest alone. It goes out as an attachment,
under the media type that its own bytes prove, so that no browser ever runs it.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from litestar import Response, get, post
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody
from litestar.params import FromPath, JSONBody

from api.answers.certificates import demand_answer, document_answer
from api.bodies import JSON, UPLOAD, EdgeRequest
from api.documents import PROBLEMS, documented, offering, repr_digest
from api.house import EdgeUnitOfWork, house_of, known_id
from api.idempotency import Answer, command, if_match, replied
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer
from api.permissions import needs
from api.refusals import FieldError, InvalidPayload
from api.routes.pledges import found
from api.schemas.documents import (
    DocumentDemandPage,
    DocumentDemandRequest,
    DocumentPage,
    DocumentReply,
    DocumentRequest,
)
from api.uploads import Upload, upload_if_any
from domain.pledges.documents import UNKNOWN_TYPE
from domain.use_cases.keep_documents import WantedDocument, add_document, demand_documents, find_document

DOCUMENTS_PATH: Final = "/v1/pledges/{pledge_id:str}/documents"

_FILE_IN_JSON: Final = FieldError(
    "#/file", "wrong_value", "文件须以 multipart/form-data 上传", "a file is uploaded as multipart/form-data"
)


@dataclass
class DocumentOperation(Operation):
    """The description of a body that is JSON or a form; Litestar sees only the JSON."""

    def __post_init__(self) -> None:
        """Describe the form beside the JSON."""
        if isinstance(self.request_body, RequestBody) and JSON in self.request_body.content:
            schema = self.request_body.content[JSON].schema
            both = {JSON: OpenAPIMediaType(schema=schema), UPLOAD: OpenAPIMediaType(schema=schema)}
            self.request_body = RequestBody(content=both, required=True)


@post(
    DOCUMENTS_PATH,
    opt=needs("document:add", body="json_or_upload"),
    operation_class=DocumentOperation,
    **documented(DocumentReply, 201, PROBLEMS),
)
async def post_document(
    request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[DocumentRequest]
) -> Response[bytes]:
    """Add a document to a pledge; the same one a second time is the first."""
    house = house_of(request)
    wanted, seen = _wanted(data, upload_if_any(request)), if_match(request)
    pledge = known_id(pledge_id, "pledge")

    async def act(uow: EdgeUnitOfWork) -> Answer:
        document = await add_document(uow, request.caller.actor, pledge, wanted, seen, house.now())
        location = {"Location": f"/v1/pledges/{pledge}/documents/{document.id}"}
        return Answer(201, document_answer(document), location)

    return await command(request, act)


@get(DOCUMENTS_PATH, opt=needs("document:read", body="none"), **documented(DocumentPage, 200, PROBLEMS))
async def list_documents(
    request: EdgeRequest, pledge_id: FromPath[str], limit: Limit = LIMIT, cursor: Text = None
) -> Response[bytes]:
    """List the documents of a pledge, oldest first."""
    async with house_of(request).open(request.caller.actor) as uow:
        pledge = await found(uow, pledge_id)
        documents = await uow.documents.page(pledge.id, cursor_of(cursor), limit + 1)
    return replied(page_answer([document_answer(document) for document in documents], limit))


@get(
    DOCUMENTS_PATH + "/{document_id:str}",
    opt=needs("document:read", body="none"),
    operation_class=offering(UNKNOWN_TYPE),
    **documented(DocumentReply, 200, PROBLEMS),
)
async def get_document(request: EdgeRequest, pledge_id: FromPath[str], document_id: FromPath[str]) -> Response[bytes]:
    """Download a document; of one that is only named by its digest, read what is known."""
    async with house_of(request).open(request.caller.actor) as uow:
        pledge = await found(uow, pledge_id)
        document = await find_document(uow, pledge, known_id(document_id, "document"))
        if document.file is None:
            return replied(Answer(200, document_answer(document)))
        content = await uow.documents.content(document.id)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(document.file.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Repr-Digest": repr_digest(document.sha256),
    }
    return Response(content, media_type=document.file.media_type, headers=headers)


@post(
    "/v1/pledges/{pledge_id:str}/document-demands",
    opt=needs("document:demand"),
    **documented(DocumentDemandPage, 201, PROBLEMS),
)
async def post_demands(
    request: EdgeRequest, pledge_id: FromPath[str], data: JSONBody[DocumentDemandRequest]
) -> Response[bytes]:
    """Let the pledgee demand documents before it pays out; what is demanded stays demanded."""
    house, seen = house_of(request), if_match(request)
    demanded = known_id(pledge_id, "pledge")

    async def act(uow: EdgeUnitOfWork) -> Answer:
        pledge = await demand_documents(uow, request.caller.actor, demanded, data.kinds, seen, house.now())
        return Answer(201, await _demands(uow, pledge.id))

    return await command(request, act)


@get(
    "/v1/pledges/{pledge_id:str}/document-demands",
    opt=needs("document:read", body="none"),
    **documented(DocumentDemandPage, 200, PROBLEMS),
)
async def list_demands(request: EdgeRequest, pledge_id: FromPath[str]) -> Response[bytes]:
    """Read what the pledgee demands, and since when each is there."""
    async with house_of(request).open(request.caller.actor) as uow:
        pledge = await found(uow, pledge_id)
        return replied(Answer(200, await _demands(uow, pledge.id)))


async def _demands(uow: EdgeUnitOfWork, pledge_id: str) -> dict[str, object]:
    documents = list(await uow.documents.of_pledges([pledge_id]))
    items = [demand_answer(demand, documents) for demand in await uow.documents.demands([pledge_id])]
    return {"items": items, "next_cursor": None}


def _wanted(body: DocumentRequest, upload: Upload | None) -> WantedDocument:
    """Return the document; raises InvalidPayload for a file that is named in JSON."""
    if body.file is not None and upload is None:
        raise InvalidPayload((_FILE_IN_JSON,))
    return WantedDocument(
        kind=body.kind,
        title=body.title,
        sha256=body.sha256,
        seal=body.seal,
        file_name=body.file,
        parts=[] if upload is None or body.file is None else upload.parts,
    )
