"""The problem document in the OpenAPI document.

What every refusal looks like, and which statuses a route may answer with.

A route lists its statuses with `problem_responses`; without it Litestar would describe errors in a form of its own,
which this API never sends.

Source: contract section 1; RFC 9457.
"""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from litestar.openapi.datastructures import ResponseSpec
from pydantic import ConfigDict, Field

from api.problems import MEDIA_TYPE
from api.schemas.wire import ReplyModel


class FieldProblem(ReplyModel):
    """What is wrong at one place."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    pointer: str = Field(description="A JSON pointer as a URI fragment.", examples=["#/secured/amount"])
    code: str
    detail: str
    place: str | None = Field(
        default=None, alias="in", description="Where, when not in the body.", examples=["query", "header"]
    )


class ProblemDocument(ReplyModel):
    """A refusal (RFC 9457); some codes have further members, such as `available`."""

    model_config = ConfigDict(extra="allow", json_schema_serialization_defaults_required=False)

    type: str = Field(examples=["urn:greenlien:problem:quantity_unavailable"])
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; the words around it follow Accept-Language.")
    request_id: str
    errors: list[FieldProblem] | None = None


def problem_responses(*statuses: int) -> Mapping[int, ResponseSpec]:
    """Return the `responses` of a route that may answer with these statuses."""
    return MappingProxyType(
        {
            status: ResponseSpec(
                ProblemDocument,
                generate_examples=False,
                description=HTTPStatus(status).phrase,
                media_type=MEDIA_TYPE,
            )
            for status in statuses
        }
    )


PUBLIC_PROBLEMS: Final = problem_responses(400)
READ_PROBLEMS: Final = problem_responses(400, 401, 403, 404, 422)
COMMAND_PROBLEMS: Final = problem_responses(400, 401, 403, 404, 409, 412, 413, 415, 422)
"""What a route that reads, and one that commands, may answer; one that asks a registry adds 503."""
