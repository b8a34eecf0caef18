"""A third party's security: who secures a debt that is not his own, and what he himself must have said.

A pledgor is a third party to every linked loan that somebody else owes. In the workflow that the authority takes part
in, each pledgor confirms in any case; where the bank leads, nobody is asked again before the freeze, and a third
party's right would be frozen for another's debt on the word of those who profit by it. There his consent comes first.

Source: 民法典 art. 388, 391 (security given by a third party; what is changed without his written consent does not
bind him), 392 (recourse against the debtor).

>>> third_parties(("A", "B"), ["A"])
('B',)
>>> third_parties(("A", "B"), ["A", "B"])  # each secures the other's debt, too
('A', 'B')
"""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.errors import DomainError


@dataclass(eq=False)
class ThirdPartyUnconfirmed(DomainError):
    """Refuse to approve, and so to freeze, what a third party gives before that party has agreed."""

    code = "third_party_unconfirmed"

    waiting: tuple[str, ...]


def third_parties(pledgors: Iterable[str], borrowers: Iterable[str]) -> tuple[str, ...]:
    """Return the pledgors who secure at least one debt of somebody else; nobody where there is no debt yet."""
    owing = set(borrowers)
    return tuple(pledgor for pledgor in pledgors if owing - {pledgor})
