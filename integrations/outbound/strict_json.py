"""JSON read with suspicion: what is not plainly the expected shape is refused, never coerced.

The subtle thing is that Python's own reader accepts more than JSON: `NaN`, a name given twice (the last one wins, so
two readers may see two different orders) and floats that lose digits. All three are refused here, and so is nesting
deep enough to exhaust the stack.

>>> read_object(b'{"zlbh": "order_1"}').text("zlbh")
'order_1'
>>> read_object(b'{"a": 1, "a": 2}')
Traceback (most recent call last):
    ...
integrations.outbound.strict_json.Unreadable: the name 'a' is given twice

Source: RFC 8259 sections 4 and 6.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn, cast

INTEGER_MAX: Final = 2**63 - 1


class Unreadable(ValueError):
    """Say that bytes or fields are not what the wire promises."""


class Fields:
    """The members of one JSON object, read by name and type; a member that we do not know is left alone."""

    def __init__(self, members: Mapping[str, object], where: str = "message") -> None:
        """Wrap the members; `where` names the object in refusals."""
        self._members = members
        self._where = where

    def text(self, name: str, length_max: int = 256) -> str:
        """Return a text that must be present and not empty."""
        value = self._members.get(name)
        if not isinstance(value, str) or not value or len(value) > length_max:
            self._refuse(name, f"a text of 1 to {length_max} characters")
        return value

    def optional_text(self, name: str, length_max: int = 256) -> str | None:
        """Return a text, or none when it is absent or null."""
        return None if self._members.get(name) is None else self.text(name, length_max)

    def integer(self, name: str) -> int:
        """Return a whole number from 0 to 2^63 - 1; true and false are not numbers."""
        value = self._members.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= INTEGER_MAX:
            self._refuse(name, "a whole number")
        return value

    def optional_integer(self, name: str) -> int | None:
        """Return a whole number, or none when it is absent or null."""
        return None if self._members.get(name) is None else self.integer(name)

    def fields(self, name: str) -> "Fields":
        """Return a nested object."""
        value = self._members.get(name)
        if not isinstance(value, dict):
            self._refuse(name, "an object")
        return Fields(cast("dict[str, object]", value), name)

    def rows(self, name: str) -> Sequence["Fields"]:
        """Return an array of objects."""
        value = self._members.get(name)
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            self._refuse(name, "an array of objects")
        return [Fields(cast("dict[str, object]", row), name) for row in cast("list[object]", value)]

    def _refuse(self, name: str, expected: str) -> NoReturn:
        message = f"{self._where}.{name} is not {expected}"
        raise Unreadable(message)


def read_object(content: bytes) -> Fields:
    """Read bytes that must be one JSON object in UTF-8.

    Raises:
        Unreadable: not UTF-8, not JSON, not an object, a name given twice, a float, or nested too deep.
    """
    try:
        value: object = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_members_once,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        message = f"not JSON in UTF-8: {type(error).__name__}"
        raise Unreadable(message) from error
    if not isinstance(value, dict):
        message = "not a JSON object"
        raise Unreadable(message)
    return Fields(cast("dict[str, object]", value))


def write_object(members: Mapping[str, object]) -> bytes:
    """Return compact JSON in UTF-8 with Chinese left readable."""
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def _members_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            message = f"the name {name[:32]!r} is given twice"
            raise Unreadable(message)
        members[name] = value
    return members


def _refuse_number(text: str) -> NoReturn:
    message = f"the number {text[:32]!r} is not a whole number"
    raise Unreadable(message)
