"""Names of holders: when two are the same but for how they are written, or close enough to be mistaken.

A name is compared as it sounds in a register: full and half width alike, without spaces and brackets, and 有限责任公司
as 有限公司, because the same company writes itself both ways on two permits. Close is measured in single characters
inserted, lost, replaced, or swapped with their neighbour, and how many are allowed grows with the name: in a name of
four characters one is already another company.

Source: none is published for these registers; what is folded, and how many slips are allowed, is our own choice.

>>> folded("浙江 示例印染（绍兴）有限责任公司") == folded("浙江示例印染(绍兴)有限公司")
True
>>> are_close("绍兴示例印染有限公司", "绍兴示列印染有限责任公司")
True
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from domain.values.identifiers import Uscc

CHARACTERS_A_SLIP: Final = 6
SLIPS_MAX: Final = 2
FOUND_MAX: Final = 50

_IGNORED: Final = re.compile(r"[\s()\[\]{}〔〕【】「」『』《》<>·.,、，。\-_/]+")


@dataclass(frozen=True, slots=True, order=True)
class HolderName:
    """A holder by name and code."""

    name: str
    uscc: Uscc


def folded(name: str) -> str:
    """Return a name as it is compared."""
    plain = _IGNORED.sub("", unicodedata.normalize("NFKC", name)).casefold()
    return plain.replace("有限责任公司", "有限公司")


def are_close(one: str, other: str) -> bool:
    """Tell whether two names may be mistaken for each other; the same name is close to itself."""
    first, second = folded(one), folded(other)
    slips = min(SLIPS_MAX, min(len(first), len(second)) // CHARACTERS_A_SLIP)
    return abs(len(first) - len(second)) <= slips and _distance(first, second, slips) <= slips


def close_to(names: Iterable[HolderName], known: Iterable[HolderName]) -> tuple[HolderName, ...]:
    """Return who else, among the known, bears a name close to one of these, by name; at most `FOUND_MAX`.

    Whoever has the same code is the same holder, and no other.
    """
    sought = sorted(set(names))
    own = {each.uscc for each in sought}
    found = {each for each in known if each.uscc not in own and any(are_close(each.name, one.name) for one in sought)}
    return tuple(sorted(found)[:FOUND_MAX])


def _distance(one: str, other: str, enough: int) -> int:
    """Return how many slips lie between two texts, or any number above `enough`."""
    if one == other:
        return 0
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, character in enumerate(one, start=1):
        earlier, before, row = before, row, [place]
        for there, opposite in enumerate(other, start=1):
            step = min(before[there] + 1, row[there - 1] + 1, before[there - 1] + (character != opposite))
            swapped = place > 1 and there > 1 and character == other[there - 2] and one[place - 2] == opposite
            row.append(min(step, earlier[there - 2] + 1) if swapped else step)
        if min(row) > enough:
            return enough + 1
    return row[-1]
