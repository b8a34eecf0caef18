"""Lists: a limit, an opaque cursor, and one row more than asked for to know whether there is a next page.

The cursor is the random id of the last row, so it says nothing of how many rows others have.
"""

from typing import Annotated, TypeAlias

from litestar.params import Parameter

from api.idempotency import Answer

Limit: TypeAlias = Annotated[int, Parameter(ge=1, le=200, description="How many rows at most.")]
Cursor: TypeAlias = Annotated[
    str | None,
    Parameter(pattern=r"^[a-z]+_[0-9a-f]{32}$", max_length=64, description="`next_cursor` of the page before."),
]


def page_answer(rows: list[dict[str, object]], limit: int) -> Answer:
    """Return a page of at most `limit` rows from one row more than that."""
    more = len(rows) > limit
    shown = rows[:limit]
    return Answer(200, {"items": shown, "next_cursor": shown[-1]["id"] if more else None})
