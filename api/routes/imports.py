"""Routes of imports: files of trades as exchanges and banks have them (contract section 4)."""

from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody
from litestar.params import FromPath, JSONBody

from api.answers.imports import import_answer, refused_row_answer
from api.bodies import JSON, UPLOAD, EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, House, house_of, known_id
from api.idempotency import Answer, command, replied
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer
from api.permissions import needs
from api.problems import prefers_chinese
from api.refusals import FieldError, InvalidPayload
from api.schemas.imports import ImportForm, ImportPage, ImportReply, ImportSummaryReply
from api.uploads import Upload, upload_of
from domain.market.imports import FileFormat, Licence, stricter
from domain.rights.authorizations import NotFound
from domain.use_cases.import_trades import WantedImport, request_import

LICENCES: Final = {FileFormat.CEA_BULLETIN: Licence.RESTRICTED}
"""What a file of a format may be used for where nobody says; every other is as open as its sender."""

_FEED_UNKNOWN: Final = FieldError("#/feed", "unknown_word", "没有名为此的数据源", "no feed of this name is known")
_FEED_OF_ANOTHER_FORMAT: Final = FieldError(
    "#/format", "wrong_value", "该数据源不是这种格式", "the feed comes in another format"
)


@dataclass
class UploadOperation(Operation):
    """The description of an upload: the model is read from a form, which Litestar does not see."""

    def __post_init__(self) -> None:
        """Describe the form where Litestar describes a JSON body."""
        if isinstance(self.request_body, RequestBody) and JSON in self.request_body.content:
            schema = self.request_body.content[JSON].schema
            self.request_body = RequestBody(content={UPLOAD: OpenAPIMediaType(schema=schema)}, required=True)


@post(
    "/v1/market/imports",
    opt=needs("trade:report", body="upload"),
    operation_class=UploadOperation,
    **documented(ImportSummaryReply, 202, PROBLEMS),
)
async def post_import(request: EdgeRequest, data: JSONBody[ImportForm]) -> Response[bytes]:
    """Take in a file of trades; it is read in the background, and every row that is no evidence is listed."""
    house = house_of(request)
    wanted = _wanted(house, data, upload_of(request))

    async def act(uow: EdgeUnitOfWork) -> Answer:
        imported = await request_import(uow, request.caller.actor, wanted, house.now())
        location = {"Location": f"/v1/market/imports/{imported.id}"}
        return Answer(202, import_answer(imported, chinese=_chinese(request)), location)

    return await command(request, act)


@get("/v1/market/imports", opt=needs("trade:report", body="none"), **documented(ImportPage, 200, PROBLEMS))
async def list_imports(request: EdgeRequest, limit: Limit = LIMIT, cursor: Text = None) -> Response[bytes]:
    """List the caller's imports, newest first."""
    async with house_of(request).open(request.caller.actor) as uow:
        found = await uow.market_imports.page(cursor_of(cursor), limit + 1)
    chinese = _chinese(request)
    return replied(page_answer([import_answer(imported, chinese=chinese) for imported in found], limit))


@get(
    "/v1/market/imports/{import_id:str}",
    opt=needs("trade:report", body="none"),
    **documented(ImportReply, 200, PROBLEMS),
)
async def get_import(
    request: EdgeRequest, import_id: FromPath[str], limit: Limit = LIMIT, cursor: Text = None
) -> Response[bytes]:
    """Read how far an import is, its totals, and a page of its rows that are no evidence."""
    async with house_of(request).open(request.caller.actor) as uow:
        imported = await uow.market_imports.find(known_id(import_id, "import"))
        if imported is None:
            raise NotFound("import")
        refused = await uow.market_imports.refused(imported.id, cursor_of(cursor), limit + 1)
    chinese = _chinese(request)
    page = page_answer([refused_row_answer(row, chinese=chinese) for row in refused], limit)
    return replied(Answer(200, {**import_answer(imported, chinese=chinese), "rows_refused": page.body}))


def _wanted(house: House, form: ImportForm, upload: Upload) -> WantedImport:
    """Return the file with what its feed says of it; the stricter of two licences holds.

    Raises:
        InvalidPayload: the feed is unknown, or comes in another format.
    """
    feed = None if form.feed is None else house.exchange.feed(form.feed)
    if form.feed is not None and feed is None:
        raise InvalidPayload((_FEED_UNKNOWN,))
    if feed is not None and feed.format is not form.format:
        raise InvalidPayload((_FEED_OF_ANOTHER_FORMAT,))
    usual = LICENCES.get(form.format, Licence.OPEN) if feed is None else feed.licence
    defaults: dict[str, Any] = {**({} if feed is None else feed.defaults), **form.defaults()}
    source = form.source or (form.feed if feed is None else feed.source)
    assert source is not None, "the form names a source or a feed"
    return WantedImport(
        source=source,
        feed=form.feed,
        format=form.format,
        licence=stricter(usual, form.licence or usual),
        defaults=defaults,
        file_name=form.file,
        file_sha256=upload.sha256,
        parts=upload.parts,
    )


def _chinese(request: EdgeRequest) -> bool:
    return prefers_chinese(request.headers.get("accept-language", ""))
