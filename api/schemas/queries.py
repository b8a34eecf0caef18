"""Query parameters, as strict as bodies: one spelling each, and a refusal that names the parameter.

The subtle thing is that Litestar reads `limit=1e2` as 100. A page's size is therefore a type of its own, which our
plugin reads and documents; every other parameter is declared as text and read by `asked` with the domain's parser.

Source: contract section 1 (lists: `limit` 1..200, default 50).

>>> asked("division", "330600", str), asked("division", None, str)
('330600', None)
"""

import re
from collections.abc import Callable
from typing import Final, TypeVar

from api.refusals import FieldError, InvalidQuery
from domain.errors import InvalidValue

T = TypeVar("T")

LIMIT_MAX: Final = 200
_LIMIT: Final = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


class PageLimit(int):
    """How many items a page may have, 1 to 200."""

    __slots__ = ()


LIMIT_DEFAULT: Final = PageLimit(50)


def read_limit(_: type[PageLimit], value: object) -> PageLimit:
    """Return the size of a page; raises InvalidQuery for anything but 1 to 200 in plain digits."""
    if isinstance(value, str) and _LIMIT.fullmatch(value) and (limit := int(value)) <= LIMIT_MAX:
        return PageLimit(limit)
    error = FieldError("#/limit", "wrong_value", f"应为1至{LIMIT_MAX}的整数", f"an integer from 1 to {LIMIT_MAX}")
    raise InvalidQuery((error,))


def asked(name: str, text: str | None, read: Callable[[str], T]) -> T | None:
    """Return what a domain parser makes of a parameter; none when it was not sent.

    Raises:
        InvalidQuery: the parser refused it.
    """
    if text is None:
        return None
    try:
        return read(text)
    except InvalidValue as refusal:
        error = FieldError(f"#/{name}", refusal.code, refusal.reason_zh, refusal.reason_en)
        raise InvalidQuery((error,)) from None
