"""Health: whether requests can be served, and whether everything behind them answers.

`/health` asks nothing and nobody, so that it stays true while the database is away; `/health/ready` asks everything.

Source: contract section 0.
"""

from collections.abc import Awaitable, Callable, Mapping

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from api.permissions import public
from api.schemas.wire import ReplyModel

Checks = Callable[[], Awaitable[Mapping[str, bool | str]]]
"""Asks every thing behind the API, each within a time of its own; tells by name whether it answered, or why not."""


class HealthReply(ReplyModel):
    """Requests can be served."""

    status: str = "ok"


class ReadinessReply(ReplyModel):
    """What answers and what does not, by name, and why where that is known; `ready` when all do.

    `sending` is false, for the reason `restored` or `another_database`, while nothing may be sent to any counterpart.
    """

    status: str
    checks: dict[str, bool]
    reasons: dict[str, str]


def health_routes(checks: Checks) -> list[HTTPRouteHandler]:
    """Return the routes of health."""

    @get("/health", opt=public(body="none"), summary="Requests can be served", operation_id="health", tags=["health"])
    async def health() -> HealthReply:
        return HealthReply()

    @get(
        "/health/ready",
        opt=public(body="none"),
        summary="Everything behind the API answers",
        operation_id="readiness",
        tags=["health"],
    )
    async def readiness() -> Response[ReadinessReply]:
        told = dict(await checks())
        answers = {name: answer is True for name, answer in told.items()}
        reasons = {name: answer for name, answer in told.items() if isinstance(answer, str)}
        ready = all(answers.values())
        return Response(
            ReadinessReply(status="ready" if ready else "not_ready", checks=answers, reasons=reasons),
            status_code=HTTP_200_OK if ready else HTTP_503_SERVICE_UNAVAILABLE,
        )

    return [health, readiness]
