"""The entry at the notice registry (中登网): what may happen to it, what an order about it says, and what it caps.

The register examines nothing: the parties answer for what they write, the entry gives publicity and its time gives
rank, and it ends on its own last day, which ends no pledge. The subtle rule is the extension: its months are added to
the *current* last day and not to today, so that extending early costs nobody a day.

Source: 动产和权利担保统一登记办法, 中国人民银行令〔2021〕第7号 (term 1 month to 30 years, extension before the end,
objection, discharge; from memory); civil code art. 414; 最高法担保制度解释 art. 15 (the registered maximum prevails).

>>> extended(date(2027, 11, 21), 12)
datetime.date(2028, 11, 21)
>>> term_from(date(2027, 1, 31), 1)
datetime.date(2027, 2, 28)
"""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.errors import DomainError, InvalidValue
from domain.pledges.pledges import Pledge, Register, Registration, RegistrationStatus, SecuredKind
from domain.pledges.registry_orders import OrderState
from domain.values.money import Money

TERM_MONTHS_MIN: Final = 1
TERM_MONTHS_MAX: Final = 360
_MONTHS: Final = 12


class NoticeKind(StrEnum):
    """What is ordered of the register."""

    REGISTER = "register"
    AMEND = "amend"
    EXTEND = "extend"
    DISCHARGE = "discharge"
    OBJECT = "object"


class NoticeEvent(StrEnum):
    """What may happen to an entry, by our order or without it."""

    ORDERED = "ordered"
    REGISTERED = "registered"
    REFUSED = "refused"
    AMENDED = "amended"
    EXTENDED = "extended"
    OBJECTED = "objected"
    OBJECTION_LIFTED = "objection_lifted"
    EXPIRED = "expired"
    DISCHARGED = "discharged"


_S, _E = RegistrationStatus, NoticeEvent

LIVE: Final = frozenset({_S.REGISTERED, _S.OBJECTED})
"""An entry that an objection stands against is still an entry."""

NOTICE_TRANSITIONS: Final[Mapping[tuple[RegistrationStatus, NoticeEvent], RegistrationStatus]] = MappingProxyType(
    {
        **{
            (status, _E.ORDERED): _S.PENDING
            for status in (_S.NOT_REQUIRED, _S.PENDING, _S.REFUSED, _S.EXPIRED, _S.DISCHARGED)
        },
        (_S.PENDING, _E.REGISTERED): _S.REGISTERED,
        (_S.PENDING, _E.REFUSED): _S.REFUSED,
        **{(status, event): status for status in (_S.REGISTERED, _S.OBJECTED) for event in (_E.AMENDED, _E.EXTENDED)},
        (_S.REGISTERED, _E.OBJECTED): _S.OBJECTED,
        (_S.OBJECTED, _E.OBJECTION_LIFTED): _S.REGISTERED,
        **{(status, _E.EXPIRED): _S.EXPIRED for status in (_S.REGISTERED, _S.OBJECTED)},
        **{(status, _E.DISCHARGED): _S.DISCHARGED for status in (_S.REGISTERED, _S.OBJECTED)},
    }
)

NOT_REQUIRED: Final = Registration(
    register=Register.NOTICE_REGISTRY, position=0, status=_S.NOT_REQUIRED, reference=None, registered_at=None
)
EXECUTED_EVENT: Final[Mapping[NoticeKind, NoticeEvent]] = MappingProxyType(
    {
        NoticeKind.REGISTER: _E.REGISTERED,
        NoticeKind.AMEND: _E.AMENDED,
        NoticeKind.EXTEND: _E.EXTENDED,
        NoticeKind.DISCHARGE: _E.DISCHARGED,
        NoticeKind.OBJECT: _E.OBJECTED,
    }
)
"""What an executed order makes happen."""


@dataclass(eq=False)
class RegistrationCannotMove(DomainError):
    """Refuse what the entry's status does not allow, such as extending what has expired."""

    code = "registration_cannot_move"

    state: str
    event: str


@dataclass(eq=False)
class RegistrationPending(DomainError):
    """Refuse a second order while an earlier one about the same entry has no answer."""

    code = "registration_pending"

    order_id: str


@dataclass(eq=False)
class RegistrationInUse(DomainError):
    """Refuse to discharge the entry of a pledge that still secures; released first, discharged then."""

    code = "registration_in_use"

    state: str


@dataclass(eq=False)
class InvalidTerm(InvalidValue):
    """Refuse a term that the register does not take, or that the calendar does not reach."""

    code = "invalid_term"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeContent:
    """What an order says; none where the kind of order says nothing of it.

    `asset_numbers` are the rights' numbers at their registry, by which other entries on the same rights are found;
    `attachments` are SHA-256 digests. `reason` is an objection's.
    """

    description: str | None = None
    secured_amount: Money | None = None
    maximum: bool = False
    term_months: int | None = None
    asset_numbers: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeOrder:
    """One order about a pledge's entry; its states and their rules are those of the other registry's orders."""

    id: str
    pledge_id: str
    parties: tuple[str, ...]
    kind: NoticeKind
    state: OrderState
    attempts: int
    content: NoticeContent
    certificate_no: str | None
    executed_at: datetime | None
    expires_on: date | None
    reason: str | None
    message: str | None
    evidence_sha256: str | None
    ordered_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEntry:
    """The entry as the register has it: `registered_at` is its own time, `expires_on` the last day of the term."""

    pledge_id: str
    parties: tuple[str, ...]
    certificate_no: str
    description: str
    secured_amount: Money
    asset_numbers: tuple[str, ...]
    registered_at: datetime
    expires_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeCode:
    """The secret with which an entry can be changed; it is the pledgee's alone."""

    pledge_id: str
    tenant: str
    certificate_no: str
    modify_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeSearch:
    """A search after registration: whether all that was asked is clear, and what was found where it is not.

    `covers` are the registers' references that stood when it was made; it says nothing of a later one. No clocks are
    compared, because the registers have their own. `notice_rank` is one more than the number of live entries on the
    same rights with an earlier time; none where there is no entry of ours.
    """

    id: str
    pledge_id: str
    parties: tuple[str, ...]
    searched_at: datetime
    clear: bool
    findings: tuple[str, ...]
    covers: tuple[str, ...]
    notice_rank: int | None
    evidence_sha256: str


def moved(status: RegistrationStatus, event: NoticeEvent) -> RegistrationStatus:
    """Return the status after an event; raises RegistrationCannotMove where the table has no such row."""
    target = NOTICE_TRANSITIONS.get((status, event))
    if target is None:
        raise RegistrationCannotMove(status.value, event.value)
    return target


def notice_of(pledge: Pledge) -> Registration:
    """Return the pledge's registration at the notice registry; a pledge without one is not required to have it."""
    found = [each for each in pledge.registrations if each.register is Register.NOTICE_REGISTRY]
    return found[0] if found else NOT_REQUIRED


def standing_references(pledge: Pledge) -> tuple[str, ...]:
    """Return the references of the pledge's entries that stand at either register."""
    return tuple(each.reference for each in pledge.registrations if each.status in LIVE and each.reference is not None)


def checked_term(months: int) -> int:
    """Return a term of 1 to 360 months; raises InvalidTerm."""
    if not TERM_MONTHS_MIN <= months <= TERM_MONTHS_MAX:
        raise InvalidTerm(
            what="term",
            value=str(months),
            reason_zh="登记期限最短1个月,最长30年。",
            reason_en="a term is 1 month at least and 30 years at most",
        )
    return months


def term_from(day: date, months: int) -> date:
    """Return the same day so many months later, the month's last where it has no such day.

    Raises:
        InvalidTerm: the calendar ends before.
    """
    year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
    if year > date.max.year:
        raise InvalidTerm(what="term", value=str(months), reason_zh="登记期限超出日历。", reason_en="no such day")
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def extended(expires_on: date, months: int) -> date:
    """Return the last day after an extension: from the current last day on, whatever day it is today."""
    return term_from(expires_on, months)


def secured_cap(pledge: Pledge, entry: NoticeEntry | None) -> Money:
    """Return up to how much the pledge secures: of a maximum amount, what is registered beats what was agreed.

    Without a live entry, and for an ordinary claim, it is the contract's amount.
    """
    registered = entry is not None and notice_of(pledge).status in LIVE
    if entry is not None and registered and pledge.secured.kind is SecuredKind.MAXIMUM_AMOUNT:
        return entry.secured_amount
    return pledge.secured.amount
