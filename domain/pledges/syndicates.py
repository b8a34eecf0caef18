"""A syndicate: several banks whose claims one bank, the agent, secures and keeps for all of them by shares.

The agent is the pledgee at the registers and the only one who acts; the others read. The subtle thing is the shares:
they are fractions, not decimals, because a third is a third, and they must make the whole exactly. Money is divided to
the fen by the largest remainder (Hamilton's rule): everybody gets the whole fen of his part, and the fen that are left
go one each to the largest remainders, the first of two alike; the division names who got one, so that anybody can do
it again.

Source: 民法典 art. 307-308 (shares in common rights, 按份), 410 and 438 (proceeds of the disposal);
银团贷款业务管理办法 (the agent bank, 代理行; from memory).

>>> thirds = [Fraction(1, 3)] * 3
>>> [(part.amount.wire(), part.extra_fen) for part in divide(Money.of(100), thirds)]
[('33.34', True), ('33.33', False), ('33.33', False)]
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final

from domain.errors import DomainError
from domain.values.identifiers import Uscc
from domain.values.money import Money

METHOD: Final = "largest_remainder"
"""How money is divided to the fen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A bank of a syndicate with its share of the claim; the first member is the agent, who needs not accept."""

    tenant: str
    uscc: Uscc
    name: str
    share: Fraction
    accepted_by: str | None
    accepted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Part:
    """What of an amount is one member's; `extra_fen` where the largest remainder gave it one."""

    amount: Money
    extra_fen: bool


@dataclass(eq=False)
class InvalidShares(DomainError):
    """Refuse shares that do not make the whole, or a bank that stands twice or is none."""

    code = "invalid_shares"

    pointer: str
    reason_zh: str
    reason_en: str


@dataclass(eq=False)
class SyndicateIncomplete(DomainError):
    """Refuse to submit while a member has not accepted its share."""

    code = "syndicate_incomplete"

    waiting: tuple[str, ...]


def check_members(members: Sequence[Member]) -> None:
    """Raise InvalidShares unless every share is positive, all make exactly one, and no bank stands twice."""
    names = [member.tenant for member in members]
    for index, name in enumerate(names[1:]):
        if name in names[: index + 1]:
            raise InvalidShares(
                f"#/syndicate/participants/{index}/bank",
                "同一银行在银团中出现了两次。",
                "One bank stands twice in the syndicate.",
            )
    total = sum((member.share for member in members), Fraction(0))
    if total != 1 or any(member.share <= 0 for member in members):
        raise InvalidShares(
            "#/syndicate", f"各行份额之和须恰为一,现为{total}。", f"The shares must make exactly one, and make {total}."
        )


def waiting_for(members: Sequence[Member]) -> tuple[str, ...]:
    """Return the banks that have not accepted their share yet."""
    return tuple(member.tenant for member in members[1:] if member.accepted_at is None)


def divide(amount: Money, shares: Sequence[Fraction]) -> list[Part]:
    """Return each share's part of an amount of at least zero, in whole fen; together they are exactly the amount."""
    exact = [share * amount.fen for share in shares]
    whole = [part.numerator // part.denominator for part in exact]
    places = sorted(range(len(shares)), key=lambda place: (whole[place] - exact[place], place))
    favoured = set(places[: amount.fen - sum(whole)])
    return [Part(Money.from_fen(fen + (place in favoured)), place in favoured) for place, fen in enumerate(whole)]
