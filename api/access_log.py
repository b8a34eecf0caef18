"""The access log: one line a request, of who asked for what and what came of it, and never of what was said.

The route is told as its template, so that no id of the business stands in the log; neither body nor query nor header
does. What reached no route has none. Lines are written only where the process has set up its log.

Source: contract section 1 (logs are kept six months); OWASP logging cheat sheet (what is not to be logged).
"""

import time
from typing import Any, Final

import structlog
from litestar.types import Scope

CLIENT: Final = "client"
"""Under this name the request's state holds whose token it was."""

log = structlog.get_logger("greenlien.access")


def access_line(scope: Scope, status: int, started: float) -> None:
    """Write the line of a request that began at `started` on the monotonic clock; status 0 is no answer at all."""
    if not structlog.is_configured():
        return
    state: dict[str, Any] = scope["state"]
    log.info(
        "request",
        request_id=state.get("request_id"),
        client=state.get(CLIENT),
        method=scope.get("method"),
        route=scope.get("path_template"),
        status=status,
        ms=round((time.monotonic() - started) * 1000, 1),
    )
