"""The figures of operation, for the platform's operations and their monitoring."""

from typing import Any, Final

from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec

from api.answers.metrics import metrics_text
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented, offering
from api.house import house_of
from api.permissions import needs
from api.schemas.wire import ReplyModel

TEXT: Final = "text/plain"
TEXT_AS_READ: Final = "text/plain; version=0.0.4; charset=utf-8"


def _documented() -> dict[str, Any]:
    """Return what is documented of a route that answers Prometheus text."""
    told = documented(ReplyModel, 200, PROBLEMS)
    told["responses"][200] = ResponseSpec(
        data_container=str,
        generate_examples=False,
        media_type=TEXT,
        description="The figures as Prometheus reads them.",
    )
    return told


@get("/metrics", opt=needs("metrics:read", body="none"), operation_class=offering(TEXT), **_documented())
async def get_metrics(request: EdgeRequest) -> Response[bytes]:
    """Read orders by registry, kind and state, exceptions and their rate, jobs that wait, and open cases."""
    house = house_of(request)
    now = house.now()
    async with house.open(request.caller.actor) as uow:
        figures = await uow.figures.read(now)
    return Response(metrics_text(figures, now), media_type=TEXT_AS_READ)
