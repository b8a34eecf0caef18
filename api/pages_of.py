"""Lists: a limit, an opaque cursor, and one row more than asked for to know whether there is a next page.

The cursor is the random id of the last row, so it says nothing of how many rows others have.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeVar

from litestar.params import FromQuery

from api.idempotency import Answer
from api.schemas.queries import LIMIT_DEFAULT, PageLimit, asked
from domain.errors import InvalidIdentifier, InvalidValue
from domain.values.identifiers import ID_PATTERN

Limit = FromQuery[PageLimit]
Text = FromQuery[str | None]
"""A parameter as sent; `asked` reads it."""
LIMIT: Final = LIMIT_DEFAULT

E = TypeVar("E", bound=StrEnum)


def page_answer(rows: list[dict[str, object]], limit: int) -> Answer:
    """Return a page of at most `limit` rows from one row more than that."""
    more = len(rows) > limit
    shown = rows[:limit]
    return Answer(200, {"items": shown, "next_cursor": shown[-1]["id"] if more else None})


def cursor_of(text: str | None, name: str = "cursor") -> str | None:
    """Return a cursor; raises InvalidQuery for what can be none of ours."""
    return asked(name, text, _id)


def word_of(kind: type[E]) -> Callable[[str], E]:
    """Return the reader of an enumeration's words."""

    def read(text: str) -> E:
        try:
            return kind(text)
        except ValueError:
            words = ", ".join(kind)
            raise InvalidValue(
                what="word", value=text, reason_zh=f"应为以下之一:{words}", reason_en=f"one of {words}"
            ) from None

    return read


def _id(text: str) -> str:
    if ID_PATTERN.match(text) is None:
        raise InvalidIdentifier(
            what="cursor",
            value=text,
            reason_zh="应为上一页返回的游标。",
            reason_en="the cursor that the page before returned",
        )
    return text
