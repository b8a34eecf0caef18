"""Groups: which enterprises act as one, because somebody with standing said so, and for how long.

The subtle thing is that being linked is not for ever and is passed on: A belongs with C on a day when A is linked with
B and B with C on that day. So a group is asked for with a date, and the same enterprise may be in another group a year
later. A group is named by its smallest USCC; that name never leaves the house.

Source: issue 3 (related parties in a graph of holders); links come from exchanges and authorities with their ground.

>>> from datetime import date
>>> a, b, c = (Uscc(f"91330000DEM00000{n}") for n in "123")
>>> first = Affiliation.between(b, a, since=date(2024, 1, 1), until=None, ground="control")
>>> second = Affiliation.between(b, c, since=date(2025, 1, 1), until=None, ground="control")
>>> groups = Groups([first, second])
>>> groups.together(a, c, date(2024, 6, 30)), groups.together(a, c, date(2025, 6, 30))
(False, True)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Self

from domain.errors import InvalidDate, InvalidIdentifier
from domain.values.identifiers import Uscc


@dataclass(frozen=True, slots=True, kw_only=True)
class Affiliation:
    """A statement that two enterprises belong together from `since` through `until`; none while it lasts.

    `party_a` is the smaller USCC, so that a link is told in one way only. `shared` links, those of an authority, count
    for everybody; others for the tenant that told them. `id` and what follows are empty before it is kept.
    """

    party_a: Uscc
    party_b: Uscc
    since: date
    until: date | None
    ground: str
    document: Mapping[str, object] | None = None
    shared: bool = False
    id: str = ""
    reported_by: str = ""
    created_at: datetime | None = field(default=None, compare=False)

    @classmethod
    def between(cls, one: Uscc, other: Uscc, *, since: date, until: date | None, ground: str) -> Self:
        """Return the link of two enterprises, in whichever order they are told.

        Raises:
            InvalidIdentifier: the two are one.
            InvalidDate: it ends before it begins.
        """
        if one == other:
            raise InvalidIdentifier(
                what="parties",
                value=one,
                reason_zh="关联的两方不能是同一主体。",
                reason_en="an enterprise is not linked with itself",
            )
        if until is not None and until < since:
            raise InvalidDate(
                what="until",
                value=until.isoformat(),
                reason_zh="终止日早于起始日。",
                reason_en="it ends before it begins",
            )
        return cls(party_a=min(one, other), party_b=max(one, other), since=since, until=until, ground=ground)

    def holds(self, on: date) -> bool:
        """Tell whether it holds on a day, its first and last day included."""
        return self.since <= on and (self.until is None or on <= self.until)


class Groups:
    """The groups that some links make."""

    def __init__(self, links: Iterable[Affiliation]) -> None:
        """Read the links; they need not be sorted, and the same one may be told twice."""
        self._links: dict[Uscc, list[tuple[Uscc, Affiliation]]] = {}
        for link in links:
            self._links.setdefault(link.party_a, []).append((link.party_b, link))
            self._links.setdefault(link.party_b, []).append((link.party_a, link))
        self._found: dict[tuple[Uscc, date | None], frozenset[Uscc]] = {}

    def members(self, holder: Uscc, on: date | None) -> frozenset[Uscc]:
        """Return everybody in the holder's group on a day, the holder included; without a day, on any day."""
        if holder not in self._links:
            return frozenset({holder})
        known = self._found.get((holder, on))
        if known is None:
            known = self._reached(holder, on)
            self._found.update({(member, on): known for member in known})
        return known

    def name(self, holder: Uscc, on: date) -> Uscc:
        """Return the name of the holder's group on a day."""
        return min(self.members(holder, on))

    def together(self, one: Uscc, other: Uscc, on: date) -> bool:
        """Tell whether two enterprises are one group on a day; everybody is with itself."""
        return one == other or other in self.members(one, on)

    def _reached(self, holder: Uscc, on: date | None) -> frozenset[Uscc]:
        reached, waiting = {holder}, [holder]
        while waiting:
            for other, link in self._links.get(waiting.pop(), ()):
                if other not in reached and (on is None or link.holds(on)):
                    reached.add(other)
                    waiting.append(other)
        return frozenset(reached)
