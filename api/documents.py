"""How routes document what they answer: handlers answer bytes, so each names the model its bytes are in.

A test validates every answer of the journeys against these models, so that the document cannot drift from the wire.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from litestar.datastructures import ResponseHeader
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from pydantic import ConfigDict

from api.schemas.wire import ReplyModel

PROBLEMS: Final = (400, 401, 403, 404, 409, 412, 413, 415, 422, 503)


class FieldProblem(ReplyModel):
    """What is wrong at one place."""

    pointer: str
    code: str
    detail: str


class ProblemDocument(ReplyModel):
    """A refusal as RFC 9457 tells it; a refusal's own facts (`available`, `reasons`...) stand beside these members."""

    model_config = ConfigDict(extra="allow", json_schema_serialization_defaults_required=False)

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] | None = None


def repr_digest(sha256: str) -> str:
    """Return the header that says the digest of what is answered (RFC 9530), from its hexadecimal."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def offering(*media_types: str, under: Iterable[str] = ("200",)) -> type[Operation]:
    """Return the description of an operation whose answers come, beside JSON, as bytes of some media types."""

    @dataclass
    class Offering(Operation):
        """An operation with more than one kind of answer; Litestar documents one."""

        def __post_init__(self) -> None:
            """Describe the bytes beside the JSON."""
            binary = Schema(type=OpenAPIType.STRING, content_encoding="binary")
            for status in under:
                answer = (self.responses or {}).get(status)
                if isinstance(answer, OpenAPIResponse) and answer.content is not None:
                    answer.content.update({each: OpenAPIMediaType(schema=binary) for each in media_types})

    return Offering


def documented(
    model: type[ReplyModel], status: int, problems: Iterable[int], *, also: Mapping[int, type[ReplyModel]] | None = None
) -> dict[str, Any]:
    """Return the arguments of a route decorator that answers `model` under `status`.

    Or a problem under one of `problems`.
    """
    responses = {status: ResponseSpec(data_container=model, generate_examples=False, description=model.__doc__ or "")}
    for other, answered in (also or {}).items():
        responses[other] = ResponseSpec(
            data_container=answered, generate_examples=False, description=answered.__doc__ or ""
        )
    for refused in problems:
        responses[refused] = ResponseSpec(
            data_container=ProblemDocument,
            generate_examples=False,
            media_type="application/problem+json",
            description="Refused.",
        )
    return {
        "status_code": status,
        "responses": responses,
        "response_headers": [
            ResponseHeader(name="X-Request-Id", description="The request's id.", documentation_only=True)
        ],
    }
