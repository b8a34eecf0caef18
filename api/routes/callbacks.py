"""The door for the registries' callbacks: in their own wire, proven by their own key, and believed in nothing.

Whatever is wrong with the proof is one refusal, the same for a registry that there is and for one that there is not;
which it was is in the log. Whatever a proven callback is about gets the same answer, known here or not, heard before
or not.

Source: the registry's manual (`integrations/registry/wire`); issue 4 (verify, dedupe, then query).
"""

from dataclasses import dataclass
from typing import Final

import structlog
from litestar import Response, post
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath

from api.bodies import JSON, EdgeRequest
from api.documents import documented
from api.house import House, house_of
from api.permissions import public
from api.refusals import CallbackRefused
from api.schemas.wire import ReplyModel
from domain.ports.registry_callbacks import CallbackNotProven, Heard, Hint
from domain.use_cases.hear_callback import hear_callback

SAID_LENGTH_MAX: Final = 32
SIGNED_HEADERS: Final = "`X-Pwq-Request`, `X-Pwq-Timestamp` and `X-Pwq-Sign`"

log: Final = structlog.get_logger("greenlien.callbacks")


class CallbackHead(ReplyModel):
    """The head of an answer in the registry's own envelope."""

    reqId: str  # noqa: N815 - the registry's name
    appId: str  # noqa: N815 - the registry's name
    timestamp: str
    signType: str  # noqa: N815 - the registry's name
    rspCode: str  # noqa: N815 - the registry's name
    rspMsg: str  # noqa: N815 - the registry's name


class CallbackBody(ReplyModel):
    """The body of an answer, which says nothing."""


class CallbackReply(ReplyModel):
    """The callback was heard: `rspCode` 0000, or 1004 where its body is of no known kind; signed like it."""

    head: CallbackHead
    body: CallbackBody


@dataclass
class CallbackOperation(Operation):
    """The callback's own description: Litestar sees no body, since the exact bytes are what is signed."""

    def __post_init__(self) -> None:
        """Describe the envelope."""
        envelope = Schema(
            type=OpenAPIType.OBJECT,
            description=f"The registry's envelope of `head` and `body`, signed by {SIGNED_HEADERS}.",
        )
        self.request_body = RequestBody(content={JSON: OpenAPIMediaType(schema=envelope)}, required=True)


@post(
    "/v1/registries/{registry:str}/callbacks",
    opt=public(body="raw"),
    operation_class=CallbackOperation,
    **documented(CallbackReply, 200, (400, 401, 404, 413, 503)),
)
async def post_callback(request: EdgeRequest, registry: FromPath[str]) -> Response[bytes]:
    """Hear from a registry that asking it now is worth while; nothing that it says is taken for true."""
    house = house_of(request)
    heard = _proven(house, registry, request, await request.body())
    if heard.hint is not None:
        await _hear(house, heard.hint)
    return Response(heard.content, status_code=200, media_type=JSON, headers=dict(heard.headers))


def _proven(house: House, registry: str, request: EdgeRequest, content: bytes) -> Heard:
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        return house.callbacks.read(registry, headers, content, house.now())
    except CallbackNotProven as error:
        log.warning("callback_refused", registry=registry[:SAID_LENGTH_MAX], reason=str(error))
        raise CallbackRefused(str(error)) from error


async def _hear(house: House, hint: Hint) -> None:
    now = house.now()
    async with house.open(None) as uow:
        questions = await hear_callback(uow, hint, now, house.closed_until(hint.registry))
        await uow.commit()
    log.info("callback_heard", registry=hint.registry, kind=hint.kind.value, questions=questions)
